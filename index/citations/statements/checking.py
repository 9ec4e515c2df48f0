"""Check the sentences of an answer by the passages that they cite, else by those that a search finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from index.answers import Citation
from index.citations.statements import reading
from index.citations.statements.attribution import Attribution, missing_names, reports
from index.citations.statements.judging import (
    SUPPORTED_FROM,
    Judgement,
    Statement,
    judge,
    makes_claim,
    statements,
)
from index.citations.statements.sources import FoundPassage, SentenceVectors, Source
from index.citations.statements.words import Terms
from index.protocols import ClaimModel, Embedder

_LONGEST_PASSAGE = 200_000
"""Code points of a cited passage that are read: a locator may name a whole document."""
_LONGEST_SEARCHED = 1000
_KEPT_SEARCHES = 16
_TOGETHER = 32
"""Claims that are embedded at once."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A sentence to check, and the passages to check it by: all of the answer, if it names none.

    Without passages it is checked by those that a search finds.
    """

    text: str
    cited: Sequence[Citation]
    attribution: Attribution | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A judgement, the passage on which it is based, and whether that is not one of the cited ones.

    ``strangers`` are names of the attribution that neither the document nor the words around the span have.
    """

    judgement: Judgement
    passage: Citation | None
    is_elsewhere: bool = False
    strangers: tuple[str, ...] = ()


KnownSources = dict[tuple[str, str, bool], Source]
"""Passages that were read, by locator, hash of the text that it names, and whether it has stored vectors.

Those differ a little from vectors that are made for a claim: a verdict must not depend on which came first.
"""


@dataclass(frozen=True, slots=True)
class Judging:
    """How a caller wants claims to be judged.

    ``read``: a model reads them, where there is one; ``supported_from`` is the least probability of a
    supported claim, None the default.
    """

    read: bool = True
    supported_from: float | None = None

    def standard(self, model: ClaimModel | None) -> Standard:
        """The standard with the model that there is."""
        return Standard(model if self.read else None, self.supported_from)


@dataclass(frozen=True, slots=True)
class Standard:
    """By which model claims are judged, if by any, and from which probability they are supported.

    None is the default, that of :attr:`least`.
    """

    model: ClaimModel | None = None
    supported_from: float | None = None

    @property
    def least(self) -> float:
        """Least probability of a supported claim."""
        if self.supported_from is not None:
            return self.supported_from
        return SUPPORTED_FROM if self.model is None else reading.SUPPORTED_FROM


