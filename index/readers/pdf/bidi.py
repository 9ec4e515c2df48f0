"""Lines with right-to-left script in the order in which they are read.

A page shows glyphs at places, and only these tell the order for certain: programs draw such lines from the
left, from the right or word by word. PDFium turns runs of right-to-left letters around, the characters of one
glyph (a ligature of lam and alef) too, and puts several Latin words of an Arabic line in the wrong order. So
the glyphs are sorted by their places, and what the Unicode Bidirectional Algorithm (UAX #9) does to show a
line is undone: the runs of the other direction are turned around.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise

RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
"""Letters, marks and digits of the scripts that are written from the right."""
_RIGHT, _LEFT = ("R", "AL"), ("L",)
_NUMBERS = ("EN", "AN")
_BRACKETS = {"(": ")", "[": "]", "{": "}", "«": "»", "‹": "›"}
_NEXT = 0.001
"""Points."""
_MIN_GAP = 0.15
"""Font sizes between two words, at least."""
_MIN_PLACES = 0.5
"""Share of the glyphs that must be at places of their own; else the places tell nothing."""


@dataclass(slots=True)
class Glyph:
    """What is drawn at one place, with PDFium's numbers of its characters.

    Lengths are points: ``place`` is its distance along the line, from left to right, ``end`` that of its
    right edge, ``height`` that across the line, from below, and ``size`` its font's. ``ordered`` is set if
    its characters are in the order of their own places, ``made_up`` for a space that PDFium adds between
    what it finds apart.
    """

    text: str
    numbers: list[int]
    place: float
    size: float
    end: float = 0.0
    height: float = 0.0
    ordered: bool = False
    made_up: bool = False

    @property
    def direction(self) -> str:
        """As UAX #9 names it; that of the last strong character if there is one."""
        return _direction(self.text)


@lru_cache(maxsize=4096)
def _direction(text: str) -> str:
    found = [unicodedata.bidirectional(character) for character in text]
    strong = [direction for direction in found if direction in (*_RIGHT, *_LEFT)]
    return (strong or [direction for direction in found if direction in _NUMBERS] or found)[-1]


def runs_leftward(text: str) -> bool:
    """Whether the words are of scripts that are written from the right, half of them at least."""
    words = [word for word in text.split() if any(map(str.isalpha, word))]
    return 2 * sum(bool(RIGHT_TO_LEFT.search(word)) for word in words) >= len(words)


def in_logical_order(glyphs: Sequence[Glyph], *, leftward: bool) -> list[Glyph]:
    """The glyphs of one line, given in PDFium's order, as they are read.

    ``leftward``: the page as a whole is read from the right, and so is the line if it begins and ends with
    letters of different scripts. Else it is if its words are mostly of right-to-left letters.
    """
    glyphs = _with_spaces(glyphs)
    for glyph in glyphs:
        glyph.text, glyph.numbers = _unturned(glyph)
    whole = _with_marks(glyphs)
    if len({glyph.place for glyph in whole}) < _MIN_PLACES * len(whole):
        return list(glyphs)
    shown = sorted(whole, key=lambda glyph: glyph.place)
    strong = [glyph.direction in _RIGHT for glyph in shown if glyph.direction in (*_RIGHT, *_LEFT)]
    if strong and strong[0] == strong[-1]:
        leftward = strong[0]
    elif not leftward:
        leftward = runs_leftward("".join([glyph.text for glyph in shown]))
    if leftward:
        return _read_from_the_right(shown)
    ordered: list[Glyph] = []
    at = 0
    for start, end in _runs(shown):
        ordered += shown[at:start] + _read_from_the_right(shown[start:end])
        at = end
    return ordered + shown[at:]


def _with_spaces(glyphs: Sequence[Glyph]) -> list[Glyph]:
    """Put each space that PDFium made up into the gap that it stands for, or leave it out if there is none.

    PDFium has some of them at the wrong side of the letter beside the gap.
    """
    seen = sorted((glyph.place, glyph.end) for glyph in glyphs if not glyph.text.isspace())
    kept = []
    for glyph in glyphs:
        if glyph.made_up:
            at = bisect_left(seen, (glyph.place - _NEXT,))
            gaps = [(seen[to][0] - seen[to - 1][1], to) for to in (at, at + 1) if 0 < to < len(seen)]
            width, to = max(gaps, default=(0.0, 0))
            if width < _MIN_GAP * glyph.size:
                continue
            glyph.place = seen[to][0] - _NEXT
        kept.append(glyph)
    return kept


def _unturned(glyph: Glyph) -> tuple[str, list[int]]:
    """The characters of one glyph in their order. Presentation forms, which PDFium resolves, have it."""
    if len(glyph.text) < 2 or not RIGHT_TO_LEFT.search(glyph.text):
        return glyph.text, glyph.numbers
    if glyph.ordered or glyph.text in _resolved_forms():
        # PDFium's boxes are the wrong way around where a mark would come before its letter.
        way = -1 if unicodedata.combining(glyph.text[0]) and not unicodedata.combining(glyph.text[-1]) else 1
        return glyph.text[::way], glyph.numbers[::way]
    pairs = list(zip(glyph.text, glyph.numbers, strict=True))[::-1]
    at = 0
    while at < len(pairs):
        end = at
        while end < len(pairs) and unicodedata.bidirectional(pairs[end][0]) in (*_LEFT, *_NUMBERS):
            end += 1
        pairs[at:end] = pairs[at:end][::-1]
        at = end + 1
    return "".join(character for character, _ in pairs), [number for _, number in pairs]


