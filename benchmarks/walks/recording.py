"""Record which functions of the project a request calls, in all threads that work for it."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import FrameType
from typing import Any

_PACKAGES = ("index", "service")
_BACKGROUND = (
    "loccit-audit",
    "loccit-embed",
    "loccit-jobs",
    "loccit-keys",
    "loccit-limits",
    "loccit-purge",
    "loccit-retention",
    "loccit-unanswered",
)
"""Threads that look for work by themselves, whoever asks."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function; ``file`` is its path in the repository."""

    file: str
    function: str
    line: int

    @property
    def room(self) -> str:
        """The folder of a package that it is in; the package for modules beside its folders."""
        return "/".join(PurePosixPath(self.file).parent.parts[:2])


@dataclass(frozen=True, slots=True)
class Walk:
    """The calls that one request makes, in the order of time."""

    calls: Sequence[Call]

    def figures(self) -> dict[str, int]:
        """Count the calls, the functions and files called, and the returns to rooms that were left."""
        return {
            "calls": len(self.calls),
            "functions": len(set(self.calls)),
            "files": len({one.file for one in self.calls}),
            "returns": len(list(self.returns())),
        }

    def returns(self) -> Iterator[tuple[str, str]]:
        """Yield each entry into a room that was left before, with the room that it came from."""
        left, last = set[str](), ""
        for room in (call.room for call in self.calls):
            if room == last:
                continue
            if room in left:
                yield last, room
            left.add(last)
            last = room

    def pairs(self) -> Counter[tuple[str, str]]:
        """How often the walk returns from one room to another."""
        return Counter(self.returns())


class Recorder:
    """Records calls of the code in the checkout ``root``, by threads that start while it is installed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._beginnings = tuple(f"{root / package}/" for package in _PACKAGES)
        self._calls: list[Call] | None = None

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Profile this thread and all that start meanwhile."""
        before, before_here = threading.getprofile(), sys.getprofile()
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)
        try:
            yield
        finally:
            sys.setprofile(before_here)
            threading.setprofile(before)

    @contextmanager
    def recorded(self) -> Iterator[list[Call]]:
        """Record the calls that are made meanwhile."""
        self._calls = calls = list[Call]()
        try:
            yield calls
        finally:
            self._calls = None

    def _profile(self, frame: FrameType, event: str, _: Any) -> None:
        calls, code = self._calls, frame.f_code
        if calls is None or event != "call" or not code.co_filename.startswith(self._beginnings):
            return
        if not threading.current_thread().name.startswith(_BACKGROUND):
            file = Path(code.co_filename).relative_to(self._root).as_posix()
            calls.append(Call(file, code.co_qualname, code.co_firstlineno))
