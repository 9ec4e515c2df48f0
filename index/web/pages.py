"""What fetching gives."""

from __future__ import annotations

from dataclasses import dataclass

from index.web.errors import FetchRefused


@dataclass(frozen=True, slots=True)
class Page:
    """A fetched page. ``url`` is the address at the end of the redirects.

    ``media_type`` is in lower case without parameters, empty if the server says none; ``charset`` is the
    label that it gives. ``etag`` and ``last_modified`` are as sent, for
    :meth:`index.web.Fetcher.fetch_changed`; ``robots_tag`` is what ``X-Robots-Tag`` has.
    """

    url: str
    data: bytes
    media_type: str = ""
    charset: str | None = None
    etag: str = ""
    last_modified: str = ""
    robots_tag: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A page that was not fetched, and why: ``code`` is that of the error, ``reason`` its message."""

    url: str
    code: str
    reason: str

    @classmethod
    def of(cls, url: str, error: FetchRefused) -> Refusal:
        return cls(url, error.code, error.message)
