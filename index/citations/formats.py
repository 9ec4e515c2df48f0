"""Export a citation: W3C annotation, language model APIs, reference managers, plain text.

Each format is built from one :class:`index.answers.Citation` and the metadata of its document.
"""

import datetime
import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Literal, get_args
from urllib.parse import quote as percent_encode

from index.answers import Citation, Selector
from index.citations.references import News, Reference, encode_link, one_line
from index.provenance import Provenance
from index.text.months import MONTHS
from index.text.sentences import sentence_spans

# Citations for reference managers: CSL-JSON and BibTeX.


_MONTHS = [month[:3].lower() for month in MONTHS]
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


def csl_json(reference: Reference) -> dict[str, object]:
    """An item of CSL-JSON 1.0.2. The locator is its note, the quote its annotation, the file its source.

    The page is the number that it bears. What only the document says of itself, and the place of such a page
    in the file, are in ``custom``, which the schema leaves to applications.
    """
    citation = reference.citation
    parts, date, accessed = reference.date_parts, reference.date, reference.accessed
    address = reference.address
    values: dict[str, object] = {
        "id": citation.locator,
        "type": "webpage" if reference.link else "document",
        "title": one_line(reference.citation.title),
        "author": [_csl_name(name) for name in reference.authors],
        "issued": {"date-parts": [parts]} if parts else {"raw": date} if date else None,
        "publisher": reference.value("publisher"),
        "container-title": reference.value("site"),
        "section": reference.section,
        "page": reference.pages("-"),
        "DOI": reference.doi,
        "URL": address,
        "accessed": {"date-parts": [[accessed.year, accessed.month, accessed.day]]}
        if accessed and address
        else None,
        "source": reference.file,
        "language": reference.value("language"),
        "version": str(citation.version),
        "note": citation.locator,
        "annote": citation.quote,
        "custom": _custom(reference),
    }
    return {key: value for key, value in values.items() if value}


def _custom(reference: Reference) -> dict[str, object]:
    values = {"says_of_itself": reference.claims, "file_page": reference.file_pages("-")}
    return {key: value for key, value in values.items() if value}


def _csl_name(name: str) -> dict[str, str]:
    family, comma, given = (part.strip() for part in name.partition(","))
    return {"family": family, "given": given} if comma and family and given else {"literal": name}


def bibtex(reference: Reference) -> str:
    """A BibTeX entry in UTF-8. Not by a library: their output breaks if a quote has unbalanced braces."""
    citation, parts, address = reference.citation, reference.date_parts, reference.address
    fields = {
        "author": " and ".join(_bibtex_name(name) for name in reference.authors),
        "title": f"{{{_latex(reference.citation.title)}}}",  # the second braces keep its capitals
        "publisher": _latex(reference.publisher),
        "year": str(parts[0]) if parts else _latex(reference.date),
        "pages": _latex(reference.pages("--")),
        "doi": encode_link(reference.doi),
        "url": address,
        "urldate": reference.accessed.isoformat() if reference.accessed and address else "",
        "file": _file(reference.file),
        "language": _latex(reference.value("language")),
        "note": _latex(citation.locator),
        "annote": _latex(citation.quote),
        # Fields that styles do not know, and so do not print as those of the source.
        "filepages": reference.file_pages("--"),
        "saysofitself": _latex("; ".join(f"{key}: {value}" for key, value in reference.claims.items())),
    }
    slug = re.sub("[^A-Za-z0-9]+", "-", citation.document_id).strip("-")[:40] or "document"
    key = f"{slug}-{citation.text_sha256[:12]}-{citation.start}-{citation.end}"
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    if len(parts) > 1:
        lines.append(f"  month = {_MONTHS[parts[1] - 1]}")
    return f"@misc{{{key},\n" + ",\n".join(lines) + "\n}\n"


def _bibtex_name(name: str) -> str:
    latex = _latex(name)
    # Braces prevent BibTeX from splitting a name such as "Smith and Sons", or one with several commas, and
    # from reading "others" as more authors.
    is_whole = name.count(",") > 1 or re.search(r"\band\b|^others$", name, re.IGNORECASE)
    return f"{{{latex}}}" if is_whole else latex


def _latex(text: str) -> str:
    # On one line: some programs begin an entry wherever a line begins with @, inside braces, too.
    return one_line(text).translate(_LATEX)


def _file(name: str) -> str:
    """The name of a file. A colon or a semicolon would divide it into title, path and type, or into files."""
    return _latex(re.sub("[:;]", "-", name))


