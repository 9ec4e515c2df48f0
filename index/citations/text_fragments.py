"""Build text directives: link fragments that make browsers scroll to a quote and highlight it.

Follows the WICG's "URL Fragment Text Directives" (wicg.github.io/scroll-to-text-fragment). Browsers search
the page, and we have only the text that a reader extracted: line breaks, tabs, ``cell | cell`` and list
marks represent the page's structure, so no term crosses one. The page also contains content that the text
omits (navigation, teasers), so terms are longer than needed to be unique in the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote as percent_encode

import regex

from index.citations.page_search import fold, normalize, without_list_marks
from index.patterns import lazy_pattern

Span = tuple[int, int]

_LONGEST_EXACT = 300
"""Longest quote, in code points, that is given whole, as the specification advises; else a range is used."""
_SHORT = 25
"""Fewest letters of a term that is likely unique on the page, whose content the text does not show in full.
A range does not begin or end with a shorter line, such as a heading or a button, if the next is longer."""
_SHARE = 0.97
_WORDS = (5, 9, 13, 17)
"""Numbers of words in a term; the next one is tried while the term is ambiguous."""
_REACH = 2000
"""Code points to examine on each side of a quote, and as many again to find the start of a line or word."""

_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]"
_CLOSING = "、。，．！？：；」』）》】"
_BREAK = lazy_pattern(
    r"(?:\A|\n)[^\S\n]*+(?:(?:-|-?\d{1,10}\.)[^\S\n]++)*+|\t|(?<!\S)\|(?!\S)"
    rf"|[ ](?=[{_CLOSING}])|(?<={_UNSPACED})[ ](?=\[\d)",
    regex.VERSION1,
)
"""Separators that the reader inserted between separate elements of the page, including list marks. The last
two are spaces that nobody writes: the page has something else there, such as an icon or two spaces."""
_TOKEN = lazy_pattern(rf"[^\s{_CLOSING}]++[{_CLOSING}]*+|[^\s]", regex.VERSION1)
"""A word with adjacent punctuation; in scripts without spaces, a clause."""
_BOUNDARY = lazy_pattern(rf"\b(?!(?<={_UNSPACED}\p{{M}}*){_UNSPACED})", regex.WORD | regex.VERSION1)
"""Word boundaries of UAX 29; none inside text without spaces, where browsers use a dictionary."""
_LETTER = lazy_pattern(r"\w", regex.VERSION1)


@dataclass(frozen=True, slots=True)
class _Directive:
    """The terms of a text directive, unencoded; empty ones are omitted."""

    start: str
    end: str = ""
    prefix: str = ""
    suffix: str = ""

    def __str__(self) -> str:
        terms = (
            f"{_encode(self.prefix)}-" if self.prefix else "",
            _encode(self.start),
            _encode(self.end),
            f"-{_encode(self.suffix)}" if self.suffix else "",
        )
        return "text=" + ",".join(filter(None, terms))


def text_fragment(text: str, start: int, end: int) -> str:
    """Return the directive of ``text[start:end]``: ``text=prefix-,start,end,-suffix``, without ``#:~:``.

    ``text`` is the whole text; offsets are code points. A span that begins or ends inside a word is expanded
    to the whole word. Empty when no directive is possible: the span has no letters, or no context
    distinguishes it from a repetition.

    Raises :class:`ValueError` when the span is not in the text.
    """
    if not 0 <= start <= end <= len(text):
        raise ValueError(f"[{start}, {end}) is not a span of a text of {len(text)} code points")
    place = _Place.of(text, start, end)
    if place is None:
        return ""
    return str(place.exact() or place.range() or "")


@dataclass(frozen=True)
class _Place:
    """A quote and the runs of text around it; a run is text that a page shows in one piece."""

    text: str
    searched: str
    """The whole text, normalized for searching."""
    pieces: tuple[Span, ...]
    """The part of the quote in each run, in order."""
    before: Span
    after: Span
    """Text for prefix and suffix: the rest of the run, or else the next run. May be empty."""

    @classmethod
    def of(cls, text: str, start: int, end: int) -> _Place | None:
        runs = list(_runs(text, start, end))
        inside = [i for i, run in enumerate(runs) if max(run[0], start) < min(run[1], end)]
        pieces = [_trim(text, max(runs[i][0], start), min(runs[i][1], end)) for i in inside]
        kept = _content_pieces(text, pieces)
        if kept is None:
            return None
        pieces, inside = pieces[kept], inside[kept]
        first, last = runs[inside[0]], runs[inside[-1]]
        pieces[0] = (_word_start(text, first, pieces[0][0]), pieces[0][1])
        pieces[-1] = (pieces[-1][0], _word_end(text, last, pieces[-1][1]))
        before, after = _trim(text, first[0], pieces[0][0]), _trim(text, pieces[-1][1], last[1])
        if before[0] == before[1] and inside[0] > 0:
            before = runs[inside[0] - 1]
        if after[0] == after[1] and inside[-1] + 1 < len(runs):
            after = runs[inside[-1] + 1]
        return cls(text, normalize(text), tuple(pieces), before, after)

    def exact(self) -> _Directive | None:
        """Return a directive with the whole quote, and with context if the quote alone is ambiguous."""
        (first, last), *more = self.pieces
        if more or last - first > _LONGEST_EXACT:
            return None
        quote = self.text[first:last]
        for least, same_line in ((_SHORT, True), (_SHORT, False), (0, False)):
            for prefix, suffix in self._contexts(same_line=same_line):
                terms = prefix + quote + suffix
                if len(_LETTER.findall(terms)) >= least and self._is_single(terms):
                    return _Directive(quote, prefix=prefix, suffix=suffix)
            if len(_LETTER.findall(quote)) >= least and self._is_first(quote):
                return _Directive(quote)
        return None

    def range(self) -> _Directive | None:
        """Return a directive with the first and last words of the quote, and with context where ambiguous."""
        head = self._head()
        if head is None:
            return None
        prefix, first = head
        (begin, _), finish = self.pieces[0], self.pieces[-1][1]
        rest = fold(without_list_marks(self.text[begin + len(first) : finish]))
        # A range ends at the first match after its start: that must be at the end of the quote.
        begin = max(self.pieces[-1][0], begin + len(first))
        for suffix in ("", *self._suffixes(same_line=False)):
            behind = fold(suffix)
            for term in _last_words(self.text, *_trim(self.text, begin, finish)):
                sought = fold(term)
                if (rest + behind).find(sought + behind) == len(rest) - len(sought) >= 0:
                    return _Directive(first, term, prefix, suffix)
        return None

    def _head(self) -> tuple[str, str] | None:
        """Return the prefix and the first words of a range."""
        begin, end = self.pieces[0]
        first_words = list(_first_words(self.text, begin, end))
        if len(self.pieces) == 1 and first_words and begin + len(first_words[-1]) == end:
            del first_words[-1]  # keep some words for the end of the range
        for same_line in (True, False):
            for prefix in ("", *self._prefixes(same_line=same_line)):
                for term in first_words:
                    if self._is_single(prefix + term):
                        return prefix, term
            if first_words and self._is_first(first_words[0]):
                return "", first_words[0]
        return None

    def _contexts(self, *, same_line: bool) -> Iterator[tuple[str, str]]:
        """Yield pairs of prefix and suffix; those on other lines last: the page may have text in between."""
        yield "", ""
        prefixes, suffixes = (
            list(self._prefixes(same_line=same_line)),
            list(self._suffixes(same_line=same_line)),
        )
        sides = [[(prefix, "") for prefix in prefixes], [("", suffix) for suffix in suffixes]]
        # A longer line is more likely content, whose neighbours the reader kept.
        sides.sort(key=lambda side: len("".join(side[-1])) if side else 0, reverse=True)
        if self.text[self.before[1] : self.pieces[0][0]].strip():
            sides.sort(key=lambda side: any(prefix for prefix, _ in side))  # "3. May" is not a list mark
        for side in sides:
            yield from side
        yield from zip(prefixes, suffixes, strict=False)

    def _prefixes(self, *, same_line: bool) -> Iterator[str]:
        if not same_line or "\n" not in self.text[self.before[1] : self.pieces[0][0]]:
            yield from _last_words(self.text, *self.before)

    def _suffixes(self, *, same_line: bool) -> Iterator[str]:
        if not same_line or "\n" not in self.text[self.pieces[-1][1] : self.after[0]]:
            yield from _first_words(self.text, *self.after)

    def _is_single(self, terms: str) -> bool:
        sought = fold(terms)
        return self.searched.find(sought, self.searched.find(sought) + 1) < 0

    def _is_first(self, term: str) -> bool:
        return bool(term) and self.searched.find(fold(term)) == self._offset

    @cached_property
    def _offset(self) -> int:
        """The start of the quote in ``searched``."""
        return len(fold(without_list_marks("\n" + self.text[: self.pieces[0][0]])))


def _content_pieces(text: str, pieces: list[Span]) -> slice | None:
    """Drop pieces at the ends with no letters, or with few letters and a small share of the quote's."""
    letters = [len(_LETTER.findall(text, *piece)) for piece in pieces]
    for least in (_SHORT, 1):
        content = [i for i, count in enumerate(letters) if count >= least]
        kept = slice(content[0], content[-1] + 1) if content else slice(0)
        if content and (least == 1 or sum(letters[kept]) >= _SHARE * sum(letters)):
            return kept
    return None