class Checking:
    """Checks the sentences of one request. ``find`` returns the passages that are most like a text.

    Passages are read and embedded once: use it for one request, in one thread. ``known`` keeps them for the
    next sentences of the same answer. ``prepare`` is told the texts that ``find`` is likely to be asked for.
    """

    def __init__(
        self,
        terms: Terms,
        embedder: Embedder,
        find: Callable[[str], Sequence[FoundPassage]],
        known: KnownSources | None = None,
        prepare: Callable[[Sequence[str]], None] = lambda _: None,
        *,
        standard: Standard | None = None,
    ) -> None:
        self._terms, self._embedder = terms, embedder
        self.standard = standard or Standard()
        self._find = lru_cache(_KEPT_SEARCHES)(find)  # a claim with a speaker is searched twice
        self._prepare = prepare
        self._sources: KnownSources = {} if known is None else known

    def makes_claim(self, sentence: str) -> bool:
        """See :func:`index.citations.statements.judging.makes_claim`."""
        return makes_claim(sentence, self._terms)

    def check(self, claims: Sequence[Claimed], described: Callable[[Citation], str]) -> Iterator[Checked]:
        """Judge one claim after another, as they are asked for.

        ``described`` returns a description of a passage's document, as title and date. Raises
        :class:`index.errors.ModelFailed`.
        """
        for at in range(0, len(claims), _TOGETHER):
            yield from self._check_together(claims[at : at + _TOGETHER], described)

    def _check_together(
        self, claims: Sequence[Claimed], described: Callable[[Citation], str]
    ) -> Iterator[Checked]:
        """Judge claims that are embedded at once."""
        texts = [one.text if one.attribution is None else one.attribution.without(one.text) for one in claims]
        whole = [one for one in claims if one.attribution is not None and not one.attribution.quotes]
        ready = statements([*texts, *(one.text for one in whole)], self._terms, self._embedder)
        with_speaker = dict(zip(map(id, whole), ready[len(claims) :], strict=True))
        self._prepare([claim.text[:_LONGEST_SEARCHED] for claim in claims if not claim.cited])
        for one, claim in zip(ready, claims, strict=False):
            if claim.attribution is None:
                yield self._check(one, claim)
            else:
                speaker = with_speaker.get(id(claim))
                yield self._check_attributed(one, speaker, claim, claim.attribution, described)

    def _check_attributed(
        self,
        statement: Statement,
        whole: Statement | None,
        claim: Claimed,
        by: Attribution,
        described: Callable[[Citation], str],
    ) -> Checked:
        """Judge a claim with a speaker: the words, and whether the document or the context names the speaker.

        ``whole`` is the sentence with its speaker, for words that are not quoted.
        """
        reported = self._check(whole, claim) if whole is not None else None
        if reported is not None and reported.judgement.status == "contradicted":
            return reported
        if reported is not None and reported.judgement.status == "supported":
            return self._require_names(reported, by, described)
        own = [one for one in self._passages_of(claim) if not missing_names(by.names, [described(one)])]
        checked = self._check(statement, replace(claim, cited=own)) if own else None
        if checked is not None and checked.judgement.status == "supported":
            return self._require_names(checked, by, described)
        return reported or self._require_names(self._check(statement, claim), by, described)

    def _passages_of(self, claim: Claimed) -> Sequence[Citation]:
        return claim.cited or [one.citation for one in self._find(claim.text[:_LONGEST_SEARCHED])]

    def _require_names(
        self, checked: Checked, by: Attribution, described: Callable[[Citation], str]
    ) -> Checked:
        """Make a supported judgement unsupported if names of the attribution are found nowhere."""
        judgement, passage = checked.judgement, checked.passage
        if judgement.status != "supported" or passage is None:
            return checked
        about, source = described(passage), self._source(passage)
        near = source.around(judgement.start, judgement.end)
        told = [one for one in near if not by.quotes or reports(one)]
        strangers = missing_names(by.names, [about, *told])
        strangers += missing_names([*by.others, *([by.year] if by.year else [])], [about, source.text])
        if not strangers:
            return checked
        return replace(
            checked, judgement=replace(judgement, status="unsupported"), strangers=tuple(strangers)
        )

    def _check(self, statement: Statement, claim: Claimed) -> Checked:
        judged = self._judge(statement, [FoundPassage(one) for one in claim.cited])
        if claim.cited and judged.judgement.status != "unsupported":
            return judged
        found = self._judge(statement, self._find(claim.text[:_LONGEST_SEARCHED]))
        if not claim.cited:
            return found
        # The verdict cites the other passage, but the probability is that of the cited ones.
        if found.judgement.status == "supported":
            probability = judged.judgement.probability
            elsewhere = replace(found.judgement, status="unsupported", probability=probability)
            return Checked(elsewhere, found.passage, is_elsewhere=True)
        return judged

    def _judge(self, statement: Statement, passages: Sequence[FoundPassage]) -> Checked:
        sources = [self._source(one.citation, one.vectors) for one in passages]
        least = self.standard.least
        if self.standard.model is None:
            judged = judge(statement, sources, supported_from=least)
        else:
            judged = reading.judge_read(statement, sources, self.standard.model, supported_from=least)
        return Checked(judged, None if judged.source is None else passages[judged.source].citation)

    def _source(self, passage: Citation, vectors: SentenceVectors | None = None) -> Source:
        name = passage.locator, passage.text_sha256, vectors is not None
        known = self._sources.get(name)
        if known is None or known.embedder is not self._embedder:  # an upgrade has replaced the model
            context = " ".join([passage.title, *passage.section])
            text = passage.quote[:_LONGEST_PASSAGE]
            known = self._sources[name] = Source(text, context, self._terms, self._embedder, vectors)
        return known
