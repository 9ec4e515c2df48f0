"""Split a text into passages: spans of whole sentences within one section that fit the model.

:mod:`index.ingest.breaks` decides where the passages of a section begin.

Tokens are counted once per sentence, including the white space after it, and summed. The sum is exact for
tokenizers that split at white space first (WordPiece). Others (byte-level BPE, SentencePiece) may find a few
tokens less in the whole passage, very rarely one more: the model then ignores that token, and the quote is
still complete.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice, pairwise, takewhile

import numpy as np
from numpy.typing import NDArray

from index.config import ChunkingConfig
from index.errors import InvalidLimit
from index.ingest.breaks import Bond, Unit, passage_spans
from index.ingest.table_context import TableContext, table_contexts, truncate_context
from index.protocols import Tokenizer
from index.text.sentences import block_spans, halve_span, split_span
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


def text_to_embed(
    title: str, section: tuple[str, ...], quote: str, *, tokenizer: Tokenizer, config: ChunkingConfig
) -> str:
    """Return the text of a passage to embed, search and count tokens of: headings, then the quote."""
    heading = heading_lines(title, section, tokenizer=tokenizer, config=config)
    return f"{heading}\n{quote}" if heading else quote


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
    a passage that begins inside a table (:mod:`index.ingest.table_context`).

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
