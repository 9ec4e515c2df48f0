"""The parts of a running application, which requests find by their types."""

from typing import Protocol, TypeVar

from starlette.requests import HTTPConnection
from starlette.types import Scope

T = TypeVar("T")


class Parts(Protocol):
    """The objects of an application by their types: a dict. ``app.state.parts`` has it while it runs."""

    def __getitem__(self, kind: type[T], /) -> T:
        """The part of a type. Raises :class:`KeyError` for one that the application does not have."""

    def get(self, kind: type[T], /) -> T | None:
        """The part of a type; None without one."""


def parts_of(connection: HTTPConnection | Scope) -> Parts:
    """The parts of the application that a request was sent to."""
    parts: Parts = connection["app"].state.parts
    return parts
