"""Drop tables of contents whose lines have dot leaders and a page number.

They repeat the headings; if they stayed in the text, searches would find them instead of the sections.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from index.readers.pdf.page import Line, Page

_LEADERS = re.compile(r"(?<![.·…_])(?<![.·…_]\s)(?:[.·…_]\s?){4,}\s*(\d{1,5}|[ivxlc]{1,8})$", re.IGNORECASE)
_PAGE_NUMBER = re.compile(r"\s(\d{1,5}|[ivxlc]{1,8})$", re.IGNORECASE)
"""The page number at the end of a chapter's line, which often has no dots."""
_NUMBERING = re.compile(r"(?:[A-Z]|[A-Z]?\d+)(?:\.\d+)*[.:)]?\s+")
_MIN_LINES = 3
_MAX_BETWEEN = 3
"""Lines between two with dots: lines of chapters, and titles longer than a line."""
_MAX_BROKEN = 2
"""Lines among these that do not end with a number."""
_MAX_CHAPTERS = 2
"""Lines of chapters before the first line with dots, or after the last."""
_MAX_TABLES = 20
_MAX_TITLES = 20
"""Titles of a table that are searched in the rest of the document."""
_MIN_FOUND = 0.5
"""Share of these titles that must be found there."""
_MIN_TITLE = 3
_MAX_TEXT = 500

_Entry = tuple[int, int]
"""The index of a line with dots among all lines, and its page number, 0 for a Roman one."""


def drop_contents_tables(pages: Sequence[Page]) -> None:
    """Remove tables of contents, and lists of figures that look like them, from the pages.

    They have at least three lines with dots and a page number, the numbers are in order, and most titles are
    found in the rest of the document.
    """
    lines: list[Line] = [line for page in pages for line in page.lines]
    texts = [line.text[:_MAX_TEXT] for line in lines]
    tables = [table for table in _tables(texts) if len(table) >= _MIN_LINES][:_MAX_TABLES]
    if not tables:
        return
    listed = {at for table in tables for at in range(table[0][0], table[-1][0] + 1)}
    rest = "".join(_fold(text) for at, text in enumerate(texts) if at not in listed)
    dropped: set[int] = set()
    for table in tables:
        if _is_found([texts[at] for at, _ in table], rest):
            dropped.update(id(lines[at]) for at in _with_chapters(table, texts, rest))
    for page in pages:
        page.lines = [line for line in page.lines if id(line) not in dropped]


def _tables(texts: Sequence[str]) -> Iterator[list[_Entry]]:
    """Groups of lines with dots that are close to each other, with ascending page numbers."""
    table: list[_Entry] = []
    for at, text in enumerate(texts):
        if not (match := _LEADERS.search(text)):
            continue
        number = _page_number(match)
        if table and not (number >= table[-1][1] and _is_close(texts[table[-1][0] + 1 : at])):
            yield table
            table = []
        table.append((at, number))
    yield table


def _is_close(between: Sequence[str]) -> bool:
    broken = sum(not _PAGE_NUMBER.search(text) for text in between)
    return len(between) <= _MAX_BETWEEN and broken <= _MAX_BROKEN


def _is_found(entries: Sequence[str], rest: str) -> bool:
    """Whether enough titles of a table are in the rest of the document."""
    titles = [title for text in entries[:_MAX_TITLES] if len(title := _title(text, _LEADERS)) >= _MIN_TITLE]
    return sum(title in rest for title in titles) >= max(1.0, _MIN_FOUND * len(titles))


def _with_chapters(table: Sequence[_Entry], texts: Sequence[str], rest: str) -> range:
    (start, first), (end, last) = table[0], table[-1]
    for _ in range(_MAX_CHAPTERS):
        if start > 0 and 0 <= _chapter(texts[start - 1], rest) <= first:
            start -= 1
        if end + 1 < len(texts) and _chapter(texts[end + 1], rest) >= last:
            end += 1
    return range(start, end + 1)


def _chapter(text: str, rest: str) -> int:
    """The page number in the line of a chapter; -1 if it is another line."""
    match = _PAGE_NUMBER.search(text)
    title = _title(text, _PAGE_NUMBER)
    # The line itself is part of ``rest``.
    return _page_number(match) if match and len(title) >= _MIN_TITLE and rest.count(title) > 1 else -1


def _title(text: str, end: re.Pattern[str]) -> str:
    title = end.sub("", text)
    number = _NUMBERING.match(title)
    return _fold(title[number.end() :] if number else title)


def _page_number(match: re.Match[str]) -> int:
    return int(match[1]) if match[1].isdecimal() else 0


def _fold(text: str) -> str:
    """Keep only letters and digits, because headings may differ in dashes and ligatures."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))
