"""Fold text: remove the differences a typesetter makes in case, quotes, dashes, white space and ligatures.

Two texts that differ only in those have equal folds, and every span of a fold maps to a span of the text.
What can change the meaning is kept: digits, punctuation, accents, superscripts and subscripts (x² is not x2).
Offsets are Unicode code points, spans half open.
"""

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

CodePoints = NDArray[np.uint32]
Offsets = NDArray[np.int32]

_UNICODE = 0x110000
_LAST_CASED = 0x1F000
"""No code point from here on has upper and lower case."""

_QUOTES = "\"'`´«»ʹʻʼʽˈ׳״‘’‚‛“”„‟′‹›「」『』〝〞〟｢｣＂＇"
"""Become an apostrophe. The double prime does not: 5′ and 5″ are different lengths."""
_DOUBLE = '"«»״“”„‟〝〞〟＂'
"""Those that become a double quote after a digit instead: 6" and 6' are different lengths as well."""
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
"""Places where a text can be divided and the parts folded separately."""
_PRIME = 0x01000193
"""Base of the polynomial hash of n-grams, the prime of FNV."""

_DROPPED = _UNICODE
_EXPANDED = _UNICODE + 1
"""Table values from here on index the list of folds that have more than one code point."""


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """A folded text: code point i of ``text`` stands for ``[starts[i], ends[i])`` of the original.

    Both arrays ascend and have one element for each code point of ``text``.
    """

    text: str
    starts: Offsets
    ends: Offsets

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Map a span of the fold to the span of the original.

        Raises :class:`IndexError` for a span that is empty or outside the fold.
        """
        if not 0 <= start < end <= len(self.text):
            raise IndexError(f"[{start}, {end}) is no span of {len(self.text)} code points")
        return int(self.starts[start]), int(self.ends[end - 1])


def fold_text(text: str) -> Folded:
    """Fold a text, in time linear in its length: some milliseconds for a book."""
    parts: list[tuple[CodePoints, Offsets, Offsets]] = []
    at = 0
    while at < len(text) or not parts:
        # Small pieces reuse the same memory; allocating new memory is most of the cost of folding a book.
        cut = _INSIDE_WORD.search(text, at + _PIECE)
        end = cut.end() if cut else len(text)
        parts.append(_fold(text[at:end], at))
        at = end
    codes, starts, ends = zip(*parts, strict=True)
    return Folded(text_of(np.concatenate(codes)), np.concatenate(starts), np.concatenate(ends))


def equal_but_for_typography(a: str, b: str) -> bool:
    """Whether two texts are equal after folding, white space around them ignored."""
    return a == b or fold_text(a).text.strip() == fold_text(b).text.strip()


def code_points(text: str) -> CodePoints:
    """The code points of a text, shape (n,)."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def text_of(codes: CodePoints) -> str:
    """The text that consists of these code points."""
    return codes.astype("<u4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")


def ngram_hashes(codes: CodePoints, size: int) -> CodePoints:
    """A hash for each n-gram of ``size`` code points, shape (n - size + 1,); empty for shorter texts."""
    if len(codes) < size:
        return codes[:0]
    if size == 1:
        return codes * np.uint32(0x9E3779B1)
    half = size // 2
    part = ngram_hashes(codes, half)
    hashes = part[:-half] * np.uint32(pow(_PRIME, half, 1 << 32)) + part[half:]
    return hashes[:-1] * np.uint32(_PRIME) + codes[size - 1 :] if size % 2 else hashes


def _fold(text: str, offset: int) -> tuple[CodePoints, Offsets, Offsets]:
    """Fold a piece of text at ``offset``: its code points, with their starts and ends in the whole text."""
    table, expansions = _table()
    folds = table[code_points(text)]
    origins: Offsets | None = None
    if len(folds) and int(folds.max()) >= _DROPPED:
        origins = np.flatnonzero(folds != _DROPPED).astype(np.int32)
        folds, origins = _expand(folds[origins], origins, expansions)
    _fold_double_quotes(folds)
    folds, starts, ends = _fold_spaces(folds)
    if origins is not None:
        starts, ends = origins[starts], origins[ends - 1] + 1
    return folds, starts + offset, ends + offset


