"""How much text the citations of a request may name: every answer repeats their words, several times."""

from __future__ import annotations

from collections.abc import Iterable

from index.citing import parse_locator
from index.errors import InvalidLimit
from service.settings import Settings


def check_locator(locator: str, settings: Settings) -> None:
    """Raises :class:`index.errors.InvalidLocator`, :class:`index.errors.InvalidLimit`."""
    _span(locator, settings)


def check_all(locators: Iterable[str], quotes: Iterable[str], settings: Settings) -> None:
    """Each citation and quote, and all of them together.

    Raises :class:`index.errors.InvalidLocator`, :class:`index.errors.InvalidLimit`.
    """
    total = sum(_span(locator, settings) for locator in locators)
    for quote in quotes:
        if len(quote) > settings.max_quote_characters:
            raise InvalidLimit(
                f"A quote has {len(quote)} characters; at most {settings.max_quote_characters} are taken. "
                "Send it in parts."
            )
        total += len(quote)
    if total > settings.max_quotes_characters:
        raise InvalidLimit(
            f"The citations and quotes have {total} characters together; a request may have "
            f"{settings.max_quotes_characters}. Send several."
        )


def _span(locator: str, settings: Settings) -> int:
    wanted = parse_locator(locator)
    length = wanted.end - wanted.start
    if length > settings.max_quote_characters:
        raise InvalidLimit(
            f"{locator[:200]!r} names {length} characters; a citation may have "
            f"{settings.max_quote_characters}. Cite the words that matter; the whole text is at "
            "GET /v1/documents/{document_id}/text."
        )
    return length
