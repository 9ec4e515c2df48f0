"""Find sentences of other documents that disagree with those of one.

What both sentences are about is found by the lexical index and by the terms of sentences that are stored with
each passage, so that this needs no index of its own: it follows erasures, earlier changes and filters as
every search does. Then the words decide (:mod:`index.citations.statements.disagreements`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from index.citations.statements.assertions import Assertion
from index.citations.statements.conflicts import Conflict
from index.citations.statements.disagreements import Disagreement, disagreement
from index.citations.supersession import superseded
from index.filters import Filter
from index.patterns import lazy_pattern
from index.protocols import Passages, Searchable
from index.records import StoredPassage, VersionRecord
from index.text.analysis import Analyzer
from index.text.sentences import Span, sentence_spans
from index.types import Ids

_SEARCHED, _CONFIRMED = 20, 60
"""Passages in which a sentence that disagrees is looked for, and those in which one that was found has to be
the only one of its kind."""
_LEAST_SHARED, _LEAST_SHARED_BACK = 0.5, 0.3
"""Least share of the terms of a sentence that the other has, and of those of the other."""
_MOST_FACTS, _MOST_SURE_FACTS = 2, 3
"""Facts in which a formula differs from document to document, each about something else; where the sentences
seem to be about the same, too."""
_MOST_DOCUMENTS = 5
"""Documents from which a sentence with two other facts is one of a series, as of announcements."""
_LONG_ITEM = 100
_KEPT = 20_000
_NUMBER = lazy_pattern(r"\s*\(?(?:\d{1,3}(?:\.\d{1,3})*[.)]?|[a-z][.)])\s+")
_WORD = lazy_pattern(r"[\p{L}\p{M}\p{N}]+")
_VERSION_WORDS = frozenset(
    "version draft final rev revision amendment copy of the to a an and new old".split()
)
_FEWEST_TITLE_WORDS = 2


@dataclass(frozen=True, slots=True)
class FoundConflict:
    """A fact on which a sentence and one of another document disagree; spans are those of the documents.

    ``claimed`` of the fact is in the first sentence, ``stated`` in the other.
    """

    span: Span
    other: VersionRecord
    other_span: Span
    fact: Conflict


@dataclass(frozen=True, slots=True)
class _Candidate:
    found: FoundConflict
    other: Assertion
    is_sure: bool


class ConflictSearch:
    """Finds what disagrees with sentences, among the passages that ``where`` admits.

    Use it for one request, in one thread: it keeps what it has read.
    """

    def __init__(
        self, passages: Passages, engine: Searchable, analyzer: Analyzer, where: Filter | None
    ) -> None:
        self._passages, self._engine, self._analyzer, self._where = passages, engine, analyzer, where
        self._read = lru_cache(_KEPT)(lambda sentence: Assertion.read(sentence, analyzer.terms))
        self._hashes = lru_cache(_KEPT)(lambda text: frozenset(analyzer.term_hashes(text).tolist()))

    def of_sentence(self, version: VersionRecord, span: Span, sentence: str) -> list[FoundConflict]:
        """The sentences of other documents that disagree with one at ``span`` of a version."""
        own = self._read(sentence)
        if own is None or not self._against(version, span, own, _SEARCHED)[0]:
            return []
        found, said = self._against(version, span, own, _CONFIRMED)
        if _is_series(found) or _is_one_of_several(own, said.get(version.document_id, ())):
            return []
        is_formula = len(_facts(found, is_sure=False)) >= _MOST_FACTS
        return [
            one.found
            for document_id, one in found.items()
            if (one.is_sure or not is_formula) and not _is_one_of_several(one.other, said[document_id])
        ]

    def _against(
        self, version: VersionRecord, span: Span, own: Assertion, count: int
    ) -> tuple[Mapping[str, _Candidate], Mapping[str, Sequence[Assertion]]]:
        """What disagrees with a sentence in so many passages, and what has nearly its words, by document."""
        found: dict[str, _Candidate] = {}
        said: dict[str, list[Assertion]] = {}
        for passage, (start, end) in self._similar(own.text, count):
            if (other := self._read(passage.text[start:end])) is None:
                continue
            document_id = passage.version.document_id
            said.setdefault(document_id, []).append(other)
            if document_id == version.document_id or document_id in found:
                continue
            if (differs := self._disagreement(version, own, passage.version, other)) is not None:
                at = passage.passage.start
                one = FoundConflict(span, passage.version, (at + start, at + end), differs.fact)
                found[document_id] = _Candidate(one, other, differs.is_sure)
        return found, said

    def _similar(self, sentence: str, count: int) -> Iterator[tuple[StoredPassage, Span]]:
        """The sentences that share many terms with one, of so many passages, best first."""
        own = self._hashes(sentence)
        ids = self._engine.search_words(sentence, count, where=self._where)
        for passage in self._passages.passages(self._likely(ids, own)):
            for span, terms in self._sentences(passage):
                shared = len(own & terms)
                if shared >= _LEAST_SHARED * len(own) and shared >= _LEAST_SHARED_BACK * len(terms):
                    yield passage, span

    def _likely(self, ids: Ids, own: frozenset[int]) -> Ids:
        """The passages that have a sentence with enough of some terms, by what is stored of sentences."""
        documents, table = self._passages.sentences(ids)
        is_own = np.isin(table.terms, np.fromiter(own, np.uint32, len(own)))
        count = np.concatenate([[0], np.cumsum(is_own)])
        likely = np.zeros(len(ids), np.bool_)
        for at in range(len(ids)):
            ends = table.term_ends[table.bounds[at] : table.bounds[at + 1]] + table.term_bounds[at]
            shared = np.diff(count[ends], prepend=count[table.term_bounds[at]])
            likely[at] = not table.known[at] or bool(np.any(shared >= _LEAST_SHARED * len(own)))
        likely &= documents != 0
        return ids[likely]

    def _sentences(self, passage: StoredPassage) -> Iterator[tuple[Span, frozenset[int]]]:
        """The sentences of a passage's running text, with their terms."""
        begin = passage.passage.start
        tables = [(one.start - begin, one.end - begin) for one in passage.passage.tables]
        for start, end in sentences_between(passage.text, 0, len(passage.text)):
            if not any(start < last and first < end for first, last in tables):
                yield (start, end), self._hashes(passage.text[start:end])

    @staticmethod
    def _disagreement(
        version: VersionRecord, own: Assertion, other_version: VersionRecord, other: Assertion
    ) -> Disagreement | None:
        if replaces(version, other_version) or replaces(other_version, version):
            return disagreement(own, other, are_related=True)
        if _are_titles_alike(_title(version), _title(other_version)):
            if own.points_back or other.points_back:
                return None
            found = disagreement(own, other, are_related=True)
            return found and Disagreement(found.fact, is_sure=False)
        return disagreement(own, other)