def _expand(folds: CodePoints, starts: Offsets, expansions: list[str]) -> tuple[CodePoints, Offsets]:
    """Replace the code points that become more than one."""
    where = np.flatnonzero(folds >= _EXPANDED)
    if not len(where):
        return folds, starts
    parts = [expansions[value - _EXPANDED] for value in folds[where].tolist()]
    counts = np.ones(len(folds), np.int64)
    counts[where] = [len(part) for part in parts]
    out = np.repeat(folds, counts)
    out[out >= _EXPANDED] = code_points("".join(parts))
    return out, np.repeat(starts, counts)


def _fold_double_quotes(folds: CodePoints) -> None:
    """Turn double quotes into apostrophes, except after a digit, where they mean inches or seconds."""
    double = np.flatnonzero(folds == _INCHES)
    if len(double):
        before = folds[double - 1]
        units = (before >= _ZERO) & (before <= _NINE) & (double > 0)
        folds[double[~units]] = _APOSTROPHE


def _fold_spaces(folds: CodePoints) -> tuple[CodePoints, Offsets, Offsets]:
    """Collapse runs of spaces; drop spaces beside dashes and between three full stops or more.

    Returns the remaining code points and, for each, the start and end of what it stands for.
    """
    kept = folds == _SPACE
    kept[1:] &= kept[:-1]
    kept[:1] = False
    np.logical_not(kept, out=kept)
    starts = np.arange(len(folds), dtype=np.int32)
    if not kept.all():
        folds, starts = folds[kept], starts[kept]
    # A run of spaces ends where the next code point that is kept starts.
    ends = np.empty_like(starts)
    ends[:-1], ends[-1:] = starts[1:], len(kept)
    dropped = _spaces_at_dashes_and_dots(folds)
    if len(dropped):
        kept = np.ones(len(folds), np.bool_)
        kept[dropped] = False
        folds, starts, ends = folds[kept], starts[kept], ends[kept]
    return folds, starts, ends


def _spaces_at_dashes_and_dots(folds: CodePoints) -> NDArray[np.int64]:
    """Positions of single spaces beside a dash, or inside a spaced ellipsis of three full stops or more."""
    dashes = np.flatnonzero(folds == _DASH)
    found = [at[folds[at] == _SPACE] for at in (dashes[dashes > 0] - 1, dashes[dashes < len(folds) - 1] + 1)]
    dots = np.flatnonzero(folds == _DOT)
    between = dots[:-1][np.diff(dots) == 2] + 1
    between = between[folds[between] == _SPACE]
    if len(between):
        chained = np.diff(between) == 2
        found.append(between[np.append(chained, False) | np.append(False, chained)])
    return np.concatenate(found)


@cache
def _table() -> tuple[CodePoints, list[str]]:
    """The fold of each code point: a code point, ``_DROPPED``, or ``_EXPANDED`` plus an index of the list."""
    single = {ord(one): "'" for one in _QUOTES} | {ord(one): '"' for one in _DOUBLE}
    single |= {ord(one): "-" for one in _DASHES}
    single |= {one: " " for one in range(_LAST_CASED) if chr(one).isspace()}
    table = np.arange(_UNICODE, dtype=np.uint32)
    expansions: list[str] = []
    for code in range(_LAST_CASED):
        to = _fold_of(code, single)
        if len(to) == 1:
            table[code] = ord(to)
        else:
            table[code] = _EXPANDED + len(expansions)
            expansions.append(to)
    for first, end in _INVISIBLE:
        table[first:end] = _DROPPED
    table.flags.writeable = False
    return table, expansions


def _fold_of(code: int, single: dict[int, str]) -> str:
    if code in single:
        return single[code]
    if 0xFF01 <= code <= 0xFF5E:  # full-width ASCII
        return _fold_of(code - 0xFEE0, single)
    if chr(code) == _ELLIPSIS:
        return "..."
    # Case folding splits ligatures, and may yield an apostrophe (ŉ).
    return chr(code).casefold().translate(single)
