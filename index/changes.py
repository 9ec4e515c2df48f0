"""What changed between two changes of a collection, and what that did to citations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from index.citing import parse_locator
from index.errors import ChangeNotFound, CitationNotFound
from index.protocols import RecordStore
from index.records import Event
from index.resolution import Resolution, Today


@dataclass(frozen=True, slots=True)
class Told:
    """Events in order; all of every change up to ``until``. ``more``: there are others after it."""

    events: tuple[Event, ...]
    until: int
    more: bool


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a citation: as in :class:`index.standing.Standing`, or why it cannot be said.

    ``deleted``: its document is not there any more, or was not there at that change. ``lost``: the cited
    text itself, or the one that stood there after that change, is not kept.
    """

    locator: str
    status: Literal["current", "moved", "changed", "gone", "deleted", "lost"]
    today: Today | None = None


def told(store: RecordStore, since: int, until: int | None, limit: int) -> Told:
    """What the changes after ``since``, up to ``until``, did to documents, in about ``limit`` events.

    A change is told wholly or not at all. Raises :class:`ChangeNotFound` for changes that have not been.
    """
    last = store.change()
    until = last if until is None else until
    if not max(since, until) <= last:
        raise ChangeNotFound(f"There is no change {max(since, until)}; the collection is at change {last}.")
    events = store.events(since, until, limit)
    reached = events[-1].change if len(events) >= limit else until
    return Told(tuple(events), max(since, reached), bool(store.events(reached, until, 1)))


def became(resolution: Resolution, locators: Sequence[str], change: int) -> list[Became]:
    """What had become of citations after a change. Raises :class:`index.errors.InvalidLocator`."""
    return [_became(resolution, locator, change) for locator in locators]


def _became(resolution: Resolution, locator: str, change: int) -> Became:
    document_id = parse_locator(locator).document_id
    try:
        citation = resolution.cite(locator)
        # By the id of today: it may have been renamed since it was cited.
        document_id = citation.document_id
        if version := resolution.store.version_at(document_id, change):
            today = resolution.today(citation, version)
            return Became(locator, today.standing.status, today)
    except CitationNotFound:
        pass
    return Became(locator, "lost" if resolution.store.stood(document_id, change) else "deleted")
