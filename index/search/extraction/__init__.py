"""Answer with the documents' own sentences: a few of them, word for word, or none."""

from __future__ import annotations

from index.search.extraction.extracting import Extract, ExtractedSentence, extract_answer
from index.search.extraction.parts import Part, divide_question, follow_each_other
from index.search.extraction.selection import MOST_SENTENCES, first_sentence
from index.search.extraction.widening import introduction_in_passage

__all__ = [
    "MOST_SENTENCES",
    "Extract",
    "ExtractedSentence",
    "Part",
    "divide_question",
    "extract_answer",
    "first_sentence",
    "follow_each_other",
    "introduction_in_passage",
]
