"""The text of an uploaded file, or of pasted HTML: read by the readers of documents, in their processes."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from index.errors import InvalidLimit
from index.library import Library
from index.readers import MEDIA_TYPES
from index.types import Extract
from service.errors import InvalidRequest
from service.settings import MAX_ANSWER_CHARACTERS, Settings

SUFFIXES = ",".join(sorted(MEDIA_TYPES))
"""The names of files that can be read end in one of these."""
_AS_WRITTEN = (".txt", ".text", ".md", ".markdown")
"""Their marks are part of the text to check: a reader would leave out footnotes and links."""
_HTML = re.compile(
    r"\s*<(?:!doctype html|html|head|body|article|section|main|div|p|h[1-6]|ul|ol|table|blockquote)\b[^>]*>",
    re.IGNORECASE,
)
_CLOSED = re.compile(r"</(?:html|body|article|section|main|div|p|h[1-6]|ul|ol|table|blockquote)\s*>")
_BYTES_PER_CHARACTER = 4


def is_html(text: str) -> bool:
    """Whether a text is HTML, such as the copy that the page itself offers."""
    return bool(_HTML.match(text) and _CLOSED.search(text))


def most_bytes(name: str, settings: Settings) -> int:
    """Longest file of a name that is read."""
    if _suffix(name) in _AS_WRITTEN:
        return _BYTES_PER_CHARACTER * MAX_ANSWER_CHARACTERS
    return settings.library_config().ingest.max_document_bytes


def text_of(data: bytes, name: str, library: Library, settings: Settings) -> str:
    """The text of a file; blocks. ``data`` may be longer than what is read, to tell that it is.

    Raises :class:`InvalidRequest`, :class:`index.errors.InvalidLimit`, :class:`index.errors.Unreadable`.
    """
    suffix = _suffix(name)
    if suffix not in MEDIA_TYPES:
        raise InvalidRequest(f"{name[:200]!r} is no file of a kind that can be read.")
    if len(data) > most_bytes(name, settings):
        raise InvalidLimit("The file is too long. Check it in parts.")
    if suffix not in _AS_WRITTEN:
        return _with_headings(library.read(data, name=name[-200:]))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidRequest(f"{name[:200]!r} is not in UTF-8. Save it as UTF-8 text.") from None


def text_of_html(text: str, library: Library) -> str:
    """The text of pasted HTML; blocks. Raises :class:`index.errors.Unreadable`."""
    return _with_headings(library.read(text.encode("utf-8", "replace"), name="pasted.html"))


def _with_headings(extract: Extract) -> str:
    """The text with Markdown's signs before headings, which are not sentences."""
    text = extract.text
    for block in reversed(extract.blocks):
        if block.kind == "heading":
            heading = " ".join(text[block.start : block.end].split())
            text = f"{text[: block.start]}{'#' * max(1, min(6, block.level))} {heading}{text[block.end :]}"
    return text


def _suffix(name: str) -> str:
    return PurePosixPath(name.lower()).suffix
