"""Find what other documents say against the sentences that answer."""

import time
from collections.abc import Sequence
from dataclasses import replace

from index.answers import Answer
from index.citations import Locator, parse_locator
from index.collection import Collection, ConflictPage
from index.errors import CitationNotFound

CONFLICT_SECONDS = 1.0
"""Of a request, also of one with several questions."""
_PASSAGES_COMPARED = 3


def evidence_of(answer: Answer) -> list[Locator]:
    """The best sentence of each of the first passages."""
    return [
        replace(parse_locator(hit.citation.locator), start=one.start, end=one.end)
        for hit in answer.hits[:_PASSAGES_COMPARED]
        for one in hit.evidence[:1]
    ]


def find_conflicts(
    collection: Collection, cited: Sequence[Locator], *, as_of: int | None, ends: float
) -> ConflictPage:
    """What disagrees with cited sentences, found until ``ends`` on the clock :func:`time.monotonic`.

    It is not complete if one of them has been erased since.
    """
    try:
        return collection.conflicts.of_citations(cited, seconds=ends - time.monotonic(), as_of=as_of)
    except CitationNotFound:
        return ConflictPage((), 0, None, is_complete=False)
