"""The chapters of electronic books: trees of elements as HTML has them, and headings for their parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.entities import html5
from typing import cast

from lxml.html import HtmlElement

from index.errors import CorruptDocument
from index.readers.builder import Draft
from index.readers.charsets import declared_charset
from index.readers.epub_contents import Entry
from index.readers.html_tree import parse
from index.readers.normalisation import decode, normalise
from index.readers.package import parse_xml

_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_ENTITY = re.compile(r"&([A-Za-z]\w{1,31};)")
_XML_ENTITIES = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})
_MAX_TITLE = 2000
"""No title is longer, with all its white space."""
_PARAGRAPHS = frozenset({"p", "div"})


def chapter_tree(data: bytes, *, name: str, part: str) -> HtmlElement | None:
    """The tree of a chapter; None for one without text.

    A chapter is XML by its standard, where ``<title/>`` is an empty element; to HTML, all that follows
    would be in it. Chapters that are not well formed are read as HTML.
    """
    text = _DECLARATION.sub("", decode(data, name=name, charset=declared_charset(data)))
    # The names of characters are defined in a file that is not read.
    text = _ENTITY.sub(_character, normalise(text, name=name))
    try:
        root = parse_xml(text.encode(), name=name, part=part)
    except CorruptDocument:
        return parse(text, name=name)
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
    return cast("HtmlElement", root)


def promote(root: HtmlElement, entries: Sequence[Entry]) -> None:
    """Make headings of paragraphs that the table of contents points to by their very words."""
    wanted = {entry.fragment: entry for entry in entries if entry.fragment}
    texts: dict[HtmlElement, str] = {}
    for element in list(root.iter()) if wanted else ():
        entry = wanted.pop(element.get("id") or "", None)
        if entry is None:
            continue
        # The place may be marked by an anchor in the paragraph.
        paragraph = element if element.tag in _PARAGRAPHS else next(element.iterancestors(*_PARAGRAPHS), None)
        if paragraph is None:
            continue
        # Once for each, for many places may be in one.
        if paragraph not in texts:
            texts[paragraph] = _beginning(paragraph)
        if _same(texts[paragraph], entry.title):
            paragraph.tag = f"h{entry.level}"


def settle_headings(drafts: Sequence[Draft], entries: Sequence[Entry]) -> list[Draft]:
    """The blocks of a chapter, under its title in the table of contents if it has no heading of its own."""
    if not drafts or not entries:
        return list(drafts)
    first = entries[0]
    headings = [draft for draft in drafts if draft.kind == "heading"]
    if drafts[0].kind == "heading" or any(_same(draft.text, first.title) for draft in headings):
        return list(drafts)
    if _same(drafts[0].text, first.title):
        return [Draft("heading", first.title, first.level), *drafts[1:]]
    return [Draft("heading", first.title, first.level), *drafts]


def _beginning(element: HtmlElement) -> str:
    parts, size = [], 0
    for text in element.itertext():
        parts.append(text)
        size += len(text)
        if size > _MAX_TITLE:
            break
    return "".join(parts)


def _same(text: str, title: str) -> bool:
    return " ".join(text.split()).casefold() == title.casefold()


def _character(match: re.Match[str]) -> str:
    return match[0] if match[1] in _XML_ENTITIES else html5.get(match[1], match[0])
