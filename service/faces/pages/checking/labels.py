"""Verdicts in words: what was compared, and what it found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from index.citations import StatementVerdict, Verdict
from service.faces.pages.languages import Language

_EXACT = frozenset({"first_letter", "end_mark", "part", "parts"})
"""With these causes alone, a quote has the source's characters: what else differs belongs to its sentence."""


def is_exact(verdict: Verdict) -> bool:
    """Whether a quote has the source's characters, but for what the sentence around it needs."""
    return verdict.status == "verified" or (
        verdict.status == "repaired" and _EXACT.issuperset(verdict.causes)
    )


def quote_label(verdict: Verdict, language: Language) -> str:
    """Label of the verdict on a quote."""
    t = language.t
    if is_exact(verdict):
        return t("The quote is exact")
    if verdict.status == "repaired":
        if "place" in verdict.causes:
            return t("The words are exact, at another place of the document than the citation says")
        return t("The words are right; quotation marks, dashes, spaces or capitals differ")
    return {
        "altered": t("The nearest words in the documents differ"),
        "misattributed": t("The words stand in another document"),
        "not_found": t("No words like these were found"),
        "unchecked": t("Not checked: the time for one check was over"),
    }[verdict.status]


def quote_notes(verdict: Verdict, language: Language) -> Iterator[str]:
    """Notes on a quote."""
    t = language.t
    if "first_letter" in verdict.causes:
        yield t("The case of its first letter is adapted.")
    if "end_mark" in verdict.causes:
        yield t("The mark at its end differs.")
    if "part" in verdict.causes:
        yield t("It is a part of the cited words.")
    if len(verdict.parts) > 1:
        yield t("It leaves out words of the source; the others stand there in this order.")
    if verdict.inserted:
        yield t("Inserted words: {words}.", words=", ".join(verdict.inserted))
    if verdict.status == "unchecked":
        yield t("Check this part alone.")


def statement_label(verdict: StatementVerdict, language: Language, *, has_quote: bool) -> str:
    """Label of the verdict on a sentence's words and facts. ``has_quote``: with a quote that was found."""
    t = language.t
    if verdict.status == "supported":
        return t("Its words and facts match the source")
    if verdict.status == "contradicted":
        return t("A fact differs from the source")
    if verdict.status == "unchecked":
        return t("Not checked: the time for one check was over")
    if has_quote:
        return t("What the sentence says around the quote was not found")
    return t("Its words and facts were not found together")


def statement_notes(verdict: StatementVerdict, language: Language, *, cites: bool) -> Iterable[str]:
    """Why, as far as the label does not say it. ``cites``: the sentence cites something."""
    t = language.t
    if verdict.cause == "conflict":
        return [_conflict(one.claimed, one.stated, language) for one in verdict.conflicts]
    if verdict.cause == "doubt":
        return [verdict.reason]
    if verdict.cause == "missing":
        return [t("The sources do not have: {names}.", names=", ".join(verdict.missing))]
    if verdict.cause == "time":
        return [t("Check this part alone.")]
    found = {
        "elsewhere": t("What it cites does not match; another passage does."),
        "around": t("What it cites does not match alone; with the sentences around it, it does."),
        "near": t("These sentences are the nearest, but too far from it."),
        "nothing": t("Neither what it cites nor any other passage is near.")
        if cites
        else t("No passage is near."),
    }
    return [found[verdict.cause]] if verdict.cause else []


def _conflict(claimed: str, stated: str, language: Language) -> str:
    t = language.t
    if claimed and stated:
        return t("The text has “{claimed}”, the source “{stated}”.", claimed=claimed, stated=stated)
    if claimed:
        return t("Only the text negates this: “{words}”.", words=claimed)
    return t("Only the source negates this: “{words}”.", words=stated)
