"""Split a text into passages: spans of whole sentences within one section that fit the model.

Tokens are counted once per sentence, including the white space after it, and summed. The sum is exact for
tokenizers that split at white space first (WordPiece). Others (byte-level BPE, SentencePiece) may find a few
tokens less in the whole passage, very rarely one more: the model then ignores that token, and the quote is
still complete.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import groupby, islice, pairwise, takewhile

import numpy as np
from numpy.typing import NDArray

from index.config import ChunkingConfig
from index.errors import InvalidLimit
from index.protocols import Tokenizer
from index.text.sentences import block_spans, halve_span, split_span
from index.text.tables import SEPARATOR
from index.types import Block, Extract, Passage

_TEXTS_PER_CALL = 512
_LEAST_ROOM = 16
"""Least tokens and characters of a passage; with fewer, even a single character may not fit."""
_TOKEN = 12
"""Code points of a token, at most, where the tokens of a table are counted."""
_LONGEST_HEADING = 256
"""Longest heading in characters; a longer one is also indexed as text."""


@dataclass(slots=True)
class _Section:
    """The blocks under one heading.

    ``room`` is the number of tokens for text in each passage, beside the ``spare`` ones for what is above its
    first row.
    """

    path: tuple[str, ...]
    blocks: list[Block] = field(default_factory=list)
    room: int = 0
    spare: int = 0
    tables: list[TableContext] = field(default_factory=list)

    def tables_between(self, start: int, end: int) -> list[TableContext]:
        """The tables that, with their captions, overlap ``[start, end)``."""
        first = bisect_right(self.tables, start, key=lambda one: one.table.end)
        return list(takewhile(lambda one: one.begins < end, islice(self.tables, first, None)))


def heading_lines(
    title: str, section: tuple[str, ...], *, tokenizer: Tokenizer, config: ChunkingConfig
) -> str:
    """Return title and headings, one per line, without repetitions of the line before.

    They use at most a quarter of a passage's tokens: the longest are truncated first, to equal length.
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
    """Return the passages of :func:`chunk_with_context` alone."""
    return [
        passage for passage, _ in chunk_with_context(extract, title=title, tokenizer=tokenizer, config=config)
    ]


