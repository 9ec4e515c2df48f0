"""The results of fetching: pages and refusals."""

from __future__ import annotations

from dataclasses import dataclass

from index.sources.web.errors import FetchRefused


@dataclass(frozen=True, slots=True)
class Page:
    """A fetched page. ``url`` is the address after all redirects.

    ``media_type`` is in lower case without parameters, empty if the server sends none; ``charset`` is the
    label from the header; ``robots_tag`` is the value of ``X-Robots-Tag``.
    """

    url: str
    data: bytes
    media_type: str = ""
    charset: str | None = None
    robots_tag: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A page that was not fetched: ``code`` is the code of the error, ``reason`` its message."""

    url: str
    code: str
    reason: str

    @classmethod
    def of(cls, url: str, error: FetchRefused) -> Refusal:
        return cls(url, error.code, error.message)
