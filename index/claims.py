"""What an answer that was written by a language model claims: its sentences, quotes and citation marks.

Nothing is understood here; punctuation is read. Offsets are code points of the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex

from index.sentences import Span, sentence_spans, trimmed

_MARK = re.compile(
    r"(?:\[\^?|【)\s*(\d{1,4}(?:\s*[,;]\s*\^?\d{1,4}|\s*[-–]\s*\d{1,4})*)\s*(?:†[^】\]\n]{0,60})?(?:\](?!\()|】)"
)
"""``[1]``, ``[1, 3-5]``, ``[^1]``, ``【1】`` and ``【1†source】``; not ``[1](address)``, which is a link."""
_FOOTNOTE = re.compile(r"^[^\S\n]*\[\^?\d{1,4}\]:.*$", re.MULTILINE)
"""A footnote or a list of sources: it repeats what is cited, and claims nothing itself."""
_PAIRS = {"“": "”", "„": "“”", "«": "»", "»": "«", "「": "」", "『": "』", "‹": "›", "‘": "’", '"': '"'}
_OPENING = re.compile(f"[{''.join(map(re.escape, _PAIRS))}]")
_BLOCK_QUOTE = re.compile(r"(?:^[^\S\n]*>.*(?:\n|$))+", re.MULTILINE)
_BLOCK_MARK = re.compile(r"^[^\S\n]*>[^\S\n]?", re.MULTILINE)
_CODE = re.compile(r"^[^\S\n]*(```|~~~).*?(?:^[^\S\n]*\1|\Z)", re.MULTILINE | re.DOTALL)
_ELLIPSIS = re.compile(r"\s*(?:[\[(](?:…|\.\s?\.\s?\.)[\])]|…|\.\s?\.\s?\.)\s*")
_PARAGRAPH = re.compile(r"(?:(?!\n[^\S\n]*\n).)+", re.DOTALL)
_HEADING = re.compile(r"[^\S\n]*#{1,6}[^\S\n]")
_LETTER = re.compile(r"[^\W_]")
_WORD = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]|[\w'’-]+", regex.VERSION1)
_FEWEST_WORDS = 3
"""Fewer words between quotation marks are a term or a title: nobody claims that they are quoted."""
_MOST_RANGE = 100


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
    shown = _blanked(answer, _CODE, _FOOTNOTE)
    marks = [(match.start(), _numbers(match[1])) for match in _MARK.finditer(shown)]
    shown = _blanked(shown, _MARK)
    blocks = [match.span() for match in _BLOCK_QUOTE.finditer(shown)]
    spans = [span for span in _sentences(shown, blocks) if _LETTER.search(shown, *span)]
    owned: list[list[int]] = [[] for _ in spans]
    for at, numbers in marks:
        if spans:
            owned[_owner(shown, spans, at)] += numbers
    found = []
    for (start, end), numbers in zip(spans, owned, strict=True):
        named = tuple(dict.fromkeys(numbers))
        quotes = _block_quotes(shown, start, end) if (start, end) in blocks else _inline(shown, start, end)
        quoted = (Quoted(_words(shown, span), *span, named) for span in quotes)
        found.append(Sentence(*trimmed(shown, start, end), named, tuple(quoted)))
    return tuple(found)


def _blanked(answer: str, *patterns: re.Pattern[str]) -> str:
    """The answer with what matches made white space, so that every offset stays."""
    for pattern in patterns:
        answer = pattern.sub(lambda match: re.sub(r"\S", " ", match[0]), answer)
    return answer


def _sentences(shown: str, blocks: Sequence[Span]) -> Iterator[Span]:
    """Sentences of paragraphs, each block quote as one."""
    begin = 0
    for start, end in [*blocks, (len(shown), len(shown))]:
        for match in _PARAGRAPH.finditer(shown, begin, start):
            if not _HEADING.match(match[0].lstrip("\n")):
                yield from sentence_spans(shown, *match.span())
        if start < end:
            yield start, end
        begin = end


def _owner(shown: str, spans: Sequence[Span], at: int) -> int:
    """Which sentence a mark at an offset belongs to: the one it is in, else the one before it.

    One that begins a line, as in a list of answers, belongs to the sentence after it.
    """
    after = next((number for number, (_, end) in enumerate(spans) if at < end), len(spans))
    if after == len(spans):
        return after - 1
    before = spans[after - 1][1] if after else 0
    if at >= spans[after][0] or not after:
        return after
    leads = "\n" in shown[before:at] and "\n" not in shown[at : spans[after][0]]
    return after if leads else after - 1


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
    at = start
    while opening := _OPENING.search(shown, at, end):
        closing = _closing(shown, opening.start(), end)
        if closing is None:
            at = opening.end()
            continue
        yield from _parts(shown, opening.end(), closing)
        at = closing + 1


def _closing(shown: str, opening: int, end: int) -> int | None:
    """Where the quotation that opens here closes; an apostrophe inside of a word closes none."""
    closers = _PAIRS[shown[opening]]
    if shown[opening] == "»" and opening and not shown[opening - 1].isspace():
        return None  # it closes a quotation that began in another sentence
    for at in range(opening + 1, end):
        if shown[at] in closers and not (
            shown[at] in "’'" and at + 1 < len(shown) and shown[at + 1].isalnum() and shown[at - 1].isalnum()
        ):
            return at
    return None


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
    """The words of a block quote, without the mark that it begins with."""
    lead = _BLOCK_MARK.match(shown, start)
    yield from _parts(shown, lead.end() if lead else start, end)


def _words(shown: str, span: Span) -> str:
    """What is quoted, without the marks of a block quote."""
    return _BLOCK_MARK.sub("", shown[slice(*span)]).strip()
