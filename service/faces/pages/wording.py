"""Values in words."""

from collections.abc import Sequence

from index.answers import Citation
from index.page_labels import label_of
from index.records import VersionRecord
from index.types import Cell
from service.faces.pages.languages import Language
from service.flows.evidence_packs import report


def pages_in_words(citation: Citation, language: Language) -> str:
    """The pages of a citation in words, by the numbers that they bear, if any; empty without pages."""
    return report.pages_in_words(citation.printed_pages or citation.pages, citation.file_pages, language.t)


def page_in_words(version: VersionRecord, number: int, language: Language) -> str:
    """A page of a version, which counts from 1, by the number that it bears; empty where a book has none."""
    if is_presentation(version.media_type):
        return language.t("slide {number}", number=number)
    if not version.page_labels:
        return language.t("page {number}", number=number)
    if label := label_of(version.page_labels, number):
        return language.t("page {number}", number=label)
    return language.t("page {number} of the file", number=number) if version.media_type == _PDF else ""


def cells_in_words(cells: Sequence[Cell], language: Language) -> str:
    """The rows and columns of the cells of a table in words; empty without cells."""
    rows = list(dict.fromkeys(one.row for one in cells if one.row))
    columns = list(dict.fromkeys(one.column for one in cells if one.column))
    parts = []
    if len(rows) == 1:
        parts.append(language.t("row “{row}”", row=_shorten(rows[0])))
    elif rows:
        first, last = _shorten(rows[0]), _shorten(rows[-1])
        parts.append(language.t("rows “{first}” to “{last}”", first=first, last=last))
    if len(columns) == 1:
        parts.append(language.t("column “{column}”", column=_shorten(columns[0])))
    elif columns:
        first, last = _shorten(columns[0]), _shorten(columns[-1])
        parts.append(language.t("columns “{first}” to “{last}”", first=first, last=last))
    return ", ".join(parts)


def _shorten(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


_LONGEST_NAME = 40
"""Code points of the name of a row or column that are shown."""
_PDF = "application/pdf"
_SOURCE_CODE = "text/x-source-code"
_MAILS = frozenset({"message/rfc822", "application/mbox", "application/vnd.ms-outlook"})
_SLIDES = ("application/vnd.ms-powerpoint", "presentation")
"""Parts of the media types of presentations."""
_CODE = {
    "c": "C",
    "cc": "C++",
    "cpp": "C++",
    "cs": "C#",
    "css": "CSS",
    "go": "Go",
    "h": "C",
    "hpp": "C++",
    "java": "Java",
    "js": "JavaScript",
    "jsx": "JavaScript",
    "kt": "Kotlin",
    "lua": "Lua",
    "php": "PHP",
    "pl": "Perl",
    "ps1": "PowerShell",
    "py": "Python",
    "r": "R",
    "rb": "Ruby",
    "rs": "Rust",
    "scala": "Scala",
    "sh": "Shell",
    "sql": "SQL",
    "swift": "Swift",
    "toml": "TOML",
    "ts": "TypeScript",
    "tsx": "TypeScript",
    "yaml": "YAML",
    "yml": "YAML",
}


def code_language(document_id: str, media_type: str) -> str:
    """The language of a file of source code by its suffix; empty for other files and unknown suffixes."""
    suffix = document_id.rpartition(".")[2].lower()
    return _CODE.get(suffix, "") if media_type == _SOURCE_CODE else ""


def is_mail(media_type: str) -> bool:
    """Whether files of a media type are mails."""
    return media_type in _MAILS


def is_presentation(media_type: str) -> bool:
    """Whether the pages of a media type are slides."""
    return any(part in media_type for part in _SLIDES)
