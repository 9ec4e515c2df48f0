"""The metadata of a passage that all adapters of frameworks pass on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from loccit_client.models import Passage

OWN = frozenset(
    {"document_id", "title", "source", "version", "locator", "section", "page", "link", "text_sha256"}
    | {"says_of_itself"}
)
"""Names that :func:`metadata_of` adds to the document's own."""


def metadata_of(passage: Passage, url_of: Callable[[str], str]) -> dict[str, Any]:
    """The document's metadata, and where the passage is; ``page`` is the first one, from 1, if there are any.

    ``source`` is the document's, or else its id. ``link`` opens the document at the passage.
    ``says_of_itself``, if there, is what only the document says of itself: no attribution.
    """
    citation = passage.citation
    found: dict[str, Any] = {
        **passage.metadata,
        "document_id": citation.document_id,
        "title": citation.title,
        "source": citation.source or citation.document_id,
        "version": citation.version,
        "locator": citation.locator,
        "section": " › ".join(citation.section),
        "link": url_of(citation.links["view"]),
        "text_sha256": citation.text_sha256,
    }
    if said := claims_of(passage.says_of_itself):
        found["says_of_itself"] = said
    if citation.page is not None:
        found["page"] = citation.page
    if citation.printed_page is not None:
        found["printed_page"] = citation.printed_page
    return found


def claims_of(said: Mapping[str, Any]) -> str:
    """Join what a document says of itself to one text, such as ``author: Ann; site: example.org``."""
    values = ((name, value if isinstance(value, list) else [value]) for name, value in said.items())
    return "; ".join(f"{name}: {', '.join(map(str, several))}" for name, several in values)
