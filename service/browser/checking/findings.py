"""Verdicts as people read them: in words, with their sources and what differs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from index.answers import Citation
from index.citations import StatementVerdict, Today, Verdict
from index.text import Edit, Span
from service.api.links import CitedWith, view_address
from service.browser.languages import Language
from service.browser.marks import Segment, lit_segments
from service.schemas.values import moment

State = Literal["good", "warn", "bad", "none"]
_STATES: dict[str, State] = {
    "verified": "good", "repaired": "good", "supported": "good", "current": "good", "moved": "good",
    "reformatted": "good", "unsupported": "warn", "not_found": "warn", "misattributed": "bad",
    "altered": "bad", "contradicted": "bad", "changed": "bad", "gone": "bad",
}  # fmt: skip


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
    pages: tuple[int, int] | None
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


class Findings:
    """Makes findings of verdicts on a collection, in a language."""

    def __init__(self, language: Language, collection: str) -> None:
        self._collection = collection
        self._language = language
        t = language.t
        self._labels = {
            "verified": t("The quote is exact"),
            "repaired": t("The quote is right but for typography or its place"),
            "altered": t("The source has other words"),
            "misattributed": t("The quote is from another document"),
            "not_found": t("Nothing like this quote was found"),
            "supported": t("The source says this"),
            "contradicted": t("The source says otherwise"),
            "unsupported": t("No source says this"),
            "current": t("The same words at the same place"),
            "moved": t("The same words at another place"),
            "reformatted": t("The same words in other typography"),
            "changed": t("Other words in their place"),
            "gone": t("No words like these"),
        }

    def quote(self, verdict: Verdict) -> Finding:
        """The finding on a quote."""
        source = self.source(verdict.citation, verdict.today) if verdict.citation else None
        reasons = (verdict.reason,) if verdict.parts else ()
        return Finding(_STATES[verdict.status], self._labels[verdict.status], reasons, verdict.edits, source)

    def statement(self, verdict: StatementVerdict) -> Finding:
        """The finding on what a sentence claims."""
        differing = [(one.at, one.to) for one in verdict.conflicts]
        source = self.source(verdict.citation, verdict.today, differing) if verdict.citation else None
        return Finding(
            _STATES[verdict.status], self._labels[verdict.status], tuple(self._reasons(verdict)), (), source
        )

    def _reasons(self, verdict: StatementVerdict) -> Iterable[str]:
        for one in verdict.conflicts:
            if one.claimed and one.stated:
                yield self._language.t(
                    "The text has “{claimed}”, the source “{stated}”.", claimed=one.claimed, stated=one.stated
                )
            elif one.claimed:
                yield self._language.t("Only the text negates this: “{words}”.", words=one.claimed)
            else:
                yield self._language.t("Only the source negates this: “{words}”.", words=one.stated)
        if verdict.status == "unsupported":
            yield verdict.reason

    def source(self, citation: Citation, today: Today | None, differing: Iterable[Span] = ()) -> Source:
        """A citation as a source. ``differing`` are spans of its document."""
        spans = tuple(differing)
        evidence = [CitedWith(citation.locator, spans)] if spans else []
        return Source(
            citation.title,
            " › ".join(citation.section),
            citation.pages,
            citation.locator,
            view_address(citation.locator, evidence, self._collection),
            lit_segments(
                citation.quote, [(start - citation.start, end - citation.start) for start, end in spans]
            ),
            self.standing(today) if today and today.standing.status != "current" else None,
        )

    def standing(self, today: Today) -> Standing:
        """How a citation stands in a version."""
        found = today.standing
        label = self._labels[found.status]
        if found.since is not None:
            label = self._language.t("The document is retired since {day}", day=moment(found.since)[:10])
        address = view_address(today.citation.locator, (), self._collection) if today.citation else ""
        return Standing(_STATES[found.status], label, found.edits, address)


def worst(states: Iterable[State]) -> State:
    """The state of a sentence with several findings; ``none`` without any."""
    ranked: list[State] = ["bad", "warn", "good"]
    found = set(states)
    return next((state for state in ranked if state in found), "none")
