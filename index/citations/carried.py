"""Find the citations that a text carries: its locators, the links to them, and its list of sources."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from index.citations.citing import Locator, parse_locator
from index.errors import InvalidLocator

_PLACE = r"@[0-9a-f]{12,64}:[0-9]{1,12}-[0-9]{1,12}"
_LINK = re.compile(
    r"(?:\[\^?[0-9]{1,4}\]\()?(?:https?://[^\s<>()\[\]/]{1,255})?(?:/[\w.~-]{1,50}){0,5}"
    rf"/(?:view|v1/citations)/(?P<locator>[^\s<>()\[\]?#]{{1,1000}}?{_PLACE})[^\s<>()\[\]]*\)?"
)
"""An address of a citation, alone or as the target of a link whose text is a mark."""
_END = re.compile(_PLACE)
_ENTRY = re.compile(r"^[^\S\n]*(?:\[\^?([0-9]{1,4})\]:?|([0-9]{1,4})[.)])[^\S\n].*$", re.MULTILINE)
"""An entry of a list of sources: ``[1]: ...``, ``[^1]: ...``, ``[1] ...`` or ``1. ...``."""
_DEFINED = re.compile(r"[^\S\n]*\[\^?[0-9]{1,4}\]:")
_MARK = re.compile(r"\[\^?([0-9]{1,4})[\],;\s–-]|【([0-9]{1,4})")
_ESCAPED = re.compile(r"\\([\\`*_\[\]<>&~|$^])")
_MOST_MARKS = 9999
_OMITTED = re.compile(r"^\s*[\[(]?(?:…|\.\.\.)[\])]?|[\[(]?(?:…|\.\.\.)[\])]?\s*$")
"""Ellipses before and after a quote, which are no part of it."""
_QUOTATIONS = tuple(
    re.compile(rf"[“„«\"](?P<words>.{{3,4000}}{few})[”“»\"](?!\w)", re.DOTALL) for few in ("", "?")
)
_LONGEST_ENTRY = 6000
"""Code points before a locator in which quoted words are looked for."""
_LONGEST_ID = 1000
_OPENINGS = {")": "(", "]": "[", ">": "<"}
_BEFORE_ID = "\"'“”„‘’«»‹›([<{`*"


@dataclass(frozen=True, slots=True)
class Carried:
    """A text as it is verified, and the locators by its marks.

    ``text`` has the length of the original: locators and links to citations are replaced by marks, and the
    entries of lists of sources by white space. ``entries`` are the spans of these entries. ``quotes`` are the
    words in quotation marks of an entry, by its mark, two where quotation marks in them allow two readings.
    ``listed`` are the marks of these entries: the text has the numbers itself.
    """

    text: str
    locators: dict[int, Locator]
    entries: tuple[tuple[int, int], ...]
    quotes: dict[int, tuple[str, ...]] = field(default_factory=dict)
    listed: frozenset[int] = frozenset()


def find_carried(text: str) -> Carried:
    """Find the citations in a text. An entry of a list belongs to the marks with its number."""
    locators: dict[int, Locator] = {}
    entries = []
    quotes = {}
    marked = {int(one[1] or one[2]): one.start() for one in reversed([*_MARK.finditer(text)])}
    for line in _ENTRY.finditer(text):
        number, found = int(line[1] or line[2]), _find_locators(text, *line.span())
        is_cited = marked.get(number, len(text)) < line.start()
        if found and number not in locators and (_DEFINED.match(line[0]) or is_cited):
            (begin, _), locators[number] = found[0]
            if words := _quoted_words(text[line.start() : begin]):
                quotes[number] = words
            entries.append(line.span())
    for start, end in entries:
        text = text[:start] + re.sub(r"\S", " ", text[start:end]) + text[end:]
    listed = frozenset(locators)
    free = max([0, *marked, *locators]) + 1
    for (start, end), locator in _find_locators(text, 0, len(text)):
        if free <= _MOST_MARKS:
            locators[free] = locator
            text = text[:start] + f"[{free}]".ljust(end - start) + text[end:]
            free += 1
    return Carried(text, locators, tuple(entries), quotes, listed)


def _find_locators(text: str, start: int, end: int) -> list[tuple[tuple[int, int], Locator]]:
    """The locators in a part of a text with the spans that name them, in order."""
    found = []
    at = start
    for link in _LINK.finditer(text, start, end):
        found += _find_plain_locators(text, at, link.start())
        if locator := _parse_or_none(unquote(link["locator"])):
            found.append((link.span(), locator))
        at = link.end()
    return found + _find_plain_locators(text, at, end)


def _find_plain_locators(text: str, start: int, end: int) -> list[tuple[tuple[int, int], Locator]]:
    """The locators written as plain text. In brackets, their id may have spaces."""
    found = []
    for place in _END.finditer(text, start, end):
        line = max(start, text.rfind("\n", start, place.start()) + 1)
        opening = _OPENINGS.get(text[place.end() : place.end() + 1], "")
        begin = _open_bracket(text, opening, line, place.start()) + 1 if opening else 0
        if begin <= 0:
            words = text[line : place.start()]
            word = words.rsplit(None, 1)[-1] if words and not words[-1].isspace() else ""
            begin = place.start() - len(word.lstrip(_BEFORE_ID))
        locator = _parse_or_none(_ESCAPED.sub(r"\1", text[begin : place.end()]))
        if locator:
            found.append(((begin, place.end()), locator))
            start = place.end()
    return found


def _open_bracket(text: str, opening: str, start: int, end: int) -> int:
    """The offset of the bracket that is still open at ``end``; -1 without one. Names may contain brackets."""
    closing = next(mark for mark, other in _OPENINGS.items() if other == opening)
    depth = 0
    for at in range(end - 1, max(start, end - _LONGEST_ID) - 1, -1):
        if text[at] == closing:
            depth += 1
        elif text[at] == opening:
            if not depth:
                return at
            depth -= 1
    return text.rfind(opening, start, end)


def _quoted_words(entry: str) -> tuple[str, ...]:
    """The words in quotation marks before the locator of an entry, by the longest and shortest reading."""
    entry = _ESCAPED.sub(r"\1", entry[:_LONGEST_ENTRY])
    found = (pattern.search(entry) for pattern in _QUOTATIONS)
    words = (_OMITTED.sub("", one["words"]).strip() for one in found if one)
    return tuple(dict.fromkeys(one for one in words if one))


def _parse_or_none(written: str) -> Locator | None:
    try:
        return parse_locator(written)
    except InvalidLocator:
        return None
