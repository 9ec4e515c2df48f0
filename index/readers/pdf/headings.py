"""Find the headings of a PDF: the lines that its outline names, or else those in larger type."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from index.readers.pdf.file import OutlineEntry
from index.readers.pdf.page import Line, Page

_MAX_LEVEL = 6
_MAX_LINES = 4
_MAX_CHARACTERS = 200
_NUMBERING = re.compile(
    r"(?:(?:chapter|section|part|appendix|kapitel|teil|anhang|chapitre|partie|annexe)\s+)?"
    r"(?:[\dA-Z](?:\.?\d)*|[IVXLC]+)[.:)]?\s+",
    re.IGNORECASE,
)
"""Numbers before a title that may be on the page but not in the outline."""
_LARGER = 1.15
_MAX_SHARE = 0.15
"""Share of a document in larger type, at most; otherwise larger type does not mark headings."""
_MIN_BODY = 400


def mark_headings(pages: Sequence[Page], outline: Sequence[OutlineEntry]) -> str:
    """Set ``heading`` and ``level`` of the lines that are headings.

    Returns the title: the text in the largest type on the first page, if that is larger than the body type.
    """
    groups = list(_larger_type(pages)) if pages else []
    if not _mark_by_outline(pages, outline) and groups:
        _mark_by_size(groups)
    first = [group for group in groups if group[0].page == pages[0].number]
    title = max(first, key=lambda group: round(group[0].size), default=[])
    return " ".join(line.text for line in title)


def _mark_by_outline(pages: Sequence[Page], outline: Sequence[OutlineEntry]) -> int:
    """Mark the headings that the outline names; returns how many were found."""
    wanted: defaultdict[int, list[OutlineEntry]] = defaultdict(list)
    for entry in outline:
        wanted[entry.page].append(entry)
    found = 0
    for page in pages:
        if page.number not in wanted:
            continue
        candidates = _candidates(page.lines)
        for entry in wanted[page.number]:
            group = _nearest(candidates.get(_fold(entry.title), ()), entry, page)
            if group and not any(line.heading for line in group):
                found += 1
                for line in group:
                    line.heading, line.level = found, min(entry.depth + 1, _MAX_LEVEL)
    return found


def _candidates(lines: Sequence[Line]) -> dict[str, list[list[Line]]]:
    """Each possible title on a page -> the groups of lines that have it."""
    candidates: defaultdict[str, list[list[Line]]] = defaultdict(list)
    for first in range(len(lines)):
        title = ""
        for last in range(first, min(first + _MAX_LINES, len(lines))):
            title += lines[last].text + " "
            if not lines[last].upright or len(title) > _MAX_CHARACTERS:
                break
            group = list(lines[first : last + 1])
            number = _NUMBERING.match(title)
            for name in {_fold(title), _fold(title[number.end() :] if number else "")} - {""}:
                candidates[name].append(group)
    return candidates


def _nearest(groups: Sequence[list[Line]], entry: OutlineEntry, page: Page) -> list[Line]:
    if not groups or entry.y is None:
        return groups[0] if groups else []
    y = page.height - entry.y
    # A bookmark leads to a position shortly above its heading.
    return min(groups, key=lambda group: abs(group[0].box.y0 - y))


def _fold(text: str) -> str:
    """Keep only letters and digits: outlines and pages differ in spaces, dashes and ligatures."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def _larger_type(pages: Sequence[Page]) -> Iterator[list[Line]]:
    """Groups of consecutive lines in larger type than the body."""
    lines = [line for page in pages for line in page.lines]
    weights: Counter[float] = Counter()
    for line in lines:
        weights[round(2 * line.size) / 2] += len(line.text)
    body, weight = weights.most_common(1)[0] if weights else (0.0, 0)
    larger = sum(count for size, count in weights.items() if size >= _LARGER * body)
    if weight < _MIN_BODY or larger > _MAX_SHARE * weights.total():
        return
    group: list[Line] = []
    for line in lines:
        if group and not (_is_larger(line, body) and _follows(group[-1], line)):
            yield from _if_heading(group)
            group = []
        if _is_larger(line, body):
            group.append(line)
    yield from _if_heading(group)


def _if_heading(group: list[Line]) -> Iterator[list[Line]]:
    """The group, if it is short enough for a heading and has letters."""
    text = "".join(line.text for line in group)
    if len(group) <= _MAX_LINES and len(text) <= _MAX_CHARACTERS and sum(map(str.isalpha, text)) >= 3:
        yield group


def _is_larger(line: Line, body: float) -> bool:
    return line.upright and line.size >= _LARGER * body


def _follows(above: Line, line: Line) -> bool:
    return (
        above.page == line.page
        and abs(above.size - line.size) < 0.05 * above.size
        and 0 <= line.baseline - above.baseline <= 2 * line.size
    )


def _mark_by_size(groups: Sequence[list[Line]]) -> None:
    """Mark groups as headings; the larger the type, the higher the level."""
    sizes = sorted({round(group[0].size) for group in groups}, reverse=True)
    for number, group in enumerate(groups, 1):
        for line in group:
            line.heading = number
            line.level = min(sizes.index(round(group[0].size)) + 1, _MAX_LEVEL)
