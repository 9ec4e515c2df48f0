"""Where sentences, list items and lines begin and end, and where one too long may be cut.

Spans are half open ``[start, end)`` in code points of the whole text, however small the slice looked at.
"White space" is what :meth:`str.isspace` says. No span ends between two visible code points of one
grapheme cluster, so that a quote never loses an accent or half a flag.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import regex
from sentencex import get_sentence_boundaries  # type: ignore[import-untyped]

from index.types import Block

Span = tuple[int, int]

_WINDOW = 4096
"""Code points that sentencex is given at a time: its work grows with the square of a paragraph's length
when that is not ASCII (23 s for 400 000 Chinese characters in one piece, 0.2 s in pieces)."""

_ITEM = r"[^\S\n]*(?:[-*+•‣◦▪]|\(?\d{1,3}[.)]|\(?[A-Za-z]\))[^\S\n]"
_ITEM_START = re.compile(_ITEM)
_NEXT_ITEM = re.compile(rf"\n(?={_ITEM})")
_NEXT_ROW = re.compile(r"\n(?=[^\S\n]*\||[^\n]*\t)")
_UNKNOWN_END = re.compile(r"[។៕།༎]+[^\S\n]+")
"""Khmer and Tibetan full stops, which sentencex does not know."""
_NUMBER = re.compile(r"\s*\(?(?:\d{1,3}|[A-Za-z]|[IVXivx]{1,5})[.)][^\S\n]*")
_JOINED_AFTER_QUOTE = re.compile(r"[\u3041-\u309f，、,：；:;]")

_CYRILLIC_OR_GREEK = re.compile(r"[\u0370-\u052f\u1f00-\u1fff]")
_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_LETTER = re.compile(r"[^\W\d_]")

_CLUSTER = regex.compile(
    r"[\p{Regional_Indicator}]{2}[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*|\X", regex.VERSION1
)
r"""From a cluster's start, the same as ``\X``, which for each flag counts all those before it."""
_STANDS_APART = regex.compile(
    r"[\p{GCB=XX}\p{GCB=CN}--\p{Extended_Pictographic}--\p{InCB=Consonant}]", regex.VERSION1
)
_PREPENDED = regex.compile(r"\p{GCB=Prepend}")

_SENTENCE_END = re.compile(r"[.!?]+[\"'”’)\]]*(?=\s)|[。！？．؟।॥]+[」』”’）]*")
_CLAUSE_END = re.compile(r"[,;:]+[\"'”’)\]]*(?=\s)|[，、；：،؛]|\s(?=[(–—])")
_SPACE = re.compile(r"\s")
_SPACES = re.compile(r"\s+")


def sentence_spans(text: str, start: int, end: int, language: str | None = None) -> list[Span]:
    """The sentences of ``text[start:end]``, in order, as spans of ``text``.

    Trimmed of white space, never empty, and together they hold every character that is not white
    space. A list item or table row on a line of its own is a sentence, with or without a full stop.

    ``language`` is a two-letter code and decides which abbreviations are known; without it Russian
    and Greek are told by their letters, and everything else is read as English, which knows the full
    stops of all scripts.
    """
    part = text[start:end]
    cuts = {*_sentence_ends(part, language or _language(part)), *_ends(_UNKNOWN_END, part)}
    if "\n" in part:
        cuts.update(_ends(_NEXT_ITEM, part), _ends(_NEXT_ROW, part))
    return _tiled(text, start, end, (start + cut for cut in sorted(cuts)))


def item_spans(text: str, start: int, end: int) -> list[Span]:
    """The items of a list: where each begins with a mark or number, else its lines."""
    if not _ITEM_START.match(text, start, end):
        return line_spans(text, start, end)
    return _tiled(text, start, end, (match.end() for match in _NEXT_ITEM.finditer(text, start, end)))


def line_spans(text: str, start: int, end: int) -> list[Span]:
    """The lines of ``text[start:end]`` that are not blank, trimmed of white space."""
    spans = []
    for line in text[start:end].split("\n"):
        spans.append(trimmed(text, start, start + len(line)))
        start += len(line) + 1
    return [span for span in spans if span[0] < span[1]]


def block_spans(text: str, block: Block) -> list[Span]:
    """The block's sentences, items or lines, whichever its kind is made of."""
    if block.kind == "list":
        return item_spans(text, block.start, block.end)
    if block.kind in {"table", "code"}:
        return line_spans(text, block.start, block.end)
    return sentence_spans(text, block.start, block.end)


def trimmed(text: str, start: int, end: int) -> Span:
    """The span without white space at its ends."""
    part = text[start:end]
    return end - len(part.lstrip()), start + len(part.rstrip())