def ris(reference: Reference) -> str:
    """A record of RIS, which EndNote, Mendeley and Zotero read: a line for each value, in UTF-8."""
    citation, address, file_pages = reference.citation, reference.address, reference.file_pages("-")
    pages = citation.printed_pages or citation.pages or ("", "")
    claims = "; ".join(f"{key} {value}" for key, value in reference.claims.items())
    day = "/".join(f"{part:02}" for part in reference.date_parts)
    values: list[tuple[str, str]] = [
        ("TY", "ELEC" if reference.link else "GEN"),
        ("ID", citation.locator),
        ("TI", citation.title),
        *(("AU", name) for name in reference.authors),
        ("PB", reference.publisher),
        ("PY", day[:4] or reference.date),
        ("DA", day),
        ("SP", str(pages[0])),
        ("EP", str(pages[1])),
        ("DO", reference.doi),
        ("UR", address),
        ("Y2", f"{reference.accessed:%Y/%m/%d}" if reference.accessed and address else ""),
        ("L1", reference.file),
        ("LA", reference.value("language")),
        ("N1", f"{citation.locator} (p. {file_pages} of the file)" if file_pages else citation.locator),
        ("N1", f"Says of itself: {claims}" if claims else ""),
        ("AB", citation.quote),
    ]
    lines = [f"{tag}  - {line}" for tag, value in values if (line := one_line(value))]
    return "\n".join([*lines, "ER  - ", ""])


Format = Literal[
    "anthropic_char_location",
    "anthropic_search_result",
    "bibtex",
    "csl_json",
    "markdown_footnote",
    "openai_file_citation",
    "plain",
    "ris",
    "w3c_annotation",
]
FORMATS: tuple[Format, ...] = get_args(Format)
"""The names of the formats."""

_MARKDOWN = re.compile(r"[\\`*_\[\]<>~|$^]|&(?=#?\w+;)")
"""What Markdown reads as markup; an ampersand only where it begins a reference to a character."""


def format_citation(  # noqa: PLR0913 -- what the formats say
    citation: Citation,
    name: Format,
    *,
    provenance: Provenance,
    label: str = "1",
    index: int = 0,
    accessed: datetime.date | None = None,
    news: News | None = None,
) -> object:
    """Format a citation: as a str for ``bibtex``, ``markdown_footnote``, ``plain`` and ``ris``, else as JSON.

    Uses these metadata fields if they are known: ``author`` or ``authors``, ``date``, ``published`` or
    ``year``, ``publisher``, ``site``, ``doi``, ``url`` and ``language``. What only the document says is
    marked as what it says of itself. ``label`` is the label of the footnote. ``index`` is the index of the
    document among those given to a language model (``anthropic_char_location``), or the position in the
    text of the answer (``openai_file_citation``).
    ``accessed`` is the day for ``urldate`` and ``accessed`` of reference managers. Absolute links of the
    citation to the service that made it identify a W3C annotation, and are the ``url`` of a document that
    has no other. ``news`` is what became of the citation, which the formats of the W3C, Anthropic and OpenAI
    carry.
    """
    return _FORMATS[name](Reference(citation, provenance, label, index, accessed, news))


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
        **_assessment(reference.news),
        "target": target,
    }


def _assessment(news: News | None) -> dict[str, object]:
    """The body of an annotation that says what became of the quote."""
    if news is None:
        return {}
    value = "; ".join(filter(None, (news.status, news.words)))
    body: dict[str, object] = {"type": "TextualBody", "purpose": "assessing", "value": value}
    replacing = [_urn(one) for one in filter(None, (news.locator, *news.superseded_by))]
    if news.status != "current" or news.superseded_by:
        body["dcterms:isReplacedBy"] = [{"id": one} for one in replacing]
    return {"body": body}


def _urn(name: str) -> str:
    return f"urn:loccit:{percent_encode(name)}"


def _selector(selector: Selector) -> dict[str, object]:
    names = ("type", "start", "end", "exact", "prefix", "suffix")
    return {name: value for name in names if (value := getattr(selector, name)) is not None}


def block_spans(quote: str) -> list[tuple[int, int]]:
    """The sentences of a quote, each a text block of ``anthropic_search_result``: the unit of citation."""
    return list(sentence_spans(quote, 0, len(quote))) or [(0, len(quote))]


def _title_with_news(reference: Reference) -> str:
    """The title, and what became of the quote: these shapes have no field for it, and take none besides."""
    words = reference.news.words if reference.news else ""
    return f"{reference.citation.title} ({words})" if words else reference.citation.title


def _anthropic_search_result(reference: Reference) -> dict[str, object]:
    """Messages API, content block ``search_result``: one text block, the unit of citation, per sentence."""
    citation = reference.citation
    quote = citation.quote
    return {
        "type": "search_result",
        "source": reference.link_to_quote or citation.locator,
        "title": _title_with_news(reference),
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
        "document_title": _title_with_news(reference),
        "start_char_index": citation.start,
        "end_char_index": citation.end,
        "file_id": None,
    }


def _openai_file_citation(reference: Reference) -> dict[str, object]:
    """Responses API, annotation ``file_citation``; ``quote``, ``locator`` and ``standing`` are our own."""
    citation = reference.citation
    return {
        "type": "file_citation",
        "index": reference.index,
        "file_id": citation.document_id,
        "filename": PurePosixPath(citation.document_id).name or citation.document_id,
        "quote": citation.quote,
        "locator": citation.locator,
        **({"standing": _standing(reference.news)} if reference.news else {}),
    }


def _standing(news: News) -> dict[str, object]:
    return {
        "status": news.status,
        "version": news.version,
        "locator": news.locator,
        "superseded_by": list(news.superseded_by),
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
    "ris": ris,
    "w3c_annotation": _w3c_annotation,
}
