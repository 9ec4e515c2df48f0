"""Estimate for each sentence of a hit the probability that a person would mark it as the answer.

A logistic regression on five numbers of the second look: the sentence's cosine with the question; the share
of the question's words in it (``coverage``); the same share with each word divided among the sentences of the
hit that have it (``rare``), so that a word counts more the fewer have it; the share of words in it that the
title and headings lack (``new``); and the share that they add (``above``), because a sentence often only
refers to what they name. The rank of the passage is a sixth, where passages are compared with each other.

The weights are fitted on the sentences of the first five passages for the questions of three sets
(docs/evaluation.md), one half of the documents of each.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from index.answers import Evidence
from index.patterns import lazy_pattern
from index.search.judged import START, STRENGTH, JudgedSentence
from index.search.leads.finding import Leads
from index.search.leads.parting import LookedAt, part_sentences
from index.search.question.wanted import HOLDS, Wanted
from index.search.ranking.second_look import Look, usual_cosine
from index.text.languages import alphabetic_languages
from index.text.sentences import COLONS, Span
from index.text.tables import table_at
from index.types import Block

MOST = 3
INTERCEPT = -5.243
WEIGHTS = (4.361, 1.903, 4.752, -1.650, 2.363)
"""Of cosine, coverage, rare, new and above."""
RANK_WEIGHT = -1.422
"""Of the logarithm of the passage's rank, from 1."""

_LEAST = 0.04
"""Least probability of evidence."""
_LEAST_SHARE, _LEAST_SHARE_OF_LINES, _LEAST_SHARE_BESIDE_ROW = 0.15, 0.5, 0.8
"""The same, relative to the best sentence's. Of items mostly one is the answer, and a row of a table nearly
always answers alone."""
_LEAST_IN_RUN, _LEAST_SHARE_IN_RUN = 0.05, 0.3
"""Least probability of the neighbours that a run of sentences includes, and relative to the best one's."""
_LIKELY = 2.5
"""How much weaker than the best sentence one may be to be looked at for what the question asks for."""
_MEASURED = 0.7
"""Added to the strength of a sentence whose number has a unit of the measure that is asked for; chosen."""
_COUNTS_OTHER = -4.0
"""Added to that of a sentence whose numbers count something else of the question; chosen."""
_LONGEST_LABEL = 60
_IN_LIST = re.compile(r"(?:[-*+•‣◦▪]|\(?\d{1,3}[.)]|\(?[A-Za-z]\))\s|[^\n]*(?:\t| \| )")
"""The start of an item of a list, or a row of a table."""
_MONTH = "|".join(
    sorted(
        {
            word.capitalize()
            for one in alphabetic_languages()
            for word, of in one.dates.items()
            if of[0] == "m"
        }
    )
)
_ORDINAL = lazy_pattern(rf"(?<!\d)\d{{1,2}}\.[ \u00a0]+(?P<rest>\p{{Ll}}|(?:{_MONTH})(?!\p{{L}}))")
"""A number with a stop, behind which no sentence begins."""
_LABEL_GAP = 2
"""Most code points between a label and its value: a line end, or a blank line."""


@dataclass(frozen=True, slots=True)
class Run:
    """Sentences of a hit that follow each other, with the probability that the best of them answers."""

    start: int
    end: int
    probability: float


