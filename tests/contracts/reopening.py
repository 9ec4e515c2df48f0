"""Stores that tests open several times, as several processes would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar


class Closable(Protocol):
    def close(self) -> None: ...


Store = TypeVar("Store", bound=Closable)


def reopening(opener: Callable[[], Store]) -> Iterator[Callable[[], Store]]:
    """What a fixture yields: opens one and the same store as often as it is called, and closes all."""
    opened: list[Store] = []

    def open_store() -> Store:
        opened.append(opener())
        return opened[-1]

    yield open_store
    for store in opened:
        store.close()
