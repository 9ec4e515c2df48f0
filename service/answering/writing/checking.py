"""Check what a model wrote, by the verification that ``/v1/verify`` uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.answers import Citation
from index.citations import Locator, Quoted, StatementVerdict, Verdict, parse_locator
from index.citations.statements import KnownSources
from index.collection import Collection
from index.errors import LoccitError
from service.answering.events import Sentence, Status
from service.answering.proofs import Shown, seen_quote, seen_statement
from service.answering.wording import DECLINED
from service.answering.writing.segments import Segment

_FAULTS = {
    "altered": "The quote differs from the source.",
    "not_found": "The quote stands in no passage.",
    "misattributed": "The quote stands in another document.",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdicts on one sentence."""

    statement: StatementVerdict | None
    quotes: tuple[tuple[Quoted, Verdict], ...]
    unknown: tuple[int, ...]
    """Its marks that name no passage."""

    @property
    def status(self) -> tuple[Status, str]:
        """What to say of the sentence, and why."""
        faults = [f"There is no passage [{mark}]." for mark in self.unknown]
        faults += [_FAULTS[one.status] for _, one in self.quotes if one.status in _FAULTS]
        if self.statement is not None and self.statement.status != "supported":
            return self.statement.status, " ".join([self.statement.reason, *faults])
        if faults:
            return "unsupported", " ".join(faults)
        return ("supported", "") if self.statement is not None or self.quotes else ("unchecked", "")


class Checker:
    """Checks the segments of one answer by the passages that its marks name, [1] the first.

    ``shown`` makes a citation one that the caller may follow. For a thread, one segment at a time.
    """

    def __init__(
        self,
        open_collection: Callable[[], Collection],
        passages: Sequence[Citation],
        most_characters: int,
        shown: Shown,
    ) -> None:
        self._open = open_collection
        self._passages: list[Locator] = [parse_locator(one.locator) for one in passages]
        self._most = most_characters
        self._shown = shown
        self._known = KnownSources()

    def check(self, segment: Segment) -> list[Sentence]:
        """The sentences of a segment, with offsets in the answer."""
        # The verification gets the segment at its offset, so that all offsets are those of the answer.
        text = " " * segment.start + segment.text
        try:
            with self._open().verification(most_characters=self._most, known=self._known) as verification:
                report = verification.answer(text, self._passages)
        except LoccitError as error:
            start = segment.start + len(segment.text) - len(segment.text.lstrip())
            words = segment.text.strip()
            return [Sentence(start, start + len(words), words, (), "unchecked", error.message)]
        found = []
        for one, statement in zip(report.sentences, report.statements, strict=True):
            quotes = tuple((q, v) for q, v in report.quotes if one.start <= q.start and q.end <= one.end)
            unknown = tuple(mark for mark in one.marks if not 1 <= mark <= len(self._passages))
            words = text[one.start : one.end]
            checked = Checked(statement, quotes, unknown)
            status, reason = checked.status if words != DECLINED else ("unchecked", "")
            seen = None if statement is None else seen_statement(statement, self._shown)
            found.append(
                Sentence(
                    one.start, one.end, words, one.marks, status, reason,
                    probability=None if seen is None else round(seen.probability, 4),
                    citation=None if seen is None else seen.citation,
                    statement=seen,
                    quotes=tuple((quoted, seen_quote(verdict, self._shown)) for quoted, verdict in quotes),
                )
            )  # fmt: skip
        return found
