"""A citation with the metadata of its document, as the formats of citations read them.

Author, publisher, date and address are those that are known, by whoever added the document or by where it was
fetched. What only the document says of itself is written as such.
"""

import datetime
import re
from dataclasses import dataclass
from urllib.parse import quote as percent_encode

from index.answers import Citation, Hit
from index.provenance import Provenance
from index.types import Metadata

_DATE = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?)?(?!\d)")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_WEB = ("http://", "https://")
_CLAIMS = ("title", "authors", "author", "publisher", "site", "date", "published", "year", "doi", "url")
"""Entries that a document may say of itself and that a citation would otherwise say of it."""


@dataclass(frozen=True, slots=True)
class News:
    """The fate of a citation: its status in the newest version, the number of that, and its place there.

    ``locator`` is empty where the words are gone; ``superseded_by`` are ids of documents.
    """

    status: str
    version: int
    locator: str = ""
    superseded_by: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The same in words; empty where there is nothing new."""
        parts = [_STATUS[self.status].format(version=self.version)] if self.status in _STATUS else []
        if self.superseded_by:
            parts.append(f"superseded by {', '.join(map(one_line, self.superseded_by))}")
        return "; ".join(parts)


def news_of_hit(hit: Hit) -> News | None:
    """The fate of a passage that was just found: none, unless another document supersedes its own."""
    citation = hit.citation
    if not hit.superseded_by:
        return None
    return News("current", citation.version, citation.locator, hit.superseded_by)


_STATUS = {
    "changed": "these words have changed in version {version}",
    "gone": "these words are gone in version {version}",
}
"""Words for a status that concerns the quoted words."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The input of the formats, with accessors for the metadata."""

    citation: Citation
    provenance: Provenance
    label: str = "1"
    index: int = 0
    accessed: datetime.date | None = None
    news: News | None = None

    def values(self, *keys: str) -> list[str]:
        """Return the known values of the first key that has any, each as one line."""
        found = (_lines(self.provenance.metadata, key) for key in keys)
        return next(filter(None, found), [])

    def value(self, *keys: str) -> str:
        return ", ".join(self.values(*keys))

    @property
    def authors(self) -> list[str]:
        """Author names as written; a string may have several, separated by semicolons."""
        parts = (part.strip() for one in self.values("authors", "author") for part in one.split(";"))
        return [part for part in parts if part]

    @property
    def link(self) -> str:
        """The web address of the document; empty if unknown."""
        for link in (self.value("url"), one_line(self.citation.source)):
            if link.lower().startswith(_WEB):
                return encode_link(link)
        return ""

    @property
    def address(self) -> str:
        """The web address of the document, or that of the page that shows the quote in it; or empty."""
        return self.link or self.own_link("view")

    def own_link(self, name: str) -> str:
        """A link of the citation to the service that made it, where that has an absolute address."""
        link = self.citation.links.get(name, "")
        return encode_link(one_line(link)) if link.lower().startswith(_WEB) else ""

    @property
    def file(self) -> str:
        """The name of the file that the document was read from; empty for one from the web."""
        source = one_line(self.citation.source)
        return "" if source.lower().startswith(_WEB) else source

    @property
    def link_to_quote(self) -> str:
        return encode_link(one_line(self.citation.links.get("source", ""))) or self.link

    @property
    def page_of_quote(self) -> str:
        """The address of the quote on the web, else that of the service's page that shows it; or empty."""
        return self.link_to_quote or self.own_link("view")

    @property
    def publisher(self) -> str:
        """The publisher of the document; empty if unknown."""
        return self.value("publisher", "site")

    @property
    def claims(self) -> dict[str, str]:
        """Entries that only the document says of itself, by name, as far as a citation would say it."""
        said = self.provenance.says_of_itself
        return {key: ", ".join(lines) for key in _CLAIMS if (lines := _lines(said, key))}

    @property
    def doi(self) -> str:
        return re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", "", self.value("doi"), flags=re.IGNORECASE)

    @property
    def date(self) -> str:
        return self.value("date", "published", "year")

    @property
    def date_parts(self) -> list[int]:
        """Year, month and day, as far as given; empty if the date is not an ISO date."""
        match = _DATE.match(self.date)
        parts = [int(part) for part in match.groups() if part] if match else []
        if len(parts) > 1 and not 1 <= parts[1] <= 12:
            return parts[:1]
        return parts[:2] if len(parts) > 2 and not 1 <= parts[2] <= 31 else parts

    def pages(self, dash: str) -> str:
        """The pages by the numbers that they bear, or else by their place in the document."""
        return _range(self.citation.printed_pages or self.citation.pages, dash)

    def file_pages(self, dash: str) -> str:
        """The place in the file of pages that bear another number; empty where it is the number."""
        return _range(self.citation.file_pages, dash)

    @property
    def section(self) -> str:
        return " › ".join(filter(None, map(one_line, self.citation.section)))

    def summary(self) -> str:
        """Authors, title, section, pages, publisher and date; then what the document says of itself."""
        pages, in_file = self.pages("–"), self.file_pages("–")
        on = f"p. {pages}" + (f" ({in_file} of the file)" if in_file else "")
        place = ", ".join(filter(None, (self.section, on if pages else "")))
        published = ", ".join(filter(None, (self.publisher, self.date)))
        claims = ", ".join(f"{key} {value}" for key, value in self.claims.items() if key != "title")
        says = f"Says of itself: {claims}" if claims else ""
        parts = ("; ".join(self.authors), one_line(self.citation.title), place, published, says)
        return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts if part)


def _range(pages: tuple[object, object] | None, dash: str) -> str:
    if pages is None:
        return ""
    first, last = pages
    return f"{first}" if first == last else f"{first}{dash}{last}"


def _lines(metadata: Metadata, key: str) -> list[str]:
    value = metadata.get(key, ())
    several = [value] if isinstance(value, str | int | float) else value
    return [line for one in several if (line := one_line(str(one)))]


def encode_link(link: str) -> str:
    """Percent-encode the characters that would end a link in Markdown and BibTeX."""
    return percent_encode(link, safe="!#$%&'()*+,-./:;=?@[]_~")


def one_line(text: str) -> str:
    """The text on one line, with single spaces, also in place of control characters."""
    return " ".join(_CONTROLS.sub(" ", text).split())
