"""Build citations: locators, W3C selectors, and links to the quote in its source."""

import re
from dataclasses import dataclass
from urllib.parse import quote as percent_encode

from index.answers import Citation, Selector
from index.citations.text_fragments import text_fragment
from index.errors import InvalidLocator
from index.naming import stored_id
from index.page_labels import labels_of
from index.patterns import lazy_pattern
from index.records import VersionRecord
from index.text.figures import figure_in

CONTEXT = 32
"""Code points of prefix and suffix in a TextQuoteSelector."""
WINDOW = CONTEXT + 32
"""Code points to read on each side of a quote: the context, and room for a whole grapheme cluster."""
LONGEST = 4_000_000
"""Longest text, in code points, that is searched as a whole for each of its citations."""

_HASH_DIGITS = 12
_LOCATOR = re.compile(
    r"(?P<document>.+)@(?P<sha>[0-9a-f]{12,64}):(?P<start>[0-9]{1,12})-(?P<end>[0-9]{1,12})", re.DOTALL
)
_CLUSTER = lazy_pattern(r"\X")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Locator:
    """The self-describing name of a quote: ``{document_id}@{text hash}:{start}-{end}``.

    The hash is the first 12 hex digits of the text's SHA-256, or more of them; offsets are its code points.
    """

    document_id: str
    text_sha256: str
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.document_id}@{self.text_sha256[:_HASH_DIGITS]}:{self.start}-{self.end}"


def parse_locator(value: str) -> Locator:
    """Parse a locator.

    Raises :class:`InvalidLocator` when the syntax is wrong or the span is empty.
    """
    match = _LOCATOR.fullmatch(value) if _SURROGATE.search(value) is None else None
    if match is None or int(match["start"]) >= int(match["end"]):
        raise InvalidLocator(
            f"{value[:200]!r} is not a locator. A locator is document_id@hash:start-end with 12 to 64 hex "
            "digits of the text's SHA-256 and start < end, for example notes.md@9f2c41aab3de:1024-1311."
        )
    return Locator(stored_id(match["document"]), match["sha"], int(match["start"]), int(match["end"]))


def locator_of(version: VersionRecord, start: int, end: int) -> str:
    """Return the locator of a span of a version."""
    return f"{version.document_id}@{version.text_sha256.hex()[:_HASH_DIGITS]}:{start}-{end}"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A span of a version, in a text around it that starts at offset ``at`` of the version."""

    version: VersionRecord
    start: int
    end: int
    text: str
    at: int


def window(start: int, end: int) -> tuple[int, int]:
    """Return the span to read for an :class:`Excerpt`."""
    return max(0, start - WINDOW), end + WINDOW


def cite(
    excerpt: Excerpt, text: str | None, *, section: tuple[str, ...], pages: tuple[int, int] | None
) -> Citation:
    """Build the citation of an excerpt of the whole ``text``.

    Without the text (longer than :data:`LONGEST`) the quote counts as ambiguous, and the link to the source
    does not point to the quote.
    """
    version, start, end = excerpt.version, excerpt.start, excerpt.end
    source = _source_link(version, text, (start, end), pages) if "://" in version.source else ""
    return Citation(
        locator=locator_of(version, start, end),
        quote=excerpt.text[start - excerpt.at : end - excerpt.at],
        document_id=version.document_id,
        version=version.number,
        title=version.title or version.document_id,
        source=version.source,
        media_type=version.media_type,
        section=section,
        pages=pages,
        start=start,
        end=end,
        text_sha256=version.text_sha256.hex(),
        source_sha256=version.source_sha256.hex(),
        selectors=selectors(excerpt, text),
        links={"source": source} if source else {},
        printed_pages=labels_of(version.page_labels, pages) if version.page_labels else None,
        figure=figure_in(version.figures, start, end) if version.figures else None,
    )


def selectors(excerpt: Excerpt, text: str | None) -> tuple[Selector, Selector]:
    """Build the W3C selectors of an excerpt (Web Annotation Data Model, 4.2.4 and 4.2.5).

    Prefix and suffix have at most 32 code points and never split a grapheme cluster. The quote is
    ambiguous if prefix, quote and suffix together occur more than once in ``text``, or ``text`` is None.
    """
    start, end = excerpt.start - excerpt.at, excerpt.end - excerpt.at
    before, after = excerpt.text[max(0, start - WINDOW) : start], excerpt.text[end : end + WINDOW]
    quote = excerpt.text[start:end]
    # Of ASCII every character is one cluster: texts have no carriage returns.
    prefix = before[-CONTEXT:] if before.isascii() else _prefix(before)
    suffix = after[:CONTEXT] if after.isascii() else _suffix(after)
    sought = prefix + quote + suffix
    return (
        Selector("TextPositionSelector", start=excerpt.start, end=excerpt.end),
        Selector(
            "TextQuoteSelector",
            exact=quote,
            prefix=prefix,
            suffix=suffix,
            # Not str.rfind: its time is proportional to text length times quote length.
            ambiguous=text is None or text.find(sought, text.find(sought) + 1) >= 0,
        ),
    )


def _source_link(
    version: VersionRecord, text: str | None, span: tuple[int, int], pages: tuple[int, int] | None
) -> str:
    """Return a link that opens the source at the quote; empty when the source is not a web address.

    A PDF opens at its page (RFC 8118), an HTML page at the quote (WICG text fragments). Characters that
    a URL does not allow are encoded, because users write the source and it appears in Markdown.
    """
    link = version.source.strip()
    if not link.lower().startswith(("http://", "https://")):
        return ""
    # Encoded as RFC 3986 requires.
    source = percent_encode(link, safe="!#$%&'()*+,-./:;=?@[]_~", errors="replace")
    address, _, fragment = source.partition("#")
    if pages is not None and version.media_type == "application/pdf":
        return f"{address}#page={pages[0]}"
    directive = text_fragment(text, *span) if text and version.media_type == "text/html" else ""
    # Remove a directive of the source itself: the browser would join the two.
    fragment = fragment.partition(":~:")[0]
    return f"{address}#{fragment}:~:{directive}" if directive else source


def _prefix(before: str) -> str:
    for match in _CLUSTER.finditer(before):
        if len(before) - match.start() <= CONTEXT:
            return before[match.start() :]
    return ""


def _suffix(after: str) -> str:
    ends = [match.end() for match in _CLUSTER.finditer(after) if match.end() <= CONTEXT]
    return after[: ends[-1]] if ends else ""
