"""Texts without what a typesetter chooses: case, kinds of quotes, dashes and white space, ligatures.

Two texts that differ in nothing else have equal folds, and a span of a fold is known as a span of the
text. What can change the meaning stays: digits, punctuation, accents, and raised or lowered characters
(x² is not x2). Offsets are Unicode code points, spans half open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

CodePoints = NDArray[np.uint32]
Offsets = NDArray[np.int32]

_UNICODE = 0x110000
_LAST_CASED = 0x1F000
"""No code point from here on has a case."""

_QUOTES = "\"'`´«»ʹʻʼʽˈ׳״‘’‚‛“”„‟′‹›「」『』〝〞〟｢｣＂＇"
"""To an apostrophe. Not the double prime: 5′ and 5″ are other lengths."""
_DOUBLE = '"«»״“”„‟〝〞〟＂'
"""Of those, after a digit to a double one: 6" and 6' are other lengths as well."""
_DASHES = "-֊־‐‑‒–—―⁃−⸺⸻﹘﹣－"
_INVISIBLE = (
    (0x00AD, 0x00AE),  # soft hyphen
    (0x061C, 0x061D),
    (0x180B, 0x1810),
    (0x200B, 0x2010),  # zero-width space, joiners, direction marks
    (0x202A, 0x202F),
    (0x2060, 0x2065),
    (0x2066, 0x206A),
    (0xFE00, 0xFE10),  # variation selectors
    (0xFEFF, 0xFF00),  # byte order mark
    (0xE0100, 0xE01F0),
)
_ELLIPSIS = "…"
_SPACE, _DASH, _DOT, _ZERO, _NINE, _APOSTROPHE, _INCHES = (ord(one) for one in " -.09'\"")

_PIECE = 1 << 14
_INSIDE_WORD = re.compile(r"\w(?=\w)")
"""Where a text can be cut and each part folded by itself."""
_PRIME = 0x01000193
"""Of the polynomial that runs of code points are hashed by, as in FNV."""

_DROPPED = _UNICODE
_SEVERAL = _UNICODE + 1
"""Values of the table from here on number the code points that become more than one."""


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """A fold: code point i of ``text`` stands for ``[starts[i], ends[i])`` of what was folded.

    Both arrays ascend and have one element per code point of ``text``.
    """

    text: str
    starts: Offsets
    ends: Offsets

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original for a span of the fold that is not empty.

        Raises :class:`IndexError` for a span that is empty or not inside of the fold.
        """
        if not 0 <= start < end <= len(self.text):
            raise IndexError(f"[{start}, {end}) is no span of {len(self.text)} code points")
        return int(self.starts[start]), int(self.ends[end - 1])


def folded(text: str) -> Folded:
    """The fold of a text: linear in its length, some milliseconds for a book."""
    parts: list[tuple[CodePoints, Offsets, Offsets]] = []
    at = 0
    while at < len(text) or not parts:
        # Small pieces use the same memory again; new memory is most of what folding a book costs.
        cut = _INSIDE_WORD.search(text, at + _PIECE)
        end = cut.end() if cut else len(text)
        parts.append(_fold(text[at:end], at))
        at = end
    codes, starts, ends = zip(*parts, strict=True)
    return Folded(text_of(np.concatenate(codes)), np.concatenate(starts), np.concatenate(ends))


def same(a: str, b: str) -> bool:
    """Whether two texts differ in nothing but typography and the white space around them."""
    return a == b or folded(a).text.strip() == folded(b).text.strip()


def code_points(text: str) -> CodePoints:
    """The code points of a text, shape (n,)."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def text_of(codes: CodePoints) -> str:
    """The text of code points."""
    return codes.astype("<u4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")


def grams(codes: CodePoints, size: int) -> CodePoints:
    """A hash for each run of ``size`` code points, shape (n - size + 1,), none if there are fewer."""
    if len(codes) < size:
        return codes[:0]
    if size == 1:
        return codes * np.uint32(0x9E3779B1)
    half = size // 2
    part = grams(codes, half)
    hashes = part[:-half] * np.uint32(pow(_PRIME, half, 1 << 32)) + part[half:]
    return hashes[:-1] * np.uint32(_PRIME) + codes[size - 1 :] if size % 2 else hashes


