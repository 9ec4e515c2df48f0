"""What holds for every extract, whatever the format."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from index.errors import Unreadable
from index.types import Extract

LINE_ENDS_AND_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""What a normalised text has none of. Tab and newline stay."""


def assert_laws(extract: Extract) -> None:
    text = extract.text
    assert text.strip(), "a text without words is refused"
    assert not LINE_ENDS_AND_CONTROLS.search(text)
    assert unicodedata.is_normalized("NFC", text)
    assert not LINE_ENDS_AND_CONTROLS.search(extract.title)
    assert "\n" not in extract.title
    assert_blocks(extract)
    assert_metadata(extract)


def assert_blocks(extract: Extract) -> None:
    text, at = extract.text, 0
    for block in extract.blocks:
        assert not text[at : block.start].strip(), "every word is in a block"
        assert at <= block.start < block.end <= len(text), "blocks are in order and do not overlap"
        quote = text[block.start : block.end]
        assert quote == quote.strip()
        if block.kind == "heading":
            assert 1 <= block.level <= 6
            assert block.title
            assert block.title in " ".join(quote.split())
        else:
            assert (block.level, block.title) == (0, "")
        at = block.end
    assert not text[at:].strip()


def assert_metadata(extract: Extract) -> None:
    for key, value in extract.metadata.items():
        assert isinstance(key, str)
        assert key
        members = value if isinstance(value, list) else [value]
        assert members
        assert all(isinstance(member, str | int | float | bool) for member in members)
        assert not any(LINE_ENDS_AND_CONTROLS.search(str(member)) for member in members)


def extract_or_refusal(read: Callable[[], Extract], name: str) -> Extract | Unreadable:
    """Reads: an extract that keeps the laws, or a reason that begins with the file's name."""
    try:
        extract = read()
    except Unreadable as error:
        refusal = error
    else:
        assert_laws(extract)
        return extract
    assert refusal.message.startswith(name)
    assert len(refusal.message) > len(name) + 20
    return refusal


def shown(extract: Extract) -> list[tuple[str | int, str]]:
    """The blocks as pairs: a heading's level or another block's kind, and what it says."""
    return [
        (block.level or block.kind, block.title or extract.text[block.start : block.end])
        for block in extract.blocks
    ]