def chunk_with_context(
    extract: Extract, *, title: str, tokenizer: Tokenizer, config: ChunkingConfig
) -> list[tuple[Passage, str]]:
    """Split a text into passages in order of start; each ends after the one before.

    Each comes with the lines to embed between the headings and its slice: what is above its first row, for
    a passage that begins inside a table.

    They contain every character that is not white space, except headings with text or headings below
    them: those are in the ``section`` of the passages below. ``Passage.tokens`` is at most
    ``config.max_tokens``, or the limit of the model if that is less.

    Raises :class:`index.errors.InvalidLimit` when the limits leave no room for text.
    """
    sections = _sections(extract)
    for section in sections:
        section.tables = table_contexts(extract.text, section.blocks)
    _assign_room(sections, title, tokenizer, config)
    for section in sections:
        _spare_room(extract.text, section, tokenizer, _allowance(tokenizer, config) // 4)
    units = [
        unit
        for number, section in enumerate(sections)
        for unit in _section_units(extract.text, number, section, config.max_characters)
    ]
    most = tokenizer.special_tokens + _allowance(tokenizer, config)
    passages: list[tuple[Passage, str]] = []
    for number, group in groupby(
        _fit_units(extract.text, units, sections, tokenizer), lambda unit: unit.section
    ):
        section = sections[number]
        for start, end, tokens in passage_spans(list(group), section.room, config):
            first, last = (max(1, bisect_right(extract.pages, at)) for at in (start, end - 1))
            pages = (first, last) if extract.pages else None
            near = section.tables_between(start, end)
            tables = tuple(one.table for one in near if one.table.start < end)
            above = next(filter(None, (one.above(start) for one in near)), "")
            context, more = truncate_context(
                above, tokenizer, min(most // 4, section.room + section.spare - tokens)
            )
            used = most - section.room - section.spare + tokens + more
            passages.append((Passage(start, end, section.path, pages, used, tables), context))
    return passages


def _allowance(tokenizer: Tokenizer, config: ChunkingConfig) -> int:
    """Return the number of tokens for headings and text in a passage."""
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
    """Return the sections between headings, each with the path of headings above it."""
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


def _assign_room(
    sections: Sequence[_Section], title: str, tokenizer: Tokenizer, config: ChunkingConfig
) -> None:
    allowance = _allowance(tokenizer, config)
    lines = [heading_lines(title, section.path, tokenizer=tokenizer, config=config) for section in sections]
    starts = _token_starts(tokenizer, (f"{line}\n" if line else "" for line in lines))
    for section, tokens in zip(sections, starts, strict=True):
        section.room = allowance - len(tokens)


def _spare_room(text: str, section: _Section, tokenizer: Tokenizer, most: int) -> None:
    """Spare room for the context of tables that do not fit in a passage, at most ``most`` tokens."""
    long = []
    for one in section.tables:
        start, end = one.table.start, one.table.end
        if end - start > section.room and one.above(end - 1):
            # So many code points decide it: hardly a token has more than a dozen.
            (tokens,) = tokenizer.token_starts([text[start : min(end, start + _TOKEN * section.room)]])
            if len(tokens) > section.room:
                long.append(one.above(end - 1))
    limit = min(most, section.room // 2)
    section.spare = max((truncate_context(context, tokenizer, limit)[1] for context in long), default=0)
    section.room -= section.spare


def _section_units(text: str, number: int, section: _Section, longest: int) -> list[Unit]:
    """Return the section's sentences, items and lines, each with at most ``longest`` characters."""
    units: list[Unit] = []
    kind_before = ""
    for block in section.blocks:
        prose = block.kind in {"paragraph", "heading"}
        bond = Bond.LEAD_IN if kind_before == "paragraph" and not prose else Bond.NONE
        for span in block_spans(text, block):
            parts = split_span(text, *span, longest)
            for start, end in parts:
                units.append(Unit(start, end, end, number, bond, prose and len(parts) == 1))
                bond = Bond.WORD
            bond = Bond.SENTENCE if prose else Bond.WHOLE
        kind_before = block.kind
    for unit, following in pairwise(units):
        # White space longer than a passage is never inside one; do not count its tokens.
        unit.until = min(following.start, unit.end + longest)
    return units


def _fit_units(
    text: str, units: Sequence[Unit], sections: Sequence[_Section], tokenizer: Tokenizer
) -> Iterator[Unit]:
    """Count the tokens of the units; split units with too many into pieces of similar size."""
    counted = _token_starts(tokenizer, (text[unit.start : unit.until] for unit in units))
    for unit, starts in zip(units, counted, strict=True):
        room = sections[unit.section].room
        unit.tokens = int(starts.searchsorted(unit.end - unit.start))
        unit.gap = len(starts) - unit.tokens
        if unit.tokens <= room or unit.end - unit.start == 1:
            yield unit
            continue
        count = -(-unit.tokens * 10 // (room * 9))  # a tenth to spare, because splits are not exact
        near = unit.start + int(starts[unit.tokens * (count // 2) // count])
        first, second = halve_span(text, unit.start, unit.end, near)
        parts = (
            Unit(*first, second[0], unit.section, unit.bond, prose=False),
            Unit(*second, unit.until, unit.section, Bond.WORD, prose=False),
        )
        yield from _fit_units(text, parts, sections, tokenizer)


def _token_starts(tokenizer: Tokenizer, texts: Iterable[str]) -> Iterator[NDArray[np.int64]]:
    remaining = iter(texts)
    while batch := list(islice(remaining, _TEXTS_PER_CALL)):
        yield from tokenizer.token_starts(batch)


# Breaks of a section into passages.
#
# All breaks of a section are optimized together, as TeX breaks a paragraph into lines. A passage costs the
# square of its unused tokens, which favours few passages of similar size; a break costs a penalty that
# depends on what it separates (:class:`Bond`).


_MOST_UNITS = 128
"""Most units of a passage. Texts have far fewer; thousands of lines with one bracket each took a minute."""


class Bond(IntEnum):
    """The cost of a break before a unit, in eighths of the cost of an empty passage.

    WHOLE keeps a list or table that fits in one passage, even if that takes two more passages.
    """

    NONE = 0
    SENTENCE = 1
    LEAD_IN = 8
    WHOLE = 64
    WORD = 96


@dataclass(slots=True)
class Unit:
    """An indivisible unit: a sentence, list item or line, or a piece of one that was too long.

    ``until`` is the start of the next unit in the section, ``gap`` the tokens of the white space before it.
    ``prose`` units may be repeated as overlap.
    """

    start: int
    end: int
    until: int
    section: int
    bond: Bond
    prose: bool
    tokens: int = 0
    gap: int = 0


def passage_spans(units: list[Unit], room: int, config: ChunkingConfig) -> Iterator[tuple[int, int, int]]:
    """Yield start, end and tokens of each passage of a section."""
    units = _join_tiny(units, room, config.max_characters)
    before = [0]
    for unit in units:
        before.append(before[-1] + unit.tokens + unit.gap)
    for first, end in _breaks(units, before, room, config.max_characters):
        tokens, last, start = before[end] - units[end - 1].gap, units[end - 1].end, first
        # Add preceding sentences as overlap while they fit. This never includes the whole passage before,
        # or the two would have been one.
        while start and units[start - 1].prose and before[first] - before[start - 1] <= config.overlap_tokens:
            if tokens - before[start - 1] > room or last - units[start - 1].start > config.max_characters:
                break
            start -= 1
        yield units[start].start, last, tokens - before[start]


def _join_tiny(units: list[Unit], room: int, longest: int) -> list[Unit]:
    """Join tiny units ("Yes.", "}") to the next one, so that there are fewer breaks to consider."""
    joined = units[:1]
    for unit in units[1:]:
        last = joined[-1]
        alike = (last.prose and unit.prose) or unit.bond == Bond.WHOLE
        tokens = last.tokens + last.gap + unit.tokens
        small = tokens <= room // 4 and unit.end - last.start <= longest // 4
        if last.tokens < room // 32 and alike and small:
            last.end, last.tokens, last.gap = unit.end, tokens, unit.gap
        else:
            joined.append(unit)
    return joined


def _breaks(units: list[Unit], before: list[int], room: int, longest: int) -> list[tuple[int, int]]:
    """Return the cheapest passages as half-open ranges of unit numbers."""
    price = [max(1, room * room // 8) * unit.bond for unit in units] + [0]
    starts = [unit.start for unit in units]
    best, choice = [0], [0]
    for end, unit in enumerate(units, start=1):
        total = before[end] - unit.gap
        cheapest, chosen = -1, end - 1
        for number in range(end - 1, max(-1, end - 1 - _MOST_UNITS), -1):
            tokens = total - before[number]
            if number < end - 1 and (tokens > room or unit.end - starts[number] > longest):
                break
            cost = best[number] + (room - tokens) ** 2
            if cheapest < 0 or cost < cheapest:
                cheapest, chosen = cost, number
        # Even a full passage costs 1, so that no passage lies inside the next.
        best.append(cheapest + price[end] + 1)
        choice.append(chosen)
    passages = [(choice[-1], len(units))]
    while passages[-1][0]:
        end = passages[-1][0]
        passages.append((choice[end], end))
    return passages[::-1]


# The captions and column names above the rows of a table, for passages that begin inside it.
#
# A row means little without the names of its columns, and a statement little without its title. Both are put
# before the text that is embedded and searched, with the headings; the quote stays as it is.


_LONGEST_CAPTION = 160
"""Code points of a paragraph above a table that counts as a line of its caption."""
_CAPTION_LINES = 3


@dataclass(frozen=True, slots=True)
class TableContext:
    """A table with its caption (the text, and where it begins) and the names of its columns."""

    table: Block
    caption: str
    begins: int
    names: str

    def above(self, start: int) -> str:
        """Return the lines above the rows that a passage from offset ``start`` lacks; empty if none."""
        if not self.begins < start < self.table.end:
            return ""
        names = self.names if start > self.table.start else ""
        return "\n".join(filter(None, (self.caption if start >= self.table.start else "", names)))


def table_contexts(text: str, blocks: Sequence[Block]) -> list[TableContext]:
    """Return the tables of a section, with what is above each."""
    found: list[TableContext] = []
    for at, block in enumerate(blocks):
        if block.kind != "table":
            continue
        above: list[Block] = []
        for before in reversed(blocks[max(0, at - _CAPTION_LINES) : at]):
            if before.kind != "paragraph" or before.end - before.start > _LONGEST_CAPTION:
                break
            above.insert(0, before)
        found.append(
            TableContext(
                block,
                "\n".join(" ".join(text[one.start : one.end].split()) for one in above),
                above[0].start if above else block.start,
                _names(text, block),
            )
        )
    return found


def _names(text: str, table: Block) -> str:
    """The names of a table's columns in a line, below the captions that are lines of the table."""
    columns = table.columns
    if columns is None or columns.labelled:
        return ""
    names = SEPARATOR.join(columns.names).strip()
    lines = map(str.strip, text[table.start : columns.body].split("\n"))
    captions = [line for line in lines if SEPARATOR.strip() not in line and line not in names]
    return "\n".join(filter(None, (*captions, names)))


def truncate_context(context: str, tokenizer: Tokenizer, most: int) -> tuple[str, int]:
    """Cut a context to at most ``most`` tokens; returns it with its tokens, line end included."""
    if not context or most < 1:
        return "", 0
    (starts,) = tokenizer.token_starts([f"{context}\n"])
    if len(starts) <= most:
        return context, len(starts)
    cut = context[: int(starts[most])].rstrip()
    return (cut, most) if cut else ("", 0)
