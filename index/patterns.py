"""Regular expressions that are compiled when they are first used.

There are some 600, and to compile them all takes a quarter of the time that a command needs to start; most
commands use none of them.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, cast

import regex


class LazyPattern:
    """Has what the compiled pattern has, and keeps what was used, so that it is as fast to call."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    @cached_property
    def _compiled(self) -> regex.Pattern[str]:
        return regex.compile(self.pattern, self._flags)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._compiled, name)
        setattr(self, name, value)
        return value


def lazy_pattern(pattern: str, flags: int = 0) -> regex.Pattern[str]:
    """Return what :func:`regex.compile` returns, but compile it at its first use.

    An error in the pattern shows then, too: a test compiles all that modules hold.
    """
    return cast("regex.Pattern[str]", LazyPattern(pattern, flags))
