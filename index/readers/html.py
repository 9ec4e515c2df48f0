"""HTML pages: what a page says, without the navigation and advertisements around it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import trafilatura
from lxml import etree
from lxml.html import HtmlElement
from trafilatura.metadata import extract_metadata

from index.errors import EmptyDocument
from index.readers.builder import BlockBuilder, Draft, assemble
from index.readers.charsets import declared_charset
from index.readers.html_blocks import PageBlock, walk
from index.readers.html_content import content_blocks, seen_blocks, shows
from index.readers.html_tree import parse
from index.readers.normalisation import decode, normalise, one_line
from index.types import Extract

READER = "html/2"
MEDIA_TYPE = "text/html"

_MAX_ELEMENTS = 25_000
_MAX_WEIGHT = 50_000_000
"""trafilatura takes time quadratic in the number of a page's elements, and in proportion to its text
times its depth: half a minute for 100,000 elements. Pages beyond these limits are manuals and tables
rather than articles, and are read whole but for what they mark as navigation."""
_MIN_SHARE = 0.5
"""How much of what trafilatura found must be on the page as it is seen, by length."""

_LOG = logging.getLogger(__name__)

# It reports as errors what is handled here: pages without content, which are read whole.
for _name in ("trafilatura", "htmldate"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


def read_html(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """The main content of a page, with its headings, lists, tables and code."""
    html = normalise(decode(data, name=name, charset=charset or declared_charset(data)), name=name)
    root = parse(html, name=name)
    blocks = [] if root is None else walk(root)
    if root is None or not blocks:
        raise EmptyDocument(f"{name}: the page shows no text. If a script writes it, save the page as shown.")
    found = _metadata(root)
    drafts = _content(root, blocks)
    return assemble(
        drafts,
        name=name,
        media_type=MEDIA_TYPE,
        reader=READER,
        title=_title(root, found.pop("title", ""), drafts),
        metadata=found,
    )


def _content(root: HtmlElement, blocks: list[PageBlock]) -> list[Draft]:
    witness = _main_text(root)
    if not witness.strip():
        return [block.draft for block in seen_blocks(blocks)]
    chosen = content_blocks(blocks, witness)
    if sum(len(block.draft.text) for block in chosen) >= _MIN_SHARE * len(" ".join(witness.split())):
        return [block.draft for block in chosen]
    if not shows(blocks, witness):
        # A script would write the page from data embedded in it, where trafilatura finds the text.
        builder = BlockBuilder()
        for line in witness.split("\n"):
            builder.paragraph(line)
        return builder.drafts
    return [block.draft for block in seen_blocks(blocks)]


def _main_text(root: HtmlElement) -> str:
    """The page's main text as trafilatura finds it, empty if it finds none.

    It is asked to favour recall: on documentation pages it then finds 95 % of the text rather than
    92 %, and at least 92 % of each chapter rather than 59 %.
    """
    if _is_heavy(root):
        return ""
    for cell in root.iter("td", "th"):
        # It would fill in cells for these, a hundred times a hundred for each.
        for span in ("colspan", "rowspan"):
            cell.attrib.pop(span, None)
    try:
        found = trafilatura.bare_extraction(root, favor_recall=True, include_comments=False)
    except Exception as error:  # whatever it stumbles on, the page is still read
        _LOG.info("No main content found, the whole page is read: %r", error)
        return ""
    text = getattr(found, "text", None)
    return text if isinstance(text, str) else ""


def _is_heavy(root: HtmlElement) -> bool:
    elements = depth = weight = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        depth += 1
        elements += 1
        weight += depth * (50 + len(element.text or "") + len(element.tail or ""))
        if elements > _MAX_ELEMENTS or weight > _MAX_WEIGHT:
            return True
    return False


def _metadata(root: HtmlElement) -> dict[str, str]:
    """What the page says about itself, and its title."""
    try:
        # Not extensive: that search guesses dates from any number on the page.
        found = extract_metadata(root, extensive=False).as_dict()
    except Exception as error:  # metadata are a courtesy, never a reason to refuse a page
        _LOG.info("No metadata found: %r", error)
        found = {}
    named = {
        "title": found.get("title"),
        "author": found.get("author"),
        "date": found.get("date"),
        "description": found.get("description"),
        "language": root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang"),
        "site": found.get("sitename"),
    }
    lines = ((key, one_line(value)) for key, value in named.items() if isinstance(value, str))
    return {key: line for key, line in lines if line}


def _title(root: HtmlElement, found: str, drafts: Sequence[Draft]) -> str:
    """The title without the site's name, where a main heading shows what that is."""
    headings = [draft.text for draft in drafts if draft.kind == "heading" and draft.level == 1]
    for heading in headings:
        if heading.casefold() in found.casefold():
            return heading
    elements = (one_line("".join(element.itertext())) for element in root.iter("title", "h1"))
    return found or next(filter(None, elements), "")
