"""Links that open a page at a quote: text directives, which browsers scroll to and highlight.

The rules are those of the WICG's "URL Fragment Text Directives" (wicg.github.io/scroll-to-text-fragment).
What counts is the page, and the text is a reader's account of it: line breaks, tabs, ``cell | cell`` and
the marks of list items stand for a page's structure, so no term goes across one. The page also shows
what the text leaves out (navigation, teasers), therefore terms are longer than uniqueness in the text asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote as percent_encode

import regex

from index.page_search import folded, searched, unmarked

Span = tuple[int, int]

_LONGEST_EXACT = 300
"""Code points of a quote that is given whole, after the specification's advice; a longer one by its ends."""
_SHORT = 25
"""Letters that tell words from the rest of a page, which the text does not show. A line with fewer, such
as a heading or a button, is not what a range begins or ends with where the next line is longer."""
_SHARE = 0.97
_WORDS = (5, 9, 13, 17)
"""How many words a term has; the next number is tried when it is ambiguous."""
_REACH = 2000
"""Code points to look at on each side of a quote, and as many again for a line's or a word's beginning."""

_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]"
_CLOSING = "、。，．！？：；」』）》】"
_BREAK = regex.compile(
    r"(?:\A|\n)[^\S\n]*+(?:(?:-|-?\d{1,10}\.)[^\S\n]++)*+|\t|(?<!\S)\|(?!\S)"
    rf"|[ ](?=[{_CLOSING}])|(?<={_UNSPACED})[ ](?=\[\d)",
    regex.VERSION1,
)
"""What the reader put between two things that a page shows apart, marks of list items included. Before
the last ones no one writes a space: the page has something there, such as an icon or two spaces."""
_TOKEN = regex.compile(rf"[^\s{_CLOSING}]++[{_CLOSING}]*+|[^\s]", regex.VERSION1)
"""A word with the punctuation at it; without spaces between words, a clause."""
_BOUNDARY = regex.compile(rf"\b(?!(?<={_UNSPACED}\p{{M}}*){_UNSPACED})", regex.WORD | regex.VERSION1)
"""Word boundaries of UAX 29. Inside of writing without spaces a dictionary decides, which only the browser
has, so there are none."""
_LETTER = regex.compile(r"\w", regex.VERSION1)


@dataclass(frozen=True, slots=True)
class _Directive:
    """The terms of a text directive, as the text has them; an empty one is left out."""

    start: str
    end: str = ""
    prefix: str = ""
    suffix: str = ""

    def __str__(self) -> str:
        terms = (
            f"{_encoded(self.prefix)}-" if self.prefix else "",
            _encoded(self.start),
            _encoded(self.end),
            f"-{_encoded(self.suffix)}" if self.suffix else "",
        )
        return "text=" + ",".join(filter(None, terms))


def text_fragment(text: str, start: int, end: int) -> str:
    """The directive of ``text[start:end]``: ``text=prefix-,start,end,-suffix``, without ``#:~:``.

    ``text`` is the whole text; offsets are code points. A span that begins or ends in a word is taken to
    begin or end with it. Empty when no directive can be made: the span has no letters, or nothing near it
    tells it from a repetition of it.

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
    """A quote among the runs of a text: what a page has in one piece."""

    text: str
    searched: str
    """The whole text as a generous search sees it."""
    pieces: tuple[Span, ...]
    """What the quote has of each run, in order."""
    before: Span
    after: Span
    """What could be prefix and suffix: the rest of the run, or else the run next to it. May be empty."""

    @classmethod
    def of(cls, text: str, start: int, end: int) -> _Place | None:
        runs = list(_runs(text, start, end))
        inside = [i for i, run in enumerate(runs) if max(run[0], start) < min(run[1], end)]
        pieces = [_trimmed(text, max(runs[i][0], start), min(runs[i][1], end)) for i in inside]
        kept = _telling(text, pieces)
        if kept is None:
            return None
        pieces, inside = pieces[kept], inside[kept]
        first, last = runs[inside[0]], runs[inside[-1]]
        pieces[0] = (_word_start(text, first, pieces[0][0]), pieces[0][1])
        pieces[-1] = (pieces[-1][0], _word_end(text, last, pieces[-1][1]))
        before, after = _trimmed(text, first[0], pieces[0][0]), _trimmed(text, pieces[-1][1], last[1])
        if before[0] == before[1] and inside[0] > 0:
            before = runs[inside[0] - 1]
        if after[0] == after[1] and inside[-1] + 1 < len(runs):
            after = runs[inside[-1] + 1]
        return cls(text, searched(text), tuple(pieces), before, after)

    def exact(self) -> _Directive | None:
        """The quote as it is, with what is next to it where it needs that."""
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
        """The quote's first words and its last ones, each with what is next to them where they need that."""
        head = self._head()
        if head is None:
            return None
        prefix, first = head
        (begin, _), finish = self.pieces[0], self.pieces[-1][1]
        rest = folded(unmarked(self.text[begin + len(first) : finish]))
        # A range ends at the first such words behind its start: those must be the quote's last.
        begin = max(self.pieces[-1][0], begin + len(first))
        for suffix in ("", *self._suffixes(same_line=False)):
            behind = folded(suffix)
            for term in _last_words(self.text, *_trimmed(self.text, begin, finish)):
                sought = folded(term)
                if (rest + behind).find(sought + behind) == len(rest) - len(sought) >= 0:
                    return _Directive(first, term, prefix, suffix)
        return None

    def _head(self) -> tuple[str, str] | None:
        """The prefix and the first words of a range."""
        begin, end = self.pieces[0]
        first_words = list(_first_words(self.text, begin, end))
        if len(self.pieces) == 1 and first_words and begin + len(first_words[-1]) == end:
            del first_words[-1]  # that would leave nothing for the end
        for same_line in (True, False):
            for prefix in ("", *self._prefixes(same_line=same_line)):
                for term in first_words:
                    if self._is_single(prefix + term):
                        return prefix, term
            if first_words and self._is_first(first_words[0]):
                return "", first_words[0]
        return None

    def _contexts(self, *, same_line: bool) -> Iterator[tuple[str, str]]:
        """Prefixes and suffixes. Those on other lines come last: the page may show something in between."""
        yield "", ""
        prefixes, suffixes = (
            list(self._prefixes(same_line=same_line)),
            list(self._suffixes(same_line=same_line)),
        )
        sides = [[(prefix, "") for prefix in prefixes], [("", suffix) for suffix in suffixes]]
        # A longer line is rather content, whose neighbours the reader did not leave out.
        sides.sort(key=lambda side: len("".join(side[-1])) if side else 0, reverse=True)
        if self.text[self.before[1] : self.pieces[0][0]].strip():
            sides.sort(key=lambda side: any(prefix for prefix, _ in side))  # "3. May": not every mark is one
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
        sought = folded(terms)
        return self.searched.find(sought, self.searched.find(sought) + 1) < 0

    def _is_first(self, term: str) -> bool:
        return bool(term) and self.searched.find(folded(term)) == self._offset

    @cached_property
    def _offset(self) -> int:
        """Where the quote starts in ``searched``."""
        return len(folded(unmarked("\n" + self.text[: self.pieces[0][0]])))


