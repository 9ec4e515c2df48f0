"""Limit the text that a reader may produce from one file.

Readers that repeat content (a header in each row, the keys above each value) could turn a small file into
more text than fits into memory.
"""

from collections.abc import Iterable, Iterator

from index.errors import DocumentTooLarge
from index.readers.base.builder import Draft

MAX_CHARACTERS = 100_000_000
_ALWAYS = 1_000_000
_TIMES = 25
"""Characters for each byte: tables of zeros and ones with a header of sentences have a little less."""


def repeated_limit(size: int) -> int:
    """The most characters of a file that may repeat its content; ``size`` is that of what was read of it."""
    return min(MAX_CHARACTERS, _ALWAYS + _TIMES * size)


def limit_text(drafts: Iterable[Draft], *, name: str, limit: int = MAX_CHARACTERS) -> Iterator[Draft]:
    """Pass the drafts on; raise :class:`index.errors.DocumentTooLarge` after ``limit`` characters."""
    characters = 0
    for draft in drafts:
        characters += len(draft.text)
        if characters > limit:
            raise DocumentTooLarge(
                f"{name}: its text has more than {limit:,} characters, which is too much for a file of its "
                "size. Split it into smaller ones; of a table, leave out repeated rows and cells."
            )
        yield draft
