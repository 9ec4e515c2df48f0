"""Tell apart what is known about a document and what it says of itself.

Whoever adds or edits a document knows where it comes from. The document itself may claim anything: an author,
a publisher, an address. What it claims is kept, and can be filtered by, but it is no attribution.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.types import Metadata, Scalar

FOUND = frozenset(
    {
        "continued_tables",
        "damaged_pages",
        "hidden_sheets",
        "pages_without_text",
        "recognised_pages",
        "uncertain_pages",
        "undecodable_bytes",
    }
)
"""Entries of the metadata that readers find out about a file."""
EDITED = "loccit:edited"
"""The entry of stored metadata that names the entries which somebody has changed since."""
_KNOWN = FOUND | {"language"}
"""Entries that name nobody and no place, whoever says them."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """The metadata of a document: what is known, and what only it ``says_of_itself``, its title included."""

    metadata: Metadata
    says_of_itself: Metadata


def provenance(metadata: Metadata, *, given: str, title: str) -> Provenance:
    """Divide stored metadata by who said it.

    ``given`` is what the caller said of the document, as it is stored with it.
    """
    names, has_title = _given_names(given)
    known: dict[str, Scalar | Sequence[Scalar]] = {}
    said: dict[str, Scalar | Sequence[Scalar]] = {"title": title} if title and not has_title else {}
    if metadata:
        sure = {*names, *_KNOWN}
        if EDITED in metadata:
            sure.update(_edited(metadata))
        for key, value in metadata.items():
            if key != EDITED:
                (known if key in sure else said)[key] = value
    return Provenance(known, said)


def edit_metadata(metadata: Metadata, changes: Mapping[str, Scalar | Sequence[Scalar] | None]) -> Metadata:
    """Return stored metadata after changes by whoever may edit; a value of None removes an entry."""
    names = {*_edited(metadata), *changes}
    found = {key: value for key, value in metadata.items() if key != EDITED} | dict(changes)
    kept = {key: value for key, value in found.items() if value is not None}
    marked = sorted(names & kept.keys())
    return {**kept, EDITED: tuple(marked)} if marked else kept


def _edited(metadata: Metadata) -> list[str]:
    names = metadata.get(EDITED, ())
    return list(map(str, names)) if isinstance(names, list | tuple) else []


@lru_cache(maxsize=4096)
def _given_names(given: str) -> tuple[frozenset[str], bool]:
    """Return the entries of the metadata that the caller gave, and whether the title is the caller's."""
    said = json.loads(given or "{}")
    return frozenset(said.get("metadata", ())), bool(said.get("title"))