def _runs(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the trimmed, non-empty spans between breaks near a span."""
    at = low = _beginning(text, max(0, start - _REACH))
    high = _ending(text, min(len(text), end + _REACH))
    # Start before low, so that the pattern can match the beginning of a line.
    for match in _BREAK.finditer(text, max(0, low - 1), high):
        if at < match.start():
            yield from _visible(text, at, match.start())
        at = max(at, match.end())
    yield from _visible(text, at, high)


def _beginning(text: str, at: int) -> int:
    """Return the start of the line at an offset or, if that is far away, of a word before it."""
    far = max(0, at - _REACH)
    return text.rfind("\n", far, at) + 1 or (far and (text.rfind(" ", far, at) + 1 or at))


def _ending(text: str, at: int) -> int:
    """Return the end of the line at an offset or, if that is far away, of a word after it."""
    far = min(len(text), at + _REACH)
    for end in "\n" if far == len(text) else "\n ":
        if (found := text.find(end, at, far)) >= 0:
            return found
    return far if far == len(text) else at


def _visible(text: str, start: int, end: int) -> Iterator[Span]:
    if not text[start:end].isspace() and start < end:
        yield _trim(text, start, end)


def _trim(text: str, start: int, end: int) -> Span:
    part = text[start:end]
    left = len(part) - len(part.lstrip())
    return start + left, start + max(left, len(part.rstrip()))


def _word_start(text: str, run: Span, position: int) -> int:
    if position == run[0] or _is_boundary(text, position):
        return position
    return max(start for start, _ in _words_around(text, run, position) if start <= position)


def _word_end(text: str, run: Span, position: int) -> int:
    if position == run[1] or _is_boundary(text, position):
        return position
    return min(end for _, end in _words_around(text, run, position) if end >= position)


def _words_around(text: str, run: Span, position: int) -> list[Span]:
    """Return the words of a run near a position; a word longer than ``_REACH`` is cut."""
    low, high = max(run[0], position - _REACH), min(run[1], position + _REACH)
    return [match.span() for match in _TOKEN.finditer(text, low, high)]


def _is_boundary(text: str, position: int) -> bool:
    return _BOUNDARY.match(text, position) is not None


def _first_words(text: str, start: int, end: int) -> Iterator[str]:
    """Yield the first words of a span: a few, then more, then all if they are not too long for a term."""
    last = min(end, start + _LONGEST_EXACT)
    ends = [match.end() for match in _TOKEN.finditer(text, start, last) if _LETTER.search(match[0])]
    # Leave out a word that the limit may have cut.
    yield from _terms([text[start:at] for at in ends if at < last or last == end])


def _last_words(text: str, start: int, end: int) -> Iterator[str]:
    """Yield the last words of a span, likewise."""
    first = max(start, end - _LONGEST_EXACT)
    starts = [match.start() for match in _TOKEN.finditer(text, first, end) if _LETTER.search(match[0])]
    yield from _terms([text[at:end] for at in reversed(starts) if at > first or first == start])


def _terms(candidates: list[str]) -> Iterator[str]:
    least = next((i for i, term in enumerate(candidates, 1) if len(_LETTER.findall(term)) >= _SHORT), 0)
    for count in sorted({max(count, least) for count in _WORDS}):
        if count < len(candidates):
            yield candidates[count - 1]
    yield from candidates[-1:]


def _encode(term: str) -> str:
    # A dash would end a prefix; quote() already encodes commas and ampersands.
    return percent_encode(term, safe="").replace("-", "%2D")
