"""How much text one request may have looked through."""

from __future__ import annotations

from index.errors import InvalidLimit


class ReadingBudget:
    """Code points that may be looked through; ``most`` of None sets no limit. For one thread."""

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._spent = 0

    def spend(self, characters: int) -> None:
        """Count them before they are looked through. Raises :class:`index.errors.InvalidLimit`."""
        self._spent += characters
        if self._most is not None and self._spent > self._most:
            raise InvalidLimit(
                f"More than {self._most:,} characters of stored texts had to be looked through. Send fewer "
                "quotes at once, name their documents, prune old versions, or raise "
                "LOCCIT_MAX_READING_CHARACTERS."
            )
