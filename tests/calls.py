"""How many functions work calls: the same on every machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


def calls(work: Callable[[], object], *packages: str) -> int:
    """How often ``work`` calls a function of these packages.

    Others are not counted: what measures coverage takes its probes out of the whole program by calls of its
    own, whenever a line has run often enough, and so do callbacks of the garbage collector.
    """
    begins = tuple(f"{one}." for one in packages)
    found = 0

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal found
        found += event == "call" and f"{frame.f_globals.get('__name__')}.".startswith(begins)

    with profiled(count):
        work()
    return found


@contextmanager
def profiled(note: Callable[[FrameType, str, object], None]) -> Iterator[None]:
    """Have a function told of each call in this thread until the ``with`` block ends."""
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)
