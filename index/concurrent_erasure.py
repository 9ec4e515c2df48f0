"""Reading a store while others, in this process or another, erase from it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from index.errors import CitationNotFound, DocumentNotFound, VersionNotFound

_TRIES = 3

P = ParamSpec("P")
T = TypeVar("T")


def repeated(read: Callable[P, T]) -> Callable[P, T]:
    """A function that begins anew when something that it found was erased before it came to read it.

    What is erased is not found the next time. What was never there is not, either: then the error of the
    last try is raised.
    """

    @wraps(read)
    def again(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(_TRIES - 1):
            try:
                return read(*args, **kwargs)
            except (CitationNotFound, DocumentNotFound, VersionNotFound):
                continue
        return read(*args, **kwargs)

    return again
