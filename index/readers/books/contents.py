"""Read the tables of contents of e-books."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urldefrag

from lxml import etree

from index.readers.base.normalisation import one_line
from index.readers.base.package import resolve_path

_NCX = "{http://www.daisy.org/z3986/2005/ncx/}"
_OPS_TYPE = "{http://www.idpf.org/2007/ops}type"
_MAX_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a table of contents. ``fragment`` is an anchor in the chapter, ``level`` counts from 1."""

    title: str
    path: str
    fragment: str
    level: int


def navigation_entries(root: etree._Element, base: str) -> list[Entry]:
    """The entries of a navigation document (EPUB 3): those of the list whose type is ``toc``."""
    for element in root.iter("nav"):
        kinds = (element.get(_OPS_TYPE) or element.get("epub:type") or "").split()
        if "toc" in kinds:
            break
    else:
        return []
    entries: list[Entry] = []
    depth = 0
    for event, one in etree.iterwalk(element, events=("start", "end"), tag=("ol", "a")):
        if one.tag == "ol":
            depth += 1 if event == "start" else -1
        elif event == "start":
            entries.append(_entry("".join(one.itertext()), one.get("href", ""), base, depth))
    return _with_titles(entries)


def ncx_entries(root: etree._Element, base: str) -> list[Entry]:
    """The entries of an NCX navigation map (EPUB 2)."""
    entries: list[Entry] = []
    depth = 0
    for event, point in etree.iterwalk(root, events=("start", "end"), tag=_NCX + "navPoint"):
        if event == "end":
            depth -= 1
            continue
        depth += 1
        title = point.findtext(f"{_NCX}navLabel/{_NCX}text") or ""
        content = point.find(_NCX + "content")
        if content is not None:
            entries.append(_entry(title, content.get("src", ""), base, depth))
    return _with_titles(entries)


def _entry(title: str, href: str, base: str, level: int) -> Entry:
    path, fragment = urldefrag(href)
    return Entry(
        one_line(title), resolve_path(base, unquote(path)), unquote(fragment), min(max(level, 1), _MAX_LEVEL)
    )


def _with_titles(entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.title]
