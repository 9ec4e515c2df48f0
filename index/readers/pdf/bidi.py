"""Put lines with right-to-left script into logical order, the order in which they are read.

Only the positions of the glyphs on the page are reliable: programs draw such lines from the left, from the
right or word by word. PDFium reverses runs of right-to-left letters, even the characters of one glyph (a
ligature of lam and alef), and puts several Latin words of an Arabic line into the wrong order. So the glyphs
are sorted by their positions, and the reordering for display by the Unicode Bidirectional Algorithm (UAX #9)
is undone: runs of the opposite direction are reversed.
"""

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
"""Letters, marks and digits of right-to-left scripts."""
_RIGHT, _LEFT = ("R", "AL"), ("L",)
_NUMBERS = ("EN", "AN")
_BRACKETS = {"(": ")", "[": "]", "{": "}", "«": "»", "‹": "›"}
_EPSILON = 0.001
"""Points."""
_MIN_GAP = 0.15
"""Minimum gap between two words, in font sizes."""
_MIN_DISTINCT = 0.5
"""Share of the glyphs that must have different positions; otherwise the positions are not reliable."""


@dataclass(slots=True)
class Glyph:
    """The characters drawn at one position, with PDFium's indexes of them.

    Lengths are points: ``place`` is the position along the line, from left to right, ``end`` that of the
    right edge, ``height`` the position across the line, from below, and ``size`` the font size. ``ordered``
    is set if the characters are in the order of their own positions, ``made_up`` for a space that PDFium
    adds at a gap.
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
        """The bidirectional class of UAX #9, of the last strong character if there is one."""
        return _direction(self.text)


@lru_cache(maxsize=4096)
def _direction(text: str) -> str:
    found = [unicodedata.bidirectional(character) for character in text]
    strong = [direction for direction in found if direction in (*_RIGHT, *_LEFT)]
    return (strong or [direction for direction in found if direction in _NUMBERS] or found)[-1]


def is_right_to_left(text: str) -> bool:
    """Whether at least half of the words are in a right-to-left script."""
    words = [word for word in text.split() if any(map(str.isalpha, word))]
    return 2 * sum(bool(RIGHT_TO_LEFT.search(word)) for word in words) >= len(words)


def in_logical_order(glyphs: Sequence[Glyph], *, page_is_rtl: bool) -> list[Glyph]:
    """Put the glyphs of one line, given in PDFium's order, into logical order.

    A line that begins and ends with letters of the same direction has that direction. Otherwise it is
    right-to-left if the page is (``page_is_rtl``), or if most of its words are.
    """
    glyphs = _place_spaces(glyphs)
    for glyph in glyphs:
        glyph.text, glyph.numbers = _logical_characters(glyph)
    marked = _attach_marks(glyphs)
    if len({glyph.place for glyph in marked}) < _MIN_DISTINCT * len(marked):
        return list(glyphs)
    visual = sorted(marked, key=lambda glyph: glyph.place)
    strong = [glyph.direction in _RIGHT for glyph in visual if glyph.direction in (*_RIGHT, *_LEFT)]
    if strong and strong[0] == strong[-1]:
        is_rtl = strong[0]
    else:
        is_rtl = page_is_rtl or is_right_to_left("".join([glyph.text for glyph in visual]))
    if is_rtl:
        return _reverse(visual)
    ordered: list[Glyph] = []
    at = 0
    for start, end in _rtl_runs(visual):
        ordered += visual[at:start] + _reverse(visual[start:end])
        at = end
    return ordered + visual[at:]


def _place_spaces(glyphs: Sequence[Glyph]) -> list[Glyph]:
    """Move each space that PDFium added into its gap, or drop it if there is no gap.

    PDFium puts some of them at the wrong side of the letter beside the gap.
    """
    seen = sorted((glyph.place, glyph.end) for glyph in glyphs if not glyph.text.isspace())
    kept = []
    for glyph in glyphs:
        if glyph.made_up:
            at = bisect_left(seen, (glyph.place - _EPSILON,))
            gaps = [(seen[to][0] - seen[to - 1][1], to) for to in (at, at + 1) if 0 < to < len(seen)]
            width, to = max(gaps, default=(0.0, 0))
            if width < _MIN_GAP * glyph.size:
                continue
            glyph.place = seen[to][0] - _EPSILON
        kept.append(glyph)
    return kept


def _logical_characters(glyph: Glyph) -> tuple[str, list[int]]:
    """The characters of one glyph in logical order; PDFium resolves presentation forms in that order."""
    if len(glyph.text) < 2 or not RIGHT_TO_LEFT.search(glyph.text):
        return glyph.text, glyph.numbers
    if glyph.ordered or glyph.text in _resolved_forms():
        # If a mark would come before its letter, PDFium's boxes are in reverse order.
        step = -1 if unicodedata.combining(glyph.text[0]) and not unicodedata.combining(glyph.text[-1]) else 1
        return glyph.text[::step], glyph.numbers[::step]
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


