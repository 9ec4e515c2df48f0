"""PDF files that are damaged, or made to take more time and memory than they should."""

from __future__ import annotations

import threading
import zlib
from functools import partial

import pytest
from hypothesis import given, settings, strategies as st

from index.errors import CorruptDocument, DocumentTooLarge, NoTextLayer, Unreadable
from index.readers.pdf import page, read_pdf, streams
from index.readers.pdf.file import MAX_PAGES, iso_date
from index.types import Extract
from tests.index.readers.laws import extract_or_refusal, shown
from tests.sizes import examples

CATALOG = b"<</Type/Catalog/Pages 2 0 R/Outlines 6 0 R>>"
PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>"
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
NO_OUTLINE = b"<</Count 0>>"


def text(string: bytes = b"Hello harbour") -> bytes:
    return b"BT /F 12 Tf 50 700 Td (" + string + b") Tj ET"


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (entries, len(content), content)


def written(*objects: bytes) -> bytes:
    data = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    data += b"trailer <</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(data)


def one_page(content: bytes, entries: bytes = b"") -> bytes:
    return written(CATALOG, PAGES, PAGE, stream(content, entries), FONT, NO_OUTLINE)


def deflated(piece: bytes, times: int) -> bytes:
    packing = zlib.compressobj(9)
    return b"".join([packing.compress(piece) for _ in range(times)]) + packing.flush()


def read(data: bytes) -> Extract | Unreadable:
    return extract_or_refusal(partial(read_pdf, data, name="file.pdf"), "file.pdf")


def test_a_file_written_by_hand_is_read() -> None:
    extract = read_pdf(one_page(text()), name="file.pdf")
    assert extract.text == "Hello harbour"


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"not a PDF", one_page(text())[:40]])
def test_damaged_and_other_files_are_refused(data: bytes) -> None:
    assert isinstance(read(data), CorruptDocument)


def test_a_file_without_pages_is_refused() -> None:
    data = written(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>")
    refusal = read(data)
    assert isinstance(refusal, CorruptDocument)
    assert "no pages" in refusal.message


def test_a_missing_cross_reference_table_does_no_harm() -> None:
    data = one_page(text()).replace(b"startxref\n", b"startxref\n9")
    assert read_pdf(data, name="file.pdf").text == "Hello harbour"


def test_missing_pages_are_listed() -> None:
    pages = b"<</Type/Pages/Kids[3 0 R]/Count 4>>"
    extract = read_pdf(written(CATALOG, pages, PAGE, stream(text()), FONT, NO_OUTLINE), name="file.pdf")
    assert len(extract.pages) == 4
    assert extract.metadata["damaged_pages"] == "2-4"


def test_too_many_pages_are_refused() -> None:
    kids = b"3 0 R " * (MAX_PAGES + 1)
    pages = b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, MAX_PAGES + 1)
    refusal = read(written(CATALOG, pages, PAGE, stream(text()), FONT, NO_OUTLINE))
    assert isinstance(refusal, DocumentTooLarge)
    assert "20,001 pages" in refusal.message