def judge_sentences(
    looks: Iterable[tuple[int, Look]],
    text: str,
    at: int,
    tables: Sequence[Block] = (),
    leads: Leads | None = None,
) -> list[JudgedSentence]:
    """Judge the sentences of a hit's passages, given with their start offsets, in the order of the text.

    ``text`` is the text around them, from offset ``at`` of the document; ``tables`` are those in it. A line
    that heads text, and a sentence that only ``leads`` to the next one, is no answer: its words count as
    those of a heading.
    """
    shares: Sequence[float] = ()
    found: dict[Span, LookedAt] = {}
    headings: set[int] = set()
    for offset, look in looks:
        shares = look.shares
        *words, above = look.words
        headings |= above
        for (start, end), cosine, own in zip(look.spans.tolist(), look.meaning.tolist(), words, strict=True):
            first, last = offset + start, offset + end
            found[first, last] = first, last, cosine, frozenset(own)
    sentences = list(map(found.__getitem__, sorted(found)))
    if sentences and _ORDINAL.search(text, max(0, sentences[0][0] - at), sentences[-1][1] - at):
        sentences = _join_ordinals(sentences, text, at)
    if any(map(text.__contains__, COLONS)):
        sentences = _join_labels(sentences, text, at, tables)
    sentences, below = part_sentences(sentences, text, at, tables, leads)
    strengths = _strengths(sentences, headings, below, shares)
    judged, has_lines = [], "\n" in text
    for (start, end, *_), strength in zip(sentences, strengths, strict=True):
        is_row = bool(tables) and table_at(tables, start) is not None
        is_line = has_lines and _is_line(text, start - at, end - at)
        judged.append(JudgedSentence(start, end, strength, is_line, is_row))
    return judged


def prefer_holding(
    judged: Sequence[JudgedSentence], text: str, at: int, wanted: Wanted
) -> list[JudgedSentence]:
    """Strengthen the likely sentences that hold what the question asks for; a row names it in its column.

    Where a measure is asked for, those that have one of its units are strengthened more.
    """
    least = max(map(STRENGTH, judged), default=0.0) - _LIKELY
    found = []
    for one in judged:
        start, end = one.start - at, one.end - at
        if one.strength > least and not one.is_row and wanted.is_in(text, start, end):
            bonus = HOLDS[wanted.kind] + (_MEASURED if wanted.is_measured(text[start:end]) else 0.0)
            found.append(one._replace(strength=one.strength + bonus))
        elif one.strength > least and wanted.counts_other(text[start:end]):
            found.append(one._replace(strength=one.strength + _COUNTS_OTHER))
        else:
            found.append(one)
    return found


READ_STRENGTH, READ_LOGIT = 0.702, 0.446
READ_INTERCEPT, UNREAD_INTERCEPT = 1.176, -0.752
"""Weights of a sentence's strength and of the cross-encoder's logit, in passages that it read; and what is
added to sentences inside and outside of the window. Fitted as the weights above, to four sets."""


def weigh_read(
    judged: Sequence[JudgedSentence], read: Sequence[tuple[int, int, float]]
) -> list[JudgedSentence]:
    """Judge the sentences of a hit anew by what the cross-encoder says of them.

    ``read`` are spans of the document's text with their logits. Without any, nothing changes.
    """
    if not read:
        return list(judged)

    weighed = []
    for first, last, strength, is_line, is_row in judged:
        best = -math.inf
        for start, end, logit in read:
            if start < last and first < end:
                best = max(best, logit)
        known = UNREAD_INTERCEPT if math.isinf(best) else READ_LOGIT * best + READ_INTERCEPT
        weighed.append(JudgedSentence(first, last, READ_STRENGTH * strength + known, is_line, is_row))
    return weighed


def _join_ordinals(sentences: list[LookedAt], text: str, at: int) -> list[LookedAt]:
    """Join what the stop of an ordinal number has divided: "am 31. März"."""
    first, last = sentences[0][0] - at, sentences[-1][1] - at
    ends = {match.start("rest") for match in _ORDINAL.finditer(text, max(0, first), last)}
    joined: list[LookedAt] = []
    for start, end, cosine, own in sentences:
        if joined and start - at in ends and not text[joined[-1][1] - at : start - at].strip(" \u00a0"):
            first, _, nearest, words = joined[-1]
            joined[-1] = first, end, max(nearest, cosine), words | own
        else:
            joined.append((start, end, cosine, own))
    return joined


