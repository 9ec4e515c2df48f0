"""Read plain text: the text is unchanged, only its structure is recognised.

Blank lines separate paragraphs. Headings are lines between equals signs, as in Wikipedia's markup
(``== Background ==``), underlined lines at the start of a paragraph, short lines directly above their text
(:mod:`index.readers.plain.heading_lines`), and lines whose numbers run through the document. Lists are lines
that begin with a marker, with their continuation lines.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType

from index.readers.base.normalisation import decode, normalise, require_text
from index.readers.plain.heading_lines import CHUNK, heading_lines
from index.text.ascending import longest_ascending
from index.types import Block, Extract

# Recognise numbered headings of plain text, such as ``6.2.1. How do I …`` or ``3. Title`` in RFCs.
#
# Numbered lists look similar. A heading is between blank lines, the block after it is neither numbered nor
# the text of a list item, and its number belongs to a sequence that runs through the document.


_NUMBERED = re.compile(
    r"(?:(?P<word>chapter|section|part|kapitel|abschnitt|teil|chapitre|partie|capítulo|capitolo)\s+)?"
    r"(?P<number>\d{1,3}(?:\.\d{1,3}){0,8})(?P<dot>[.:]?)\s+(?=\S)",
    re.IGNORECASE,
)
_NUMBERED_ITEM = re.compile(r"(?:\d{1,3}(?:\.\d{1,3})+[.)]?|\(?(?:\d{1,3}|[a-zA-Z])[.)])\s")
_ITEM = re.compile(rf"[-*+•–—]\s|{_NUMBERED_ITEM.pattern}")
_LEADERS = re.compile(r"(?<!\.)(?<!\.\s)(?:\.\s?){4,}\s*\d+$")
_SENTENCE_END = re.compile(r"(?<!\.)\.$|[,;:]$")
_MIN_HEADINGS = 3
_MAX_LINES = 3
_MAX_NUMBERED_TITLE = 200
_MAX_INDENT = 3


_Number = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A block that may be a heading.

    ``at`` is its index among the blocks. ``indent`` is the column where it begins, ``column`` that of its
    title, and ``body`` that of the block after it.
    """

    at: int
    number: _Number
    indent: int
    column: int
    body: int


def mark_numbered_headings(text: str, blocks: Sequence[Block]) -> list[Block]:
    """Turn the blocks that are numbered headings into headings, if there are at least three."""
    found = list(_candidates(text, blocks))
    if not any(len(one.number) > 1 for one in found):
        # Without subsections it may be a list whose items have paragraphs, aligned with their text.
        found = [one for one in found if one.body != one.column]
    margin = Counter(one.indent for one in found).most_common(1)
    found = [one for one in found if one.indent == margin[0][0]]
    found = [found[at] for at in longest_ascending([one.number for one in found])]
    promoted = list(blocks)
    steps = sum(_is_next(one.number, other.number) for one, other in pairwise(found))
    if len(found) < _MIN_HEADINGS or 2 * steps < len(found) - 1:
        return promoted
    for one in found:
        block = blocks[one.at]
        title = " ".join(text[block.start : block.end].split())
        level = min(len(one.number), _MAX_LEVEL)
        promoted[one.at] = replace(block, kind="heading", level=level, title=title)
    return promoted


def _candidates(text: str, blocks: Sequence[Block]) -> Iterator[_Candidate]:
    """The candidates that are followed by prose, or by a candidate for a subsection."""
    after: _Candidate | None = None
    kept: list[_Candidate] = []
    for at in range(len(blocks) - 2, -1, -1):
        one = _candidate(text, blocks, at)
        follows = blocks[at + 1]
        if one is not None:
            is_part = after is not None and after.at == at + 1 and after.number[:-1] == one.number
            if is_part or not _NUMBERED_ITEM.match(text, follows.start):
                kept.append(one)
                after = one
    yield from reversed(kept)


def _candidate(text: str, blocks: Sequence[Block], at: int) -> _Candidate | None:
    block, follows = blocks[at], blocks[at + 1]
    if block.kind not in ("paragraph", "list") or block.end - block.start > _MAX_NUMBERED_TITLE:
        return None
    match = _NUMBERED.match(text, block.start, block.end)
    before = blocks[at - 1].end if at else 0
    apart = at == 0 or text.count("\n", before, block.start) > 1
    if match is None or not apart or text.count("\n", block.end, follows.start) < 2:
        return None
    number = tuple(map(int, match["number"].split(".")))
    indent = _column(text, block.start)
    marked = len(number) > 1 or match["dot"] or match["word"]
    if not marked or indent > _MAX_INDENT or not _is_title(text[match.end() : block.end], number):
        return None
    return _Candidate(at, number, indent, _column(text, match.end()), _column(text, follows.start))


def _is_title(words: str, number: _Number) -> bool:
    first, *others = words.split("\n")
    has_capital = not first[0].islower() or len(number) > 1
    is_short = len(others) < _MAX_LINES and not any(_ITEM.match(line.lstrip()) for line in others)
    has_words = any(map(str.isalpha, first)) and not _LEADERS.search(words)
    return has_capital and is_short and has_words and not _SENTENCE_END.search(words)


def _column(text: str, at: int) -> int:
    return at - text.rfind("\n", 0, at) - 1


