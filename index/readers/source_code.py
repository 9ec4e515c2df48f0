"""Source code, left as it is: the text is the file, its blocks are what stands between blank lines.

A block begins after a blank line, at the left margin or where a definition is indented by one step, and so
holds a function or method with its comments and decorators. Definitions are not made headings: a quotation of
a function would lack the line that names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.readers.normalisation import decode, normalise, require_text
from index.types import Block, Extract

READER = "source/1"
MEDIA_TYPE = "text/x-source-code"

_CODING = re.compile(rb"\A(?:[^\n]{0,200}\n)?[ \t\f]*#[^\n]{0,200}?coding[:=][ \t]*([-\w.]{1,40})")
"""The encoding that a Python file declares in its first two lines (PEP 263), and editors in others."""
_GAP = re.compile(r"\n(?:[^\S\n]*+\n)++")
_CLOSING = (")", "]", "}", ">", "end", "else", "fi", "done")
_MODIFIERS = (
    "public|private|protected|internal|static|final|abstract|async|export|override|virtual|inline|pub|unsafe|open"
    "|suspend|default|get|set"
)
_DEFINED = (
    "def|class|fn|func|fun|function|interface|enum|struct|trait|impl|module|sub|type|record|constructor"
)
_DEFINITION = re.compile(
    rf"(?: {{1,4}}|\t)(?:[@#/*]|(?:(?:{_MODIFIERS})[ \t]+)*+(?:{_DEFINED})\b"
    r"|(?:public|private|protected|internal|static|override)[ \t])"
)
"""A definition, a decorator or a comment, indented by one step."""


def read_source_code(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """The text of a program with a block for each of its top-level parts."""
    if charset is None and (declared := _CODING.match(data[:1024])):
        charset = declared[1].decode("ascii", "replace")
    text = normalise(decode(data, name=name, charset=charset), name=name)
    require_text(text, name=name)
    blocks = tuple(_blocks(text))
    return Extract(text=text, blocks=blocks, media_type=MEDIA_TYPE, reader=READER)


def _blocks(text: str) -> Iterator[Block]:
    start = 0
    for gap in _GAP.finditer(text):
        if _begins_block(text, gap.end()):
            yield from _block(text, start, gap.start())
            start = gap.end()
    yield from _block(text, start, len(text))


def _block(text: str, start: int, end: int) -> Iterator[Block]:
    part = text[start:end]
    words = part.strip()
    if words:
        at = start + len(part) - len(part.lstrip())
        yield Block("code", at, at + len(words))


def _begins_block(text: str, at: int) -> bool:
    if text[at : at + 1].isspace():
        return _DEFINITION.match(text, at) is not None
    return not text.startswith(_CLOSING, at)
