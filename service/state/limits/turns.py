"""A queue whose callers take turns: each waits for one item of every other caller, not for all of them."""

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """Items that wait: those of one holder in their order, the holders in turn. Not thread-safe."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[T]] = {}

    def put(self, holder: str, item: T) -> None:
        """Add an item behind the others of its holder."""
        own = self._waiting.get(holder)
        if own is None:
            self._waiting[holder] = deque((item,))
        else:
            own.append(item)

    def take(self, may_take: Callable[[str], bool] = lambda _: True) -> tuple[str, T] | None:
        """Remove the first item of the holder whose turn it is, and return both; None if nothing waits.

        Holders that may not take any more now keep their turn.
        """
        holder = next(filter(may_take, self._waiting), None)
        if holder is None:
            return None
        own = self._waiting.pop(holder)
        item = own.popleft()
        if own:
            self._waiting[holder] = own
        return holder, item

    def clear(self) -> list[T]:
        """Remove and return everything, holder by holder."""
        items = [item for own in self._waiting.values() for item in own]
        self._waiting.clear()
        return items
