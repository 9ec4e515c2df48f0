"""The seam of limits: the stores that processes share.

Every one passes ``tests/contracts/test_limit_store.py``.
"""

from collections.abc import Sequence
from typing import Protocol

from service.state.limits.counting import Due, Spent

KEPT_SECONDS = 60.0
"""How long a store of limits keeps a caller that has its whole burst again: what a process counted before
that, and exchanges now, is still added to it."""


class LimitStore(Protocol):
    """Keeps for each caller when it has its whole burst again, for all processes that count its requests.

    An object is used by one thread. All methods may raise :class:`index.errors.LoccitError`: then nothing is
    known of what they did. A store may lose everything.
    """

    def exchange(self, spent: Sequence[Spent]) -> Sequence[Due]:
        """Add what this process counted, and return what has changed since the last call, this included.

        The first call returns all that there is; a caller may be returned several times. What was spent
        moves the time of a caller by its cost, and at least to the time that this process knows.
        """

    def forget(self) -> None:
        """Remove callers that have had their whole burst for a minute, and the oldest of too many."""

    def close(self) -> None: ...
