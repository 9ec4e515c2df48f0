"""Cut the words of a document where a quote and its evidence begin and end."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from index.text import Span

Mark = Literal["", "quote", "evidence"]


@dataclass(frozen=True, slots=True)
class Segment:
    """Text with one mark. ``first`` is true for the segment that the quote begins with."""

    text: str
    mark: Mark
    first: bool = False


class Marking:
    """Cuts spans of one text, from its start to its end, and flags the first marked segment of all."""

    def __init__(self, text: str, quote: Span, evidence: Sequence[Span]) -> None:
        self.text = text
        self.quote = quote
        self.evidence = _merge_spans(evidence)
        self.has_first = False

    def parts(self, start: int, end: int, *, first_is_evidence: bool = False) -> tuple[Segment, ...]:
        """A span in segments. With ``first_is_evidence``, only one with evidence is flagged as the first."""
        parts = list(_cut_segments(self.text, (start, end), self.quote, self.evidence))
        wanted = ("evidence",) if first_is_evidence else ("quote", "evidence")
        at = next((at for at, part in enumerate(parts) if part.mark in wanted), None)
        if at is not None and not self.has_first:
            self.has_first = True
            parts[at] = replace(parts[at], first=True)
        return tuple(parts)

    def has_evidence(self, start: int, end: int) -> bool:
        """True if a span overlaps evidence within the quote."""
        low, high = max(start, self.quote[0]), min(end, self.quote[1])
        at = bisect_right(self.evidence, low, key=lambda one: one[1])
        return low < high and at < len(self.evidence) and self.evidence[at][0] < high

    def has_quote(self, start: int, end: int) -> bool:
        """True if a span overlaps the quote."""
        return max(start, self.quote[0]) < min(end, self.quote[1])


def segments(text: str, span: Span, quote: Span, evidence: Sequence[Span]) -> Iterator[Segment]:
    """A span, cut at the starts and ends of quote and evidence."""
    return _cut_segments(text, span, quote, _merge_spans(evidence))


def lit_segments(text: str, spans: Iterable[Span]) -> tuple[Segment, ...]:
    """A text in segments, of which those in the spans are evidence and the others have no mark."""
    whole = (0, len(text))
    return tuple(
        replace(part, mark="") if part.mark == "quote" else part
        for part in segments(text, whole, whole, list(spans))
    )


def _cut_segments(text: str, span: Span, quote: Span, evidence: Sequence[Span]) -> Iterator[Segment]:
    """Cut as :func:`segments`, for sorted evidence that does not overlap. Fast for many lines."""
    start, end = span
    first = bisect_right(evidence, start, key=lambda one: one[1])
    near = evidence[first : bisect_right(evidence, end, first, key=lambda one: one[0])]
    inside = {cut for one in (quote, *near) for cut in one if start < cut < end}
    at = 0
    for begin, until in pairwise(sorted({start, end} | inside)):
        mark: Mark = ""
        while at < len(near) and near[at][1] <= begin:
            at += 1
        if quote[0] <= begin < quote[1]:
            mark = "evidence" if at < len(near) and near[at][0] <= begin else "quote"
        yield Segment(text[begin:until], mark)


def _merge_spans(spans: Iterable[Span]) -> list[Span]:
    """The spans in order; overlapping and adjacent ones are merged, empty ones dropped."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif start < end:
            merged.append((start, end))
    return merged
