"""Limit the text that a reader may produce from one file.

Readers that repeat content (a header in each row, the keys above each value) could turn a small file into
more text than fits into memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from index.errors import DocumentTooLarge
from index.readers.base.builder import Draft

MAX_CHARACTERS = 100_000_000


def limit_text(drafts: Iterable[Draft], *, name: str, limit: int = MAX_CHARACTERS) -> Iterator[Draft]:
    """Pass the drafts on; raise :class:`index.errors.DocumentTooLarge` after ``limit`` characters."""
    characters = 0
    for draft in drafts:
        characters += len(draft.text)
        if characters > limit:
            raise DocumentTooLarge(
                f"{name}: its text has more than {limit:,} characters. Split the file into smaller ones."
            )
        yield draft
