"""Permits that tests hold, so that requests find none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from service.state.limits.permits import Permits


@contextmanager
def held_by_all(permits: Permits, count: int | None = None) -> Iterator[None]:
    """Hold permits, by default all of them, each for another caller."""
    with ExitStack() as held:
        for number in range(permits.most if count is None else count):
            held.enter_context(permits.acquire(f"holder {number}"))
        yield


@contextmanager
def held_by(permits: Permits, holder: str, count: int) -> Iterator[None]:
    """Hold permits for one caller."""
    with ExitStack() as held:
        for _ in range(count):
            held.enter_context(permits.acquire(holder))
        yield
