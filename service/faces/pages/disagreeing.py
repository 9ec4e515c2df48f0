"""Documents that disagree, as pages show them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from index.answers import ConflictingSentence, DocumentConflict
from service.faces.api.schemas.values import moment
from service.faces.pages.marks import Segment, lit_segments
from service.http.links import view_address


@dataclass(frozen=True, slots=True)
class ShownSide:
    """A sentence with the words that differ marked, its document, and the day from which that is stored."""

    parts: Sequence[Segment]
    title: str
    address: str
    day: str


@dataclass(frozen=True, slots=True)
class ShownConflict:
    """Two sentences, the newer first. ``supersedes``: its document says that it replaces the other."""

    newer: ShownSide
    older: ShownSide
    supersedes: bool


def shown_conflicts(found: Iterable[DocumentConflict], collection: str) -> list[ShownConflict]:
    """Conflicts of a collection for a page."""
    return [
        ShownConflict(_side(one.newer, collection), _side(one.older, collection), one.supersedes)
        for one in found
    ]


def _side(one: ConflictingSentence, collection: str) -> ShownSide:
    begin = one.citation.start
    words = [(one.start - begin, one.end - begin)] if one.words else []
    return ShownSide(
        lit_segments(one.citation.quote, words),
        one.citation.title,
        view_address(one.citation.locator, (), collection),
        moment(one.stored)[:10],
    )