@cache
def _resolved_forms() -> frozenset[str]:
    forms = [*range(0xFB1D, 0xFE00), *range(0xFE70, 0xFEFD)]
    return frozenset(unicodedata.normalize("NFKD", chr(form)) for form in forms)


def _with_marks(glyphs: Sequence[Glyph]) -> list[Glyph]:
    """Vowel points and the like put to the letter that they are drawn at: the one before, or that after."""
    whole: list[Glyph] = []
    waiting: list[Glyph] = []
    for glyph in glyphs:
        if glyph.direction in _RIGHT:
            whole.append(_joined(glyph, waiting))
            waiting = []
        elif glyph.direction != "NSM":
            whole += [*waiting, glyph]
            waiting = []
        elif whole and not waiting and whole[-1].direction in _RIGHT and _is_near(whole[-1], glyph):
            whole[-1] = _joined(whole[-1], [glyph])
        else:
            waiting.append(glyph)
    return whole + waiting


def _is_near(letter: Glyph, mark: Glyph) -> bool:
    return abs(letter.place - mark.place) <= letter.size


def _joined(letter: Glyph, marks: Sequence[Glyph]) -> Glyph:
    if not marks:
        return letter
    text = letter.text + "".join(mark.text for mark in marks)
    numbers = letter.numbers + [number for mark in marks for number in mark.numbers]
    return replace(letter, text=text, numbers=numbers)


def _runs(shown: Sequence[Glyph]) -> Iterator[tuple[int, int]]:
    """Where a line that is read from the left has words of right-to-left script side by side."""
    start = end = -1
    for at, glyph in enumerate(shown):
        if glyph.direction in _RIGHT:
            start = at if start < 0 else start
            end = at + 1
        elif glyph.direction in _LEFT and start >= 0:
            yield start, end
            start = -1
    if start >= 0:
        yield start, end


def _read_from_the_right(shown: Sequence[Glyph]) -> list[Glyph]:
    kept = _kept_to_the_right(shown)
    ordered: list[Glyph] = []
    turned: list[Glyph] = []
    end = len(shown)
    while end > 0:
        start = end - 1
        while kept[end - 1] and start > 0 and kept[start - 1]:
            start -= 1
        ordered += shown[start:end]
        if not kept[start]:
            turned.append(shown[start])
        end = start
    _face(turned)
    return ordered


def _kept_to_the_right(shown: Sequence[Glyph]) -> list[bool]:
    """Which glyphs of a line that is read from the right are of words and numbers read from the left."""
    directions = _resolved(shown)
    kept = [direction in (*_LEFT, *_NUMBERS) for direction in directions]
    places = [at for at, is_kept in enumerate(kept) if is_kept]
    for first, last in pairwise(places):
        between = "".join(glyph.text for glyph in shown[first + 1 : last])
        if any(direction in _RIGHT for direction in directions[first + 1 : last]):
            continue
        letters = (directions[first] in _LEFT) + (directions[last] in _LEFT)
        # A number belongs to the Latin word beside it, as in "version 2" and "GPT-4", not in "3. word".
        simple = between.isspace() or not any(map(str.isspace, between))
        if letters == 2 or (letters == 1 and simple):
            kept[first + 1 : last] = [True] * (last - first - 1)
    return kept


def _resolved(shown: Sequence[Glyph]) -> list[str]:
    """The directions, with those of digits and of the signs in numbers (UAX #9, W2 and W4 to W5)."""
    directions = [glyph.direction for glyph in shown]
    strong = "R"
    for at in range(len(shown) - 1, -1, -1):
        if directions[at] in (*_RIGHT, *_LEFT):
            strong = directions[at]
        elif directions[at] == "EN" and strong == "AL":
            directions[at] = "AN"
    for at in range(1, len(shown) - 1):
        before, after = directions[at - 1], directions[at + 1]
        if before == after in _NUMBERS and (
            directions[at] == "CS" or (directions[at] == "ES" and before == "EN")
        ):
            directions[at] = before
    for way in (range(1, len(shown)), range(len(shown) - 2, -1, -1)):
        for at in way:
            if directions[at] == "ET" and directions[at - way.step] == "EN":
                directions[at] = "EN"
    return directions


def _face(glyphs: Sequence[Glyph]) -> None:
    """Make brackets face each other where those of a kind do not: some fonts tell what is seen, some not."""
    for opening, closing in _BRACKETS.items():
        found = [glyph for glyph in glyphs if glyph.text in (opening, closing)]
        depth, least = 0, 0
        for glyph in found:
            depth += 1 if glyph.text == opening else -1
            least = min(least, depth)
        if len(found) % 2 or (depth == least == 0):
            continue
        for at, glyph in enumerate(found):
            glyph.text = closing if at % 2 else opening
