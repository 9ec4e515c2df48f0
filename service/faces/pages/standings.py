"""The standing of a citation today in words: one judgement for every page that shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from index.answers import Citation
from index.citations import Resolution, Today
from index.records import VersionRecord
from index.text import Edit
from service.faces.api.schemas.values import moment
from service.faces.pages.languages import Language
from service.http.links import view_address

Tone = Literal["", "warn", "bad"]

_MOST_VERSIONS = 20
_MOST_READ = 2_000_000
"""Later versions, and code points of them, in which the one that a quote left is searched for."""


@dataclass(frozen=True, slots=True)
class ShownStanding:
    """Standing of a citation today. ``address`` leads to their place today, if there is one.

    ``edits`` turn the cited words into those of today, if these are others. Without a tone the words are
    the same.
    """

    status: str
    tone: Tone
    words: str
    address: str
    edits: Sequence[Edit] = ()

    @property
    def is_news(self) -> bool:
        """True if the words, their form or their place differ today."""
        return self.status != "current"


def shown_standing(
    resolution: Resolution, citation: Citation, collection: str, language: Language
) -> ShownStanding:
    """The standing of a citation in the newest version of its document."""
    return describe_standing(resolution, citation, resolution.today(citation), collection, language)


def describe_standing(
    resolution: Resolution, citation: Citation, today: Today, collection: str, language: Language
) -> ShownStanding:
    """Describe the standing that was found for a citation."""
    status, t = today.standing.status, language.t
    tone: Tone = "bad" if status == "gone" else "warn" if status == "changed" else ""
    words = {
        "current": lambda: t("the same today"),
        "moved": lambda: t("moved: the same words stand at another place today"),
        "reformatted": lambda: t("reformatted: the same words in another format today"),
        "changed": lambda: t("changed since: the document has other words here today"),
        "gone": lambda: _describe_gone(resolution, citation, today, language),
    }[status]()
    now = today.citation
    address = "" if now is None or status == "current" else view_address(now.locator, (), collection)
    return ShownStanding(status, tone, words, address, today.standing.edits if status == "changed" else ())


def _describe_gone(resolution: Resolution, citation: Citation, today: Today, language: Language) -> str:
    retired, t = today.standing.since, language.t
    if retired is not None:
        return t("gone since {day}: the document is retired", day=moment(retired)[:10])
    left = _first_version_without(resolution, citation)
    if left is None:
        return t("gone: the document no longer has such words")
    return t(
        "gone since version {number}, {day}: the document no longer has such words",
        number=left.number,
        day=moment(left.created)[:10],
    )


def _first_version_without(resolution: Resolution, citation: Citation) -> VersionRecord | None:
    """The version from which on a quote is gone; None if too many or too long ones have to be searched."""
    first, read = None, 0
    for at, one in enumerate(resolution.moment.versions(citation.document_id)):
        if one.number <= citation.version:
            return first
        read += one.length
        if at >= _MOST_VERSIONS or read > _MOST_READ:
            return None
        if resolution.today(citation, one).standing.status != "gone":
            return first
        first = one
    return first
