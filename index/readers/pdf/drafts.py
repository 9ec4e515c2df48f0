"""Write the text of blocks from the lines of a PDF, and record the boxes of each word.

In prose, a line end becomes a space, and words and web addresses that were broken at line ends are joined.
Rows of tables and lines of code stay lines.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from statistics import median

from index.readers.base.builder import Draft
from index.readers.base.normalisation import normalise
from index.readers.pdf.geometry import Box, Skew
from index.readers.pdf.page import Line, Page, Word
from index.readers.pdf.tables import NumberTable
from index.readers.pdf.unspaced import is_unspaced
from index.readers.pdf.urls import breaks_url, is_in_url
from index.readers.pdf.word_tables import CELL_GAP, WordTable
from index.text.tables import SEPARATOR
from index.types import BlockKind

_MAX_INDENT = 120
_MIN_COMPOUND = 4
_MAX_SYLLABLES = 64
_MIN_THE_SHARE = 0.01
"""Share of the word "the" in the words of a document from which it counts as English."""
_WORD_END = re.compile(r"[^\W\d_]+$")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


class Vocabulary:
    """The words of a document, used to decide whether a hyphen at a line end belongs to the word.

    ``counts`` has lower-case words. A word with hyphens is one word; words broken at line ends are left out.
    """

    def __init__(self, pages: Iterable[Page]) -> None:
        self.counts: Counter[str] = Counter()
        for page in pages:
            for line in page.lines:
                text = line.text.rpartition(" ")[0] if line.hyphen else line.text
                self.counts.update(_WORD.findall(text.lower()))
        self.english = self.counts["the"] > _MIN_THE_SHARE * self.counts.total()

    def keeps_hyphen(self, first: str, second: str) -> bool:
        """Whether the hyphen between the parts is part of the word, and not only of the line break."""
        if is_in_url(first):
            return True
        head, tail = _WORD_END.search(first[-_MAX_SYLLABLES:]), _WORD.match(second)
        if head is None or tail is None or not tail[0][0].islower():
            return True
        compound, joined = f"{head[0]}-{tail[0]}".lower(), f"{head[0]}{tail[0]}".lower()
        if self.counts[compound] == self.counts[joined] == 0:
            return "-" in first or (self.english and self._are_words(head[0].lower(), tail[0].lower()))
        return self.counts[compound] > self.counts[joined]

    def _are_words(self, *parts: str) -> bool:
        """Whether the parts are words of the document, and not only syllables.

        Not meaningful in languages such as German, which write compounds as one word.
        """
        return all(len(part) >= _MIN_COMPOUND and self.counts[part] > 0 for part in parts)


@dataclass(slots=True)
class PdfDraft:
    """A block under construction, with ``(start, end, box)`` for each box of its words."""

    kind: BlockKind
    page: int
    level: int = 0
    parts: list[str] = field(default_factory=list)
    boxes: list[tuple[int, int, Box]] = field(default_factory=list)
    length: int = 0
    names: tuple[str, ...] = ()
    head: int = 0
    picture: Box | None = None
    """The box of the picture whose caption it is."""
    continued: bool = False
    """Whether the names are those of a table on the page before, whose columns are at the same places."""

    def draft(self) -> Draft:
        """The draft for :func:`index.readers.base.builder.assemble`."""
        return Draft(self.kind, "".join(self.parts), self.level, self.page, names=self.names, head=self.head)

    def write(self, separator: str, word: str, boxes: Sequence[tuple[int, int, Box]]) -> None:
        """Add a word with its boxes, whose spans count from the start of the word."""
        start = self.length + len(separator)
        self.parts += (separator, word)
        self.boxes += [(start + first, start + last, box) for first, last, box in boxes]
        self.length = start + len(word)

    def write_prose(self, lines: Sequence[Line], words: Vocabulary) -> None:
        """Add lines as running text, on a new line if there is text already.

        ``words`` is the vocabulary of the document.
        """
        separator = "\n" if self.parts else ""
        pending: list[tuple[Word, bool]] = []
        for line, below in zip_longest(lines, lines[1:]):
            for word in line.words:
                at_end = below is not None and word is line.words[-1]
                pending.append((word, at_end and line.hyphen))
                if at_end and (line.hyphen or breaks_url(_text(pending), below.words[0].text)):
                    continue
                self.write("" if pending[0][0].joined else separator, *_join_parts(pending, words))
                separator = _separator(line, below) if at_end else " "
                pending = []
        self._end(lines[-1])

    def write_code(self, lines: Sequence[Line]) -> None:
        """Add lines of code, indented by spaces."""
        left = min(line.box.x0 for line in lines)
        width = median((box.x1 - box.x0) / len(text) for line in lines for text, box, _ in line.words)
        for line in lines:
            indent = round((line.box.x0 - left) / width) if self.parts and width > 0 else 0
            start = "\n" + " " * min(indent, _MAX_INDENT) if self.parts else ""
            self._write_line(line, start, cell_gap=math.inf)

    def write_table(self, lines: Sequence[Line]) -> None:
        """Add rows of cells of which it is not known in which columns they are."""
        for line in lines:
            self._write_line(line, "\n" if self.parts else "", cell_gap=CELL_GAP * line.size)

    def write_words(self, table: WordTable) -> None:
        """Add the rows of a table of words, the empty cells too."""
        self.names, self.head = table.names, table.head
        for row in table.rows:
            self._write_row(row)

    def write_numbers(self, table: NumberTable) -> None:
        """Add the rows of a table of numbers, the empty cells too."""
        self.names, self.head = table.names, table.head
        for number, row in enumerate(table.rows):
            cells = [row.label, *row.cells]
            if sum(map(bool, cells)) == 1 and (row.label or number < table.head):
                cells = list(filter(None, cells))
            self._write_row(cells)

    def _write_row(self, cells: Sequence[Sequence[Word]]) -> None:
        separator = "\n" if self.parts else ""
        for cell in cells:
            for text, box, joined in cell:
                self.write("" if joined else separator, text, [(0, len(text), box)])
                separator = " "
            if not cell:
                self.write(separator, "", ())
            separator = SEPARATOR

    def _write_line(self, line: Line, separator: str, *, cell_gap: float) -> None:
        for part in line.parts(cell_gap):
            for text, box, joined in part:
                self.write("" if joined else separator, text, [(0, len(text), box)])
                separator = " "
            separator = SEPARATOR
        self._end(line)

    def _end(self, line: Line) -> None:
        """Add the hyphen at the end of the last line: no part of the word follows."""
        if line.hyphen:
            start, end, box = self.boxes.pop()
            self.parts.append("-")
            self.boxes.append((start, end + 1, box))
            self.length += 1


def layout_entries(
    drafts: Iterable[PdfDraft], starts: Iterable[int], skews: Mapping[int, Skew]
) -> Iterator[tuple[float, ...]]:
    """The entries of a layout: ``(start, end, page, x0, y0, x1, y1)`` for each box of the drafts.

    ``starts`` are the offsets of the drafts in the text, ``skews`` the turns of pages that were straightened.
    """
    for draft, at in zip(drafts, starts, strict=True):
        skew = skews.get(draft.page)
        for start, end, box in draft.boxes:
            yield at + start, at + end, draft.page, *(skew.restore(box) if skew else box)


def _separator(line: Line, below: Line | None) -> str:
    """What stands for a line end in prose: nothing in a script without spaces."""
    unspaced = below and is_unspaced(line.words[-1].text[-1]) and is_unspaced(below.words[0].text[0])
    return "" if unspaced else " "


def _text(parts: Sequence[tuple[Word, bool]]) -> str:
    return "".join([word.text + "-" * hyphen for word, hyphen in parts])


def _join_parts(
    parts: Sequence[tuple[Word, bool]], words: Vocabulary
) -> tuple[str, list[tuple[int, int, Box]]]:
    """Join the parts of a broken word; returns it with the span of each box.

    Each part comes with whether a hyphen follows it.
    """
    if len(parts) == 1:
        text, box, _ = parts[0][0]
        return text, [(0, len(text), box)]
    whole = ""
    spans: list[tuple[int, int, Box]] = []
    hyphen = False
    for (text, box, _), hyphen_after in parts:
        if hyphen and words.keeps_hyphen(whole, text):
            whole += "-"
            start, end, last = spans[-1]
            spans[-1] = start, end + 1, last
        hyphen = hyphen_after
        spans.append((len(whole), len(whole) + len(text), box))
        whole += text
    composed = normalise(whole, name="")
    if len(composed) != len(whole):  # normalisation composed a letter with its accent
        spans = [(0, len(composed), box) for _, _, box in spans]
    return composed, spans
