"""How errors are written: as JSON, in the shape of their address, and as pages for people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response
from starlette.types import Scope

from index.errors import LoccitError


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


class ErrorShapes:
    """The shapes of errors by address, which the application gathers from its interfaces.

    Every error of an address has its shape, also those of the middleware: a missing key, a rate limit, a body
    that is too large, and an address that has no route.
    """

    def __init__(self, by_beginning: Mapping[str, ErrorShape]) -> None:
        """``/v1/files`` is the beginning of ``/v1/files`` itself, and of everything below ``/v1/files/``."""
        self._by_beginning = dict(by_beginning)
        self._longest_first = sorted(by_beginning, key=len, reverse=True)

    def of(self, path: str) -> ErrorShape | None:
        """The shape of an address's errors; None for Loccit's own."""
        for beginning in self._longest_first:
            if path.startswith(beginning) and path[len(beginning) :][:1] in ("", "/"):
                return self._by_beginning[beginning]
        return None


@dataclass(frozen=True, slots=True)
class ErrorPages:
    """How errors are shown to people, as HTML.

    ``is_page`` tells whether a path is that of a page, and ``is_form`` whether it takes a page's form by
    ``POST``. ``render`` makes the page for an error of a request with this id.
    """

    is_page: Callable[[str], bool]
    is_form: Callable[[str], bool]
    render: Callable[[Scope, LoccitError, str], Response]
