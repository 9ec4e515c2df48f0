"""Diffs of two texts, word by word or line by line.

Based on the longest common subsequence of words or of lines (rapidfuzz's bit-parallel algorithm, Hyyrö 2004).
Where that would take too much time or memory, the texts are divided at elements that occur once in both
(patience diff); a part without any is replaced as a whole. So time and memory stay bounded for any two texts.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

import regex
from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

from index.patterns import lazy_pattern
from index.text.ascending import longest_ascending

Kind = Literal["equal", "delete", "insert"]
Match = tuple[int, int, int]
"""Start in the old sequence, start in the new one, length."""

IDEOGRAPHIC = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_TOKEN = lazy_pattern(rf"\s+|[{IDEOGRAPHIC}]\p{{M}}*|[\w--[{IDEOGRAPHIC}]]+|.", regex.VERSION1 | regex.DOTALL)
_WORD = lazy_pattern(r"\w")
_MAX_LINE = 500
_PIECE = lazy_pattern(
    rf".{{1,{_MAX_LINE}}}?(?:(?<![.!?])[.!?]++\s++|(?<![。！？])[。！？]++|$)|.{{1,{_MAX_LINE}}}",
    regex.DOTALL,
)
_MAX_CELLS = 1 << 27
"""Size of the matrix of a longest common subsequence, one bit a cell: 16 MB."""
_MAX_PAIRED_LINES = 32
"""Lines of a replaced stretch up to which each old line is compared with each new one."""
_MIN_SIMILARITY = 50.0
"""Indel ratio in per cent from which a new line counts as the changed form of an old one."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A stretch of text: in both texts (``equal``), only in the old (``delete``) or the new (``insert``)."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its line break, or a piece of a very long line.

    ``edits`` are set for a line that was changed into a similar one, or that is the result of such a change:
    the equal and deleted edits make up the old line, the equal and inserted edits the new one.
    """

    kind: Kind
    text: str
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class Hunk:
    """A group of changed lines with some unchanged lines around them.

    It covers ``[old_start, old_end)`` of the old text and ``[new_start, new_end)`` of the new one, in code
    points: the equal and deleted lines make up the former, the equal and inserted lines the latter.
    """

    old_start: int
    old_end: int
    new_start: int
    new_end: int
    lines: tuple[Line, ...]


def word_diff(old: str, new: str) -> tuple[Edit, ...]:
    """The edits that turn ``old`` into ``new``, in units of words, white space and other characters.

    Scripts without spaces between words are compared by character. The equal and deleted edits joined are
    ``old``, the equal and inserted ones ``new``; deletions come before insertions.
    """
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    edits: list[Edit] = []
    i = j = 0
    for at, to, length in [*_readable_matches(_matches(before, after), before), (len(before), len(after), 0)]:
        edits += _edit("delete", before[i:at]) + _edit("insert", after[j:to])
        i, j = at + length, to + length
        edits += _edit("equal", before[at:i])
    return tuple(edits)


def line_diff(old_text: str, new_text: str, *, context: int = 3) -> tuple[Hunk, ...]:
    """The hunks that turn the old text into the new one, with ``context`` equal lines around each.

    Equal texts have no hunks. Lines of more than 500 code points are compared by sentence.
    """
    if old_text == new_text:
        return ()
    old, new = _lines(old_text), _lines(new_text)
    old_ends, new_ends = [0, *accumulate(map(len, old))], [0, *accumulate(map(len, new))]
    hunks = []
    for changes in _group(_changes(_matches(old, new), len(old), len(new)), context):
        first, last = changes[0], changes[-1]
        before = min(context, first[0], first[2])
        after = min(context, len(old) - last[1], len(new) - last[3])
        i, i_end, j, j_end = first[0] - before, last[1] + after, first[2] - before, last[3] + after
        lines = tuple(_hunk_lines(old, new, changes, i, i_end))
        hunks.append(Hunk(old_ends[i], old_ends[i_end], new_ends[j], new_ends[j_end], lines))
    return tuple(hunks)


def best_run(
    pairs: list[tuple[int, int]], old: list[tuple[int, int]], new: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """The run of matched words with the best score: code points matched, minus half of those skipped.

    ``pairs`` are ascending positions of equal words in ``old`` and ``new``, which hold the words' spans.
    Frequent words also match far away from the others; this leaves those matches out.
    """
    best, best_from, best_to = 0.0, 0, 0
    total, begin = 0.0, 0
    for at, (i, j) in enumerate(pairs):
        if at and total > 0:
            skipped_old = old[i][0] - old[pairs[at - 1][0]][1]
            skipped_new = new[j][0] - new[pairs[at - 1][1]][1]
            total -= max(0, max(skipped_old, skipped_new) - 1) / 2
        if total <= 0:
            total, begin = 0.0, at
        total += old[i][1] - old[i][0]
        if total > best:
            best, best_from, best_to = total, begin, at + 1
    return pairs[best_from:best_to]


def map_boundary(boundary: int, pairs: Sequence[tuple[int, int]]) -> int | None:
    """The position in the new sequence that corresponds to a boundary in the old one.

    ``pairs`` are ascending positions of equal elements. Unmatched elements around the boundary are divided
    in proportion, but an insertion before it stays outside. None if nothing after the boundary is matched.
    """
    after = next(((i, j) for i, j in pairs if i >= boundary), None)
    before = next(((i, j) for i, j in reversed(pairs) if i < boundary), None)
    if after is None or before is None or after[0] == boundary:
        return after and after[1]
    missing, missing_before = after[0] - boundary, boundary - 1 - before[0]
    between = after[1] - 1 - before[1]
    if missing_before:
        share = min(missing * 2, round(between * missing / (missing + missing_before)))
    else:
        share = between if between <= 2 * missing + 2 else missing
    return after[1] - share


def _edit(kind: Kind, tokens: Sequence[str]) -> list[Edit]:
    return [Edit(kind, "".join(tokens))] if tokens else []


def _readable_matches(matches: list[Match], tokens: Sequence[str]) -> Iterator[Match]:
    """Leave out matches of only white space or punctuation between two changes, which are hard to read."""
    for number, (at, to, length) in enumerate(matches):
        inside = 0 < number < len(matches) - 1
        if not inside or length > 3 or any(map(_WORD.search, tokens[at : at + length])):
            yield at, to, length


def _lines(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.split("\n"):
        lines += [line + "\n"] if len(line) <= _MAX_LINE else _PIECE.findall(line + "\n")
    # The last line has no line break.
    lines[-1] = lines[-1].removesuffix("\n")
    return lines if lines[-1] else lines[:-1]


def _changes(matches: list[Match], old: int, new: int) -> Iterator[tuple[int, int, int, int]]:
    """The gaps between matches: start and end in the old sequence, start and end in the new one."""
    i = j = 0
    for at, to, length in [*matches, (old, new, 0)]:
        if at > i or to > j:
            yield i, at, j, to
        i, j = at + length, to + length


def _group(
    changes: Iterator[tuple[int, int, int, int]], context: int
) -> Iterator[list[tuple[int, int, int, int]]]:
    """Group the changes whose contexts touch."""
    group: list[tuple[int, int, int, int]] = []
    for change in changes:
        if group and change[0] - group[-1][1] > 2 * context:
            yield group
            group = []
        group.append(change)
    yield group


def _hunk_lines(
    old: Sequence[str], new: Sequence[str], changes: list[tuple[int, int, int, int]], i: int, i_end: int
) -> Iterator[Line]:
    for at, at_end, to, to_end in changes:
        yield from (Line("equal", line) for line in old[i:at])
        yield from _replaced_lines(old[at:at_end], new[to:to_end])
        i = at_end
    yield from (Line("equal", line) for line in old[i:i_end])


def _replaced_lines(old: Sequence[str], new: Sequence[str]) -> list[Line]:
    """The deleted lines, then the inserted ones; similar pairs have the edits of their words."""
    deleted, inserted = [Line("delete", line) for line in old], [Line("insert", line) for line in new]
    if len(old) <= _MAX_PAIRED_LINES and len(new) <= _MAX_PAIRED_LINES:
        j = 0
        for i, line in enumerate(old):
            ratios = [fuzz.ratio(line, other, score_cutoff=_MIN_SIMILARITY) for other in new[j:]]
            if not any(ratios):
                continue
            to = j + ratios.index(max(ratios))
            edits = word_diff(line, new[to])
            deleted[i] = Line("delete", line, tuple(one for one in edits if one.kind != "insert"))
            inserted[to] = Line("insert", new[to], tuple(one for one in edits if one.kind != "delete"))
            j = to + 1
    return [*deleted, *inserted]


def _matches(old: Sequence[str], new: Sequence[str]) -> list[Match]:
    """The matching stretches, in order: a longest common subsequence, not always the longest if very long."""
    start, shorter = 0, min(len(old), len(new))
    while start < shorter and old[start] == new[start]:
        start += 1
    end = 0
    while end < shorter - start and old[-1 - end] == new[-1 - end]:
        end += 1
    numbers: dict[str, int] = {}
    a = [numbers.setdefault(one, len(numbers)) for one in old[start : len(old) - end]]
    b = [numbers.setdefault(one, len(numbers)) for one in new[start : len(new) - end]]
    pairs = [(start + i, start + j) for i, j in _common_pairs(a, b)]
    found = [(0, 0, start)] if start else []
    for i, j in [*pairs, *((len(old) - end + k, len(new) - end + k) for k in range(end))]:
        if found and i == found[-1][0] + found[-1][2] and j == found[-1][1] + found[-1][2]:
            found[-1] = (found[-1][0], found[-1][1], found[-1][2] + 1)
        else:
            found.append((i, j, 1))
    return found


def _common_pairs(a: list[int], b: list[int]) -> list[tuple[int, int]]:
    """Ascending pairs of positions with equal numbers."""
    in_a, in_b = set(a), set(b)
    # Often most numbers occur in only one of the two: they cannot match and would only cost time.
    at_a = [i for i, one in enumerate(a) if one in in_b]
    at_b = [j for j, one in enumerate(b) if one in in_a]
    short_a, short_b = [a[i] for i in at_a], [b[j] for j in at_b]
    return [(at_a[i], at_b[j]) for i, j in _bounded_subsequence(short_a, short_b)]


def _bounded_subsequence(a: list[int], b: list[int]) -> Iterator[tuple[int, int]]:
    """The pairs of a longest common subsequence; of very long sequences, those between anchors."""
    if len(a) * len(b) <= _MAX_CELLS:
        yield from _longest_subsequence(a, b)
        return
    i = j = 0
    for at, to in [*_anchors(a, b), (len(a), len(b))]:
        if (at - i) * (to - j) <= _MAX_CELLS:
            yield from ((i + x, j + y) for x, y in _longest_subsequence(a[i:at], b[j:to]))
        if at < len(a) and to < len(b):
            yield at, to
        i, j = at + 1, to + 1


def _longest_subsequence(a: list[int], b: list[int]) -> Iterator[tuple[int, int]]:
    for block in LCSseq.opcodes(a, b).as_matching_blocks():
        for step in range(block.size):
            yield block.a + step, block.b + step


def _anchors(a: list[int], b: list[int]) -> list[tuple[int, int]]:
    """Pairs of numbers that occur once in both: the longest chain that is in the same order in both."""
    once_a, once_b = Counter(a), Counter(b)
    where = {one: j for j, one in enumerate(b) if once_b[one] == 1}
    pairs = [(i, where[one]) for i, one in enumerate(a) if once_a[one] == 1 and one in where]
    return [pairs[at] for at in longest_ascending([j for _, j in pairs])]
