"""Read the passages by which claims are judged: their sentences, words and vectors."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from index.answers import Citation
from index.citations.statements.words import Terms, Word, words_of
from index.protocols import Embedder
from index.text.sentences import LIST_ITEM, Span, sentence_spans
from index.types import Vectors

_WINDOW_CHARACTERS = 1000
"""Code points that are embedded at once: about what a model with 256 tokens reads."""
_ITEM = re.compile(LIST_ITEM)
_LIKE_LENGTH = 1.5
_MOST_PARTS = 40
"""Parts of so many code points that are embedded for a claim: all of a text of some 40,000."""


@dataclass(frozen=True, slots=True, eq=False)
class SentenceVectors:
    """The unit vectors of sentences that are stored, by the span of each in the passage."""

    by_span: Mapping[Span, Vectors]

    def of(self, spans: Sequence[Span]) -> Vectors | None:
        """Shape (spans, d); None if a span has none: its sentences were divided otherwise."""
        found = [self.by_span.get(span) for span in spans]
        return np.array(found) if found and all(one is not None for one in found) else None


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage that a search has found, with the vectors that are stored of its sentences."""

    citation: Citation
    vectors: SentenceVectors | None = None


@dataclass(frozen=True)
class Source:
    """A passage by which claims are judged; ``context`` are its title and headings.

    Its sentences are embedded, unless there are ``vectors`` of them.
    """

    text: str
    context: str
    terms: Terms
    embedder: Embedder
    vectors: SentenceVectors | None = None

    @cached_property
    def spans(self) -> list[Span]:
        """The sentences of the passage."""
        return [
            span
            for span in sentence_spans(self.text, 0, len(self.text))
            if any(map(str.isalnum, self.text[slice(*span)]))
        ]

    @cached_property
    def words(self) -> list[tuple[Word, ...]]:
        """The words of each span, with offsets in the passage; an item may have several sentences."""
        count = itertools.count()
        return [
            tuple(
                word.shift(start, number)
                for number, (start, end) in zip(count, _sentences_of(self.text, span), strict=False)
                for word in words_of(self.text[start:end], self.terms)
            )
            for span in self.spans
        ]

    def cosines(self, vector: Vectors, wanted: Mapping[str, float]) -> Vectors:
        """The cosine of each sentence with a unit vector, shape (sentences,).

        Of a long text only those parts are embedded that have most of the ``wanted`` terms, by weight; the
        cosines of other sentences are 0.
        """
        if self.stored is not None:
            return self.stored @ vector
        chosen = self._likely_parts(wanted)
        self._embed([number for number in chosen if number not in self._embedded])
        found: Vectors = np.zeros(len(self.spans), np.float32)
        for number in chosen:
            found[self._parts[number]] = self._embedded[number] @ vector
        return found

    @cached_property
    def stored(self) -> Vectors | None:
        return None if self.vectors is None else self.vectors.of(self.spans)

    @cached_property
    def _parts(self) -> list[slice]:
        """Consecutive sentences that are embedded at once."""
        starts: list[int] = []
        for number, (_, end) in enumerate(self.spans):
            if not starts or end - self.spans[starts[-1]][0] > _WINDOW_CHARACTERS:
                starts.append(number)
        return [slice(a, b) for a, b in zip(starts, [*starts[1:], len(self.spans)], strict=True)]

    def _likely_parts(self, wanted: Mapping[str, float]) -> list[int]:
        if len(self._parts) <= _MOST_PARTS:
            return list(range(len(self._parts)))
        shares = [sum(wanted.get(term, 0.0) for term in terms) for terms in self._terms_of_parts]
        return sorted(np.argsort(-np.array(shares), kind="stable")[:_MOST_PARTS].tolist())

    @cached_property
    def _terms_of_parts(self) -> list[set[str]]:
        return [{word.term for words in self.words[part] for word in words} for part in self._parts]

    @cached_property
    def _embedded(self) -> dict[int, Vectors]:
        """The unit vectors of the sentences of parts, by the number of the part."""
        return {}

    def _embed(self, numbers: Sequence[int]) -> None:
        windows = [self.spans[self._parts[number]] for number in numbers]
        if not windows:
            return
        texts = [self.text[window[0][0] : window[-1][1]] for window in windows]
        inside = [[(a - window[0][0], b - window[0][0]) for a, b in window] for window in windows]
        _, vectors = self.embedder.embed_sentences(texts, inside)
        self._embedded.update(zip(numbers, map(unit, vectors), strict=True))

    @cached_property
    def alone(self) -> dict[int, Vectors]:
        """The unit vectors of sentences that were embedded alone, by their numbers."""
        return {}

    def around(self, start: int, end: int) -> list[str]:
        """The sentences that are at ``[start, end)``, the one before them and the one after."""
        at = [number for number, (a, b) in enumerate(self.spans) if a < end and b > start]
        near = self.spans[max(0, at[0] - 1) : at[-1] + 2] if at else []
        return [self.text[slice(*span)] for span in near]

    @cached_property
    def known(self) -> frozenset[str]:
        """The terms of the title and headings, and of the names anywhere in the passage."""
        names = (word.term for sentence in self.words for word in sentence if word.kind == "name")
        return frozenset([*names, *(word.term for word in words_of(self.context, self.terms))])

    @cached_property
    def terms_known(self) -> frozenset[str]:
        """All terms of the passage, its title and its headings."""
        return self.known | {word.term for sentence in self.words for word in sentence}

    @cached_property
    def numbers(self) -> list[Word]:
        """The numbers of the passage, its title and its headings."""
        context = words_of(self.context, self.terms)
        return [word for sentence in [*self.words, context] for word in sentence if word.number is not None]


def _sentences_of(text: str, span: Span) -> list[Span]:
    """The sentences of an item of a list, which is one span, so that each has clauses of its own."""
    start, end = span
    mark = _ITEM.match(text, start, end)
    if mark is None:
        return [span]
    found = sentence_spans(text, mark.end(), end)
    return [(start, found[0][1]), *found[1:]] if found else [span]


def embed_alone(chosen: Sequence[tuple[Source, int]]) -> None:
    """Embed sentences, given by their numbers in sources, at once, each alone: none depends on another."""
    new = [(source, number) for source, number in chosen if number not in source.alone]
    if not new:
        return
    new.sort(key=lambda one: _length(*one))
    # Those of like lengths together: all of a batch are as long as its longest.
    starts = [0]
    for at, one in enumerate(new):
        if _length(*one) > _LIKE_LENGTH * _length(*new[starts[-1]]):
            starts.append(at)
    for start, end in pairwise([*starts, len(new)]):
        texts = [source.text[slice(*source.spans[number])] for source, number in new[start:end]]
        _, vectors = new[start][0].embedder.embed_sentences(texts, [[(0, len(text))] for text in texts])
        for (source, number), vector in zip(new[start:end], vectors, strict=True):
            source.alone[number] = unit(vector)[0]


def _length(source: Source, number: int) -> int:
    start, end = source.spans[number]
    return end - start


def unit(vectors: Vectors) -> Vectors:
    """The vectors at length 1."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Vectors = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)
    return found
