"""What an answer that was written by a language model claims: its sentences, quotes and citation marks.

Nothing is understood here; punctuation is read. Offsets are code points of the answer.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex

from index.sentences import Span, pieces, sentence_spans, trimmed

_MARK = re.compile(
    r"(?:\[\^?|【)\s*(\d{1,4}(?:\s*[,;]\s*\^?\d{1,4}|\s*[-–]\s*\d{1,4})*)\s*(?:†[^】\]\n]{0,60})?(?:\](?!\()|】)"
)
"""``[1]``, ``[1, 3-5]``, ``[^1]``, ``【1】`` and ``【1†source】``; not ``[1](address)``, which is a link."""
_FOOTNOTE = re.compile(r"^[^\S\n]*\[\^?\d{1,4}\]:.*$", re.MULTILINE)
"""A footnote or a list of sources: it repeats what is cited, and claims nothing itself."""
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
_BEFORE_OPENING = regex.compile(r"[\s\p{Ps}\p{Pi}\p{Pd}/„‚]", regex.VERSION1)
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}"
_IN_WORD = regex.compile(rf"[[\p{{L}}\p{{N}}]--[{_UNSPACED}]]", regex.VERSION1)
_BLOCK_QUOTE = re.compile(r"(?:^[^\S\n]*>.*(?:\n|$))+", re.MULTILINE)
_BLOCK_MARK = re.compile(r"^(?:[^\S\n]*+>)++[^\S\n]?+", re.MULTILINE)
_ATTRIBUTION = re.compile(r"(?:[^\S\n]*+>)*+[^\S\n]*+(?:[—–―]|--)")
_FENCE = re.compile(r"^[^\S\n]*+(?:(?P<fence>`{3,})(?=[^`\n]*$)|(?P<tildes>~{3,}))", re.MULTILINE)
_EMPHASIS = (
    re.compile(r"(?<![^\W_])(?<!\*)(\*{1,3}+)(?=[^\s*])([^*]++)(?<=\S)\1(?![^\W_]|\*)"),
    re.compile(r"(?<!\w)(_{1,3}+)(?=[^\s_])([^_]++)(?<=\S)\1(?!\w)"),
)
_ELLIPSIS = re.compile(r"[\[(](?:…|\.\s?\.\s?\.)[\])]|…|\.\s?\.\s?\.")
_PARAGRAPH = re.compile(r"(?:(?!\n[^\S\n]*\n).)+", re.DOTALL)
_LETTER = re.compile(r"[^\W_]")
_WORD = regex.compile(rf"[{_UNSPACED}]|[\w'’-]+", regex.VERSION1)
_FEWEST_WORDS = 3
"""Fewer words between quotation marks are a term or a title: nobody claims that they are quoted."""
_MOST_RANGE = 100
_LONGEST = 8192
"""Code points of a paragraph; a longer one is cut. Where quotation marks stay open, the time to find
sentences grows with the square of it."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """Words between quotation marks, or a part of them before or after an ellipsis."""

    text: str
    start: int
    end: int
    marks: tuple[int, ...]
    """Numbers of the marks that stand with it: in its sentence, or right after it."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the answer with the marks in it and right after it, and the quotes in it."""

    start: int
    end: int
    marks: tuple[int, ...]
    quotes: tuple[Quoted, ...]


def claims(answer: str) -> tuple[Sentence, ...]:
    """The sentences of an answer, in order. Code, headings and lists of sources are left out."""
    shown = _blanked(_without_code(answer), _FOOTNOTE, _HEADING)
    marks = [(match.start(), _numbers(match[1])) for match in _MARK.finditer(shown)]
    shown = _blanked(shown, _MARK)
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
        found.append(Sentence(*trimmed(shown, start, end), named, tuple(quoted)))
    return tuple(found)


def _blanked(answer: str, *patterns: re.Pattern[str]) -> str:
    """The answer with what matches made white space, so that every offset stays."""
    for pattern in patterns:
        answer = pattern.sub(lambda match: re.sub(r"\S", " ", match[0]), answer)
    return answer