def _fold(text: str, offset: int) -> tuple[CodePoints, Offsets, Offsets]:
    """The fold of a piece that starts at an offset, and start and end of what its code points stand for."""
    table, several = _table()
    folds = table[code_points(text)]
    whence: Offsets | None = None
    if len(folds) and int(folds.max()) >= _DROPPED:
        whence = np.flatnonzero(folds != _DROPPED).astype(np.int32)
        folds, whence = _expanded(folds[whence], whence, several)
    _units(folds)
    folds, starts, ends = _closed_up(folds)
    if whence is not None:
        starts, ends = whence[starts], whence[ends - 1] + 1
    return folds, starts + offset, ends + offset


def _expanded(folds: CodePoints, starts: Offsets, several: list[str]) -> tuple[CodePoints, Offsets]:
    """With each code point that becomes several replaced by them."""
    where = np.flatnonzero(folds >= _SEVERAL)
    if not len(where):
        return folds, starts
    parts = [several[value - _SEVERAL] for value in folds[where].tolist()]
    counts = np.ones(len(folds), np.int64)
    counts[where] = [len(part) for part in parts]
    out = np.repeat(folds, counts)
    out[out >= _SEVERAL] = code_points("".join(parts))
    return out, np.repeat(starts, counts)


def _units(folds: CodePoints) -> None:
    """Make apostrophes of double quotes that follow no digit."""
    double = np.flatnonzero(folds == _INCHES)
    if len(double):
        before = folds[double - 1]
        units = (before >= _ZERO) & (before <= _NINE) & (double > 0)
        folds[double[~units]] = _APOSTROPHE


def _closed_up(folds: CodePoints) -> tuple[CodePoints, Offsets, Offsets]:
    """With one space for each run of them, and none around dashes or between three full stops or more.

    Returns what is left, and the start and the end of what each code point of it stands for.
    """
    kept = folds == _SPACE
    kept[1:] &= kept[:-1]
    kept[:1] = False
    np.logical_not(kept, out=kept)
    starts = np.arange(len(folds), dtype=np.int32)
    if not kept.all():
        folds, starts = folds[kept], starts[kept]
    # A space's run ends where the next code point that is kept starts.
    ends = np.empty_like(starts)
    ends[:-1], ends[-1:] = starts[1:], len(kept)
    gone = _beside_dashes_and_dots(folds)
    if len(gone):
        kept = np.ones(len(folds), np.bool_)
        kept[gone] = False
        folds, starts, ends = folds[kept], starts[kept], ends[kept]
    return folds, starts, ends


def _beside_dashes_and_dots(folds: CodePoints) -> NDArray[np.int64]:
    """Where the single spaces are that stand beside a dash, or between full stops of which three follow."""
    beside = []
    dashes = np.flatnonzero(folds == _DASH)
    for at in (dashes[dashes > 0] - 1, dashes[dashes < len(folds) - 1] + 1):
        beside.append(at[folds[at] == _SPACE])
    dots = np.flatnonzero(folds == _DOT)
    between = dots[:-1][np.diff(dots) == 2] + 1
    between = between[folds[between] == _SPACE]
    if len(between):
        chained = np.diff(between) == 2
        beside.append(between[np.append(chained, False) | np.append(False, chained)])
    return np.concatenate(beside)


@cache
def _table() -> tuple[CodePoints, list[str]]:
    """What each code point becomes: one, none (``_DROPPED``), or the numbered one of a list of several."""
    single = {ord(one): "'" for one in _QUOTES} | {ord(one): '"' for one in _DOUBLE}
    single |= {ord(one): "-" for one in _DASHES}
    single |= {one: " " for one in range(_LAST_CASED) if chr(one).isspace()}
    table = np.arange(_UNICODE, dtype=np.uint32)
    several: list[str] = []
    for code in range(_LAST_CASED):
        to = _fold_of(code, single)
        if len(to) == 1:
            table[code] = ord(to)
        else:
            table[code] = _SEVERAL + len(several)
            several.append(to)
    for first, end in _INVISIBLE:
        table[first:end] = _DROPPED
    table.flags.writeable = False
    return table, several


def _fold_of(code: int, single: dict[int, str]) -> str:
    if code in single:
        return single[code]
    if 0xFF01 <= code <= 0xFF5E:  # full-width ASCII
        return _fold_of(code - 0xFEE0, single)
    if chr(code) == _ELLIPSIS:
        return "..."
    # Folding case takes ligatures apart, and may yield an apostrophe (ŉ).
    return chr(code).casefold().translate(single)
