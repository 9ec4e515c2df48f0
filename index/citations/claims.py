"""Split an answer of a language model into sentences, quotes and citation marks.

Uses punctuation alone, no language model. Offsets are code points of the answer.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex

from index.citations.quotes.elisions import ELLIPSIS
from index.patterns import lazy_pattern
from index.text.sentences import Span, sentence_spans, split_span, trim_span

_MARK = re.compile(
    r"(?:\[\^?|【)\s*(\d{1,4}(?:\s*[,;]\s*\^?\d{1,4}|\s*[-–]\s*\d{1,4})*)\s*(?:†[^】\]\n]{0,60})?(?:\](?!\()|】)"
)
"""``[1]``, ``[1, 3-5]``, ``[^1]``, ``【1】`` and ``【1†source】``; not ``[1](address)``, which is a link."""
_FOOTNOTE = re.compile(r"^[^\S\n]*\[\^?\d{1,4}\]:.*$", re.MULTILINE)
"""A footnote or an entry in a list of sources: it repeats the sources and makes no claim."""
_HEADING = re.compile(r"^[^\S\n]*#{1,6}[^\S\n].*$", re.MULTILINE)
_PAIRS = {
    "“": "”", "„": "“”", "«": "»", "»": "«", "「": "」", "『": "』", "‹": "›", "‘": "’", '"': '"', "'": "'",
}  # fmt: skip
_OPENINGS = {
    closing: [opening for opening, closings in _PAIRS.items() if closing in closings]
    for closing in "".join(_PAIRS.values())
}
_QUOTATION_MARK = re.compile(f"[{''.join(map(re.escape, {*_PAIRS, *_OPENINGS}))}]")
_ELIDED = re.compile(r"'(?=\d|(?:tis|twas|em|til|cause|n|bout|round)\b)", re.IGNORECASE)
"""Apostrophes that begin a word."""
_BEFORE_OPENING = lazy_pattern(r"[\s\p{Ps}\p{Pi}\p{Pd}/„‚]", regex.VERSION1)
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}"
_IN_WORD = lazy_pattern(rf"[[\p{{L}}\p{{N}}]--[{_UNSPACED}]]", regex.VERSION1)
_BLOCK_QUOTE = re.compile(r"(?:^[^\S\n]*>.*(?:\n|$))+", re.MULTILINE)
_BLOCK_MARK = re.compile(r"^(?:[^\S\n]*+>)++[^\S\n]?+", re.MULTILINE)
_ATTRIBUTION = re.compile(r"(?:[^\S\n]*+>)*+[^\S\n]*+(?:[—–―]|--)")
_FENCE = re.compile(r"^[^\S\n]*+(?:(?P<fence>`{3,})(?=[^`\n]*$)|(?P<tildes>~{3,}))", re.MULTILINE)
_EMPHASIS = (
    re.compile(r"(?<![^\W_])(?<!\*)(\*{1,3}+)(?=[^\s*])([^*]++)(?<=\S)\1(?![^\W_]|\*)"),
    re.compile(r"(?<!\w)(_{1,3}+)(?=[^\s_])([^_]++)(?<=\S)\1(?!\w)"),
)
_SIGNS = re.compile(r"(?<!\w)[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}(?!\w)|^[^\S\n]*>", re.MULTILINE)
"""Emphasis and the marks of a block quote."""
_PARAGRAPH = re.compile(r"(?:(?!\n[^\S\n]*\n).)+", re.DOTALL)
_LETTER = re.compile(r"[^\W_]")
_WORD = lazy_pattern(rf"[{_UNSPACED}]|[\w'’-]+", regex.VERSION1)
_FEWEST_WORDS = 3
"""Fewer words between quotation marks are a term or a title, not a quotation."""
_MOST_RANGE = 100
_LONGEST = 8192
"""Longest paragraph in code points; longer ones are split, because with unclosed quotation marks the time
to find sentences is quadratic."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quotation, without an ellipsis before or after it."""

    text: str
    start: int
    end: int
    marks: tuple[int, ...]
    """Numbers of the citation marks in its sentence or right after it."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the answer, with its quotes and the citation marks in it or right after it."""

    start: int
    end: int
    marks: tuple[int, ...]
    quotes: tuple[Quoted, ...]