def _without_code(answer: str) -> str:
    """The answer with fenced code made white space: up to a fence as long as the first, or to the end."""
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
    """Sentences of paragraphs, each block quote as one."""
    begin = 0
    for start, end in [*blocks, (len(shown), len(shown))]:
        for match in _PARAGRAPH.finditer(shown, begin, start):
            paragraph = trimmed(shown, *match.span())
            if paragraph[0] < paragraph[1]:
                for piece in pieces(shown, *paragraph, _LONGEST):
                    yield from sentence_spans(shown, *piece)
        if start < end:
            yield start, end
        begin = end


def _owners(shown: str, spans: Sequence[Span], marks: Sequence[int]) -> Iterator[int]:
    """Which sentence each mark belongs to: the one it is in, else the one before it; none without any.

    One that begins a line, as in a list of answers, belongs to the sentence after it.
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
    """``1, 3-5`` as 1, 3, 4, 5."""
    numbers: list[int] = []
    for part in re.split(r"[,;]", listed):
        first, *last = (int(number) for number in re.findall(r"\d+", part))
        until = last[0] if last else first
        numbers += range(first, min(until, first + _MOST_RANGE) + 1) or [first]
    return numbers


def _inline(shown: str, start: int, end: int) -> Iterator[Span]:
    """The spans between quotation marks, parted at ellipses."""
    marks = [match.start() for match in _QUOTATION_MARK.finditer(shown, start, end)]
    closings: dict[str, list[int]] = {opening: [] for opening in _PAIRS}
    for at in marks:
        if _closes(shown, at):
            for opening in _OPENINGS[shown[at]]:
                closings[opening].append(at)
    until = start
    for at in marks:
        if at >= until and _opens(shown, at):
            later = closings[shown[at]]
            if (number := bisect_right(later, at)) < len(later):
                yield from _parts(shown, at + 1, later[number])
                until = later[number] + 1


def _opens(shown: str, at: int) -> bool:
    """Whether a quotation mark can open: not a sign for inches, an apostrophe, or one that only closes."""
    mark, before, after = shown[at], shown[at - 1] if at else " ", shown[at + 1 : at + 2]
    if mark == "»":
        # After a letter or a full stop it closes a quotation that began in another sentence.
        return bool(_BEFORE_OPENING.match(before)) and not after.isspace()
    if mark in "\"'" and _IN_WORD.match(before):
        return False
    if mark == "'":
        return after.isalnum() and not _ELIDED.match(shown, at)
    return mark in _PAIRS


def _closes(shown: str, at: int) -> bool:
    """Whether a quotation mark can close: an apostrophe inside of a word cannot."""
    mark, before, after = shown[at], shown[at - 1 : at], shown[at + 1 : at + 2]
    if mark == "'" and before.isspace():
        return False
    return mark in _OPENINGS and not (mark in "’'" and after.isalnum() and before.isalnum())


def _parts(shown: str, start: int, end: int) -> Iterator[Span]:
    """The quotation between two offsets, parted at ellipses; nothing when it has too few words."""
    if len(_WORD.findall(shown, start, end)) < _FEWEST_WORDS:
        return
    begin = start
    for match in [*_ELLIPSIS.finditer(shown, start, end), None]:
        part = trimmed(shown, begin, match.start() if match else end)
        if part[0] < part[1] and len(_WORD.findall(shown, *part)) > 1:
            yield part
        begin = match.end() if match else end


def _block_quotes(shown: str, start: int, end: int) -> Iterator[Span]:
    """The words of a block quote, without quotation marks around them and a last line with their author."""
    lead = _BLOCK_MARK.match(shown, start)
    begin, end = trimmed(shown, lead.end() if lead else start, end)
    last = shown.rfind("\n", begin, end) + 1
    if last > begin and _ATTRIBUTION.match(shown, last) and not _ATTRIBUTION.match(shown, begin):
        begin, end = trimmed(shown, begin, last)
    if end - begin > 1 and shown[end - 1] in _PAIRS.get(shown[begin], ""):
        closing = [
            at for at in range(begin + 1, end) if shown[at] in _PAIRS[shown[begin]] and _closes(shown, at)
        ]
        if closing[:1] == [end - 1]:
            begin, end = begin + 1, end - 1
    yield from _parts(shown, begin, end)


def _words(shown: str, span: Span) -> str:
    """What is quoted, without the marks of a block quote and of emphasis."""
    words = _BLOCK_MARK.sub("", shown[slice(*span)])
    for pattern in _EMPHASIS:
        words = pattern.sub(r"\2", words)
    return words.strip()