def _telling(text: str, pieces: list[Span]) -> slice | None:
    """The pieces without those at the ends that have no letters, or few and a small part of the quote's."""
    letters = [len(_LETTER.findall(text, *piece)) for piece in pieces]
    for least in (_SHORT, 1):
        telling = [i for i, count in enumerate(letters) if count >= least]
        kept = slice(telling[0], telling[-1] + 1) if telling else slice(0)
        if telling and (least == 1 or sum(letters[kept]) >= _SHARE * sum(letters)):
            return kept
    return None


def _runs(text: str, start: int, end: int) -> Iterator[Span]:
    """What stands between breaks, near a span; never empty, trimmed."""
    at = low = _beginning(text, max(0, start - _REACH))
    high = _ending(text, min(len(text), end + _REACH))
    # Not from low on, where a search would not see that a line begins.
    for match in _BREAK.finditer(text, max(0, low - 1), high):
        if at < match.start():
            yield from _visible(text, at, match.start())
        at = max(at, match.end())
    yield from _visible(text, at, high)


def _beginning(text: str, at: int) -> int:
    """Where the line begins that has an offset, or if that is far away, a word before it."""
    far = max(0, at - _REACH)
    return text.rfind("\n", far, at) + 1 or (far and (text.rfind(" ", far, at) + 1 or at))


def _ending(text: str, at: int) -> int:
    """Where that line ends, or a word after the offset."""
    far = min(len(text), at + _REACH)
    for end in "\n" if far == len(text) else "\n ":
        if (found := text.find(end, at, far)) >= 0:
            return found
    return far if far == len(text) else at


def _visible(text: str, start: int, end: int) -> Iterator[Span]:
    if not text[start:end].isspace() and start < end:
        yield _trimmed(text, start, end)


def _trimmed(text: str, start: int, end: int) -> Span:
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
    """The words of a run near a position in it; one that is longer than ``_REACH`` is cut there."""
    low, high = max(run[0], position - _REACH), min(run[1], position + _REACH)
    return [match.span() for match in _TOKEN.finditer(text, low, high)]


def _is_boundary(text: str, position: int) -> bool:
    return _BOUNDARY.match(text, position) is not None


def _first_words(text: str, start: int, end: int) -> Iterator[str]:
    """The first words of a span: a few, then more, then all if those are not too long for a term."""
    last = min(end, start + _LONGEST_EXACT)
    ends = [match.end() for match in _TOKEN.finditer(text, start, last) if _LETTER.search(match[0])]
    # What the limit may have cut in two is left out.
    yield from _terms([text[start:at] for at in ends if at < last or last == end])


def _last_words(text: str, start: int, end: int) -> Iterator[str]:
    """The last words of a span, likewise."""
    first = max(start, end - _LONGEST_EXACT)
    starts = [match.start() for match in _TOKEN.finditer(text, first, end) if _LETTER.search(match[0])]
    yield from _terms([text[at:end] for at in reversed(starts) if at > first or first == start])


def _terms(candidates: list[str]) -> Iterator[str]:
    told = next((i for i, term in enumerate(candidates, 1) if len(_LETTER.findall(term)) >= _SHORT), 0)
    for count in sorted({max(count, told) for count in _WORDS}):
        if count < len(candidates):
            yield candidates[count - 1]
    yield from candidates[-1:]


def _encoded(term: str) -> str:
    # A dash would end a prefix; commas and ampersands are encoded anyway.
    return percent_encode(term, safe="").replace("-", "%2D")
