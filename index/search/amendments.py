"""Put what amends a passage before it, and quote the newer sentence instead of the old one.

Documents are amended clause by clause: a newer document that supersedes an older one leaves most of it as it
is. What decides is therefore the sentence that answers, not the passage around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from index.answers import Answer, Evidence, Hit
from index.search.evidence import MOST
from index.text.sentences import Span, sentence_spans

_SAME_PASSAGE = 0.3
"""Least share of the words of the shorter of two passages that are in the other, if one amends the other."""
_SAME_CLAUSE = 0.4
"""The same of two sentences. Both numbers are chosen by hand."""
_LEAST_WORDS = 2
"""Words that the two have in common, if the shorter has so many."""
_ANSWERS_ITSELF = 0.5
"""Least probability of the sentence by which a newer document answers the question in other words, as a share
of that of the old sentence."""

Terms = Callable[[str], Iterable[str]]


def put_amendments_first(
    answer: Answer, amending: Answer, newer: Mapping[str, Sequence[str]], terms: Terms
) -> Answer:
    """Put the hits that amend a hit before it, and mark the old sentences that they amend.

    ``newer`` are the ids of the documents that supersede a document, by its id, and ``amending`` is the
    answer from these alone. ``terms`` are the words of a text that are compared.
    """
    amendments = _Amendments(newer, terms, answer.answerability)
    later = amendments.put_first(amending.hits, amending.hits)
    hits = amendments.put_first(answer.hits, later)
    ranked = [replace(hit, rank=rank) for rank, hit in enumerate(hits[: len(answer.hits)], 1)]
    reading = answer.reading
    if reading is not None and amending.reading is not None and reading.document_id in newer:
        reading = amending.reading
    return replace(answer, hits=tuple(ranked), reading=reading)


@dataclass(frozen=True, slots=True)
class _Amendments:
    """Compares hits with those of documents that supersede theirs."""

    newer: Mapping[str, Sequence[str]]
    terms: Terms
    most: float
    """The answerability, which no passage is more probable than."""

    def put_first(self, hits: Sequence[Hit], later: Sequence[Hit]) -> list[Hit]:
        """Return the hits, each after those of ``later`` that amend it; each passage once."""
        found: dict[str, Hit] = {}
        for hit in hits:
            ids = self.newer.get(hit.citation.document_id, ())
            old = replace(hit, superseded_by=tuple(ids))
            for one in later:
                if one.citation.document_id in ids and (amended := self._amend(one, old)) is not None:
                    new, old = amended
                    _add(found, new)
            _add(found, old)
        return list(found.values())

    def _amend(self, new: Hit, old: Hit) -> tuple[Hit, Hit] | None:
        """The newer hit with the sentence that amends one of the old hit's, and the old hit; None without."""
        probable = replace(new, probability=min(max(new.probability, old.probability), self.most))
        if not old.evidence:
            is_same = self._share(new.text, old.text) >= _SAME_PASSAGE
            return (probable, old) if is_same else None
        at = old.citation.start
        spans = [self._clause(new, old.text[lit.start - at : lit.end - at]) for lit in old.evidence]
        spans[0] = spans[0] or _own_answer(new, old)
        if spans[0] is None:
            return None
        evidence, kept = list(new.evidence), []
        for lit, span in zip(old.evidence, spans, strict=True):
            if span is not None:
                _light(evidence, span, lit.score)
            kept.append(replace(lit, is_amended=lit.is_amended or span is not None))
        evidence.sort(key=lambda lit: -lit.score)
        return replace(probable, evidence=tuple(evidence[:MOST])), replace(old, evidence=tuple(kept))

    def _clause(self, new: Hit, sentence: str) -> Span | None:
        """The sentence of a hit that has most of the words of another one, if it has enough."""
        at = new.citation.start
        spans = [(lit.start - at, lit.end - at) for lit in new.evidence]
        spans += sentence_spans(new.text, 0, len(new.text))
        shares = [self._share(new.text[start:end], sentence) for start, end in spans]
        best = max(range(len(spans)), key=shares.__getitem__, default=None)
        if best is None or shares[best] < _SAME_CLAUSE:
            return None
        return spans[best][0] + at, spans[best][1] + at

    def _share(self, one: str, other: str) -> float:
        """The share of the words of the shorter text that the other has, but numbers: those are amended."""
        mine, theirs = ({term for term in self.terms(text) if term.isalpha()} for text in (one, other))
        fewer, same = min(len(mine), len(theirs)), len(mine & theirs)
        return same / fewer if fewer and same >= min(_LEAST_WORDS, fewer) else 0.0


def _own_answer(new: Hit, old: Hit) -> Span | None:
    """The best sentence of a newer hit, if it answers the question nearly as probably as that of the old."""
    if not new.evidence:
        return None
    lit = new.evidence[0]
    least = _ANSWERS_ITSELF * old.probability * old.evidence[0].score
    return (lit.start, lit.end) if new.probability * lit.score >= least else None


def _light(evidence: list[Evidence], span: Span, score: float) -> None:
    """Add a sentence to evidence, or make the one that it overlaps as probable as that which it amends."""
    for at, lit in enumerate(evidence):
        if lit.start < span[1] and span[0] < lit.end:
            evidence[at] = replace(lit, score=max(lit.score, score))
            return
    evidence.append(Evidence(*span, score))


def _add(found: dict[str, Hit], hit: Hit) -> None:
    """Add a hit, or what is new of it to the same passage."""
    locator = hit.citation.locator
    known = found.get(locator)
    if known is None:
        found[locator] = hit
        return
    lit: dict[Span, Evidence] = {}
    for one in (*known.evidence, *hit.evidence):
        same = lit.get((one.start, one.end), one)
        is_amended = one.is_amended or same.is_amended
        score = max(one.score, same.score)
        lit[one.start, one.end] = replace(same, score=score, is_amended=is_amended)
    found[locator] = replace(
        known,
        probability=max(known.probability, hit.probability),
        evidence=tuple(sorted(lit.values(), key=lambda one: -one.score)[:MOST]),
        superseded_by=known.superseded_by or hit.superseded_by,
    )
