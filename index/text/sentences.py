"""Split text into sentences, list items or lines, and split spans that are too long.

A span is half open, ``[start, end)``, and always counts code points from the start of the whole text.
"White space" is what :meth:`str.isspace` says. No span ends between two visible code points of one grapheme
cluster, so that a quote never loses an accent or half a flag.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

import regex
from sentencex import get_sentence_boundaries  # type: ignore[import-untyped]

from index.patterns import lazy_pattern
from index.types import Block

Span = tuple[int, int]

_WINDOW = 4096
"""Code points passed to sentencex at a time. On text that is not ASCII its time is quadratic in the length:
23 s for a paragraph of 400 000 Chinese characters as a whole, 0.2 s in windows."""

_SPACE_BEFORE_STOP = re.compile(r"(?<=[^\W\d_])\s+(?=\.)")
"""White space after which sentencex takes "A ." for an initial. It panics unless that is ASCII."""
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")

COLONS = (":", "：")
"""What ends a line that leads to the lines below it, in the scripts that are known."""
LIST_ITEM = r"[^\S\n]*(?:[-*+•‣◦▪]|\(?\d{1,3}[.)]|\(?[A-Za-z]\))[^\S\n]"
"""The beginning of an item of a list, up to the space after its bullet or number."""
_ITEM_START = re.compile(LIST_ITEM)
_NEXT_ITEM = re.compile(rf"\n(?={LIST_ITEM})")
_NEXT_CLAUSE = re.compile(
    r"(?:[.;:!?][\"'”’)\]]*+|^[^\S\n]*+\d{1,3}(?:\.\d{1,3})*+[.)]?[^\S\n][^\n]*+|\n)[^\S\n]*+\n"
    r"(?=[^\S\n]*+\d{1,3}(?:\.\d{1,3}){1,4}[.)]?[^\S\n]++[\"'“„«(\[]?[^\W\d_a-z])",
    re.MULTILINE,
)
"""A line end before a clause, such as "4.2 The deposit": a wrapped line may begin with a number, too, but not
after the end of a sentence, a blank line, or a line that has a number itself."""
_LABEL = r"[^\S\n]*+[^\W\d_a-z][^\n:.!?;,|\t]{0,40}+:[^\S\n]++(?=\S)"
_NEXT_LABEL = re.compile(
    rf"^{_LABEL}[^\n]*+\n(?={_LABEL})|\n(?={_LABEL}[^\n]*+\n{_LABEL})",
    re.MULTILINE,
)
"""A line end in a block of lines such as "Weight: 5.4 kg", each of which tells one thing."""
_LINES = re.compile(r"^[^\S\n]*+\S[^\n]*+(?:\n[^\S\n]*+\S[^\n]*+)++", re.MULTILINE)
"""Lines without a blank one between them."""
_LINE_START = re.compile(r"[\W_]*+([^\W_])\S*+")
_GOES_ON = re.compile(r"(?:[,;&–—-]|\b(?:and|or|und|oder|et|ou|y|o|e|en|of))\Z")
"""The end of a line that the next one goes on from."""
_FEWEST_LINES = 3
"""Fewer are not told from wrapped ones."""
_FULL = 0.8
"""The share of the longest line from which on another one may end because the next word did not fit."""
_NEXT_ROW = re.compile(r"\n(?=[^\S\n]*\||[^\n]*\t)")
_UNKNOWN_END = re.compile(r"(?<![។៕།༎])[។៕།༎]++[^\S\n]++")
"""Khmer and Tibetan full stops, which sentencex does not know."""
_ITEM_NUMBER = re.compile(r"\s*\(?(?:\d{1,3}|[A-Za-z]|[IVXivx]{1,5})[.)][^\S\n]*")
_JOINED_AFTER_QUOTE = re.compile(r"[\u3041-\u309f，、,：；:;]")

_CYRILLIC_OR_GREEK = re.compile(r"[\u0370-\u052f\u1f00-\u1fff]")
_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_LETTER = re.compile(r"[^\W\d_]")

_CLUSTER = lazy_pattern(
    r"[\p{Regional_Indicator}]{2}[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*|\X", regex.VERSION1
)
r"""Matches what ``\X`` matches at the start of a cluster, but without counting the flags before it."""
_STARTS_CLUSTER = lazy_pattern(
    r"[\p{GCB=XX}\p{GCB=CN}--\p{Extended_Pictographic}--\p{InCB=Consonant}]", regex.VERSION1
)
_PREPENDED = lazy_pattern(r"\p{GCB=Prepend}")

# From the start of a run only: a long one without white space after it would be read again from each place.
_SENTENCE_END = re.compile(r"(?<![.!?])[.!?]++[\"'”’)\]]*+(?=\s)|[。！？．؟।॥]+[」』”’）]*")
_CLAUSE_END = re.compile(r"(?<![,;:])[,;:]++[\"'”’)\]]*+(?=\s)|[，、；：،؛]|\s(?=[(–—])")
_SPACE = re.compile(r"\s")
_SPACES = re.compile(r"\s+")


def sentence_spans(text: str, start: int, end: int, language: str | None = None) -> list[Span]:
    """Split ``text[start:end]`` into sentences, as spans of ``text``.

    The spans are trimmed, never empty, and together hold every character that is not white space. A list
    item, a numbered clause, one of several lines such as "Weight: 5.4 kg" or a table row on a line of its own
    is a sentence, with or without a full stop. So is each of several lines that were not wrapped, such as
    "Monday: closed" above "Tuesday 10 to 12": most end before the next word would not have fitted.

    ``language`` is a two-letter code and selects the abbreviations. Without it, Russian and Greek are
    detected by their letters and everything else is split as English, which has the full stops of all
    scripts.
    """
    part = text[start:end]
    cuts = set(_sentence_ends(part, language or _detect_language(part)))
    if not part.isascii():
        cuts.update(_match_ends(_UNKNOWN_END, part))
    if "\n" in part:
        for pattern in (_NEXT_ITEM, _NEXT_CLAUSE, _NEXT_LABEL, _NEXT_ROW):
            cuts.update(_match_ends(pattern, part))
        for lines in _LINES.finditer(part):
            cuts.update(map(lines.start().__add__, _line_ends(lines[0].split("\n"))))
    return _split_at(text, start, end, map(start.__add__, sorted(cuts)))


def are_wrapped(lines: Sequence[str]) -> bool:
    """Tell whether lines are those of wrapped prose, or too few to tell; blank lines are not among them.

    Wrapped lines are about as long as the longest one, and a word with a small letter begins one of them.
    """
    begins = [match for line in lines[1:] if (match := _LINE_START.match(line))]
    has_all = len(begins) + 1 == len(lines) >= _FEWEST_LINES
    if not has_all or any(match[1].islower() for match in begins):
        return True
    widest = _FULL * max(map(len, lines))
    lengths = [len(line) + len(match[0].lstrip()) for line, match in zip(lines, begins, strict=False)]
    return 2 * sum(length < widest for length in lengths) < len(lengths)


def _line_ends(lines: Sequence[str]) -> Iterator[int]:
    """Yield the ends of lines that were not wrapped, from the start of the first one."""
    if are_wrapped(lines):
        return
    at = 0
    for line in lines[:-1]:
        at += len(line) + 1
        if not _GOES_ON.search(line.rstrip()):
            yield at


def clause_starts(text: str) -> frozenset[int]:
    """The starts of the lines of a text that begin a numbered clause, such as "4.2 The deposit"."""
    return frozenset(match.end() for match in _NEXT_CLAUSE.finditer(text))


def item_spans(text: str, start: int, end: int) -> list[Span]:
    """Split a list into its items if the first begins with a bullet or number, else into its lines."""
    if not _ITEM_START.match(text, start, end):
        return line_spans(text, start, end)
    return _split_at(text, start, end, (match.end() for match in _NEXT_ITEM.finditer(text, start, end)))


def line_spans(text: str, start: int, end: int) -> list[Span]:
    """Split ``text[start:end]`` into lines, trimmed and without blank ones."""
    spans = []
    for line in text[start:end].split("\n"):
        spans.append(trim_span(text, start, start + len(line)))
        start += len(line) + 1
    return [span for span in spans if span[0] < span[1]]


def block_spans(text: str, block: Block) -> list[Span]:
    """Split a block into items, lines or sentences, depending on its kind."""
    if block.kind == "list":
        return item_spans(text, block.start, block.end)
    if block.kind in {"table", "code"}:
        return line_spans(text, block.start, block.end)
    return sentence_spans(text, block.start, block.end)


def trim_span(text: str, start: int, end: int) -> Span:
    """The span without white space at its ends."""
    part = text[start:end]
    return end - len(part.lstrip()), start + len(part.rstrip())


def split_span(text: str, start: int, end: int, max_length: int) -> list[Span]:
    """Split a trimmed span into spans of at most ``max_length`` code points."""
    spans = []
    while end - start > max_length:
        limit = start + max_length
        cut = _cut_point(text, start, limit + 1, limit - max_length // 4)
        spans.append(trim_span(text, start, cut))
        start = _skip_space(text, cut, end)
    return [*spans, (start, end)]


def halve_span(text: str, start: int, end: int, near: int) -> tuple[Span, Span]:
    """Split a trimmed span of at least two code points in two, at the best place close to ``near``."""
    cut = _cut_point(text, start, end, min(max(near, start + 1), end - 1))
    return trim_span(text, start, cut), (_skip_space(text, cut, end), end)


def _cut_point(text: str, start: int, end: int, near: int) -> int:
    """The best place strictly inside ``text[start:end]`` to cut it; a visible code point is at ``start``.

    That is the end of a sentence or clause close to ``near``, else the nearest white space, else a place
    between grapheme clusters. A cluster is cut only if there is no other.
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
    """The sentence ends that sentencex finds, without those that :func:`_is_false_end` rejects."""
    ends: list[int] = []
    begin = 0
    if not part.isascii():
        part = _SPACE_BEFORE_STOP.sub(lambda match: _NOT_ASCII.sub(" ", match[0]), part)
    while begin < len(part):
        found = [
            begin + boundary["end_index"]
            for boundary in get_sentence_boundaries(language, part[begin : begin + _WINDOW])
        ]
        if begin + _WINDOW >= len(part):
            ends += found
            break
        if len(found) == 1:
            # No end in the window, and a larger one would take quadratic time: it is looked for behind it.
            begin = part.rfind(" ", begin + _WINDOW // 2, begin + _WINDOW) + 1 or begin + _WINDOW
        else:  # the window may have cut the last sentence short: the next window begins with it
            ends += found[:-1]
            begin = found[-2]
    return [
        cut
        for begin, cut in zip([0, *ends], ends, strict=False)
        if cut == len(part) or not _is_false_end(part, begin, cut)
    ]


def _is_false_end(part: str, begin: int, cut: int) -> bool:
    """Whether the sentence ``part[begin:cut]`` continues after ``cut``, which is not the end."""
    last, following = part[cut - 1], part[cut]
    if not last.isspace() and not following.isspace():
        if last.isascii():  # "H2A.X", "System.Out", "Yahoo!奇摩"
            return True
        if last in "」』”）" and _JOINED_AFTER_QUOTE.match(following):  # 「はい。」と言った。
            return True
    return _ITEM_NUMBER.fullmatch(part, begin, cut) is not None  # "1. Wash your hands."


def _detect_language(part: str) -> str:
    sample = part[:_WINDOW]
    if sample.isascii():
        return "en"
    letters = _CYRILLIC_OR_GREEK.findall(sample)
    if 2 * len(letters) <= len(_LETTER.findall(sample)):
        return "en"
    return "ru" if 2 * len(_CYRILLIC.findall(sample)) > len(letters) else "el"


def _match_ends(pattern: re.Pattern[str], part: str) -> Iterable[int]:
    return map(re.Match.end, pattern.finditer(part))


def _split_at(text: str, start: int, end: int, cuts: Iterable[int]) -> list[Span]:
    """Split ``text[start:end]`` at ascending cuts; a cut inside a cluster moves to the cluster's end."""
    spans = []
    for cut in (*cuts, end):
        if cut <= start:
            continue
        if cut < end and not _is_boundary(text, start, cut):
            cut = _cluster_at(text, start, end, cut)[1]  # noqa: PLW2901
        span = trim_span(text, start, cut)
        if span[0] < span[1]:
            spans.append(span)
        start = cut
    return spans


def _is_boundary(text: str, start: int, position: int) -> bool:
    """Whether ``position`` splits no cluster of visible code points, given that ``start`` splits none.

    Clusters are searched from ``start``, because flags are separated by counting their letters. Most code
    points always start a cluster, so that this is rarely necessary.
    """
    if not start < position < len(text) or text[position].isspace() or text[position - 1].isspace():
        return True
    if _STARTS_CLUSTER.match(text, position) and not _PREPENDED.match(text, position - 1):
        return True
    low, high = _cluster_at(text, start, len(text), position)
    return low == high


def _cluster_at(text: str, start: int, end: int, position: int) -> Span:
    """The cluster that ``position`` splits, or ``(position, position)`` where two meet."""
    for cluster in _CLUSTER.finditer(text, start, end):
        if cluster.end() >= position:
            return (position, position) if cluster.end() == position else cluster.span()
    return position, position
