"""Check what a model wrote, by the verification that ``/v1/verify`` uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from index.answers import Citation
from index.citations import Locator, Quoted, StatementVerdict, Verdict, marks_in, parse_locator
from index.citations.statements import KnownSources
from index.collection import Collection
from index.errors import LoccitError
from service.flows.answer.events import Sentence, Status
from service.flows.answer.proofs import Shown, quote_with_links, statement_with_links
from service.flows.answer.wording import is_declined
from service.flows.answer.writing.segments import Segment, blank_structure

_FAULTS = {
    "altered": "The quote differs from the source.",
    "not_found": "The quote stands in no passage.",
    "misattributed": "The quote stands in another document.",
}
_TRUE = ("verified", "repaired")
_TORN = "The text breaks off in this sentence."


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdicts on one sentence."""

    statement: StatementVerdict | None
    quotes: tuple[tuple[Quoted, Verdict], ...]
    unknown: tuple[int, ...]
    """Its marks that name no passage."""

    @property
    def status(self) -> tuple[Status, str]:
        """The status of the sentence, and the reason."""
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
        try:
            return list(self._check_sentences(segment))
        except LoccitError as error:
            start = segment.start + len(segment.text) - len(segment.text.lstrip())
            words = segment.text.strip()
            return [Sentence(start, start + len(words), words, (), "unchecked", error.message)]

    def _check_sentences(self, segment: Segment) -> Iterator[Sentence]:
        # The verification gets the segment at its offset, so that all offsets are those of the answer.
        text = " " * segment.start + segment.text
        with self._open().verification(most_characters=self._most, known=self._known) as verification:
            report = verification.answer(blank_structure(text), self._passages)
        quotes = report.quotes
        marks = _own_marks(text, quotes)
        for at, (one, statement) in enumerate(zip(report.sentences, report.statements, strict=True), 1):
            words = text[one.start : one.end]
            own = tuple(mark for mark in one.marks if mark in marks)
            sentence = Sentence(one.start, one.end, words, own, "unchecked")
            if segment.is_torn and at == len(report.sentences):
                yield replace(sentence, reason=_TORN)
            elif is_declined(words):
                yield sentence
            else:
                inside = tuple((q, v) for q, v in quotes if one.start <= q.start and q.end <= one.end)
                yield self._judge(sentence, statement, inside)

    def _judge(
        self,
        sentence: Sentence,
        statement: StatementVerdict | None,
        quotes: tuple[tuple[Quoted, Verdict], ...],
    ) -> Sentence:
        unknown = tuple(mark for mark in sentence.marks if not 1 <= mark <= len(self._passages))
        status, reason = Checked(statement, quotes, unknown).status
        seen = None if statement is None else statement_with_links(statement, self._shown)
        return replace(
            sentence,
            status=status,
            reason=reason,
            probability=None if seen is None else round(seen.probability, 4),
            citation=None if seen is None else seen.citation,
            statement=seen,
            quotes=tuple((quoted, quote_with_links(verdict, self._shown)) for quoted, verdict in quotes),
        )


def _own_marks(text: str, quotes: Sequence[tuple[Quoted, Verdict]]) -> set[int]:
    """The marks of a text but those that are words of a source: "... as shown [12]", quoted."""
    everywhere = Counter(marks_in(text))
    true = [quoted for quoted, verdict in quotes if verdict.status in _TRUE]
    everywhere.subtract(mark for one in true for mark in marks_in(text[one.start : one.end]))
    return {mark for mark, count in everywhere.items() if count > 0}
