"""Verdicts on the outcome of questions, as a reader sees it: answered, near, wrong, declined, overclaimed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["answered", "near", "wrong", "declined", "overclaimed"]

FIRST = 5
"""Passages that a reader is taken to look at."""
LEAST = 0.5
"""Probability from which an answer is given, where no setting is known."""
_ORDER: Mapping[Kind, int] = {"wrong": 0, "overclaimed": 0, "near": 1, "answered": 2, "declined": 2}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Judge what a reader would have got for a question, with the reason where it is not right.

    ``answered``: the answer is in the first passage, in a lit sentence if there is one. ``near``: it is among
    the first five passages, but is not seen first, or the probability is too low to answer. ``wrong``: it is
    not among them. Questions that the documents do not answer are ``declined``, or ``overclaimed`` if an
    answer is given.
    """

    kind: Kind
    reason: str = ""

    @property
    def is_right(self) -> bool:
        """Tell whether a reader would have got what the documents say."""
        return self.kind in {"answered", "declined"}

    def is_better_than(self, other: Verdict) -> bool:
        """Tell whether a reader is served better than with another verdict on the same question."""
        return _ORDER[self.kind] > _ORDER[other.kind]


def judge(
    answerable: bool | None, place: int | None, probability: float, least: float, *, is_lit: bool
) -> Verdict | None:
    """Judge an outcome; None where the answer of the question is not known.

    ``place`` is the rank of the first passage with the answer, 0 if none has it; ``is_lit``: a lit sentence
    of this passage has it. Below the probability ``least`` no answer is given.
    """
    if answerable is False:
        if probability < least:
            return Verdict("declined")
        return Verdict("overclaimed", f"the documents do not say, but the probability is {probability:.2f}")
    if place is None:
        return None
    if not 0 < place <= FIRST:
        return Verdict(
            "wrong", f"only passage {place} has the answer" if place else "no passage has the answer"
        )
    if reason := _reason(place, probability, least, is_lit=is_lit):
        return Verdict("near", reason)
    return Verdict("answered")


def _reason(place: int, probability: float, least: float, *, is_lit: bool) -> str:
    """Why a reader does not see first what was found."""
    if place > 1:
        return f"passage {place} has the answer"
    if not is_lit:
        return "the first passage has the answer, but another sentence of it is lit"
    if probability < least:
        return f"found, but the probability is {probability:.2f}: below {least:.2f} no answer is given"
    return ""


def summarize(verdicts: Mapping[str, Verdict]) -> list[str]:
    """The counts as sentences: of the questions that the documents answer, and of the others."""
    counts = Counter(one.kind for one in verdicts.values())
    told = []
    if of := counts["answered"] + counts["near"] + counts["wrong"]:
        told.append(f"{counts['answered']} of {of} answered, {counts['near']} near, {counts['wrong']} wrong.")
    if of := counts["declined"] + counts["overclaimed"]:
        told.append(
            f"Of {of} questions that the documents do not answer, {counts['declined']} got no answer, and "
            f"{counts['overclaimed']} got one."
        )
    return told