def _facts(found: Mapping[str, _Candidate], *, is_sure: bool) -> frozenset[str]:
    return frozenset(one.found.fact.stated.lower() for one in found.values() if one.is_sure == is_sure)


def _is_series(found: Mapping[str, _Candidate]) -> bool:
    """Tell whether a sentence stands in many documents, in each as of another time or about another thing."""
    facts = _facts(found, is_sure=True)
    return len(facts) >= _MOST_SURE_FACTS or (len(facts) > 1 and len(found) >= _MOST_DOCUMENTS)


def _is_one_of_several(one: Assertion, others: Sequence[Assertion]) -> bool:
    """Tell whether a document says the same of another fact, too, in one of these sentences.

    It does not contradict itself: both are said of two things that the text around the sentences tells apart.
    """
    return any(disagreement(one, other, are_related=True) is not None for other in others)


def sentences_between(text: str, start: int, end: int) -> Iterator[Span]:
    """The sentences of a part of a text. An item of a list that begins with a number is divided, too."""
    for first, last in sentence_spans(text, start, end):
        number = _NUMBER.match(text, first, last)
        if number is None or last - first < _LONG_ITEM:
            yield first, last
        else:
            yield from sentence_spans(text, number.end(), last)


def replaces(version: VersionRecord, other: VersionRecord) -> bool:
    """Tell whether the metadata of a document say that it supersedes another one."""
    return other.document_id in superseded(version.metadata)


def _title(version: VersionRecord) -> str:
    return version.title or version.document_id


@lru_cache(4096)
def _title_words(title: str) -> frozenset[str]:
    return frozenset(_WORD.findall(title.lower())) - _VERSION_WORDS


def _are_titles_alike(one: str, other: str) -> bool:
    """Tell whether one of two titles has all words of the other: "Amendment to the Leave Policy"."""
    mine, theirs = _title_words(one), _title_words(other)
    return min(len(mine), len(theirs)) >= _FEWEST_TITLE_WORDS and (mine <= theirs or theirs <= mine)
