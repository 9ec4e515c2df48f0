"""Limit on the amount of stored text that one request may search."""

from __future__ import annotations

from index.errors import InvalidLimit


class ReadingBudget:
    """Counts code points searched, up to ``most``; None means no limit. Not thread-safe."""

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._spent = 0

    def spend(self, characters: int) -> None:
        """Count characters before searching them. Raises :class:`index.errors.InvalidLimit`."""
        self._spent += characters
        if self._most is not None and self._spent > self._most:
            raise InvalidLimit(
                f"More than {self._most:,} characters of stored texts had to be looked through. Send fewer "
                "quotes at once, name their documents, or prune old versions.",
                limit="reading_characters",
            )
