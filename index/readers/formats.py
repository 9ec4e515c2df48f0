"""The table of formats: which reader a file gets, by its media type or the suffix of its name.

Each reader is a module or package of its own, imported when it is first needed. A reader returns an
:class:`index.types.Extract` or raises a subclass of :class:`index.errors.Unreadable`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from functools import cache
from importlib import import_module
from pathlib import PurePosixPath
from types import MappingProxyType

from index.config import NO_OCR, OcrOptions
from index.errors import EmptyDocument, UnsupportedFormat
from index.types import Extract


@dataclass(frozen=True, slots=True)
class _Format:
    """A format: the function that reads it, and the suffixes and other media types that select it.

    ``module`` is below :mod:`index.readers`. It is imported when it is first needed, because some readers
    load large libraries. ``version`` names the constant in it that holds the reader's name and version.
    """

    module: str
    function: str
    suffixes: str
    aliases: tuple[str, ...] = ()
    version: str = "READER"
    is_pdf: bool = False
    is_old_office: bool = False


_OOXML = "application/vnd.openxmlformats-officedocument"
_OLD_EXCEL = "application/vnd.ms-excel"
"""Also what browsers on Windows call CSV files: the suffix decides first."""
_FORMATS: Mapping[str, _Format] = {
    "text/plain": _Format("plain.text", "read_text", ".txt .text"),
    "text/markdown": _Format("plain.markdown", "read_markdown", ".md .markdown", ("text/x-markdown",)),
    "text/html": _Format("html", "read_html", ".html .htm .xhtml", ("application/xhtml+xml",)),
    "text/x-rst": _Format("plain.rst", "read_rst", ".rst", ("text/prs.fallenstein.rst",)),
    "application/pdf": _Format("pdf", "read_pdf", ".pdf", ("application/x-pdf",), is_pdf=True),
    f"{_OOXML}.wordprocessingml.document": _Format("word", "read_docx", ".docx .docm .dotx .dotm"),
    f"{_OOXML}.presentationml.presentation": _Format("slides", "read_pptx", ".pptx .pptm .ppsx .potx"),
    f"{_OOXML}.spreadsheetml.sheet": _Format("sheets", "read_xlsx", ".xlsx .xlsm"),
    "application/msword": _Format(
        "old_office", "read_doc", ".doc .dot", version="DOC_READER", is_old_office=True
    ),
    "application/vnd.ms-powerpoint": _Format(
        "old_office", "read_ppt", ".ppt .pps", version="PPT_READER", is_old_office=True
    ),
    _OLD_EXCEL: _Format("old_office", "read_xls", ".xls .xlt", version="XLS_READER", is_old_office=True),
    "application/vnd.oasis.opendocument.text": _Format("opendocument", "read_odt", ".odt .ott"),
    "application/vnd.oasis.opendocument.spreadsheet": _Format(
        "opendocument.spreadsheet", "read_ods", ".ods .ots"
    ),
    "application/vnd.oasis.opendocument.presentation": _Format(
        "opendocument.presentation", "read_odp", ".odp .otp"
    ),
    "application/rtf": _Format("rtf", "read_rtf", ".rtf", ("text/rtf",)),
    "application/epub+zip": _Format("books", "read_epub", ".epub"),
    "text/csv": _Format(
        "sheets.csv_table", "read_csv", ".csv .tsv .tab", ("text/tab-separated-values", "application/csv")
    ),
    "message/rfc822": _Format("mail", "read_email_message", ".eml"),
    "application/vnd.ms-outlook": _Format("mail.outlook", "read_outlook_message", ".msg"),
    "application/mbox": _Format("mail.mbox", "read_mbox", ".mbox"),
    "application/json": _Format("plain.json_records", "read_json", ".json"),
    "application/jsonl": _Format(
        "plain.json_records",
        "read_jsonl",
        ".jsonl .ndjson",
        ("application/x-ndjson",),
        version="LINES_READER",
    ),
    "application/x-subrip": _Format("plain.subtitles", "read_subtitles", ".srt .vtt", ("text/vtt",)),
    "text/x-source-code": _Format(
        "plain.source_code",
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
"""The media type of each suffix that can be read."""
_TEXT_TYPES = frozenset({"application/json", "application/jsonl", "application/x-subrip"})
"""Media types of text that do not begin with ``text/``."""


def read(
    data: bytes,
    *,
    name: str,
    media_type: str | None = None,
    password: str = "",
    ocr: OcrOptions = NO_OCR,
    libreoffice: bool = True,
) -> Extract:
    """Extract the text of a file in a known format.

    ``media_type`` selects the reader, or the suffix of ``name`` if there is no reader for the media type:
    many senders call everything ``application/octet-stream``. A ``charset`` parameter is used. ``password``
    opens an encrypted PDF file. If ``ocr`` names languages, OCR reads what is images in a PDF file. With
    ``libreoffice``, old Office files are read through LibreOffice where it is installed.

    Raises :class:`index.errors.UnsupportedFormat` if there is no reader for the file,
    :class:`index.errors.EmptyDocument` for one of 0 bytes, and other subclasses of
    :class:`index.errors.Unreadable` if the reader cannot read it.
    """
    _, charset = _parse_media_type(media_type)
    format_ = _select(name, media_type)
    if data == b"":
        raise EmptyDocument(f"{name}: the file is empty, it has 0 bytes. Save or copy it again.")
    function, _ = _load(format_)
    if format_.is_pdf:
        return function(data, name=name, password=password, ocr=ocr)
    if format_.is_old_office:
        return function(data, name=name, charset=charset, libreoffice=libreoffice)
    return function(data, name=name, charset=charset)


def reader_version(name: str, *, media_type: str | None = None) -> str:
    """The name and version of the reader that :func:`read` selects, such as ``"markdown/1"``.

    A new version means that the reader extracts another text from the same bytes, so that stored texts of
    older versions are out of date. Raises :class:`index.errors.UnsupportedFormat`.
    """
    return _load(_select(name, media_type))[1]


def is_current(stored: str, name: str, *, media_type: str | None, ocr: OcrOptions, unread: bool) -> bool:
    """Whether :func:`read` would read a file as it did when it gave this ``reader``.

    ``unread`` says that pages of it had no text then. What OCR read is read again by another engine or
    version of it that is installed. Raises :class:`index.errors.UnsupportedFormat`.
    """
    reader, _, engine = stored.partition("+")
    if reader != reader_version(name, media_type=media_type):
        return False
    if not ocr.languages or not (engine or unread) or not is_pdf(name, media_type=media_type):
        return True
    from index.readers.pdf.ocr import ocr_version  # the readers of formats are loaded when they are needed

    installed = ocr_version(ocr)
    return not installed or engine == installed


def is_pdf(name: str, *, media_type: str | None = None) -> bool:
    """Whether :func:`read` reads the file as PDF. Raises :class:`index.errors.UnsupportedFormat`."""
    return _select(name, media_type).is_pdf


def is_old_office(name: str, *, media_type: str | None = None) -> bool:
    """Whether :func:`read` may read the file through LibreOffice.

    Raises :class:`index.errors.UnsupportedFormat`.
    """
    return _select(name, media_type).is_old_office


def text_media_type(name: str) -> str:
    """The media type of a text by its name's suffix; ``text/plain`` for a text named ``plan.pdf``."""
    media_type = _by_suffix(name)
    return media_type if media_type.startswith("text/") or media_type in _TEXT_TYPES else "text/plain"


