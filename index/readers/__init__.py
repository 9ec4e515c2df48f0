"""Makes text of files: one module or package per format.

:func:`read` chooses the reader. What each of them returns is an :class:`index.types.Extract`; what each
raises is a subclass of :class:`index.errors.Unreadable`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from functools import cache
from importlib import import_module
from pathlib import PurePosixPath
from types import MappingProxyType

from index.errors import UnsupportedFormat
from index.types import Extract

__all__ = ["MEDIA_TYPES", "read", "reader_version", "supported", "text_media_type"]


@dataclass(frozen=True, slots=True)
class _Format:
    """Where the reader of a format is, and the suffixes and other media types that lead to it.

    Its module is imported when it is first needed: some load large libraries.
    """

    module: str
    function: str
    suffixes: str
    aliases: tuple[str, ...] = ()
    version: str = "READER"
    is_pdf: bool = False


_OOXML = "application/vnd.openxmlformats-officedocument"
_FORMATS: Mapping[str, _Format] = {
    "text/plain": _Format("text", "read_text", ".txt .text"),
    "text/markdown": _Format("markdown", "read_markdown", ".md .markdown", ("text/x-markdown",)),
    "text/html": _Format("html", "read_html", ".html .htm .xhtml", ("application/xhtml+xml",)),
    "text/x-rst": _Format("rst", "read_rst", ".rst", ("text/prs.fallenstein.rst",)),
    "application/pdf": _Format("pdf", "read_pdf", ".pdf", ("application/x-pdf",), is_pdf=True),
    # Readers of today's Office formats tell the old ones, and say what to do with them.
    f"{_OOXML}.wordprocessingml.document": _Format("docx", "read_docx", ".docx .docm .dotx .dotm .doc .dot"),
    f"{_OOXML}.presentationml.presentation": _Format("pptx", "read_pptx", ".pptx .pptm .ppsx .potx .ppt"),
    f"{_OOXML}.spreadsheetml.sheet": _Format("xlsx", "read_xlsx", ".xlsx .xlsm .xls"),
    "application/vnd.oasis.opendocument.text": _Format("odt", "read_odt", ".odt .ott"),
    "application/rtf": _Format("rtf", "read_rtf", ".rtf", ("text/rtf",)),
    "application/epub+zip": _Format("epub", "read_epub", ".epub"),
    "text/csv": _Format(
        "csv_table", "read_csv", ".csv .tsv .tab", ("text/tab-separated-values", "application/csv")
    ),
    "message/rfc822": _Format("email_message", "read_email_message", ".eml"),
    "application/mbox": _Format("mbox", "read_mbox", ".mbox"),
    "application/json": _Format("json_records", "read_json", ".json"),
    "application/jsonl": _Format(
        "json_records", "read_jsonl", ".jsonl .ndjson", ("application/x-ndjson",), version="LINES_READER"
    ),
    "application/x-subrip": _Format("subtitles", "read_subtitles", ".srt .vtt", ("text/vtt",)),
    "text/x-source-code": _Format(
        "source_code",
        "read_source_code",
        ".bash .bat .c .cc .cfg .cjs .clj .cmake .conf .cpp .cs .css .cxx .dart .ex .exs .f90 .go .gradle "
        ".graphql .h .hpp .hs .ini .java .jl .js .jsx .kt .kts .less .lua .m .mjs .ml .nix .php .pl .pm "
        ".proto .ps1 .py .pyi .r .rb .rs .scala .scss .sh .sol .sql .svelte .swift .tcl .tf .toml .ts .tsx "
        ".v .vb .vue .yaml .yml .zig .zsh",
        (
            "text/x-python",
            "text/javascript",
            "application/javascript",
            "application/toml",
            "application/yaml",
        ),
    ),
}
_ALIASES = {alias: kind for kind, format_ in _FORMATS.items() for alias in format_.aliases}
MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {suffix: kind for kind, format_ in _FORMATS.items() for suffix in format_.suffixes.split()}
)
"""The suffixes of the files that can be read -> their media types."""
_TEXTS = frozenset({"application/json", "application/jsonl", "application/x-subrip"})
"""Text by other names than ``text/``."""


def read(
    data: bytes,
    *,
    name: str,
    media_type: str | None = None,
    password: str = "",
    ocr_languages: str = "",
) -> Extract:
    """Read a file of a known format.

    ``media_type`` decides if there is a reader for it, else the suffix of ``name``: senders that do not
    know call everything ``application/octet-stream``. Its ``charset`` parameter is honoured. ``password``
    opens a PDF file that is encrypted; ``ocr_languages`` (Tesseract's, ``eng+deu``) has its pages that are
    pictures read by Tesseract.

    Raises :class:`index.errors.UnsupportedFormat` if no reader is for it, and other kinds of
    :class:`index.errors.Unreadable` if the reader cannot read it.
    """
    _, charset = _parsed(media_type)
    format_ = _format(name, media_type)
    function, _ = _loaded(format_)
    if format_.is_pdf:
        return function(data, name=name, password=password, ocr_languages=ocr_languages)
    return function(data, name=name, charset=charset)


def reader_version(name: str, *, media_type: str | None = None) -> str:
    """The reader that :func:`read` would take and its version: ``"markdown/1"``.

    A version grows when the same bytes are read otherwise than before, so stored texts can tell that they
    are out of date. Raises :class:`index.errors.UnsupportedFormat`.
    """
    return _loaded(_format(name, media_type))[1]


def text_media_type(name: str) -> str:
    """The media type of what comes as text, by its name's ending: what is called ``plan.pdf`` is no PDF."""
    media_type = _by_suffix(name)
    return media_type if media_type.startswith("text/") or media_type in _TEXTS else "text/plain"


def supported(name: str) -> bool:
    """Whether a file of this name can be read, told by its suffix."""
    return _by_suffix(name) in _FORMATS


@cache
def _loaded(format_: _Format) -> tuple[Callable[..., Extract], str]:
    module = import_module(f"{__name__}.{format_.module}")
    return getattr(module, format_.function), getattr(module, format_.version)


def _format(name: str, media_type: str | None) -> _Format:
    kind, _ = _parsed(media_type)
    found = _FORMATS.get(kind) or _FORMATS.get(_by_suffix(name))
    if found is None:
        given = f" ({media_type})" if media_type else ""
        raise UnsupportedFormat(
            f"{name}{given}: no reader for this kind of file. There are readers for PDF, Office documents, "
            "books, web pages, Markdown, mail, tables, JSON, subtitles and source code; docs/formats.md has "
            "all endings and media types."
        )
    return found


def _by_suffix(name: str) -> str:
    return MEDIA_TYPES.get(PurePosixPath(name).suffix.lower(), "")


def _parsed(media_type: str | None) -> tuple[str, str | None]:
    if not media_type:
        return "", None
    message = Message()
    message["Content-Type"] = media_type
    # Its get_content_type() would call text/plain what is no media type.
    kind = media_type.partition(";")[0].strip().lower()
    return _ALIASES.get(kind, kind), message.get_content_charset()