def claims(answer: str) -> tuple[Sentence, ...]:
    """Return the sentences of an answer in order, without code, headings and lists of sources."""
    shown = _blank(_without_code(answer), _FOOTNOTE, _HEADING)
    marks = [(match.start(), _numbers(match[1])) for match in _MARK.finditer(shown)]
    shown = _blank(shown, _MARK)
    blocks = [match.span() for match in _BLOCK_QUOTE.finditer(shown)]
    spans = [span for span in _sentences(shown, blocks) if _LETTER.search(shown, *span)]
    owned: list[list[int]] = [[] for _ in spans]
    for owner, (_, read) in zip(_owners(shown, spans, [at for at, _ in marks]), marks, strict=False):
        owned[owner] += read
    found, quoting = [], set(blocks)
    for (start, end), numbers in zip(spans, owned, strict=True):
        named = tuple(dict.fromkeys(numbers))
        quotes = _block_quotes(shown, start, end) if (start, end) in quoting else _inline(shown, start, end)
        quoted = (Quoted(words, *span, named) for span in quotes if (words := _words(shown, span)))
        found.append(Sentence(*trim_span(shown, start, end), named, tuple(quoted)))
    return tuple(found)


def _blank(answer: str, *patterns: re.Pattern[str]) -> str:
    """Replace all matches by white space, which keeps the offsets."""
    for pattern in patterns:
        answer = pattern.sub(lambda match: re.sub(r"\S", " ", match[0]), answer)
    return answer


def marks_in(text: str) -> Iterator[int]:
    """Yield the numbers of all citation marks in a text, in order, repeated ones too."""
    for match in _MARK.finditer(text):
        yield from _numbers(match[1])


def mark_spans(text: str) -> list[tuple[Span, list[int]]]:
    """The citation marks of a text in order: the span and the numbers of each."""
    return [(match.span(), _numbers(match[1])) for match in _MARK.finditer(text)]


def without_marks(text: str) -> str:
    """Replace citation marks and signs of emphasis by white space, which keeps the offsets."""
    return _SIGNS.sub(lambda match: " " * len(match[0]), _blank(text, _MARK))


def _without_code(answer: str) -> str:
    """Replace fenced code by white space: up to a fence as long as the first, or to the end."""
    parts, begin, opening = [], 0, ""
    for match in _FENCE.finditer(answer):
        fence = match["fence"] or match["tildes"]
        if not opening:
            parts.append(answer[begin : match.start()])
            begin, opening = match.start(), fence
        elif fence.startswith(opening):
            parts.append(re.sub(r"\S", " ", answer[begin : match.end()]))
            begin, opening = match.end(), ""
    rest = answer[begin:]
    return "".join([*parts, re.sub(r"\S", " ", rest) if opening else rest])


def _sentences(shown: str, blocks: Sequence[Span]) -> Iterator[Span]:
    """Yield the spans of the sentences; each block quote counts as one."""
    begin = 0
    for start, end in [*blocks, (len(shown), len(shown))]:
        for match in _PARAGRAPH.finditer(shown, begin, start):
            paragraph = trim_span(shown, *match.span())
            if paragraph[0] < paragraph[1]:
                for piece in split_span(shown, *paragraph, _LONGEST):
                    yield from sentence_spans(shown, *piece)
        if start < end:
            yield start, end
        begin = end


def _owners(shown: str, spans: Sequence[Span], marks: Sequence[int]) -> Iterator[int]:
    """Yield for each mark the index of its sentence: the one it is in, else the one before it.

    A mark that begins a line, as in a list of answers, belongs to the sentence after it. Yields nothing
    if there are no sentences.
    """
    ends = [end for _, end in spans]
    breaks = [match.start() for match in re.finditer("\n", shown)]
    for at in marks if spans else ():
        after = bisect_right(ends, at)
        if after and (after == len(spans) or at < spans[after][0]):
            line = bisect_left(breaks, at)
            leads = line > bisect_left(breaks, ends[after - 1])
            if after == len(spans) or not leads or line < bisect_left(breaks, spans[after][0]):
                after -= 1
        yield after