def supported(name: str) -> bool:
    """Whether there is a reader for the suffix of this name."""
    return _by_suffix(name) in _FORMATS


@cache
def _load(format_: _Format) -> tuple[Callable[..., Extract], str]:
    module = import_module(f"index.readers.{format_.module}")
    return getattr(module, format_.function), getattr(module, format_.version)


def _select(name: str, media_type: str | None) -> _Format:
    kind, _ = _parse_media_type(media_type)
    by_suffix = _FORMATS.get(_by_suffix(name))
    found = (by_suffix if kind == _OLD_EXCEL else None) or _FORMATS.get(kind) or by_suffix
    if found is None:
        given = f" ({media_type})" if media_type else ""
        raise UnsupportedFormat(
            f"{name}{given}: no reader for this kind of file. There are readers for PDF, Office documents, "
            "books, web pages, Markdown, mail, tables, JSON, subtitles and source code."
        )
    return found


def _by_suffix(name: str) -> str:
    return MEDIA_TYPES.get(PurePosixPath(name).suffix.lower(), "")


def _parse_media_type(media_type: str | None) -> tuple[str, str | None]:
    if not media_type:
        return "", None
    message = Message()
    message["Content-Type"] = media_type
    # Message.get_content_type() returns text/plain for anything that is not a media type.
    kind = media_type.partition(";")[0].strip().lower()
    return _ALIASES.get(kind, kind), message.get_content_charset()
