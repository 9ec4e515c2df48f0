"""Answers of an earlier moment: its date, and the standing of its passages today."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.citations import Resolution, parse_locator
from index.errors import CitationNotFound, InvalidLocator
from service.faces.api.schemas.values import moment
from service.faces.pages.languages import Language
from service.faces.pages.standings import ShownStanding, shown_standing
from service.http.links import view_address

MOST = 3
"""Passages of an earlier answer that are looked for."""
_EVENTS = 1000


@dataclass(frozen=True, slots=True)
class LostPassage:
    """A passage that answered before and has other words today, or none. ``was`` leads to it as it was."""

    standing: ShownStanding
    was: str


def lost_passages(
    resolution: Resolution, locators: Sequence[str], collection: str, language: Language
) -> Iterator[LostPassage]:
    """The passages of an earlier answer that have other words today, or none."""
    for locator in locators[:MOST]:
        try:
            citation = resolution.cite(parse_locator(locator))
        except (CitationNotFound, InvalidLocator):
            continue
        standing = shown_standing(resolution, citation, collection, language)
        if standing.tone:
            yield LostPassage(standing, view_address(locator, (), collection))


def time_of(resolution: Resolution, change: int) -> str:
    """The time of the last event up to a change, to the minute; empty without one."""
    step = 1
    while True:  # changes that make vectors have no events
        since = max(0, change - step)
        if events := resolution.moment.events(since, change, _EVENTS):
            return moment(events[-1].created)[:16].replace("T", " ")
        if not since:
            return ""
        step *= 2
