"""Select the blocks of a page that are its main content.

trafilatura decides what that is, but its own rendering drops the headings of many documentation pages and
flattens lists and code. So only its text is used: the page's blocks whose words are in it are kept, with
their headings and the prose between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from index.readers.html.blocks import PageBlock

_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(f"[{_CJK}]|[^\\W{_CJK}]+")
_RUN = 4
"""Length in words of the word sequences that are compared. Single words would match everywhere."""
_MIN_MATCH = 0.7
_PROSE_WORDS = 15
_PROSE_LINKS = 0.3
_LEVELS = 6


def content_blocks(blocks: Sequence[PageBlock], main_text: str) -> list[PageBlock]:
    """Select the blocks that are in ``main_text``, their headings, and the prose between and beside them."""
    sequences = _WordSequences(main_text)
    kept = [not block.is_boilerplate and sequences.contain(block.draft.text) for block in blocks]
    _add_prose(blocks, kept)
    _choose_headings(blocks, kept)
    return [block for block, keep in zip(blocks, kept, strict=True) if keep]


def without_boilerplate(blocks: Iterable[PageBlock]) -> list[PageBlock]:
    """The blocks that the page does not mark as boilerplate; all blocks if there are no others."""
    all_blocks = list(blocks)
    return [block for block in all_blocks if not block.is_boilerplate] or all_blocks


def contain_text(blocks: Iterable[PageBlock], text: str) -> bool:
    """Whether most of a text is in the blocks."""
    return _WordSequences("\n".join(block.draft.text for block in blocks)).contain(text)


class _WordSequences:
    """The word sequences and the lines of a text."""

    def __init__(self, text: str) -> None:
        self.runs = set(_runs(_words(text)))
        self.lines = {tuple(_words(line)) for line in text.split("\n")}

    def contain(self, text: str) -> bool:
        """Whether they contain most of a text; a text of a few words must be one or more of the lines."""
        words = _words(text)
        runs = _runs(words)
        if not runs:
            lines = [tuple(_words(line)) for line in text.split("\n")]
            return bool(words) and (tuple(words) in self.lines or self.lines.issuperset(filter(None, lines)))
        return sum(run in self.runs for run in runs) >= _MIN_MATCH * len(runs)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _runs(words: list[str]) -> list[tuple[str, ...]]:
    return list(zip(*(words[i:] for i in range(_RUN)), strict=False))


def _add_prose(blocks: Sequence[PageBlock], kept: list[bool]) -> None:
    """Also keep prose and code between the kept blocks, and next to the first and the last of them.

    Navigation and advertisements rarely have long blocks without links.
    """
    places = [i for i, keep in enumerate(kept) if keep and blocks[i].draft.kind != "heading"]
    if not places:
        return
    for i in range(places[0], places[-1]):
        kept[i] = kept[i] or _is_prose(blocks[i])
    for outward in (range(places[-1] + 1, len(blocks)), range(places[0] - 1, -1, -1)):
        for i in outward:
            if blocks[i].draft.kind == "heading":
                continue
            if not _is_prose(blocks[i]):
                break
            kept[i] = True


def _is_prose(block: PageBlock) -> bool:
    if block.is_boilerplate or block.link_share > _PROSE_LINKS or block.draft.kind == "heading":
        return False
    return block.draft.kind == "code" or len(_words(block.draft.text)) >= _PROSE_WORDS


def _choose_headings(blocks: Sequence[PageBlock], kept: list[bool]) -> None:
    """Keep exactly the headings that have kept blocks under them."""
    # Going backwards: would a heading of this level at this point have a kept block under it?
    follows = [False] * (_LEVELS + 1)
    for i in range(len(blocks) - 1, -1, -1):
        draft = blocks[i].draft
        if draft.kind == "heading":
            kept[i] = follows[draft.level] and not blocks[i].is_boilerplate
            follows[draft.level :] = [False] * (_LEVELS + 1 - draft.level)
        elif kept[i]:
            follows = [True] * (_LEVELS + 1)
