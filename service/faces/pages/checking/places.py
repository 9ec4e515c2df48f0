"""A citation looked up: where its words stand, in all versions and in other documents."""

from __future__ import annotations

from dataclasses import dataclass

from index.answers import Citation
from index.citations import Verification
from service.faces.api.schemas.values import moment
from service.faces.pages.checking.findings import Findings, Source, Standing

_MOST_PLACES = 20
_MOST_VERSIONS = 20
_MOST_READ = 6_000_000
"""Code points of later versions that are searched."""
_AROUND = 150
"""Code points of the text on each side of the quote that are shown."""


@dataclass(frozen=True, slots=True)
class Version:
    """How a citation stands in a later version."""

    number: int
    day: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class LookedUp:
    """A citation with the text around it, how it stands in later versions, and the other places."""

    source: Source
    before: str
    after: str
    version: int
    newest: int
    standing: Standing
    versions: tuple[Version, ...]
    places: tuple[Source, ...]
    are_more: bool
    """Whether there may be more places than are shown."""


def look_up_citation(verification: Verification, citation: Citation, findings: Findings) -> LookedUp:
    """Look up a citation. Raises :class:`index.errors.InvalidLimit` when too much has to be read."""
    resolution = verification.resolution
    today = resolution.today(citation)
    version = resolution.moment.version(citation.document_id, citation.version)
    text = resolution.moment.text(
        version.text_sha256, max(0, citation.start - _AROUND), citation.end + _AROUND
    )
    before = min(_AROUND, citation.start)
    found = verification.find_places(citation.quote, most=_MOST_PLACES + 1)
    now = today.citation
    others = [one for one in found if one.locator not in (citation.locator, now.locator if now else "")]
    return LookedUp(
        findings.source(citation, None),
        _drop_first_word(text[:before]) if citation.start > before else text[:before],
        _drop_last_word(text[before + citation.end - citation.start :]),
        citation.version,
        today.version,
        findings.standing(today),
        tuple(_later_versions(verification, citation, findings)),
        tuple(findings.source(one, None) for one in others[:_MOST_PLACES]),
        len(found) > _MOST_PLACES,
    )


def _drop_first_word(text: str) -> str:
    """The text without the word that it begins inside of."""
    return f"… {text.partition(' ')[2]}"


def _drop_last_word(text: str) -> str:
    """The text without the word that it ends inside of; a text that ends before the limit is whole."""
    return text if len(text) < _AROUND else f"{text.rpartition(' ')[0]} …"


def _later_versions(verification: Verification, citation: Citation, findings: Findings) -> list[Version]:
    """The later versions, oldest first; of very many or very long ones the newest."""
    resolution = verification.resolution
    shown: list[Version] = []
    read = 0
    for one in resolution.moment.versions(citation.document_id)[:_MOST_VERSIONS]:
        read += one.length
        if one.number <= citation.version or (shown and read > _MOST_READ):
            break
        standing = findings.standing(resolution.today(citation, one))
        shown.append(Version(one.number, moment(one.created)[:10], standing))
    return shown[::-1]
