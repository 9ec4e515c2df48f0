"""Values in words."""

from __future__ import annotations


def pages_in_words(pages: tuple[int, int] | None) -> str:
    """Page numbers in words; empty without pages."""
    if pages is None:
        return ""
    first, last = pages
    return f"page {first}" if first == last else f"pages {first}–{last}"


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