def _join_labels(sentences: list[LookedAt], text: str, at: int, tables: Sequence[Block]) -> list[LookedAt]:
    """Join short labels that end with a colon to what follows them, unless that is a list or a table."""
    joined: list[LookedAt] = []
    for sentence in sentences:
        start, end, cosine, own = sentence
        if joined:
            first, last, nearest, words = joined[-1]
            is_label = text[last - at - 1 : last - at] in COLONS and last - first <= _LONGEST_LABEL
            if (
                is_label
                and 0 <= start - last <= _LABEL_GAP
                and not _IN_LIST.match(text, start - at, end - at)
                and not (tables and table_at(tables, start) is not None)
            ):
                joined[-1] = first, end, max(nearest, cosine), words | own
                continue
        joined.append(sentence)
    return joined


def _is_line(text: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]`` is a line of several that no blank line separates."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if (before and before[-1] != "\n") or (after and after[0] != "\n"):
        return False
    return (len(before) == 2 and before != "\n\n") or (len(after) == 2 and after != "\n\n")


def _strengths(
    sentences: Sequence[LookedAt],
    headings: Set[int],
    below: Mapping[int, frozenset[int]],
    shares: Sequence[float],
) -> list[float]:
    """The logits of sentences, some of which are ``below`` words of further headings."""
    among = [0] * len(shares)
    for *_, own in sentences:
        for word in own:
            among[word] += 1
    of_cosine, of_coverage, of_rare, of_new, of_above = WEIGHTS
    share_above, strengths = sum(map(shares.__getitem__, headings)), []
    for start, _, cosine, own in sentences:
        inside, above = headings, share_above
        if below and (more := below.get(start, frozenset()) - headings):
            inside = headings | more
            above += sum(map(shares.__getitem__, more))
        coverage = rare = new = 0.0
        for word in own:
            share = shares[word]
            coverage += share
            rare += share / among[word]
            if word in inside:
                above -= share
            else:
                new += share
        # A passage that is not embedded yet has no cosines.
        near = usual_cosine(coverage) if math.isnan(cosine) else cosine
        strength = (
            of_cosine * near + of_coverage * coverage + of_rare * rare + of_new * new + of_above * above
        )
        strengths.append(INTERCEPT + strength)
    return strengths


def select_evidence(sentences: Sequence[JudgedSentence]) -> tuple[Evidence, ...]:
    """Return the sentences that answer, at most three, best first; none if none probably does."""
    lit, best = [], None
    for one in sorted(sorted(sentences, key=START), key=STRENGTH, reverse=True)[:MOST]:
        probability = 1.0 / (1.0 + math.exp(-one.strength))
        if best is None:
            best, highest = one, probability
        # The least probability beside the best sentence, relative to that of the best.
        share = _LEAST_SHARE_OF_LINES if best.is_line and one.is_line else _LEAST_SHARE
        if best.is_row:
            share = _LEAST_SHARE_BESIDE_ROW
        if probability >= max(_LEAST, share * highest):
            lit.append(Evidence(one.start, one.end, round(probability, 4)))
    return tuple(lit)


def divide_into_runs(sentences: Sequence[JudgedSentence], rank: int) -> list[Run]:
    """Divide sentences into runs, best first: each has its best sentence and neighbours that answer, too.

    ``rank`` is that of their passage, from 1.
    """
    prior = RANK_WEIGHT * math.log(rank)
    probabilities = [1.0 / (1.0 + math.exp(-(one.strength + prior))) for one in sentences]
    free = [True] * len(sentences)
    found = []
    for best in sorted(range(len(sentences)), key=lambda at: (-probabilities[at], at)):
        if not free[best]:
            continue
        least = max(_LEAST_IN_RUN, _LEAST_SHARE_IN_RUN * probabilities[best])
        first = last = best
        while first and free[first - 1] and probabilities[first - 1] >= least:
            first -= 1
        while last + 1 < len(sentences) and free[last + 1] and probabilities[last + 1] >= least:
            last += 1
        free[first : last + 1] = [False] * (last + 1 - first)
        end = max(one.end for one in sentences[first : last + 1])
        found.append(Run(sentences[first].start, end, probabilities[best]))
    return found
