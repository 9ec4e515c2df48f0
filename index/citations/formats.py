"""Export a citation: W3C annotation, language model APIs, reference managers, plain text.

Each format is built from one :class:`index.answers.Citation` and the metadata of its document.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, get_args
from urllib.parse import quote as percent_encode

from index.answers import Citation, Selector
from index.text.sentences import sentence_spans
from index.types import Metadata

Format = Literal[
    "anthropic_char_location",
    "anthropic_search_result",
    "bibtex",
    "csl_json",
    "markdown_footnote",
    "openai_file_citation",
    "plain",
    "w3c_annotation",
]
FORMATS: tuple[Format, ...] = get_args(Format)
"""The names of the formats."""

_DATE = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?)?(?!\d)")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MARKDOWN = re.compile(r"[\\`*_\[\]<>&~|$^]")
_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        # BibTeX counts braces whether there is a backslash before them or not.
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{character: f"\\{character}" for character in "$&#%_"},
    }
)


def formatted(
    citation: Citation, name: Format, *, metadata: Metadata, label: str = "1", index: int = 0
) -> object:
    """Format a citation: as a str for ``bibtex``, ``markdown_footnote`` and ``plain``, else as a JSON dict.

    Uses these metadata fields if present: ``author`` or ``authors``, ``date``, ``published`` or ``year``,
    ``publisher``, ``site``, ``doi``, ``url`` and ``language``. ``label`` is the label of the footnote.
    ``index`` is the index of the document among those given to a language model
    (``anthropic_char_location``), or the position in the answer's text (``openai_file_citation``).
    """
    return _FORMATS[name](_Reference(citation, metadata, label, index))


@dataclass(frozen=True, slots=True)
class _Reference:
    """The input of the formats, with accessors for the metadata."""

    citation: Citation
    metadata: Metadata
    label: str
    index: int

    def values(self, *keys: str) -> list[str]:
        """Return the values of the first key that has any, each as one line."""
        for key in keys:
            value = self.metadata.get(key, ())
            several = [value] if isinstance(value, str | int | float) else value
            if lines := [line for one in several if (line := _line(str(one)))]:
                return lines
        return []

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
        for link in (self.value("url"), _line(self.citation.source)):
            if link.lower().startswith(("http://", "https://")):
                return _encoded(link)
        return ""

    @property
    def link_to_quote(self) -> str:
        return _encoded(_line(self.citation.links.get("source", ""))) or self.link

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
        if self.citation.pages is None:
            return ""
        first, last = self.citation.pages
        return str(first) if first == last else f"{first}{dash}{last}"

    @property
    def section(self) -> str:
        return " › ".join(filter(None, map(_line, self.citation.section)))

    def line(self) -> str:
        """Authors, title, section, pages, publisher and date."""
        pages = self.pages("–")
        place = ", ".join(filter(None, (self.section, f"p. {pages}" if pages else "")))
        published = ", ".join(filter(None, (self.value("publisher", "site"), self.date)))
        parts = ("; ".join(self.authors), _line(self.citation.title), place, published)
        return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts if part)


def _w3c_annotation(reference: _Reference) -> dict[str, object]:
    """Web Annotation Data Model, 3 and 4.2: the source is the stored text, to which the offsets refer."""
    citation = reference.citation
    target: dict[str, object] = {
        "type": "SpecificResource",
        "source": citation.links.get("text", citation.source),
        "selector": [_selector(one) for one in citation.selectors],
    }
    if reference.link:
        target["dcterms:source"] = {"id": reference.link}
    return {
        "@context": "http://www.w3.org/ns/anno.jsonld",
        "id": citation.links.get("citation", f"urn:loccit:{percent_encode(citation.locator)}"),
        "type": "Annotation",
        "motivation": "highlighting",
        "target": target,
    }


def _selector(selector: Selector) -> dict[str, object]:
    names = ("type", "start", "end", "exact", "prefix", "suffix")
    return {name: value for name in names if (value := getattr(selector, name)) is not None}


def _anthropic_search_result(reference: _Reference) -> dict[str, object]:
    """Messages API, content block ``search_result``: one text block, the unit of citation, per sentence."""
    citation = reference.citation
    quote = citation.quote
    spans = sentence_spans(quote, 0, len(quote)) or [(0, len(quote))]
    return {
        "type": "search_result",
        "source": reference.link_to_quote or citation.locator,
        "title": citation.title,
        "content": [{"type": "text", "text": quote[start:end]} for start, end in spans],
        "citations": {"enabled": True},
    }


def _anthropic_char_location(reference: _Reference) -> dict[str, object]:
    """Messages API, citation ``char_location``: offsets are code points, half open."""
    citation = reference.citation
    return {
        "type": "char_location",
        "cited_text": citation.quote,
        "document_index": reference.index,
        "document_title": citation.title,
        "start_char_index": citation.start,
        "end_char_index": citation.end,
    }


def _openai_file_citation(reference: _Reference) -> dict[str, object]:
    """Responses API, annotation ``file_citation``; ``quote`` and ``locator`` are our extensions."""
    citation = reference.citation
    return {
        "type": "file_citation",
        "index": reference.index,
        "file_id": citation.document_id,
        "filename": PurePosixPath(citation.document_id).name or citation.document_id,
        "quote": citation.quote,
        "locator": citation.locator,
    }


def _plain(reference: _Reference) -> str:
    """One line of plain text; white space in titles and names becomes single spaces."""
    return " ".join(
        filter(None, (reference.line(), reference.link_to_quote, f"[{reference.citation.locator}]"))
    )


def _markdown_footnote(reference: _Reference) -> str:
    """A footnote on one line, as GitHub, Pandoc and most others parse it; line ends become spaces."""
    label = re.sub(r"[\s\[\]^]+", "-", reference.label) or "1"
    quote, line, locator = (
        _MARKDOWN.sub(r"\\\g<0>", _line(text))
        for text in (reference.citation.quote, reference.line(), reference.citation.locator)
    )
    link = f"<{reference.link_to_quote}>" if reference.link_to_quote else ""
    return " ".join(filter(None, (f"[^{label}]: “{quote}” —", line, link, f"({locator})")))


def _csl_json(reference: _Reference) -> dict[str, object]:
    """An item of CSL-JSON 1.0.2. The locator is its note, the quote its annotation."""
    citation = reference.citation
    parts, date = reference.date_parts, reference.date
    values: dict[str, object] = {
        "id": citation.locator,
        "type": "webpage" if reference.link else "document",
        "title": reference.citation.title,
        "author": [_csl_name(name) for name in reference.authors],
        "issued": {"date-parts": [parts]} if parts else {"raw": date} if date else None,
        "publisher": reference.value("publisher"),
        "container-title": reference.value("site"),
        "section": reference.section,
        "page": reference.pages("-"),
        "DOI": reference.doi,
        "URL": reference.link,
        "language": reference.value("language"),
        "version": str(citation.version),
        "note": citation.locator,
        "annote": citation.quote,
    }
    return {key: value for key, value in values.items() if value}


def _csl_name(name: str) -> dict[str, str]:
    family, comma, given = (part.strip() for part in name.partition(","))
    return {"family": family, "given": given} if comma and family and given else {"literal": name}


def _bibtex(reference: _Reference) -> str:
    """A BibTeX entry in UTF-8. Not by a library: their output breaks if a quote has unbalanced braces."""
    citation, parts = reference.citation, reference.date_parts
    fields = {
        "author": " and ".join(_bibtex_name(name) for name in reference.authors),
        "title": f"{{{_latex(reference.citation.title)}}}",  # the second braces keep its capitals
        "publisher": _latex(reference.value("publisher", "site")),
        "year": str(parts[0]) if parts else _latex(reference.date),
        "pages": reference.pages("--"),
        "doi": _encoded(reference.doi),
        "url": reference.link,
        "language": _latex(reference.value("language")),
        "note": _latex(citation.locator),
        "annote": _latex(citation.quote),
    }
    slug = re.sub("[^A-Za-z0-9]+", "-", citation.document_id).strip("-")[:40] or "document"
    key = f"{slug}-{citation.text_sha256[:12]}-{citation.start}-{citation.end}"
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    if len(parts) > 1:
        lines.append(f"  month = {_MONTHS[parts[1] - 1]}")
    return f"@misc{{{key},\n" + ",\n".join(lines) + "\n}\n"


def _bibtex_name(name: str) -> str:
    latex = _latex(name)
    # Braces prevent BibTeX from splitting a name such as "Smith and Sons", or one with several commas.
    return f"{{{latex}}}" if name.count(",") > 1 or re.search(r"\band\b", name, re.IGNORECASE) else latex


def _latex(text: str) -> str:
    return text.translate(_LATEX)


def _encoded(link: str) -> str:
    """Percent-encode the characters that would end a link in Markdown and BibTeX."""
    return percent_encode(link, safe="!#$%&'()*+,-./:;=?@[]_~")


def _line(text: str) -> str:
    return " ".join(text.split())


_FORMATS: dict[Format, Callable[[_Reference], object]] = {
    "anthropic_char_location": _anthropic_char_location,
    "anthropic_search_result": _anthropic_search_result,
    "bibtex": _bibtex,
    "csl_json": _csl_json,
    "markdown_footnote": _markdown_footnote,
    "openai_file_citation": _openai_file_citation,
    "plain": _plain,
    "w3c_annotation": _w3c_annotation,
}
