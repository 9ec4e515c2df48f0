"""The standing today of the citations of an earlier answer, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from index.answers import Citation
from index.citations import Resolution, Today
from index.text import Edit
from service.api.links import view_address
from service.browser.languages import Language
from service.schemas.values import moment

Tone = Literal["", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class ShownStanding:
    """What a citation's words are today. ``address`` leads to their place today, if there is one.

    ``edits`` turn the cited words into those of today, if these are others. Without a tone it is no news.
    """

    status: str
    tone: Tone
    words: str
    address: str
    edits: Sequence[Edit] = ()


def shown_standing(
    resolution: Resolution, citation: Citation, collection: str, language: Language
) -> ShownStanding:
    """The standing of a citation in the newest version of its document."""
    today = resolution.today(citation)
    status, t = today.standing.status, language.t
    tone: Tone = "bad" if status == "gone" else "warn" if status == "changed" else ""
    words = {
        "current": t("the same today"),
        "moved": t("moved: the same words stand at another place today"),
        "reformatted": t("reformatted: the same words in other typography today"),
        "changed": t("changed since: the document has other words here today"),
        "gone": _gone(today, language),
    }[status]
    now = today.citation
    address = "" if now is None or status == "current" else view_address(now.locator, (), collection)
    return ShownStanding(status, tone, words, address, today.standing.edits if status == "changed" else ())


def _gone(today: Today, language: Language) -> str:
    since, t = today.standing.since, language.t
    if since is None:
        return t("gone: the document no longer has such words")
    return t("gone since {day}: the document is retired", day=moment(since)[:10])
