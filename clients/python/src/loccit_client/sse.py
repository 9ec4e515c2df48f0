"""Server-sent events: parse the body of a ``text/event-stream`` (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Not str.splitlines, which also ends lines at characters that JSON may have inside a string. A CR at the end
# of what is here may be half of a CRLF.
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """An event: its name, its data, and the last id."""

    name: str
    data: str
    id: str = ""


class EventParser:
    """Takes a body piece by piece, and returns the events that each piece completes."""

    def __init__(self) -> None:
        self._rest = b""
        self._name = ""
        self._data: list[str] = []
        self._id = ""

    def feed(self, piece: bytes) -> Iterator[ServerEvent]:
        """The events that this piece completes."""
        *lines, self._rest = _LINE_END.split(self._rest + piece)
        for line in lines:
            if line:
                self._take(line.decode("utf-8", "replace"))
            elif (event := self._complete()) is not None:
                yield event

    def _take(self, line: str) -> None:
        """Take a field; comments, which keep the connection open, and unknown fields are passed over."""
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._name = value
        elif name == "data":
            self._data.append(value)
        elif name == "id" and "\0" not in value:
            self._id = value

    def _complete(self) -> ServerEvent | None:
        name, data = self._name or "message", self._data
        self._name, self._data = "", []
        return ServerEvent(name, "\n".join(data), self._id) if data else None
