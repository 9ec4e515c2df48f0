"""Find the sentences of the documents that an answer quotes word for word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import regex

from index.citations.claims import claims
from index.patterns import lazy_pattern
from index.sentence_table import SentenceTable
from index.types import Vectors

_MOST = 3
"""Most sentences that are used of one answer."""
_FEWEST = 3
"""Fewest words of a sentence: a shorter one may be there by chance."""
_SHARED = 2
"""Fewest words, with the punctuation beside them, that a quoted sentence and the answer share."""
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_NAME = lazy_pattern(r"(?<=[^\s.!?]\s)\p{Lu}[\p{L}\p{M}\p{N}'’-]+|^\p{Lu}[\p{L}\p{M}\p{N}'’-]+(?=\s\p{Lu})")
_UNCASED = lazy_pattern(rf"[{_UNSPACED}\p{{Arabic}}\p{{Hebrew}}\p{{Devanagari}}]")
_WORD = lazy_pattern(rf"[{_UNSPACED}]|[[\p{{L}}\p{{M}}\p{{N}}]--[{_UNSPACED}]]+", regex.VERSION1)


@dataclass(frozen=True, slots=True, eq=False)
class Quotes:
    """The sentences that an answer quotes, and their mean vector, shape (dimension,), if they have some.

    ``first`` is where the first one is: the index of its passage, and its offset in that. ``above`` is the
    heading of its version, if it has one, and ``document`` the id of its document.
    """

    text: str
    vector: Vectors | None
    first: tuple[int, int] = (0, 0)
    above: str = ""
    document: str = ""

    @property
    def names(self) -> str:
        """The words that a follow-up may refer to: names, and in scripts without capitals all words.

        The other words of a sentence lead back to it, where the next question mostly asks for something else.
        """
        return self.text if _UNCASED.search(self.text) else " ".join(_NAME.findall(self.text))


class _Said:
    """The words of an answer, and those between its quotation marks."""

    def __init__(self, text: str) -> None:
        self._line = _line(text)
        self._parts = [_line(quote.text) for sentence in claims(text) for quote in sentence.quotes]
        self._words = set(text.lower().split())

    def quotes(self, sentence: str) -> bool:
        """Whether it has all words of a sentence in a row, or a part of them between quotation marks."""
        if sentence.isascii() and len(self._words.intersection(sentence.lower().split())) < _SHARED:
            return False  # most sentences: to divide them into words takes longer
        line = _line(sentence)
        if line.count(" ") <= _FEWEST:
            return False
        return line in self._line or any(part in line for part in self._parts)


def find_quotes(said: str, passages: Sequence[str], sentences: SentenceTable) -> Quotes | None:
    """Find the first sentences of passages that an answer quotes; None without one.

    ``passages`` are texts, and ``sentences`` those of each.
    """
    answer = _Said(said)
    found: dict[str, Vectors | None] = {}
    places: list[tuple[int, int]] = []
    for at, passage in enumerate(passages):
        own = sentences.passage(at)
        for row, (start, end) in enumerate(own.spans.tolist()):
            text = " ".join(passage[start:end].split())
            if len(found) < _MOST and text not in found and answer.quotes(text):
                found[text] = own.vectors[row] if len(own.vectors) else None
                places.append((at, start))
    if not found:
        return None
    vector = _mean([vector for vector in found.values() if vector is not None])
    return Quotes(" ".join(found), vector, places[0])


def _line(text: str) -> str:
    """The words of a text in lower case, with a space before and after each."""
    return f" {' '.join(_WORD.findall(text.lower()))} "


def _mean(vectors: Sequence[Vectors]) -> Vectors | None:
    if not vectors:
        return None
    mean = np.mean(vectors, axis=0)
    length = float(np.linalg.norm(mean))
    return (mean / length).astype(np.float32) if length else None
