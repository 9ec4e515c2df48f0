"""Read the paragraph styles of a Word document: which ones are headings, and which ones have numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from index.readers.base.ooxml import parse_integer

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
VAL = W + "val"

_HEADING = re.compile(
    r"(?:heading|überschrift|titre|título|titolo|titlu|kop|rubrik|overskrift|otsikko|nadpis|nagłówek|naslov|"
    r"címsor|başlık|заголовок|επικεφαλίδα|標題|标题|見出し|제목)\s*([1-9])\Z"
)
"""Names of heading styles. Word itself writes the English names, whatever its language."""
_CONTENTS = re.compile(r"(?:toc [1-9]|toc heading|table of figures)\Z")
_MAX_CHAIN = 32
_BODY = 9
"""The outline level of body text: such paragraphs are no headings."""
_LEVELS = 6


@dataclass(frozen=True, slots=True)
class _Style:
    name: str
    parent: str
    outline: int | None
    number: tuple[str, int] | None


class Styles:
    """The styles part of a document; ``root`` is None for files without one."""

    def __init__(self, root: etree._Element | None) -> None:
        self._styles: dict[str, _Style] = {}
        self.default = ""
        for element in () if root is None else root.iterchildren(W + "style"):
            if element.get(W + "type", "paragraph") != "paragraph":
                continue
            key = element.get(W + "styleId", "")
            properties = element.find(W + "pPr")
            self._styles[key] = _Style(
                _value(element, "name").lower(),
                _value(element, "basedOn"),
                outline_level(properties),
                number(properties),
            )
            if element.get(W + "default") in ("1", "true", "on"):
                self.default = key

    def level(self, properties: etree._Element | None, style: str) -> int:
        """The heading level, 1 to 6, of a paragraph with these properties and style; 0 for body text."""
        own = outline_level(properties)
        if own is not None:
            return 0 if own >= _BODY else min(own + 1, _LEVELS)
        for one in self._chain(style):
            if one.outline is not None:
                return 0 if one.outline >= _BODY else min(one.outline + 1, _LEVELS)
            if one.name == "title":
                return 1
            if match := _HEADING.match(one.name):
                return min(int(match[1]), _LEVELS)
        return 0

    def number(self, properties: etree._Element | None, style: str) -> tuple[str, int] | None:
        """The list of a paragraph and its level in it, from 0; None if it is in no list."""
        own = number(properties)
        for one in self._chain(style) if own is None or not own[0] else ():
            if one.number is not None:
                own = (one.number[0], own[1] if own else one.number[1])
                break
        return own if own and own[0] not in ("", "0") else None

    def is_title(self, style: str) -> bool:
        """Whether the style is for the document's title."""
        return any(one.name == "title" for one in self._chain(style))

    def is_contents(self, style: str) -> bool:
        """Whether the style is for the lines of a table of contents."""
        return any(_CONTENTS.match(one.name) for one in self._chain(style))

    def _chain(self, style: str) -> Iterator[_Style]:
        """The style and those it is based on; limited, because they may form a cycle in a damaged file."""
        for _ in range(_MAX_CHAIN):
            found = self._styles.get(style)
            if found is None:
                return
            yield found
            style = found.parent


def outline_level(properties: etree._Element | None) -> int | None:
    """The outline level in paragraph properties, from 0."""
    found = None if properties is None else properties.find(W + "outlineLvl")
    return None if found is None else parse_integer(found.get(VAL), _BODY)


def number(properties: etree._Element | None) -> tuple[str, int] | None:
    """The list and level in paragraph properties; the list is empty if the style defines it."""
    found = None if properties is None else properties.find(W + "numPr")
    if found is None:
        return None
    return _value(found, "numId"), parse_integer(_value(found, "ilvl"))


def _value(element: etree._Element, tag: str) -> str:
    child = element.find(W + tag)
    return "" if child is None else child.get(VAL, "")
