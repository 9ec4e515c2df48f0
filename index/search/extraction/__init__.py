"""Answer with the documents' own sentences: a few of them, word for word, or none."""

from __future__ import annotations

from index.search.extraction.extracting import Extract, ExtractedSentence, extracted
from index.search.extraction.parts import Part, divided
from index.search.extraction.selection import MOST_SENTENCES

__all__ = ["MOST_SENTENCES", "Extract", "ExtractedSentence", "Part", "divided", "extracted"]
