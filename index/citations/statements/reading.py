"""Let a model read a claim together with the sentences of its sources that bear on it.

The model reads the likeliest sentences of all sources alone, with their neighbours, and together. What it
says and the comparison of words give the probability that the sources say the claim. The weights are data
with their provenance (``reading.json``).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from index.citations.statements.judging import (
    Comparison,
    Judgement,
    Statement,
    is_question,
    judge_nearest,
    missing_facts,
    nearest,
)
from index.citations.statements.sources import Source, embed_alone
from index.citations.statements.support import Support
from index.protocols import ClaimModel, ClaimReading
from index.text.languages import is_english
from index.text.sentences import Span
from index.types import Vectors

FILE = Path(__file__).with_name("reading.json")
SUPPORTED_FROM = 0.7
"""Least probability of a supported claim that was read, unless the caller sets another."""
_NEAR, _ALONE = 4, 2
"""Most sentences that are read with their neighbours, and those that are read alone, too."""
_TOGETHER = 5
"""Most sentences that are read together, of the likeliest ones."""
_LIKELIEST = 12
_EMBEDDED, _SHARE_EMBEDDED = 12, 0.4
"""Sentences that are compared by meaning, too, those with most of the words: so many, or a share of all."""
_WHOLE = 0.999
_LEAST_OF_SAID = 0.9
"""Least share of the words of sentences that a claim has which is said literally."""
_MOST_LOGIT = 6.0
_MOST_ABSENT = 3


@dataclass(frozen=True, slots=True)
class Read:
    """What a model said of a claim: with sentences and their neighbours, alone, and together.

    The first of ``near`` and ``alone`` are of the likeliest sentence. What supports the claim most is at
    ``[start, end)`` of the source with the number ``source``.
    """

    near: tuple[ClaimReading, ...]
    alone: tuple[ClaimReading, ...]
    together: ClaimReading
    source: int
    start: int
    end: int


@dataclass(frozen=True)
class Sentences:
    """All sentences of some sources, compared with a claim by words, and the likeliest by meaning, too."""

    claim: Statement
    sources: Sequence[Source]

    @cached_property
    def places(self) -> list[tuple[int, int]]:
        """The number of the source, and that of the sentence there, of each."""
        return [(at, number) for at, source in enumerate(self.sources) for number in range(len(source.spans))]

    @cached_property
    def _shares(self) -> Vectors:
        """The share of the claim's words that each has, by weight."""
        wanted = {one.term: one.weight for one in self.claim.words if one.has_content}
        total = sum(wanted.values()) or 1.0
        shares = [
            sum(wanted.get(term, 0.0) for term in {word.term for word in words}) / total
            for source in self.sources
            for words in source.words
        ]
        return np.array(shares, np.float32)

    @cached_property
    def cosines(self) -> list[Vectors]:
        """The cosines of the sentences of each source with the claim.

        Where not all of them are stored they are 0 for those that share few words.
        """
        stored = [source.stored for source in self.sources if source.stored is not None]
        if len(stored) == len(self.sources):
            return [vectors @ self.claim.vector for vectors in stored]
        count = max(_EMBEDDED, math.ceil(_SHARE_EMBEDDED * len(self.places)))
        likely = np.argsort(-self._shares, kind="stable")[:count].tolist()
        chosen = [(self.sources[self.places[at][0]], self.places[at][1]) for at in likely]
        embed_alone(chosen)
        found = [np.zeros(len(source.spans), np.float32) for source in self.sources]
        for at, (source, number) in zip(likely, chosen, strict=True):
            found[self.places[at][0]][number] = source.alone[number] @ self.claim.vector
        return found

    @cached_property
    def nearest(self) -> Comparison | None:
        """Those that agree most with the claim; see :func:`index.citations.statements.judging.nearest`."""
        return nearest(self.claim, self.sources, cosines=self.cosines)

    @cached_property
    def order(self) -> list[int]:
        """The sentences, likeliest first."""
        strengths = self._shares + np.concatenate(self.cosines)
        return list(np.argsort(-strengths, kind="stable").tolist())

    def span(self, at: int) -> tuple[int, Span]:
        """The number of a sentence's source, and its span there."""
        source, number = self.places[at]
        return source, self.sources[source].spans[number]

    def text(self, at: int) -> str:
        """A sentence."""
        source, span = self.span(at)
        return self.sources[source].text[slice(*span)]


def read(sentences: Sentences, model: ClaimModel) -> Read | None:
    """Let a model read a claim with sentences of sources; None if there are none, or not in English."""
    claim = sentences.claim
    if not sentences.places or not is_english(claim.text):
        return None
    first = sentences.order[:_NEAR]
    if not is_english(sentences.text(first[0])):
        return None
    room = model.room(claim.text)
    windows: list[list[int]] = []
    for at in first:
        if not any(at in window for window in windows):
            windows.append(sorted(_with_neighbours(sentences, at, room, model)))
    texts = [_joined(sentences, window) for window in windows]
    texts.append(_joined(sentences, _likeliest(sentences, room, model)))
    texts += [sentences.text(at) for at in first[:_ALONE]]
    found = model.read(claim.text, texts)
    near = len(windows)
    best = windows[max(range(near), key=lambda at: found[at].supports)]
    source, (start, _) = sentences.span(best[0])
    end = sentences.span(best[-1])[1][1]
    return Read(tuple(found[:near]), tuple(found[near + 1 :]), found[near], source, start, end)


