"""Export a citation: W3C annotation, language model APIs, reference managers, plain text.

Each format is built from one :class:`index.answers.Citation` and the metadata of its document.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Literal, get_args
from urllib.parse import quote as percent_encode

from index.answers import Citation, Selector
from index.citations.bibliography import bibtex, csl_json
from index.citations.references import Reference, one_line
from index.provenance import Provenance
from index.text.sentences import sentence_spans

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

_MARKDOWN = re.compile(r"[\\`*_\[\]<>~|$^]|&(?=#?\w+;)")
"""What Markdown reads as markup; an ampersand only where it begins a reference to a character."""


def format_citation(
    citation: Citation,
    name: Format,
    *,
    provenance: Provenance,
    label: str = "1",
    index: int = 0,
    accessed: datetime.date | None = None,
) -> object:
    """Format a citation: as a str for ``bibtex``, ``markdown_footnote`` and ``plain``, else as a JSON dict.

    Uses these metadata fields if they are known: ``author`` or ``authors``, ``date``, ``published`` or
    ``year``, ``publisher``, ``site``, ``doi``, ``url`` and ``language``. What only the document says is
    marked as what it says of itself. ``label`` is the label of the footnote. ``index`` is the index of the
    document among those given to a language model (``anthropic_char_location``), or the position in the
    text of the answer (``openai_file_citation``).
    ``accessed`` is the day for ``urldate`` and ``accessed`` of reference managers. Absolute links of the
    citation to the service that made it identify a W3C annotation, and are the ``url`` of a document that
    has no other.
    """
    return _FORMATS[name](Reference(citation, provenance, label, index, accessed))


def _w3c_annotation(reference: Reference) -> dict[str, object]:
    """Web Annotation Data Model, 3 and 4.2: the source is the stored text, to which the offsets refer.

    Both ids are IRIs: those of the service where it has an absolute address, else URNs.
    """
    citation = reference.citation
    text = f"{citation.document_id}@{citation.text_sha256}"
    target: dict[str, object] = {
        "type": "SpecificResource",
        "source": reference.own_link("text") or _urn(text),
        "selector": [_selector(one) for one in citation.selectors],
    }
    if reference.link:
        target["dcterms:source"] = {"id": reference.link}
    return {
        "@context": "http://www.w3.org/ns/anno.jsonld",
        "id": reference.own_link("citation") or _urn(citation.locator),
        "type": "Annotation",
        "motivation": "highlighting",
        "target": target,
    }


def _urn(name: str) -> str:
    return f"urn:loccit:{percent_encode(name)}"


def _selector(selector: Selector) -> dict[str, object]:
    names = ("type", "start", "end", "exact", "prefix", "suffix")
    return {name: value for name in names if (value := getattr(selector, name)) is not None}


def block_spans(quote: str) -> list[tuple[int, int]]:
    """The sentences of a quote, each a text block of ``anthropic_search_result``: the unit of citation."""
    return list(sentence_spans(quote, 0, len(quote))) or [(0, len(quote))]


def _anthropic_search_result(reference: Reference) -> dict[str, object]:
    """Messages API, content block ``search_result``: one text block, the unit of citation, per sentence."""
    citation = reference.citation
    quote = citation.quote
    return {
        "type": "search_result",
        "source": reference.link_to_quote or citation.locator,
        "title": citation.title,
        "content": [{"type": "text", "text": quote[start:end]} for start, end in block_spans(quote)],
        "citations": {"enabled": True},
    }


def _anthropic_char_location(reference: Reference) -> dict[str, object]:
    """Messages API, citation ``char_location``: offsets are code points, half open."""
    citation = reference.citation
    return {
        "type": "char_location",
        "cited_text": citation.quote,
        "document_index": reference.index,
        "document_title": citation.title,
        "start_char_index": citation.start,
        "end_char_index": citation.end,
        "file_id": None,
    }


def _openai_file_citation(reference: Reference) -> dict[str, object]:
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


def _plain(reference: Reference) -> str:
    """One line of plain text; white space in titles and names becomes single spaces."""
    return " ".join(
        filter(None, (reference.summary(), reference.page_of_quote, f"[{reference.citation.locator}]"))
    )


def _markdown_footnote(reference: Reference) -> str:
    """A footnote on one line, as GitHub, Pandoc and most others parse it; line ends become spaces."""
    label = re.sub(r"[\s\[\]^]+", "-", reference.label) or "1"
    quote, line, locator = (
        _MARKDOWN.sub(r"\\\g<0>", one_line(text))
        for text in (reference.citation.quote, reference.summary(), reference.citation.locator)
    )
    link = f"<{reference.page_of_quote}>" if reference.page_of_quote else ""
    return " ".join(filter(None, (f"[^{label}]: “{quote}” —", line, link, f"({locator})")))


_FORMATS: dict[Format, Callable[[Reference], object]] = {
    "anthropic_char_location": _anthropic_char_location,
    "anthropic_search_result": _anthropic_search_result,
    "bibtex": bibtex,
    "csl_json": csl_json,
    "markdown_footnote": _markdown_footnote,
    "openai_file_citation": _openai_file_citation,
    "plain": _plain,
    "w3c_annotation": _w3c_annotation,
}
