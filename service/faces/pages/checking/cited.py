"""The citations of a checked text: what each names, whether its quote is right, and how it stands today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from index.citations import Carried, Locator, Verdict, Verification
from service.faces.pages.checking.findings import Finding, Findings, Source, State, worst_state

_RANKED = ("verified", "repaired", "altered", "misattributed", "not_found", "unchecked")


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation of the text. ``mark`` is its number in the text, 0 for a locator in the running text.

    ``source`` is None, and ``reason`` tells why, if it names nothing that is kept. ``quote`` is the finding
    on the words that its entry in a list of sources quotes.
    """

    mark: int
    locator: str
    source: Source | None
    quote: Finding | None
    reason: str

    @property
    def state(self) -> State:
        """Problems of the entry, if any."""
        if self.source is None:
            return "bad"
        own = [self.source.standing.state] if self.source.standing else []
        return worst_state(["good", *own, *([self.quote.state] if self.quote else [])])


def check_citations(
    verification: Verification, found: Carried, verdicts: Mapping[int, Verdict], findings: Findings
) -> Iterator[Cited]:
    """The citations in the order of their marks. ``verdicts`` are those on the locators alone."""
    for mark, locator in sorted(found.locators.items()):
        number = mark if mark in found.listed else 0
        verdict = verdicts[mark]
        if verdict.citation is None:
            yield Cited(number, str(locator), None, None, verdict.reason)
            continue
        source = findings.cited(verdict.citation, verdict.today)
        quoted = _quote_verdict(verification, locator, found.quotes.get(mark, ()))
        finding = findings.quote(quoted).without_source() if quoted else None
        yield Cited(number, str(locator), source, finding, "")


def _quote_verdict(verification: Verification, locator: Locator, readings: tuple[str, ...]) -> Verdict | None:
    """The verdict on the quote of an entry, by that of its readings that is best."""
    verdicts = [verification.citation(locator, words) for words in readings]
    return min(verdicts, key=lambda one: _RANKED.index(one.status), default=None)
