"""Kinds of documents as people call them."""

from __future__ import annotations

from collections.abc import Mapping

_OOXML = "application/vnd.openxmlformats-officedocument"
_OPENDOCUMENT = "application/vnd.oasis.opendocument"
_KINDS: Mapping[str, str] = {
    "application/pdf": "PDF",
    f"{_OOXML}.wordprocessingml.document": "Word",
    "application/msword": "Word",
    f"{_OPENDOCUMENT}.text": "OpenDocument text",
    "application/rtf": "Rich Text",
    f"{_OOXML}.spreadsheetml.sheet": "spreadsheet",
    "application/vnd.ms-excel": "spreadsheet",
    f"{_OPENDOCUMENT}.spreadsheet": "spreadsheet",
    "text/csv": "CSV",
    f"{_OOXML}.presentationml.presentation": "presentation",
    "application/vnd.ms-powerpoint": "presentation",
    f"{_OPENDOCUMENT}.presentation": "presentation",
    "text/html": "HTML",
    "text/markdown": "Markdown",
    "text/x-rst": "reStructuredText",
    "text/plain": "plain text",
    "application/epub+zip": "book",
    "message/rfc822": "mail",
    "application/vnd.ms-outlook": "mail",
    "application/mbox": "mail",
    "application/json": "JSON",
    "application/jsonl": "JSON",
    "application/x-subrip": "subtitles",
    "text/vtt": "subtitles",
    "text/x-source-code": "source code",
}
"""Media types that readers store -> kinds. Formats of one sort that people do not tell apart share a kind."""


def kind_of(media_type: str) -> str:
    """The kind of a document by its stored media type; the media type itself where it has no other name."""
    return _KINDS.get(media_type, media_type)
