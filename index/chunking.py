"""Cuts a text into passages: spans of whole sentences, inside one section, that fit the model.

A section's breaks are chosen together, the way TeX breaks a paragraph into lines: a passage costs the
square of the room that it leaves, so that there are few and of about one size, and a break costs what it
tears apart (:class:`_Bond`).

Tokens are counted once, a sentence at a time with the white space after it, and added up. That is exact
for tokenizers that split at white space first (WordPiece). Others (byte-level BPE, SentencePiece) may find
a few less in the whole, hardly ever one more: the model would not see that one, the quote has it anyway.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import groupby, islice, pairwise

import numpy as np
from numpy.typing import NDArray

from index.config import ChunkingConfig
from index.errors import InvalidLimit
from index.protocols import Tokenizer
from index.sentences import block_spans, halves, pieces
from index.types import Block, Extract, Passage

_TEXTS_PER_CALL = 512
_LEAST_ROOM = 16
"""Tokens and characters without which no text can be cut sensibly, nor even one character always fit."""
_LONGEST_HEADING = 256
"""Characters; a "heading" longer than this is text, and is searched as text too."""


class _Bond(IntEnum):
    """What a break before a unit costs, in eighths of what an empty passage would.

    WHOLE outweighs all that can be won by tearing a list or table that fits: two passages more.
    """

    NONE = 0
    SENTENCE = 1
    LEAD_IN = 8
    WHOLE = 64
    WORD = 96


@dataclass(slots=True)
class _Unit:
    """What is never cut: a sentence, list item, line, or piece of one that was too long.

    ``until`` is where the next unit of the section starts, ``gap`` the tokens of the white space up to
    there. ``prose`` units may be repeated as overlap.
    """

    start: int
    end: int
    until: int
    section: int
    bond: _Bond
    prose: bool
    tokens: int = 0
    gap: int = 0


@dataclass(slots=True)
class _Section:
    """The blocks under one heading, and the tokens that are left for text in each of its passages."""

    path: tuple[str, ...]
    blocks: list[Block] = field(default_factory=list)
    room: int = 0


def embedded_text(
    title: str, section: tuple[str, ...], quote: str, *, tokenizer: Tokenizer, config: ChunkingConfig
) -> str:
    """What is embedded and searched of a passage, and counted in its tokens: headings, then the quote."""
    heading = heading_lines(title, section, tokenizer=tokenizer, config=config)
    return f"{heading}\n{quote}" if heading else quote


def heading_lines(
    title: str, section: tuple[str, ...], *, tokenizer: Tokenizer, config: ChunkingConfig
) -> str:
    """Title and headings, one a line, without a repetition of the one before.

    At most a quarter of the tokens that a passage may have: the longest are cut first, to equal length.
    """
    limit = _allowance(tokenizer, config) // 4
    parts: list[str] = []
    for words in (title, *section):
        part = " ".join(words.split())[: config.max_characters // 4]
        if part and (not parts or part.casefold() != parts[-1].casefold()):
            parts.append(part)
    parts = parts[-limit:]
    tokens = tokenizer.token_starts(parts) if parts else []
    longest = limit
    while sum(min(len(starts), longest) for starts in tokens) > limit:
        longest -= 1
    cut = (
        part if len(starts) <= longest else part[: int(starts[longest])].rstrip()
        for part, starts in zip(parts, tokens, strict=True)
    )
    return "\n".join(part for part in cut if part)


def chunk(extract: Extract, *, title: str, tokenizer: Tokenizer, config: ChunkingConfig) -> list[Passage]:
    """The passages of a text, by ascending start and end; each end is past the one before.

    They hold every character that is not white space, but for headings with text or headings under
    them: those are in the ``section`` of the passages below. ``Passage.tokens`` is at most
    ``config.max_tokens``, or what the model takes if that is less.

    Raises :class:`index.errors.InvalidLimit` when the limits leave no room for text.
    """
    sections = _sections(extract)
    _give_room(sections, title, tokenizer, config)
    units = [
        unit
        for number, section in enumerate(sections)
        for unit in _section_units(extract.text, number, section, config.max_characters)
    ]
    most = tokenizer.special_tokens + _allowance(tokenizer, config)
    passages: list[Passage] = []
    fitted = _fitted(extract.text, units, sections, tokenizer)
    for number, group in groupby(fitted, lambda unit: unit.section):
        path, room = sections[number].path, sections[number].room
        for start, end, tokens in _spans(list(group), room, config):
            first, last = (max(1, bisect_right(extract.pages, at)) for at in (start, end - 1))
            pages = (first, last) if extract.pages else None
            passages.append(Passage(start, end, path, pages, tokens=most - room + tokens))
    return passages


def _allowance(tokenizer: Tokenizer, config: ChunkingConfig) -> int:
    """Tokens for headings and text."""
    most = min(config.max_tokens or tokenizer.max_tokens, tokenizer.max_tokens)
    allowance = most - tokenizer.special_tokens
    if allowance < _LEAST_ROOM or config.max_characters < _LEAST_ROOM:
        raise InvalidLimit(
            f"Passages of {most} tokens ({tokenizer.special_tokens} of them the model's own) and "
            f"{config.max_characters} characters leave no room for text: "
            f"allow {tokenizer.special_tokens + _LEAST_ROOM} tokens and {_LEAST_ROOM} characters at least."
        )
    return allowance


def _sections(extract: Extract) -> list[_Section]:
    """The stretches between headings, each with the titles above it."""
    blocks = [block for block in extract.blocks if extract.text[block.start : block.end].strip()]
    sections = [_Section(())]
    open_headings: list[tuple[int, tuple[str, ...]]] = [(0, ())]
    for block, following in zip(blocks, [*blocks, None][1:], strict=True):
        if block.kind != "heading":
            sections[-1].blocks.append(block)
            continue
        level = max(1, block.level)
        while open_headings[-1][0] >= level:
            open_headings.pop()
        above = open_headings[-1][1]
        childless = following is None or (following.kind == "heading" and following.level <= level)
        if childless or block.end - block.start > _LONGEST_HEADING:
            sections.append(_Section(above, [block]))
        path = (*above, block.title) if block.title else above
        open_headings.append((level, path))
        sections.append(_Section(path))
    return [section for section in sections if section.blocks]


def _give_room(
    sections: Sequence[_Section], title: str, tokenizer: Tokenizer, config: ChunkingConfig
) -> None:
    allowance = _allowance(tokenizer, config)
    lines = [heading_lines(title, section.path, tokenizer=tokenizer, config=config) for section in sections]
    starts = _token_starts(tokenizer, (f"{line}\n" if line else "" for line in lines))
    for section, tokens in zip(sections, starts, strict=True):
        section.room = allowance - len(tokens)


def _section_units(text: str, number: int, section: _Section, longest: int) -> list[_Unit]:
    """The section's sentences, items and lines, none with more characters than ``longest``."""
    units: list[_Unit] = []
    kind_before = ""
    for block in section.blocks:
        prose = block.kind in {"paragraph", "heading"}
        bond = _Bond.LEAD_IN if kind_before == "paragraph" and not prose else _Bond.NONE
        for span in block_spans(text, block):
            parts = pieces(text, *span, longest)
            for start, end in parts:
                units.append(_Unit(start, end, end, number, bond, prose and len(parts) == 1))
                bond = _Bond.WORD
            bond = _Bond.SENTENCE if prose else _Bond.WHOLE
        kind_before = block.kind
    for unit, following in pairwise(units):
        # More white space than a passage may have characters is never inside one, nor worth counting.
        unit.until = min(following.start, unit.end + longest)
    return units


