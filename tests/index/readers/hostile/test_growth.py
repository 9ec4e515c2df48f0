"""Hostile files take time in proportion to their size, or are refused.

``FOUND`` are shapes whose time once grew faster, or with a factor of a hundred. ``make test-full`` measures
all that can be generated.
"""

from __future__ import annotations

import pytest

from index.errors import DocumentTooLarge
from index.readers import read
from tests.index.readers.hostile.growth import growth, processed
from tests.index.readers.hostile.package_shapes import package_shapes, presentation, workbook
from tests.index.readers.hostile.shapes import Shape, counted, nested, repeated, rising
from tests.index.readers.hostile.text_shapes import text_shapes
from tests.index.readers.packages import book, chapter
from tests.sizes import FULL

_SMALL, _LARGE = (16 * 1024, 64 * 1024) if FULL else (8 * 1024, 32 * 1024)
_MOST = 2.5
"""Quadratic time grows four times as much as the size here."""
_ATTRIBUTES = b"<p " + b"".join(b"a%d=1 " % at for at in range(30_000)) + b">A word.</p>"
_FAR_CELL = '<row><c r="XFD1"><v>1</v></c></row>'
_HEADER = ",".join("n" * 90 + str(at) for at in range(500)).encode() + b"\n"
_KEY = b'{"' + b"k" * 100 + b'":'
_ROW = "<row><c><v>1</v></c><c><v>1</v></c></row>"


def _text(suffix: str, piece: str) -> Shape:
    return Shape(f"{piece!r} repeated", suffix, "found", lambda size: repeated(piece, size).encode())


NAMED = [
    _text(".md", "["),
    _text(".md", "*a_ "),
    _text(".md", "[a](b"),
    Shape("parts", ".eml", "found", lambda size: _message("--a\n\nx\n", size)),
    Shape("columns", ".csv", "found", lambda size: counted("a{i},", size).encode()),
    Shape(
        "cells", ".xlsx", "found", lambda size: workbook(f"<row>{repeated('<c><v>1</v></c>', size)}</row>")
    ),
]
FOUND = [
    *(_text(".txt", piece) for piece in ("'", "“ ", "' \n", "។", ".", "?", ",")),
    *(_text(".md", piece) for piece in (":", "!")),
    Shape("code spans", ".md", "found", lambda size: counted("`a{i}`` ", size).encode()),
    Shape("ticks", ".md", "found", lambda size: rising("`", size).encode()),
    Shape("stars", ".rst", "found", lambda size: rising("*", size).encode()),
    _text(".rst", "a::\n\n"),
    _text(".csv", "'"),
    Shape("spaces in a cell", ".tsv", "found", lambda size: f"a\t7{repeated(' ', size)}b\n".encode()),
    _text(".py", "{\n\n"),
    _text(".html", "<ul>x </ul>"),
    Shape("tables", ".html", "found", lambda size: nested("<table>", "</table>", size).encode()),
    Shape("charts", ".pptx", "found", lambda size: presentation(repeated('<c:chart r:id="r1"/>', size))),
]


def _message(parts: str, size: int) -> bytes:
    head = "Subject: a\nContent-Type: multipart/mixed; boundary=a\n\n"
    return f"{head}{repeated(parts, size)}".encode()


@pytest.mark.parametrize("shape", [*NAMED, *FOUND], ids=str)
def test_time_grows_with_the_size(shape: Shape) -> None:
    assert growth(shape, _SMALL, _LARGE) < _MOST


@pytest.mark.parametrize(
    ("suffix", "data"),
    [
        (".rst", b"a::\n\n" * 40_000),
        (".rst", rising("*", 20_000).encode()),
        (".xlsx", workbook(_ROW * 2 + _FAR_CELL * 40)),
        (".csv", _HEADER + (b"1," * 499 + b"1\n") * 400),
        (".html", _ATTRIBUTES),
        (".md", b"A word.\n\n" + _ATTRIBUTES),
        (".eml", b"Subject: a\nContent-Type: text/html\n\n" + _ATTRIBUTES),
        (".epub", book({"c.xhtml": chapter("<p>&nbsp;</p>") + _ATTRIBUTES.decode()})),
        (".jsonl", _KEY * 3 + b"[" + b"[1,{}]," * 20_000 + b"1]" + b"}" * 3 + b"\n"),
    ],
)  # fmt: skip
def test_what_would_take_too_long_is_refused_and_the_reason_says_what_to_do(suffix: str, data: bytes) -> None:
    with pytest.raises(DocumentTooLarge, match=r"^a\.\w+: .*(Split|Divide)"):
        read(data, name=f"a{suffix}")


def _every(shapes: list[Shape]) -> list[Shape]:
    return shapes if FULL else shapes[:: len(shapes) // 60]


ALL = [*text_shapes(), *package_shapes()]


@pytest.mark.parametrize("shape", _every(ALL), ids=str)
def test_every_shape_is_read_or_refused(shape: Shape) -> None:
    processed(shape, 2048)


@pytest.mark.full
@pytest.mark.parametrize("shape", ALL if FULL else [], ids=str)
def test_time_grows_with_the_size_for_every_shape(shape: Shape) -> None:
    assert growth(shape, _SMALL, _LARGE) < _MOST
