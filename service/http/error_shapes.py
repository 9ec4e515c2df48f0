"""How the errors of an address are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ShownError:
    """An error as a client sees it. ``status`` is that of the response; ``param`` is the field, if known."""

    code: str
    message: str
    status: int
    request_id: str
    param: str = ""


@dataclass(frozen=True, slots=True)
class ErrorShape:
    """How the errors of some addresses are written.

    ``body`` makes the JSON body. ``schema`` is its JSON Schema without references. ``statuses`` replaces the
    service's own statuses by those that the clients of these addresses expect.
    """

    body: Callable[[ShownError], Mapping[str, Any]]
    schema: Mapping[str, Any]
    statuses: Mapping[int, int] = field(default_factory=dict)

    def status(self, own: int) -> int:
        """The status of the response, for one of the service's own."""
        return self.statuses.get(own, own)
