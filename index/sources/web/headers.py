"""The headers of a response that the fetcher uses."""

from __future__ import annotations

import re
from collections.abc import Iterable

_CHARSET = re.compile(r""";\s*charset\s*=\s*["']?([\w.:+-]{1,64})""", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]{1,127}/[\w!#$&^.+-]{1,127}", re.ASCII)
_MAX_VALIDATOR = 1024


class Headers:
    """Parses raw headers. A repeated header is joined to a list with commas (RFC 9110, 5.3)."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in raw:
            self._values.setdefault(name.decode("latin-1").lower(), []).append(_text(value))

    def _join(self, name: str) -> str:
        return ", ".join(self._values.get(name, ()))

    def _first(self, name: str) -> str:
        return self._values.get(name, [""])[0]

    @property
    def location(self) -> str:
        return self._first("location")

    @property
    def media_type(self) -> str:
        """The media type in lower case, without parameters; empty if it is missing or malformed."""
        name = self._first("content-type").partition(";")[0].strip().lower()
        return name if _MEDIA_TYPE.fullmatch(name) else ""

    @property
    def charset(self) -> str | None:
        match = _CHARSET.search(self._first("content-type"))
        return match[1].lower() if match else None

    @property
    def content_encoding(self) -> str:
        return self._join("content-encoding")

    @property
    def content_length(self) -> int:
        """The length in bytes; 0 if there is no header. h11 has checked that it is a number."""
        value = self._first("content-length")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 20 else 0

    @property
    def etag(self) -> str:
        return self._validator("etag")

    @property
    def last_modified(self) -> str:
        return self._validator("last-modified")

    @property
    def robots_tag(self) -> str:
        return self._join("x-robots-tag")

    def _validator(self, name: str) -> str:
        value = self._first(name)
        return value if len(value) <= _MAX_VALIDATOR else ""


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