@pytest.mark.parametrize("times", [1, 2])
def test_content_that_is_huge_when_decompressed_is_refused(times: int) -> None:
    bomb = deflated(b" " * 2**20, streams.MAX_STREAM // 2**20 + 1)
    if times == 2:
        bomb = deflated(bomb, 1)
    refusal = read(one_page(bomb, b"/Filter[%s]" % (b"/FlateDecode" * times)))
    assert isinstance(refusal, DocumentTooLarge)
    assert "64 MiB" in refusal.message


def test_pictures_may_be_huge_when_decompressed() -> None:
    picture = stream(
        deflated(b" " * 2**20, streams.MAX_STREAM // 2**20 + 1),
        b"/Type/XObject/Subtype/Image/Width 1/Height 1/Filter/FlateDecode",
    )
    data = written(CATALOG, PAGES, PAGE, stream(text()), FONT, NO_OUTLINE, picture)
    assert read_pdf(data, name="file.pdf").text == "Hello harbour"


def test_well_compressed_content_is_read() -> None:
    packing = zlib.compressobj(9)
    packed = packing.compress(text() + b" " * 10 * 2**20) + packing.flush()
    assert read_pdf(one_page(packed, b"/Filter/FlateDecode"), name="file.pdf").text == "Hello harbour"


def test_a_page_of_too_many_objects_is_refused() -> None:
    content = deflated(b"0 0 m 9 9 l S ", page.MAX_PAGE_OBJECTS + 1)
    refusal = read(one_page(content, b"/Filter/FlateDecode"))
    assert isinstance(refusal, DocumentTooLarge)
    assert "graphics objects" in refusal.message


def test_a_page_of_too_many_characters_is_refused() -> None:
    strings = b"(aaaa aaaa) Tj " * (page.MAX_PAGE_CHARACTERS // 9 + 1)
    content = deflated(b"BT /F 12 Tf 50 700 Td " + strings + b"ET", 1)
    refusal = read(one_page(content, b"/Filter/FlateDecode"))
    assert isinstance(refusal, DocumentTooLarge)
    assert "characters" in refusal.message


def test_a_row_of_many_pieces_takes_little_time() -> None:
    pieces = b"".join(b"(a) Tj .02 %d Td " % (4 if at % 2 else -4) for at in range(20_000))
    assert isinstance(read(one_page(b"BT /F 12 Tf 50 700 Td " + pieces + b"ET")), Extract)


def outlined(*bookmarks: bytes) -> bytes:
    outline = b"<</First 7 0 R/Last 7 0 R>>"
    return written(CATALOG, PAGES, PAGE, stream(text()), FONT, outline, *bookmarks)


@pytest.mark.parametrize("way", [b"First", b"Next"])
def test_an_outline_with_cycles_ends(way: bytes) -> None:
    first = b"<</Title(Hello harbour)/Dest[3 0 R/Fit]/%s 8 0 R>>" % way
    second = b"<</Title(Nowhere)/Dest[3 0 R/Fit]/%s 7 0 R>>" % way
    assert shown(read_pdf(outlined(first, second), name="file.pdf")) == [(1, "Hello harbour")]


def test_heading_levels_end_at_six() -> None:
    chain = [b"<</Title(%d)/Dest[3 0 R/Fit]/First %d 0 R>>" % (at, at + 8) for at in range(3000)]
    last = b"<</Title(Hello harbour)/Dest[3 0 R/Fit]>>"
    assert shown(read_pdf(outlined(*chain, last), name="file.pdf")) == [(6, "Hello harbour")]


def test_bookmarks_to_missing_pages_are_ignored() -> None:
    data = outlined(b"<</Title(Hello harbour)/Dest[99 0 R/Fit]>>")
    assert shown(read_pdf(data, name="file.pdf")) == [("paragraph", "Hello harbour")]


def test_characters_without_unicode_values_are_no_text_layer() -> None:
    refusal = read(one_page(text(rb"\001\002\003")))
    assert isinstance(refusal, NoTextLayer)


def test_threads_wait_for_each_other() -> None:
    found: list[str] = []

    def work() -> None:
        found.extend(read_pdf(one_page(text()), name="file.pdf").text for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["Hello harbour"] * 80


@settings(max_examples=examples(150))
@given(st.data())
def test_any_damage_is_read_or_refused(data: st.DataObject) -> None:
    file = bytearray(outlined(b"<</Title(Hello harbour)/Dest[3 0 R/Fit]/First 7 0 R>>"))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(file) - 1))
        length = data.draw(st.integers(0, 12))
        file[at : at + length] = data.draw(st.binary(max_size=12))
    read(bytes(file))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("D:20240229123456+01'00'", "2024-02-29"),
        ("D:202402", "2024-02"),
        ("2024", "2024"),
        ("D:20230229", ""),
        ("D:00000000", ""),
        ("yesterday", ""),
        ("", ""),
    ],
)
def test_dates(value: str, expected: str) -> None:
    assert iso_date(value) == expected
