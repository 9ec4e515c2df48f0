"""Real PDF files: none does harm, and other libraries find the same words on the same pages."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from benchmarks.documents.manifest import Listed, listed
from benchmarks.documents.pdf import QUOTES, File, in_rectangles, on_cited_page, quotes, same_size
from index.errors import CorruptDocument, EncryptedDocument, NoTextLayer, Unreadable
from index.readers import read as read_file
from tests.index.readers.laws import assert_laws
from tests.sizes import FULL, sample

pytestmark = [pytest.mark.shared, pytest.mark.slow]

REFUSED: Mapping[str, type[Unreadable]] = {
    "378014596.pdf": CorruptDocument,
    "graph-encrypted.pdf": EncryptedDocument,
    "newline-buffer-test.pdf": CorruptDocument,
    "unreadablemetadata.pdf": CorruptDocument,
}
"""Every other file that is refused has no text layer."""
OTHERWISE = {"habibi-rotated.pdf", "content-stream-errors.pdf"}
"""Read otherwise by pypdf: it passes over a glyph that the font says means nothing, or reads nothing."""
MARKED = 30


@pytest.fixture(scope="module")
def readings(shared: None) -> list[File | tuple[Listed, Unreadable]]:
    found: list[File | tuple[Listed, Unreadable]] = []
    for one in listed(suffix=".pdf"):
        try:
            extract = read_file(one.path.read_bytes(), name=one.path.name, password=one.password)
        except Unreadable as error:
            found.append((one, error))
        else:
            found.append(File(one, extract))
    return found


@pytest.fixture(scope="module")
def read(readings: list[File | tuple[Listed, Unreadable]]) -> list[File]:
    return [one for one in readings if isinstance(one, File) and one.name not in OTHERWISE]


def test_every_file_is_read_or_refused_with_its_reason(
    readings: list[File | tuple[Listed, Unreadable]],
) -> None:
    assert len(readings) >= 60
    for reading in readings:
        if isinstance(reading, File):
            assert_laws(reading.extract)
            continue
        file, refusal = reading
        name = file.path.name
        assert refusal.message.startswith(f"{name}: ")
        assert type(refusal) is REFUSED.get(name, NoTextLayer), name
        if isinstance(refusal, NoTextLayer):
            assert not file.by("pymupdf")["chars"], name


def test_arabic_is_read_in_its_order(read: list[File]) -> None:
    texts = [file.extract.text for file in read if file.name.startswith("habibi")]
    assert len(texts) == 2
    assert all("حَبيبي habibi" in text for text in texts)


def test_as_many_characters_are_found_as_by_another_library(read: list[File]) -> None:
    sizes = {file.name: (*file.characters(), file.others()) for file in sample(read) if file.pages}
    assert {name: size for name, size in sizes.items() if not same_size(*size)} == {}


def test_quotes_are_on_the_pages_that_are_cited(read: list[File]) -> None:
    assert [
        (one.file.name, one.page, one.words)
        for one in quotes(read, QUOTES if FULL else MARKED)
        if not on_cited_page(one)
    ] == []


def test_rectangles_hold_the_words_that_are_quoted(read: list[File]) -> None:
    # Two libraries do not agree on what the glyphs of formulas are.
    prose = [one for one in quotes(read, QUOTES) if "GeoTopo" not in one.file.name][:MARKED]
    assert [(one.file.name, one.page, one.words) for one in prose if not in_rectangles(one)] == []
