"""Citations for reference managers: CSL-JSON and BibTeX."""

from __future__ import annotations

import re

from index.citations.references import Reference, encode_link, one_line
from index.text.months import MONTHS

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

    What only the document says of itself is in ``custom``, which the schema leaves to applications.
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
        "custom": {"says_of_itself": reference.claims} if reference.claims else None,
    }
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
        "pages": reference.pages("--"),
        "doi": encode_link(reference.doi),
        "url": address,
        "urldate": reference.accessed.isoformat() if reference.accessed and address else "",
        "file": _file(reference.file),
        "language": _latex(reference.value("language")),
        "note": _latex(citation.locator),
        "annote": _latex(citation.quote),
        # A field that styles do not know, and so do not print as that of the source.
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
