"""The probability of an answer in words: one scale for the large type, the panel and its colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from service.faces.pages.languages import Language

Tone = Literal["", "good", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class ShownVerdict:
    """The probability in words. ``declined`` stands in place of an answer where there is none.

    ``may_answer`` if the nearest sentence is worth showing then.
    """

    tone: Tone
    words: str
    declined: str
    may_answer: bool


def shown_verdict(probability: float, language: Language) -> ShownVerdict:
    """The calibrated probability that the passages answer, in words."""
    t = language.t
    may_not = t("The documents may not say.")
    if probability >= 0.8:
        return ShownVerdict("good", t("The answer is very probably in these passages."), may_not, True)
    if probability >= 0.65:
        return ShownVerdict("good", t("The answer is probably in these passages."), may_not, True)
    if probability >= 0.35:
        words = t("The answer may or may not be in these passages: read them.")
        return ShownVerdict("", words, may_not, True)
    if probability >= 0.2:
        words = t("The answer may not be in these passages: read with care.")
        return ShownVerdict("warn", words, may_not, True)
    words = t("The documents probably do not contain the answer. These passages are the nearest.")
    return ShownVerdict("bad", words, t("The documents probably do not say."), False)


def shown_missing(mentioned: Sequence[str], missing: Sequence[str], language: Language) -> str:
    """Which names, numbers and dates of the question the nearest sentences have, and which they lack.

    Empty if they lack none.
    """
    if not missing:
        return ""
    names = " · ".join(missing)
    if not mentioned:
        return language.t("The nearest sentences do not mention {missing}.", missing=names)
    return language.t(
        "The nearest sentences mention {mentioned}, but not {missing}.",
        mentioned=" · ".join(mentioned),
        missing=names,
    )


def nothing_found(language: Language, *, is_filtered_out: bool) -> ShownVerdict:
    """Text of an answer without passages."""
    t = language.t
    words = (
        t("No document passes the filters.")
        if is_filtered_out
        else t("Nothing in the documents matches the words or the meaning of that question.")
    )
    declined = t("No document was asked.") if is_filtered_out else t("The documents do not say.")
    return ShownVerdict("bad", words, declined, False)