def _attach_marks(glyphs: Sequence[Glyph]) -> list[Glyph]:
    """Join vowel points and other marks with the letter at which they are drawn: the one before or after."""
    joined: list[Glyph] = []
    waiting: list[Glyph] = []
    for glyph in glyphs:
        if glyph.direction in _RIGHT:
            joined.append(_join(glyph, waiting))
            waiting = []
        elif glyph.direction != "NSM":
            joined += [*waiting, glyph]
            waiting = []
        elif joined and not waiting and joined[-1].direction in _RIGHT and _is_near(joined[-1], glyph):
            joined[-1] = _join(joined[-1], [glyph])
        else:
            waiting.append(glyph)
    return joined + waiting


def _is_near(letter: Glyph, mark: Glyph) -> bool:
    return abs(letter.place - mark.place) <= letter.size


def _join(letter: Glyph, marks: Sequence[Glyph]) -> Glyph:
    if not marks:
        return letter
    text = letter.text + "".join(mark.text for mark in marks)
    numbers = letter.numbers + [number for mark in marks for number in mark.numbers]
    return replace(letter, text=text, numbers=numbers)


def _rtl_runs(visual: Sequence[Glyph]) -> Iterator[tuple[int, int]]:
    """The runs of right-to-left words in a left-to-right line."""
    start = end = -1
    for at, glyph in enumerate(visual):
        if glyph.direction in _RIGHT:
            start = at if start < 0 else start
            end = at + 1
        elif glyph.direction in _LEFT and start >= 0:
            yield start, end
            start = -1
    if start >= 0:
        yield start, end


def _reverse(visual: Sequence[Glyph]) -> list[Glyph]:
    """Reverse glyphs that are read from the right, but keep the order in left-to-right words and numbers."""
    is_ltr = _left_to_right(visual)
    ordered: list[Glyph] = []
    reversed_glyphs: list[Glyph] = []
    end = len(visual)
    while end > 0:
        start = end - 1
        while is_ltr[end - 1] and start > 0 and is_ltr[start - 1]:
            start -= 1
        ordered += visual[start:end]
        if not is_ltr[start]:
            reversed_glyphs.append(visual[start])
        end = start
    _fix_brackets(reversed_glyphs)
    return ordered


def _left_to_right(visual: Sequence[Glyph]) -> list[bool]:
    """For each glyph of a right-to-left line, whether it is part of a left-to-right word or number."""
    directions = _resolve_directions(visual)
    is_ltr = [direction in (*_LEFT, *_NUMBERS) for direction in directions]
    places = [at for at, ltr in enumerate(is_ltr) if ltr]
    for first, last in pairwise(places):
        between = "".join(glyph.text for glyph in visual[first + 1 : last])
        if any(direction in _RIGHT for direction in directions[first + 1 : last]):
            continue
        letters = (directions[first] in _LEFT) + (directions[last] in _LEFT)
        # A number belongs to the Latin word beside it, as in "version 2" and "GPT-4", but not in "3. word".
        is_adjacent = between.isspace() or not any(map(str.isspace, between))
        if letters == 2 or (letters == 1 and is_adjacent):
            is_ltr[first + 1 : last] = [True] * (last - first - 1)
    return is_ltr


def _resolve_directions(visual: Sequence[Glyph]) -> list[str]:
    """The directions, with those of digits and signs in numbers resolved (UAX #9, W2 and W4 to W5)."""
    directions = [glyph.direction for glyph in visual]
    strong = "R"
    for at in range(len(visual) - 1, -1, -1):
        if directions[at] in (*_RIGHT, *_LEFT):
            strong = directions[at]
        elif directions[at] == "EN" and strong == "AL":
            directions[at] = "AN"
    for at in range(1, len(visual) - 1):
        before, after = directions[at - 1], directions[at + 1]
        if before == after in _NUMBERS and (
            directions[at] == "CS" or (directions[at] == "ES" and before == "EN")
        ):
            directions[at] = before
    for indexes in (range(1, len(visual)), range(len(visual) - 2, -1, -1)):
        for at in indexes:
            if directions[at] == "ET" and directions[at - indexes.step] == "EN":
                directions[at] = "EN"
    return directions


def _fix_brackets(glyphs: Sequence[Glyph]) -> None:
    """Swap brackets that do not match: some fonts encode mirrored brackets as displayed, others logically."""
    for opening, closing in _BRACKETS.items():
        found = [glyph for glyph in glyphs if glyph.text in (opening, closing)]
        depth, lowest = 0, 0
        for glyph in found:
            depth += 1 if glyph.text == opening else -1
            lowest = min(lowest, depth)
        if len(found) % 2 or (depth == lowest == 0):
            continue
        for at, glyph in enumerate(found):
            glyph.text = closing if at % 2 else opening
