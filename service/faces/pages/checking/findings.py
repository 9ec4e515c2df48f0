"""Verdicts as people read them: in words, with their sources and what differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from index.answers import Citation
from index.citations import StatementVerdict, Today, Verdict
from index.text import Edit, Span
from service.faces.api.schemas.values import moment
from service.faces.pages.languages import Language
from service.faces.pages.marks import Segment, lit_segments
from service.faces.pages.wording import pages_in_words
from service.http.links import CitedWith, view_address
from service.monitoring.reads import note_read

State = Literal["good", "old", "warn", "bad", "none"]
"""``old``: it matches words that the newest version of the document does not have."""
_RANKED: tuple[State, ...] = ("bad", "warn", "old", "good")
_STATES: dict[str, State] = {
    "verified": "good", "repaired": "good", "supported": "good", "current": "good", "moved": "good",
    "reformatted": "good", "unsupported": "warn", "not_found": "warn", "unchecked": "warn",
    "misattributed": "bad", "altered": "bad", "contradicted": "bad", "changed": "old", "gone": "old",
}  # fmt: skip
_LONGEST = 600
"""Code points of a citation of the text that are shown."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a citation stands in the newest version. ``address`` is that of the words there."""

    state: State
    label: str
    edits: tuple[Edit, ...]
    address: str


@dataclass(frozen=True, slots=True)
class Source:
    """Words of a document, and where they are. ``marked`` parts are those that differ from the text."""

    title: str
    section: str
    pages: str
    locator: str
    address: str
    parts: tuple[Segment, ...]
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict on a quote or on what a sentence claims."""

    state: State
    label: str
    reasons: tuple[str, ...]
    edits: tuple[Edit, ...]
    source: Source | None

    @property
    def worst(self) -> State:
        """Its state, with how its source stands in the newest version."""
        standing = self.source.standing if self.source else None
        return worst_state([self.state, standing.state]) if standing else self.state

    def without_source(self) -> Finding:
        """The finding beside another one that shows the same source."""
        return replace(self, source=None)


class Findings:
    """Makes findings of verdicts on a collection, in a language."""

    def __init__(self, language: Language, collection: str) -> None:
        self._collection = collection
        self._language = language
        t = language.t
        self._standings = {
            "current": t("The same words at the same place"),
            "moved": t("The same words at another place"),
            "reformatted": t("The same words in other typography"),
            "changed": t("Other words in their place"),
            "gone": t("No words like these"),
        }

    def quote(self, verdict: Verdict) -> Finding:
        """The finding on a quote."""
        source = self.source(verdict.citation, verdict.today) if verdict.citation else None
        edits = () if is_exact(verdict) else verdict.edits
        notes = tuple(quote_notes(verdict, self._language))
        return Finding(_STATES[verdict.status], quote_label(verdict, self._language), notes, edits, source)

    def statement(
        self, verdict: StatementVerdict, *, has_quote: bool = False, cites: bool = False
    ) -> Finding:
        """The finding on what a sentence claims."""
        differing = [(one.at, one.to) for one in verdict.conflicts]
        source = self.source(verdict.citation, verdict.today, differing) if verdict.citation else None
        label = statement_label(verdict, self._language, has_quote=has_quote)
        notes = tuple(statement_notes(verdict, self._language, cites=cites))
        return Finding(_STATES[verdict.status], label, notes, (), source)

    def source(self, citation: Citation, today: Today | None, differing: Iterable[Span] = ()) -> Source:
        """A citation as a source. ``differing`` are spans of its document."""
        note_read(self._collection, citation.document_id)
        spans = tuple(differing)
        evidence = [CitedWith(citation.locator, spans)] if spans else []
        return Source(
            citation.title,
            " › ".join(citation.section),
            pages_in_words(citation, self._language),
            citation.locator,
            view_address(citation.locator, evidence, self._collection),
            lit_segments(
                citation.quote, [(start - citation.start, end - citation.start) for start, end in spans]
            ),
            self.standing(today) if today and today.standing.status != "current" else None,
        )

    def cited(self, citation: Citation, today: Today | None) -> Source:
        """A citation of the text as a source, the beginning of a long one."""
        quote = citation.quote
        shown = quote if len(quote) <= _LONGEST else f"{quote[:_LONGEST].rpartition(' ')[0]} …"
        return replace(self.source(citation, today), parts=(Segment(shown, ""),))

    def standing(self, today: Today) -> Standing:
        """The standing of a citation in a version."""
        found = today.standing
        label = self._standings[found.status]
        if found.since is not None:
            label = self._language.t("The document is retired since {day}", day=moment(found.since)[:10])
        address = view_address(today.citation.locator, (), self._collection) if today.citation else ""
        return Standing(_STATES[found.status], label, found.edits, address)


def worst_state(states: Iterable[State]) -> State:
    """The state of a sentence with several findings; ``none`` without any."""
    found = set(states)
    return next((state for state in _RANKED if state in found), "none")


# Verdicts in words: what was compared, and what it found.


_EXACT = frozenset({"first_letter", "end_mark", "part", "parts"})
"""With these causes alone, a quote has the source's characters: what else differs belongs to its sentence."""


def is_exact(verdict: Verdict) -> bool:
    """True if a quote equals the source, except for changes that the sentence around it needs."""
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
