"""Change feed: events of documents, and the status of citations after them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from index.citations.citing import Locator
from index.citations.resolution import Resolution, Today
from index.citations.standing import gone_since
from index.errors import ChangeNotFound, CitationNotFound
from index.protocols import Snapshot
from index.records import Event


@dataclass(frozen=True, slots=True)
class ChangeFeed:
    """A page of the feed: all events of the changes up to ``until``. ``more``: later events exist."""

    events: tuple[Event, ...]
    until: int
    more: bool


@dataclass(frozen=True, slots=True)
class CitationStatus:
    """The status of a citation after a change.

    ``deleted``: its document does not exist, or did not exist at that change. ``lost``: the cited text, or
    the document's text after that change, is no longer stored. ``gone`` also if the document was retired
    then: ``today.standing.since`` says when. Others as in
    :class:`index.citations.standing.Standing`.
    """

    locator: str
    status: Literal["current", "moved", "reformatted", "changed", "gone", "deleted", "lost"]
    today: Today | None = None


def read_feed(moment: Snapshot, since: int, until: int | None, limit: int) -> ChangeFeed:
    """Read about ``limit`` events of the changes after ``since``, up to ``until``; never part of a change.

    Raises :class:`ChangeNotFound` for changes that have not happened.
    """
    last = moment.change
    until = last if until is None else until
    if not max(since, until) <= last:
        raise ChangeNotFound(f"There is no change {max(since, until)}; the collection is at change {last}.")
    events = moment.events(since, until, limit)
    reached = events[-1].change if len(events) >= limit else until
    return ChangeFeed(tuple(events), max(since, reached), bool(moment.events(reached, until, 1)))


def change_at(moment: Snapshot, time: float) -> int:
    """The number of the last change at a time, in seconds since the epoch; 0 before the first event.

    Changes without events, such as those that embed, are of the event before them.
    """
    last = moment.change
    low, high = 0, last
    while low < high:  # until the first event after `low` is later than the time
        middle = (low + high) // 2
        following = moment.events(middle, last, 1)
        if following and following[0].created <= time:
            low = following[0].change
        else:
            high = middle
    following = moment.events(low, last, 1)
    return following[0].change - 1 if following else last


def citation_statuses(
    resolution: Resolution, locators: Sequence[Locator], change: int
) -> list[CitationStatus]:
    """Return the status of each citation after a change."""
    return [_status(resolution, locator, change) for locator in locators]


def _status(resolution: Resolution, locator: Locator, change: int) -> CitationStatus:
    document_id, moment = locator.document_id, resolution.moment
    try:
        citation = resolution.cite(locator)
        # Use the current id: the document may have been renamed since it was cited.
        document_id = citation.document_id
        if version := moment.version_at(document_id, change):
            today = resolution.today(citation, version)
            return CitationStatus(str(locator), today.standing.status, today)
        if (retired := moment.retired_at(document_id, change)) is not None:
            return CitationStatus(str(locator), "gone", Today(gone_since(retired), citation.version, None))
    except CitationNotFound:
        if moment.retired_at(document_id, change) is not None:
            return CitationStatus(str(locator), "lost")
    return CitationStatus(str(locator), "lost" if moment.existed(document_id, change) else "deleted")