def _is_next(last: _Number, number: _Number) -> bool:
    """Whether a number follows ``last``: it is the next at its depth, or the first of a deeper level."""
    depth = len(number) - 1
    if number[:depth] != last[:depth]:
        return False
    return number[depth] == last[depth] + 1 if depth < len(last) else number[depth] <= 1


READER = "text/4"
MEDIA_TYPE = "text/plain"

_LINE = re.compile(r".++")

_FIRST = "[-*+#=•◦‣▪●○・–—0-9]"
"""Characters that headings and list items begin with. Chunks without them, most of a text, are paragraphs."""
_MARKED_START = re.compile(_FIRST)
_MARKED_LINE = re.compile(rf"\n[^\S\n]*+{_FIRST}")

# "*Item" without a space is a list item of a wiki; with a second asterisk it is emphasis.
_BULLET = re.compile(r"(?:[-+–—]|[*#]{1,6})\s+\S|[•◦‣▪●○・]\s*\S|[*#]{1,6}[^\s*#][^*]*$")
_NUMBER = re.compile(r"(\d{1,3})(?:[.)]\s+\S|、\s*\S)")
_UNDERLINES = {"=": 1, "-": 2}
"""The character of an underline -> the heading's level."""
_MAX_LEVEL = 6
_MAX_TITLE = 160


def read_text(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """Read a plain text file, with its headings, paragraphs and lists."""
    text = normalise(decode(data, name=name, charset=charset), name=name)
    require_text(text, name=name)
    blocks = tuple(mark_numbered_headings(text, list(find_blocks(text, heading_lines(text)))))
    # An underlined heading may be that of a chapter: only one in equals signs is used as the title.
    titles = (block.title for block in blocks if block.level == 1 and text[block.start] == "=")
    return Extract(text=text, blocks=blocks, media_type=MEDIA_TYPE, reader=READER, title=next(titles, ""))


def find_blocks(text: str, above: Mapping[int, int] = MappingProxyType({})) -> Iterator[Block]:
    """The blocks of a normalised plain text, in order.

    ``above`` has the starts of chunks whose first line is a heading, with its level.
    """
    for chunk in CHUNK.finditer(text):
        start, end = chunk.span()
        if level := above.get(start):
            line, _, body = text[start:end].partition("\n")
            title = line.rstrip()
            yield Block("heading", start, start + len(title), level=level, title=" ".join(title.split()))
            start = end - len(body.lstrip())
        if _MARKED_START.match(text, start) or _MARKED_LINE.search(text, start, end):
            yield from _ChunkParser(text).blocks(start, end)
        else:
            yield Block("paragraph", start, start + len(text[start:end].rstrip()))


class _ChunkParser:
    """Divides a chunk into blocks, line by line. Lines of one kind form a run."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.in_list = False
        self.lines = 0
        self.start = 0
        self.end = 0

    def blocks(self, start: int, end: int) -> Iterator[Block]:
        for match in _LINE.finditer(self.text, start, end):
            line = match[0].strip()
            at = match.start() + match[0].index(line[0])
            if heading := _heading(line):
                yield from self._close()
                level, title = heading
                yield Block("heading", at, at + len(line), level=level, title=title)
            elif level := self._underline_level(line):
                title = " ".join(self.text[self.start : self.end].split())
                yield Block("heading", self.start, at + len(line), level=level, title=title)
                self.lines = 0
            else:
                yield from self._take(line, at, indented=at > match.start())
        yield from self._close()

    def _take(self, line: str, at: int, *, indented: bool) -> Iterator[Block]:
        if self.lines and self.in_list:
            continues = indented or line[0].islower() or _is_item(line)
        else:
            continues = self.lines > 0 and not _interrupts(line)
        if not continues:
            yield from self._close()
            self.in_list = _is_item(line)
            self.start = at
        self.lines += 1
        self.end = at + len(line)

    def _close(self) -> Iterator[Block]:
        if self.lines:
            yield Block("list" if self.in_list else "paragraph", self.start, self.end)
        self.lines = 0

    def _underline_level(self, line: str) -> int:
        """The heading level, if the line underlines the run before it; else 0."""
        level = _UNDERLINES.get(line[0], 0)
        width = self.end - self.start
        fits = self.lines == 1 and not self.in_list and width <= min(_MAX_TITLE, 2 * len(line))
        return level if fits and len(line) >= 3 and not line.strip(line[0]) else 0


def _heading(line: str) -> tuple[int, str] | None:
    """Level and title of a line between equally many equals signs; None for other lines."""
    if line[0] != "=" or line[-1] != "=":
        return None
    title = line.strip("=")
    level = len(line) - len(line.lstrip("="))
    balanced = 2 * level + len(title) == len(line)
    if not balanced or level > _MAX_LEVEL or not title.strip():
        return None
    return level, " ".join(title.split())


def _is_item(line: str) -> bool:
    return bool(_BULLET.match(line) or _NUMBER.match(line))


def _interrupts(line: str) -> bool:
    """Whether a line inside a paragraph begins a list.

    A line of wrapped prose can begin with a number or a dash. So, as in CommonMark, the number must be 1, and
    dashes do not count.
    """
    if line[0] in "–—":
        return False
    number = _NUMBER.match(line)
    return number[1] == "1" if number else bool(_BULLET.match(line))
