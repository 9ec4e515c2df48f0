"""Values in words."""

from __future__ import annotations


def pages_in_words(pages: tuple[int, int] | None) -> str:
    """Page numbers in words; empty without pages."""
    if pages is None:
        return ""
    first, last = pages
    return f"page {first}" if first == last else f"pages {first}–{last}"
