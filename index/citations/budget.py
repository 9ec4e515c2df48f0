"""Limits on what one request may search: the amount of stored text, and the time."""

import time
from collections.abc import Callable

from index.errors import InvalidLimit


class TimeSpent(Exception):
    """The time of the request is over."""


class ReadingBudget:
    """Counts code points searched, up to ``most``, within ``seconds`` from now on; None means no limit.

    ``stop`` says whether nobody wants the result any more: then the time is over, too. Not thread-safe.
    """

    def __init__(
        self,
        most: int | None = None,
        *,
        seconds: float | None = None,
        stop: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._spent = 0
        self._clock = clock
        self._stop = stop
        self._until = None if seconds is None else clock() + seconds

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        return self._stop() or (self._until is not None and self._clock() >= self._until)

    def require_time(self) -> None:
        """Raise :class:`TimeSpent` if the time is over."""
        if self.is_over:
            raise TimeSpent

    def spend(self, characters: int) -> None:
        """Count characters before searching them.

        Raises :class:`index.errors.InvalidLimit`, and :class:`TimeSpent` if the time is over.
        """
        self.require_time()
        self._spent += characters
        if self._most is not None and self._spent > self._most:
            raise InvalidLimit(
                f"More than {self._most:,} characters of stored texts had to be looked through. Send fewer "
                "quotes at once, name their documents, or prune old versions.",
                limit="reading_characters",
            )
