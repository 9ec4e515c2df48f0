"""Generate the numbers and bullets that Word shows before paragraphs; they are not stored as text.

ECMA-376 part 1, 17.9. As in Word, all lists of one definition share their counters.
"""

import re
from dataclasses import dataclass, field

from lxml import etree

from index.readers.base.ooxml import parse_integer

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_VAL = _W + "val"
_PLACE = re.compile("%([1-9])")
_MAX_LABEL = 64
_LEVELS = 9
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"),
    (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_HAN = "〇一二三四五六七八九"
_HAN_UNITS = ((1000, "千"), (100, "百"), (10, "十"))
_HAN_FORMATS = frozenset(
    "chineseCounting chineseCountingThousand japaneseCounting taiwaneseCounting "
    "taiwaneseCountingThousand".split()
)


@dataclass(frozen=True, slots=True)
class _Level:
    start: int = 1
    format: str = "decimal"
    label: str = ""
    restarts: bool = True
    decimal: bool = False
    """Whether the numbers of higher levels are shown as decimal numbers, too."""


@dataclass(slots=True)
class _List:
    """A numbering instance: its definition, and what it overrides."""

    definition: str
    levels: dict[int, _Level]
    starts: dict[int, int] = field(default_factory=dict)


class Numbering:
    """The numbering part of a document; ``root`` is None for files without one."""

    def __init__(self, root: etree._Element | None) -> None:
        self._lists: dict[str, _List] = {}
        self._counters: dict[str, dict[int, int]] = {}
        if root is None:
            return
        definitions = {
            one.get(_W + "abstractNumId", ""): one for one in root.iterchildren(_W + "abstractNum")
        }
        linked = {_value(one, "styleLink"): key for key, one in definitions.items()}
        levels = {key: _levels(one) for key, one in definitions.items()}
        for element in root.iterchildren(_W + "num"):
            key = _value(element, "abstractNumId")
            link = _value(definitions[key], "numStyleLink") if key in definitions else ""
            key = linked.get(link, key) if link else key
            entry = _List(key, dict(levels.get(key, {})))
            for override in element.iterchildren(_W + "lvlOverride"):
                at = parse_integer(override.get(_W + "ilvl"))
                entry.levels |= _levels(override)
                start = override.find(_W + "startOverride")
                if start is not None:
                    entry.starts[at] = parse_integer(start.get(_VAL), 1)
            self._lists[element.get(_W + "numId", "")] = entry

    def mark(self, number: str, level: int) -> str:
        """Count a paragraph of list ``number``; returns its marker: a number, ``-`` for bullets, or empty."""
        found = self._lists.get(number)
        if found is None or level not in found.levels:
            return ""
        shown = found.levels[level]
        counters = self._counters.setdefault(found.definition, {})
        if level in found.starts:
            counters[level] = found.starts.pop(level) - 1
        counters[level] = counters.get(level, shown.start - 1) + 1
        for deeper in [one for one in counters if one > level]:
            if found.levels.get(deeper, shown).restarts:
                del counters[deeper]
        if shown.format == "bullet":
            return "-"

        def number_at(place: re.Match[str]) -> str:
            at = int(place[1]) - 1
            one = found.levels.get(at, shown)
            return format_list_number(counters.get(at, one.start), "decimal" if shown.decimal else one.format)

        return _PLACE.sub(number_at, shown.label).strip()


def format_list_number(number: int, kind: str) -> str:
    """Format a number in one of the formats of ECMA-376 part 1, 17.18.59; decimal for unsupported ones."""
    text = str(number)
    if kind == "none":
        text = ""
    elif kind == "decimalZero":
        text = f"{number:02}"
    elif kind in _HAN_FORMATS and 0 < number < 10_000:
        text = _han(number)
    elif kind in ("lowerRoman", "upperRoman") and 0 < number < 4000:
        text = _roman(number)
    elif kind in ("lowerLetter", "upperLetter") and 0 < number <= 780:
        text = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
    elif kind == "decimalEnclosedCircle" and 0 < number <= 20:
        text = chr(0x2460 + number - 1)
    return text.upper() if kind.startswith("upper") else text


def _levels(parent: etree._Element) -> dict[int, _Level]:
    return {
        parse_integer(element.get(_W + "ilvl")): _Level(
            start=parse_integer(_value(element, "start"), 1),
            format=_value(element, "numFmt") or "decimal",
            label=_value(element, "lvlText")[:_MAX_LABEL],
            restarts=_value(element, "lvlRestart") != "0",
            decimal=element.find(_W + "isLgl") is not None,
        )
        for element in parent.iterchildren(_W + "lvl")
        if 0 <= parse_integer(element.get(_W + "ilvl")) < _LEVELS
    }


def _value(element: etree._Element, tag: str) -> str:
    child = element.find(_W + tag)
    return "" if child is None else child.get(_VAL, "")


def _roman(number: int) -> str:
    text = ""
    for value, letters in _ROMAN:
        text += letters * (number // value)
        number %= value
    return text


def _han(number: int) -> str:
    text, rest, gap = "", number, False
    for value, unit in _HAN_UNITS:
        digit, rest = divmod(rest, value)
        if digit:
            # 10 to 19 are written without the digit one.
            text += ("〇" if gap else "") + ("" if digit == 1 and number < 20 else _HAN[digit]) + unit
            gap = False
        elif text and rest:
            gap = True
    return text + ("〇" if gap and rest else "") + (_HAN[rest] if rest else "")
