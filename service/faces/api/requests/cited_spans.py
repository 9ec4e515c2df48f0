"""Limits on the text that a request's citations name."""

from __future__ import annotations

from collections.abc import Iterable

from index.citations import Locator, parse_locator
from index.errors import InvalidLimit
from service.errors import Forbidden
from service.settings import Settings
from service.state.identity import Prover

ASK_AROUND = 300
"""Code points on each side of a quote that a key with the scope ask may read."""


def check_locator(locator: str, settings: Settings) -> Locator:
    """Parse a locator. Raises :class:`index.errors.InvalidLocator`, :class:`index.errors.InvalidLimit`."""
    wanted = parse_locator(locator)
    length = wanted.end - wanted.start
    if length > settings.max_quote_characters:
        raise InvalidLimit(
            f"{locator[:200]!r} names {length} characters; a citation may have "
            f"{settings.max_quote_characters}. Cite the words that matter; the whole text is at "
            "GET /v1/documents/{document_id}/text.",
            limit="max_quote_characters",
        )
    return wanted


def check_proof(prover: Prover, collection: str, locator: str, proof: str) -> None:
    """Raise :class:`service.errors.Forbidden` unless the proof shows that an answer had this citation."""
    if not prover.is_proven(collection, locator, proof):
        raise Forbidden(
            "A key with the scope ask may look up the citations of its answers only. Use their links, which "
            "carry a proof."
        )


def check_all(locators: Iterable[str], quotes: Iterable[str], settings: Settings) -> list[Locator]:
    """Parse locators, and check each citation and quote, and all of them together.

    Raises :class:`index.errors.InvalidLocator`, :class:`index.errors.InvalidLimit`.
    """
    wanted = [check_locator(locator, settings) for locator in locators]
    total = sum(one.end - one.start for one in wanted)
    for quote in quotes:
        if len(quote) > settings.max_quote_characters:
            raise InvalidLimit(
                f"A quote has {len(quote)} characters; at most {settings.max_quote_characters} are taken. "
                "Send it in parts.",
                limit="max_quote_characters",
            )
        total += len(quote)
    if total > settings.max_quotes_characters:
        raise InvalidLimit(
            f"The citations and quotes have {total} characters together; a request may have "
            f"{settings.max_quotes_characters}. Send several.",
            limit="max_quotes_characters",
        )
    return wanted
