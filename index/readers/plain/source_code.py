"""Read source code: the text is the unchanged file, divided into blocks at blank lines.

A block begins after a blank line with a line that is not indented, or with a definition indented by one step.
So it holds a function or method with its comments and decorators. Definitions do not become headings: a quote
of a function would lack the line with its name.
"""

import re
from collections.abc import Iterator

from index.readers.base.normalisation import decode, normalise, require_text
from index.types import Block, Extract

READER = "source/1"
MEDIA_TYPE = "text/x-source-code"

_CODING = re.compile(rb"\A(?:[^\n]{0,200}\n)?[ \t\f]*#[^\n]{0,200}?coding[:=][ \t]*([-\w.]{1,40})")
"""The encoding declared in the first two lines of a Python file (PEP 263) or by an editor in other files."""
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
"""A definition, a decorator or a comment that is indented by one step."""


def read_source_code(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """Read a source file, with a block for each of its top-level parts."""
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
