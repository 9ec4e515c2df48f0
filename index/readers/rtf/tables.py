"""The tables at the start of an RTF file: fonts, styles, and document information."""

import re
from dataclasses import dataclass, field

from index.readers.base.normalisation import one_line
from index.readers.rtf.tokens import CODE_PAGES

_HEADING = re.compile(r"(?:heading|überschrift|titre|título|titolo|标题|標題|見出し) ?([1-9])\Z")
_CONTENTS = re.compile(r"(?:toc|contents) ?(?:[1-9]|heading)\Z")
_BODY = 9
"""The outline level of body text: such paragraphs are no headings."""
_LEVELS = 6
_DATES = ("revtim", "creatim")
_PARTS = ("yr", "mo", "dy")
_NAMES = {"author": "author", "doccomm": "description", "keywords": "keywords"}


@dataclass(slots=True)
class Fonts:
    """The encodings of fonts, by their numbers."""

    current: int = -1
    codecs: dict[int, str] = field(default_factory=dict)
    symbols: set[int] = field(default_factory=set)
    """The fonts whose letters are Greek."""

    def take(self, word: str, number: int) -> None:
        """Process a control word of the font table."""
        if word == "f":
            self.current = number
        elif word == "fcharset" and CODE_PAGES.get(number):
            self.codecs[self.current] = CODE_PAGES[number]

    def take_name(self, text: str) -> None:
        """Process a piece of a font's name."""
        if text.strip().startswith("Symbol"):
            self.symbols.add(self.current)


@dataclass(slots=True)
class Styles:
    """The names of paragraph styles and their outline levels, by their numbers."""

    number: int = 0
    outline: int | None = None
    name: list[str] = field(default_factory=list)
    _levels: dict[int, int] = field(default_factory=dict)
    _contents: set[int] = field(default_factory=set)

    def take(self, word: str, number: int) -> None:
        """Process a control word of the style sheet."""
        if word == "s":
            self.number = number
        elif word == "outlinelevel":
            self.outline = number

    def end(self) -> None:
        """Record a style at the end of its group."""
        name = "".join(self.name).strip().rstrip(";").lower()
        if name:
            match = _HEADING.match(name)
            if self.outline is not None:
                self._levels[self.number] = heading_level(self.outline)
            elif match or name == "title":
                self._levels[self.number] = min(int(match[1]), _LEVELS) if match else 1
            if _CONTENTS.match(name):
                self._contents.add(self.number)
        self.number, self.outline, self.name = 0, None, []

    def level(self, style: int) -> int:
        """The heading level of a style; 0 if it is not for headings."""
        return self._levels.get(style, 0)

    def is_contents(self, style: int) -> bool:
        """Whether a style is for the lines of a table of contents."""
        return style in self._contents


@dataclass(slots=True)
class Information:
    """Document information, such as title and author."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    dates: dict[str, dict[str, int]] = field(default_factory=dict)

    def take(self, key: str, word: str, number: int) -> None:
        """Process a control word of the group ``key``."""
        if word in _PARTS and key in _DATES:
            self.dates.setdefault(key, {})[word] = number

    def properties(self) -> tuple[str, dict[str, str]]:
        """The title, and other metadata."""
        found = {key: one_line("".join(texts)) for key, texts in self.texts.items()}
        metadata = {name: found[key] for key, name in _NAMES.items() if found.get(key)}
        for key in _DATES:
            date = self.dates.get(key, {})
            year, month, day = (date.get(part, 0) for part in _PARTS)
            if 0 < year <= 9999 and 0 < month <= 12 and 0 < day <= 31:
                metadata["date"] = f"{year:04}-{month:02}-{day:02}"
                break
        return found.get("title", ""), metadata


def heading_level(outline: int) -> int:
    """The heading level for an outline level, which counts from 0; 0 for body text."""
    return min(outline + 1, _LEVELS) if 0 <= outline < _BODY else 0
