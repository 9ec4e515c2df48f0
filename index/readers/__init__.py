"""Makes text of files: one module per format.

:func:`read` chooses the reader. What each of them returns is an :class:`index.types.Extract`; what each
raises is a subclass of :class:`index.errors.Unreadable`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Protocol

from index.errors import UnsupportedFormat
from index.readers import html, markdown, text
from index.types import Extract

__all__ = ["MEDIA_TYPES", "read", "reader_version", "supported"]

MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".htm": html.MEDIA_TYPE,
        ".html": html.MEDIA_TYPE,
        ".markdown": markdown.MEDIA_TYPE,
        ".md": markdown.MEDIA_TYPE,
        ".text": text.MEDIA_TYPE,
        ".txt": text.MEDIA_TYPE,
        ".xhtml": html.MEDIA_TYPE,
    }
)
"""The suffixes of the files that can be read -> their media types."""


class _Read(Protocol):
    def __call__(self, data: bytes, *, name: str, charset: str | None = None) -> Extract: ...


@dataclass(frozen=True, slots=True)
class _Reader:
    version: str
    read: _Read


_READERS: Mapping[str, _Reader] = {
    html.MEDIA_TYPE: _Reader(html.READER, html.read_html),
    markdown.MEDIA_TYPE: _Reader(markdown.READER, markdown.read_markdown),
    text.MEDIA_TYPE: _Reader(text.READER, text.read_text),
}
_OTHER_NAMES = {
    "application/xhtml+xml": html.MEDIA_TYPE,
    "text/x-markdown": markdown.MEDIA_TYPE,
}


def read(data: bytes, *, name: str, media_type: str | None = None, password: str = "") -> Extract:
    """Read a file of a known format.

    ``media_type`` decides if there is a reader for it, else the suffix of ``name``: senders that do not
    know call everything ``application/octet-stream``. Its ``charset`` parameter is honoured.

    Raises :class:`index.errors.UnsupportedFormat` if no reader is for it, and other kinds of
    :class:`index.errors.Unreadable` if the reader cannot read it.
    """
    _, charset = _parsed(media_type)
    return _reader(name, media_type).read(data, name=name, charset=charset)


def reader_version(name: str, *, media_type: str | None = None) -> str:
    """The reader that :func:`read` would take and its version: ``"markdown/1"``.

    A version grows when the same bytes are read otherwise than before, so stored texts can tell that they
    are out of date. Raises :class:`index.errors.UnsupportedFormat`.
    """
    return _reader(name, media_type).version


def supported(name: str) -> bool:
    """Whether a file of this name can be read, told by its suffix."""
    return _by_suffix(name) in _READERS


def _reader(name: str, media_type: str | None) -> _Reader:
    kind, _ = _parsed(media_type)
    reader = _READERS.get(kind) or _READERS.get(_by_suffix(name))
    if reader is None:
        given = f" ({media_type})" if media_type else ""
        suffixes, kinds = ", ".join(sorted(MEDIA_TYPES)), ", ".join(sorted(_READERS))
        raise UnsupportedFormat(
            f"{name}{given}: no reader for this kind of file. Supported are {suffixes}, or the media types "
            f"{kinds}."
        )
    return reader


def _by_suffix(name: str) -> str:
    return MEDIA_TYPES.get(PurePosixPath(name).suffix.lower(), "")


def _parsed(media_type: str | None) -> tuple[str, str | None]:
    if not media_type:
        return "", None
    message = Message()
    message["Content-Type"] = media_type
    # Its get_content_type() would call text/plain what is no media type.
    kind = media_type.partition(";")[0].strip().lower()
    return _OTHER_NAMES.get(kind, kind), message.get_content_charset()
