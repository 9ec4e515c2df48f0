"""Which of a page's blocks are its content.

trafilatura decides, but its own rendering is not used: it drops the headings of many documentation
pages and flattens lists and code. Its text is taken as a witness, and the page's blocks that it confirms
are kept as the page has them, with their headings and the prose between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from index.readers.html_blocks import PageBlock

_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(f"[{_CJK}]|[^\\W{_CJK}]+")
_RUN = 4
"""Words that must follow each other as they do in the witness. Single words are everywhere."""
_CONFIRMED = 0.7
_PROSE_WORDS = 15
_PROSE_LINKS = 0.3
_LEVELS = 6


def content_blocks(blocks: Sequence[PageBlock], witness: str) -> list[PageBlock]:
    """The blocks that the witness confirms, with the headings above them and the prose about them."""
    confirmed = _Witness(witness)
    kept = [not block.beside and confirmed.has(block.draft.text) for block in blocks]
    _add_prose(blocks, kept)
    _choose_headings(blocks, kept)
    return [block for block, keep in zip(blocks, kept, strict=True) if keep]


def seen_blocks(blocks: Iterable[PageBlock]) -> list[PageBlock]:
    """What is left of a page in which no content was found: all but navigation, or all."""
    all_blocks = list(blocks)
    return [block for block in all_blocks if not block.beside] or all_blocks


def shows(blocks: Iterable[PageBlock], text: str) -> bool:
    """Whether most of a text is among the blocks at all."""
    return _Witness("\n".join(block.draft.text for block in blocks)).has(text)


class _Witness:
    def __init__(self, text: str) -> None:
        self.runs = set(_runs(_words(text)))
        self.lines = {tuple(_words(line)) for line in text.split("\n")}

    def has(self, text: str) -> bool:
        """Whether most of a text is in the witness; a text of a few words must be lines of it."""
        words = _words(text)
        runs = _runs(words)
        if not runs:
            lines = [tuple(_words(line)) for line in text.split("\n")]
            return bool(words) and (tuple(words) in self.lines or self.lines.issuperset(filter(None, lines)))
        return sum(run in self.runs for run in runs) >= _CONFIRMED * len(runs)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _runs(words: list[str]) -> list[tuple[str, ...]]:
    return list(zip(*(words[i:] for i in range(_RUN)), strict=False))


def _add_prose(blocks: Sequence[PageBlock], kept: list[bool]) -> None:
    """Keep what was passed over between kept blocks, and next to the first and the last of them.

    Only prose and code: what navigation and advertisements lack are long blocks without links.
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
    if block.beside or block.link_share > _PROSE_LINKS or block.draft.kind == "heading":
        return False
    return block.draft.kind == "code" or len(_words(block.draft.text)) >= _PROSE_WORDS


def _choose_headings(blocks: Sequence[PageBlock], kept: list[bool]) -> None:
    """Keep the headings that have kept blocks under them, whatever the witness says."""
    # At each point, going backwards: does a heading of this level have something under it?
    follows = [False] * (_LEVELS + 1)
    for i in range(len(blocks) - 1, -1, -1):
        draft = blocks[i].draft
        if draft.kind == "heading":
            kept[i] = follows[draft.level] and not blocks[i].beside
            follows[draft.level :] = [False] * (_LEVELS + 1 - draft.level)
        elif kept[i]:
            follows = [True] * (_LEVELS + 1)
