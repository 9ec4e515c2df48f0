"""Parse the chapters of e-books to HTML trees, and add the headings that the table of contents has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.entities import html5
from typing import cast

from lxml.html import HtmlElement

from index.errors import CorruptDocument
from index.readers.base.builder import Draft
from index.readers.base.charsets import declared_charset
from index.readers.base.normalisation import decode, normalise
from index.readers.base.package import parse_xml
from index.readers.books.contents import Entry
from index.readers.html.tree import parse_html

_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_ENTITY = re.compile(r"&([A-Za-z]\w{1,31};)")
_XML_ENTITIES = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})
_MAX_TITLE = 2000
"""Characters of an element, white space included, that are compared with a title."""
_PARAGRAPHS = frozenset({"p", "div"})


def chapter_tree(data: bytes, *, name: str, part: str) -> HtmlElement | None:
    """Parse a chapter; None if it has no text.

    By its standard a chapter is XML, where ``<title/>`` is an empty element; an HTML parser would put
    everything after it into the title. Chapters that are not well-formed XML are parsed as HTML.
    """
    text = _DECLARATION.sub("", decode(data, name=name, charset=declared_charset(data)))
    # Named entities are defined in an external file, which is not loaded.
    text = _ENTITY.sub(_expand_entity, normalise(text, name=name))
    try:
        root = parse_xml(text.encode(), name=name, part=part)
    except CorruptDocument:
        return parse_html(text, name=name)
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
    return cast("HtmlElement", root)


def mark_headings(root: HtmlElement, entries: Sequence[Entry]) -> None:
    """Make headings of the paragraphs that the table of contents points to and quotes."""
    wanted = {entry.fragment: entry for entry in entries if entry.fragment}
    texts: dict[HtmlElement, str] = {}
    for element in list(root.iter()) if wanted else ():
        entry = wanted.pop(element.get("id") or "", None)
        if entry is None:
            continue
        # The target may be an anchor inside the paragraph.
        paragraph = element if element.tag in _PARAGRAPHS else next(element.iterancestors(*_PARAGRAPHS), None)
        if paragraph is None:
            continue
        # Many targets may be in one paragraph: read its text only once.
        if paragraph not in texts:
            texts[paragraph] = _beginning(paragraph)
        if _is_title(texts[paragraph], entry.title):
            paragraph.tag = f"h{entry.level}"


def add_chapter_title(drafts: Sequence[Draft], entries: Sequence[Entry]) -> list[Draft]:
    """The blocks of a chapter, below its title from the table of contents if it has no heading itself."""
    if not drafts or not entries:
        return list(drafts)
    first = entries[0]
    headings = [draft for draft in drafts if draft.kind == "heading"]
    if drafts[0].kind == "heading" or any(_is_title(draft.text, first.title) for draft in headings):
        return list(drafts)
    if _is_title(drafts[0].text, first.title):
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


def _is_title(text: str, title: str) -> bool:
    return " ".join(text.split()).casefold() == title.casefold()


def _expand_entity(match: re.Match[str]) -> str:
    return match[0] if match[1] in _XML_ENTITIES else html5.get(match[1], match[0])
