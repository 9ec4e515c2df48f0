"""Limits on the text that a request's citations name."""

from collections.abc import Iterable

from index.citations import Locator, parse_locator
from index.errors import InvalidLimit
from service.errors import Forbidden
from service.state.identity import Prover

ASK_AROUND = 300
"""Code points on each side of a quote that a key with the scope ask may read."""
MAX_QUOTES = 256
"""Most citations and quotes in one request to verify or follow them. Each takes some milliseconds."""
MAX_QUOTE_CHARACTERS = 100_000
"""Longest quote, and longest text that a citation may name. Answers repeat it several times."""
MAX_QUOTES_CHARACTERS = 1_000_000
"""Most characters of all citations and quotes in one request to verify or follow them."""

MAX_SOURCES = 64
"""Most texts by which one request is verified."""
MAX_SOURCES_CHARACTERS = 100_000
"""Most characters of all these texts. The model reads each, about 50,000 in a second on two processors."""


def check_locator(locator: str) -> Locator:
    """Parse a locator. Raises :class:`index.errors.InvalidLocator`, :class:`index.errors.InvalidLimit`."""
    wanted = parse_locator(locator)
    length = wanted.end - wanted.start
    if length > MAX_QUOTE_CHARACTERS:
        raise InvalidLimit(
            f"{locator[:200]!r} names {length} characters; a citation may have "
            f"{MAX_QUOTE_CHARACTERS}. Cite the words that matter; the whole text is at "
            "GET /v1/documents/{document_id}/text."
        )
    return wanted


def check_proof(prover: Prover, collection: str, locator: str, proof: str) -> None:
    """Raise :class:`service.errors.Forbidden` unless the proof shows that an answer had this citation."""
    if not prover.is_proven(collection, locator, proof):
        raise Forbidden(
            "A key with the scope ask may look up the citations of its answers only. Use their links, which "
            "carry a proof."
        )


def check_all(locators: Iterable[str], quotes: Iterable[str]) -> list[Locator]:
    """Parse locators, and check each citation and quote, and all of them together.

    Raises :class:`index.errors.InvalidLocator`, :class:`index.errors.InvalidLimit`.
    """
    wanted = [check_locator(locator) for locator in locators]
    total = sum(one.end - one.start for one in wanted)
    for quote in quotes:
        if len(quote) > MAX_QUOTE_CHARACTERS:
            raise InvalidLimit(
                f"A quote has {len(quote)} characters; at most {MAX_QUOTE_CHARACTERS} are taken. "
                "Send it in parts."
            )
        total += len(quote)
    if total > MAX_QUOTES_CHARACTERS:
        raise InvalidLimit(
            f"The citations and quotes have {total} characters together; a request may have "
            f"{MAX_QUOTES_CHARACTERS}. Send several."
        )
    return wanted