def pieces(text: str, start: int, end: int, longest: int) -> list[Span]:
    """A trimmed span, or if it has more than ``longest`` code points, its pieces that have not."""
    spans = []
    while end - start > longest:
        limit = start + longest
        cut = _cut_point(text, start, limit + 1, limit - longest // 4)
        spans.append(trimmed(text, start, cut))
        start = _skip_space(text, cut, end)
    return [*spans, (start, end)]


def halves(text: str, start: int, end: int, near: int) -> tuple[Span, Span]:
    """A trimmed span of two code points or more in two, cut at the best place close to ``near``."""
    cut = _cut_point(text, start, end, min(max(near, start + 1), end - 1))
    return trimmed(text, start, cut), (_skip_space(text, cut, end), end)


def _cut_point(text: str, start: int, end: int, near: int) -> int:
    """Where to cut ``text[start:end]``, which starts with a visible code point: strictly inside.

    After a sentence or a clause if one ends close to ``near``, else at the nearest white space, else
    between grapheme clusters, and inside a cluster only if there is nothing but that one.
    """
    low, high = (start + near) // 2, (near + end) // 2
    for pattern, first, last in (
        (_SENTENCE_END, low, high),
        (_CLAUSE_END, low, high),
        (_SPACE, start + 1, end),
    ):
        ends = (match.end() for match in pattern.finditer(text, first, last))
        cut = min((cut for cut in ends if start < cut < end), key=lambda cut: abs(cut - near), default=end)
        if cut < end and _is_boundary(text, start, cut):
            return cut
    low, high = (near, near) if _is_boundary(text, start, near) else _cluster_at(text, start, end, near)
    if low > start:
        return low
    return high if high < end else near


def _skip_space(text: str, start: int, end: int) -> int:
    match = _SPACES.match(text, start, end)
    return match.end() if match else start


def _sentence_ends(part: str, language: str) -> list[int]:
    """Where sentencex sees ends, less those that read better without."""
    ends: list[int] = []
    begin, width = 0, _WINDOW
    while begin < len(part):
        found = [
            begin + boundary["end_index"]
            for boundary in get_sentence_boundaries(language, part[begin : begin + width])
        ]
        if begin + width >= len(part):
            ends += found
            break
        if len(found) == 1:
            width *= 2
        else:  # the window may have cut the last sentence short: the next one begins with it
            ends += found[:-1]
            begin, width = found[-2], _WINDOW
    return [cut for begin, cut in zip([0, *ends], ends, strict=False) if not _goes_on(part, begin, cut)]


def _goes_on(part: str, begin: int, cut: int) -> bool:
    """Whether the sentence ``part[begin:cut]`` is none by itself but goes on after ``cut``."""
    if cut == len(part):
        return False
    last, following = part[cut - 1], part[cut]
    if not last.isspace() and not following.isspace():
        if last.isascii():  # "H2A.X", "System.Out", "Yahoo!奇摩"
            return True
        if last in "」』”）" and _JOINED_AFTER_QUOTE.match(following):  # 「はい。」と言った。
            return True
    return _NUMBER.fullmatch(part, begin, cut) is not None  # "1. Wash your hands."


def _language(part: str) -> str:
    sample = part[:_WINDOW]
    if sample.isascii():
        return "en"
    letters = _CYRILLIC_OR_GREEK.findall(sample)
    if 2 * len(letters) <= len(_LETTER.findall(sample)):
        return "en"
    return "ru" if 2 * len(_CYRILLIC.findall(sample)) > len(letters) else "el"


def _ends(pattern: re.Pattern[str], part: str) -> Iterable[int]:
    return (match.end() for match in pattern.finditer(part))


def _tiled(text: str, start: int, end: int, cuts: Iterable[int]) -> list[Span]:
    """``text[start:end]`` divided at the ascending cuts, each moved behind a cluster that it splits."""
    spans = []
    for cut in (*cuts, end):
        if cut <= start:
            continue
        if not _is_boundary(text, start, cut) and cut < end:
            cut = _cluster_at(text, start, end, cut)[1]  # noqa: PLW2901
        span = trimmed(text, start, cut)
        if span[0] < span[1]:
            spans.append(span)
        start = cut
    return spans


def _is_boundary(text: str, start: int, position: int) -> bool:
    """Whether no cluster of visible code points goes across ``position``, given that ``start`` is clear.

    Clusters are looked for from ``start``, because flags can only be told apart by counting; but most
    code points cannot belong to the cluster of those before them, and need no look.
    """
    if not start < position < len(text) or text[position].isspace() or text[position - 1].isspace():
        return True
    if _STANDS_APART.match(text, position) and not _PREPENDED.match(text, position - 1):
        return True
    low, high = _cluster_at(text, start, len(text), position)
    return low == high


def _cluster_at(text: str, start: int, end: int, position: int) -> Span:
    """The cluster that ``position`` splits, or ``(position, position)`` where two meet."""
    for cluster in _CLUSTER.finditer(text, start, end):
        if cluster.end() >= position:
            return (position, position) if cluster.end() == position else cluster.span()
    return position, position
