"""Find documents that answer questions although they are superseded, out of force, or old."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from index.history import Archive
from index.records import DocumentRecord

OLD_DAYS = 365
"""A document is old that is of a day before, by itself or else by when its text last changed."""
_MOST_READ, _MOST_SHOWN = 200, 20
_ISO_DATE = 10

Reason = Literal["superseded", "expired", "old"]


@dataclass(frozen=True, slots=True)
class StaleSource:
    """A document that answered so many questions; ``day`` is of what it says, or of its text.

    ``superseded_by`` are the ids of the documents that supersede it, among those that the caller may read.
    """

    document: DocumentRecord
    answers: int
    reason: Reason
    day: date
    superseded_by: Sequence[str] = ()


def stale_sources(
    archive: Archive, answered: Sequence[tuple[str, int]], *, now: float | None = None
) -> list[StaleSource]:
    """The stale documents of those that answered questions, the most first, as many as are shown; blocks.

    ``archive`` shows what the caller may read, and ``answered`` are ids, today's or former ones, with counts.
    """
    today = datetime.fromtimestamp(time.time() if now is None else now, UTC).date()
    counted: Counter[str] = Counter()
    documents: dict[str, DocumentRecord] = {}
    for id_, count in answered[:_MOST_READ]:
        found = archive.find_document(id_) or archive.find_document(archive.renamed_to(id_) or "")
        if found is not None:
            documents[found.id] = found
            counted[found.id] += count
    newer = archive.superseded_by(list(documents))
    stale = []
    for id_, count in counted.most_common():
        day, reason = _judge(documents[id_], today, is_superseded=id_ in newer)
        if reason is not None:
            stale.append(StaleSource(documents[id_], count, reason, day, newer.get(id_, ())))
    return stale[:_MOST_SHOWN]


def _judge(document: DocumentRecord, today: date, *, is_superseded: bool) -> tuple[date, Reason | None]:
    """The day of a document, and why it is stale; None where it is not."""
    changed = datetime.fromtimestamp(document.updated, UTC).date()
    day = _day(document, "valid_from") or _day(document, "date") or changed
    if is_superseded:
        return day, "superseded"
    if (until := _day(document, "valid_to")) is not None and until < today:
        return until, "expired"
    return day, "old" if (today - day).days > OLD_DAYS else None


def _day(document: DocumentRecord, name: str) -> date | None:
    said = document.metadata.get(name)
    try:
        return date.fromisoformat(said[:_ISO_DATE]) if isinstance(said, str) else None
    except ValueError:
        return None