def judge_read(
    claim: Statement, sources: Sequence[Source], model: ClaimModel, *, supported_from: float = SUPPORTED_FROM
) -> Judgement:
    """Judge a claim by what a model says of it, beside the comparison of words.

    A contradiction, and a doubt about sentences that have nearly the words of the claim, are those of the
    comparison. Raises :class:`index.errors.ModelFailed`.
    """
    sentences = Sentences(claim, sources)
    best = sentences.nearest
    compared = judge_nearest(claim, sources, best)
    is_said = compared.status == "supported" and compared.probability >= supported_from
    if best is not None and is_said and is_literal(best, sources[best.source].text[slice(*best.span)]):
        return compared
    said = read(sentences, model) if best is not None else None
    if best is None or said is None:
        return judge_nearest(claim, sources, best, supported_from=supported_from)
    missing = missing_facts(claim, best, sources[best.source])
    probability = round(load_reading().probability(features(claim, best, len(missing), said)), 4)
    if compared.status == "contradicted":
        return replace(compared, probability=probability)
    if probability >= supported_from and not is_refuted(best):
        place = (best.source, *best.span) if best.is_likely else (said.source, said.start, said.end)
        return Judgement("supported", probability, (), *place)
    doubt = best.doubt if best.is_likely else None
    return Judgement("unsupported", probability, (), best.source, *best.span, missing, doubt)


def is_literal(best: Comparison, said: str) -> bool:
    """Whether sentences, whose text is ``said``, are a claim in its words and order, and hardly more.

    With more words they may tell of the claim without saying it: "It is a myth that ...".
    """
    if is_question(said) or best.stated.coverage < _WHOLE or best.stated.order < _WHOLE:
        return False
    paired = set(best.alignment.pairs.values())
    more = [one for at, one in enumerate(best.alignment.source) if at not in paired]
    is_short = len(more) <= (1 - _LEAST_OF_SAID) * len(best.alignment.source)
    return is_short and not any(one.has_content for one in more)


def is_refuted(best: Comparison) -> bool:
    """Whether sentences have nearly the words of a claim, but another fact, or a doubt about what they say.

    The model, which is small, does not see these; in sentences with other words the comparison errs more.
    """
    return best.is_likely and (best.doubt is not None or bool(best.conflicts))


def _joined(sentences: Sentences, chosen: Sequence[int]) -> str:
    return " ".join(sentences.text(at) for at in sorted(chosen))


def _with_neighbours(sentences: Sentences, at: int, room: int, model: ClaimModel) -> list[int]:
    """A sentence, and those before and behind it if there is room."""
    chosen, left = [at], room - model.count(sentences.text(at))
    for beside in (at - 1, at + 1):
        is_there = 0 <= beside < len(sentences.places)
        if is_there and sentences.places[beside][0] == sentences.places[at][0]:
            tokens = model.count(sentences.text(beside))
            if tokens <= left:
                chosen.append(beside)
                left -= tokens
    return chosen


def _likeliest(sentences: Sentences, room: int, model: ClaimModel) -> list[int]:
    """The likeliest sentences, as far as there is room."""
    chosen: list[int] = []
    for at in sentences.order[:_LIKELIEST]:
        tokens = model.count(sentences.text(at)) + 1
        if tokens <= room and len(chosen) < _TOGETHER:
            chosen.append(at)
            room -= tokens
    return chosen or sentences.order[:1]


def features(claim: Statement, best: Comparison, absent: int, said: Read) -> Mapping[str, float]:
    """What the probability is estimated from, by name.

    ``best`` are the sentences that agree most with the claim, ``absent`` is how many numbers and names of the
    claim the passage does not have.
    """
    return {
        **best.stated.as_dict(),
        "compared": _logit(best.probability),
        "conflict": float(bool(best.conflicts)),
        "doubt": float(best.doubt is not None),
        "absent": float(min(_MOST_ABSENT, absent)),
        "length": math.log(1 + len(claim.content)),
        "near": max(_logit(one.supports) for one in said.near),
        "alone": max(_logit(one.supports) for one in said.alone),
        "together": _logit(said.together.supports),
        "answers": max(one.answers for one in said.near),
    }


def _logit(probability: float) -> float:
    kept = min(1 - 1e-4, max(1e-4, probability))
    return max(-_MOST_LOGIT, min(_MOST_LOGIT, math.log(kept / (1 - kept))))


@lru_cache(1)
def load_thresholds() -> Mapping[str, Any]:
    """Precision and recall of thresholds, on public sets, by the way in which claims are judged."""
    found: Mapping[str, Any] = json.loads(FILE.with_name("thresholds.json").read_text(encoding="utf-8"))
    return found


@lru_cache(1)
def load_reading() -> Support:
    """The weights that come with the package."""
    return Support.load(FILE)