def _fitted(
    text: str, units: Sequence[_Unit], sections: Sequence[_Section], tokenizer: Tokenizer
) -> Iterator[_Unit]:
    """The units with their tokens counted, those with too many cut into pieces of about one size."""
    counted = _token_starts(tokenizer, (text[unit.start : unit.until] for unit in units))
    for unit, starts in zip(units, counted, strict=True):
        room = sections[unit.section].room
        unit.tokens = int(starts.searchsorted(unit.end - unit.start))
        unit.gap = len(starts) - unit.tokens
        if unit.tokens <= room or unit.end - unit.start == 1:
            yield unit
            continue
        count = -(-unit.tokens * 10 // (room * 9))  # a tenth to spare for cuts beside the mark
        near = unit.start + int(starts[unit.tokens * (count // 2) // count])
        first, second = halves(text, unit.start, unit.end, near)
        parts = (
            _Unit(*first, second[0], unit.section, unit.bond, prose=False),
            _Unit(*second, unit.until, unit.section, _Bond.WORD, prose=False),
        )
        yield from _fitted(text, parts, sections, tokenizer)


def _token_starts(tokenizer: Tokenizer, texts: Iterable[str]) -> Iterator[NDArray[np.int64]]:
    remaining = iter(texts)
    while batch := list(islice(remaining, _TEXTS_PER_CALL)):
        yield from tokenizer.token_starts(batch)


def _spans(units: list[_Unit], room: int, config: ChunkingConfig) -> Iterator[tuple[int, int, int]]:
    """Start, end and tokens of each of a section's passages."""
    units = _joined(units, room, config.max_characters)
    before = [0]
    for unit in units:
        before.append(before[-1] + unit.tokens + unit.gap)
    for first, end in _breaks(units, before, room, config.max_characters):
        tokens, last, start = before[end] - units[end - 1].gap, units[end - 1].end, first
        # As overlap, what of the sentences before fits: not so far back as to hold the passage before,
        # or the two would have been one.
        while start and units[start - 1].prose and before[first] - before[start - 1] <= config.overlap_tokens:
            if tokens - before[start - 1] > room or last - units[start - 1].start > config.max_characters:
                break
            start -= 1
        yield units[start].start, last, tokens - before[start]


def _joined(units: list[_Unit], room: int, longest: int) -> list[_Unit]:
    """The units, tiny ones ("Yes.", "}") joined to the next: no loss, and much less to weigh."""
    joined = units[:1]
    for unit in units[1:]:
        last = joined[-1]
        alike = (last.prose and unit.prose) or unit.bond == _Bond.WHOLE
        tokens = last.tokens + last.gap + unit.tokens
        small = tokens <= room // 4 and unit.end - last.start <= longest // 4
        if last.tokens < room // 32 and alike and small:
            last.end, last.tokens, last.gap = unit.end, tokens, unit.gap
        else:
            joined.append(unit)
    return joined


def _breaks(units: list[_Unit], before: list[int], room: int, longest: int) -> list[tuple[int, int]]:
    """The cheapest passages: for each the number of its first unit and of the one past its last."""
    price = [max(1, room * room // 8) * unit.bond for unit in units] + [0]
    starts = [unit.start for unit in units]
    best, choice = [0], [0]
    for end, unit in enumerate(units, start=1):
        total = before[end] - unit.gap
        cheapest, chosen = -1, end - 1
        for number in range(end - 1, -1, -1):
            tokens = total - before[number]
            if number < end - 1 and (tokens > room or unit.end - starts[number] > longest):
                break
            cost = best[number] + (room - tokens) ** 2
            if cheapest < 0 or cost < cheapest:
                cheapest, chosen = cost, number
        # A passage costs something even when it is full: one inside the next is never worth it.
        best.append(cheapest + price[end] + 1)
        choice.append(chosen)
    passages = [(choice[-1], len(units))]
    while passages[-1][0]:
        end = passages[-1][0]
        passages.append((choice[end], end))
    return passages[::-1]
