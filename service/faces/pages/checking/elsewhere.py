"""Other collections that hold what one does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from index.citations import Claim, Verification, find_carried, sentences_of
from index.collection import Collection
from index.errors import LoccitError
from service.faces.pages.checking.pasted import Pasted
from service.faces.pages.checking.sentences import CERTAIN
from service.settings import Settings

_MOST_COLLECTIONS = 8
_MOST_SENTENCES = 4
_MOST_SECONDS = 1.0
"""For each of them."""
_LONGEST = 1000
"""Code points of a text that are looked for."""


def collections_with(
    given: Pasted, names: Sequence[str], opened: Callable[[str], Collection], settings: Settings
) -> list[str]:
    """The first few of the named collections that hold a locator or quote, or match a sentence of a text."""
    found = []
    for name in names[:_MOST_COLLECTIONS]:
        try:
            with opened(name).verification(
                most_characters=settings.max_reading_characters,
                claims=not given.quote,
                most_seconds=_MOST_SECONDS,
            ) as verification:
                if _is_there(verification, given):
                    found.append(name)
        except LoccitError:
            continue  # one that cannot be opened or read now has nothing to offer
    return found


def _is_there(verification: Verification, given: Pasted) -> bool:
    if given.locator is not None:
        return verification.citation(given.locator).citation is not None
    if given.quote:
        return verification.quote(Claim(given.quote)).status in CERTAIN
    locators = find_carried(given.text[: 4 * _LONGEST]).locators.values()
    if any(verification.citation(one).citation for one in list(locators)[:_MOST_SENTENCES]):
        return True
    report = verification.answer(_first_sentences(given.text), {})
    statuses = [one.status for _, one in report.quotes] + [one.status for one in report.statements if one]
    return not {"verified", "repaired", "supported"}.isdisjoint(statuses)


def _first_sentences(text: str) -> str:
    """The first sentences of a text, whole."""
    ends = [one.end for one in sentences_of(find_carried(text).text[:_LONGEST])][:_MOST_SENTENCES]
    return text[: ends[-1]] if ends else ""