def _numbers(listed: str) -> list[int]:
    """Expand a list of numbers: ``1, 3-5`` gives 1, 3, 4, 5."""
    numbers: list[int] = []
    for part in re.split(r"[,;]", listed):
        first, *last = (int(number) for number in re.findall(r"\d+", part))
        until = last[0] if last else first
        numbers += range(first, min(until, first + _MOST_RANGE) + 1) or [first]
    return numbers


def _inline(shown: str, start: int, end: int) -> Iterator[Span]:
    """Yield the spans between quotation marks."""
    marks = [match.start() for match in _QUOTATION_MARK.finditer(shown, start, end)]
    closings: dict[str, list[int]] = {opening: [] for opening in _PAIRS}
    for at in marks:
        if _can_close(shown, at):
            for opening in _OPENINGS[shown[at]]:
                closings[opening].append(at)
    until = start
    for at in marks:
        if at >= until and _can_open(shown, at):
            later = closings[shown[at]]
            if (number := bisect_right(later, at)) < len(later):
                yield from _quotation(shown, at + 1, later[number])
                until = later[number] + 1


def _can_open(shown: str, at: int) -> bool:
    """Whether a mark can open a quotation, and is not an inch sign, an apostrophe or a closing mark."""
    mark, before, after = shown[at], shown[at - 1] if at else " ", shown[at + 1 : at + 2]
    if mark == "»":
        # After a letter or a full stop it closes a quotation that began in an earlier sentence.
        return bool(_BEFORE_OPENING.match(before)) and not after.isspace()
    if mark in "\"'" and _IN_WORD.match(before):
        return False
    if mark == "'":
        return after.isalnum() and not _ELIDED.match(shown, at)
    return mark in _PAIRS


def _can_close(shown: str, at: int) -> bool:
    """Whether a mark can close a quotation. An apostrophe inside a word cannot."""
    mark, before, after = shown[at], shown[at - 1 : at], shown[at + 1 : at + 2]
    if mark == "'" and before.isspace():
        return False
    return mark in _OPENINGS and not (mark in "’'" and after.isalnum() and before.isalnum())


def _quotation(shown: str, start: int, end: int) -> Iterator[Span]:
    """Yield the span of a quotation without ellipses at its ends; nothing if it has too few words."""
    start, end = trim_span(shown, start, end)
    marks = [match.span() for match in ELLIPSIS.finditer(shown, start, end)]
    for mark in marks:
        if mark[0] == start:
            start = trim_span(shown, mark[1], end)[0]
    for mark in reversed(marks):
        if mark[1] == end > start:
            end = trim_span(shown, start, mark[0])[1]
    if len(_WORD.findall(shown, start, end)) >= _FEWEST_WORDS:
        yield start, end


def _block_quotes(shown: str, start: int, end: int) -> Iterator[Span]:
    """Yield the words of a block quote, without enclosing quotation marks and a last line with the author."""
    lead = _BLOCK_MARK.match(shown, start)
    begin, end = trim_span(shown, lead.end() if lead else start, end)
    last = shown.rfind("\n", begin, end) + 1
    if last > begin and _ATTRIBUTION.match(shown, last) and not _ATTRIBUTION.match(shown, begin):
        begin, end = trim_span(shown, begin, last)
    if end - begin > 1 and shown[end - 1] in _PAIRS.get(shown[begin], ""):
        closing = [
            at for at in range(begin + 1, end) if shown[at] in _PAIRS[shown[begin]] and _can_close(shown, at)
        ]
        if closing[:1] == [end - 1]:
            begin, end = begin + 1, end - 1
    yield from _quotation(shown, begin, end)


def _words(shown: str, span: Span) -> str:
    """Return the quoted text without block quote and emphasis marks."""
    words = _BLOCK_MARK.sub("", shown[slice(*span)])
    for pattern in _EMPHASIS:
        words = pattern.sub(r"\2", words)
    return words.strip()
