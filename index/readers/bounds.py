"""How much text a reader may make of a file, where a few bytes can ask for a lot of it.

Formats that repeat what they say once (a header in each row, the keys above each value) would let a small
file fill the memory before anyone looks at the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from index.errors import DocumentTooLarge
from index.readers.builder import Draft

MAX_CHARACTERS = 100_000_000


def bounded(drafts: Iterable[Draft], *, name: str, most: int = MAX_CHARACTERS) -> Iterator[Draft]:
    """The drafts as they come; :class:`index.errors.DocumentTooLarge` past so many characters."""
    characters = 0
    for draft in drafts:
        characters += len(draft.text)
        if characters > most:
            raise DocumentTooLarge(
                f"{name}: its text grows beyond {most:,} characters. Split the file into smaller ones."
            )
        yield draft
