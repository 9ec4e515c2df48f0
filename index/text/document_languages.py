"""Tell whether most of some documents are in English."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from index.text.languages import is_english

_SAMPLE = 2_000
"""Code points of a text that are looked at."""
_FEWEST = 2
"""Fewest documents in other languages that say something of a folder."""


@dataclass(frozen=True, slots=True)
class DocumentLanguages:
    """How many documents were looked at, and how many of them are not in English."""

    documents: int
    other: int

    @property
    def are_mostly_other(self) -> bool:
        """Whether more than half are not in English, and more than one is not."""
        return self.other >= _FEWEST and 2 * self.other > self.documents

    @staticmethod
    def of(texts: Iterable[str]) -> DocumentLanguages:
        """Look at the beginnings of texts; those without a letter say nothing."""
        samples = [text[:_SAMPLE] for text in texts]
        samples = [text for text in samples if any(map(str.isalpha, text))]
        return DocumentLanguages(len(samples), sum(not is_english(text) for text in samples))
