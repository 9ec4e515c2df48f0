"""The parts of a running application, which requests find by their types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from starlette.requests import HTTPConnection
from starlette.types import Scope

T = TypeVar("T")


class Parts:
    """The objects of an application, one of each type. ``app.state.parts`` has it while it runs."""

    def __init__(self, parts: Mapping[type[Any], object]) -> None:
        self._parts = dict(parts)

    def __getitem__(self, kind: type[T]) -> T:
        """The part of a type. Raises :class:`KeyError` for one that the application does not have."""
        found: T = self._parts[kind]  # type: ignore[assignment]
        return found

    def get(self, kind: type[T]) -> T | None:
        """The part of a type; None without one."""
        return self[kind] if kind in self._parts else None


def parts_of(connection: HTTPConnection | Scope) -> Parts:
    """The parts of the application that a request was sent to."""
    parts: Parts = connection["app"].state.parts
    return parts
