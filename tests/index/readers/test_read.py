from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from index.errors import EmptyDocument, Unreadable, UnsupportedFormat
from index.readers import MEDIA_TYPES, read, reader_version, supported
from index.types import Extract
from tests.index.readers.laws import extract_or_refusal

READERS = {"text/plain": "text/4", "text/markdown": "markdown/4", "text/html": "html/5"}


@given(st.binary(max_size=100), st.sampled_from(sorted(MEDIA_TYPES)))
def test_any_bytes_with_any_name_are_read_or_refused(data: bytes, suffix: str) -> None:
    name = f"folder/a{suffix}"
    extract_or_refusal(lambda: read(data, name=name), name)


@pytest.mark.parametrize("suffix", sorted(MEDIA_TYPES))
def test_a_file_of_no_bytes_is_empty_and_not_damaged(suffix: str) -> None:
    with pytest.raises(EmptyDocument, match=rf"^a{re.escape(suffix)}: .*\b0 bytes"):
        read(b"", name=f"a{suffix}")


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_name_and_media_type_choose_a_reader_or_none(name: str, media_type: str) -> None:
    found = extract_or_refusal(lambda: read(b"Words.", name=name, media_type=media_type), name)
    if isinstance(found, Extract):
        assert found.reader == reader_version(name, media_type=media_type)
    elif isinstance(found, UnsupportedFormat):
        assert not supported(name)


def test_a_refusal_is_no_missing_reader() -> None:
    refusal = extract_or_refusal(lambda: read(b"Words.", name="0.VTT"), "0.VTT")
    assert isinstance(refusal, Unreadable)
    assert not isinstance(refusal, UnsupportedFormat)
    assert supported("0.VTT")


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.txt", "text/plain"),
        ("a.text", "text/plain"),
        ("a.md", "text/markdown"),
        ("a.markdown", "text/markdown"),
        ("a.html", "text/html"),
        ("a.htm", "text/html"),
        ("a.xhtml", "text/html"),
        ("A.TXT", "text/plain"),
        ("folder.html/a.b.Md", "text/markdown"),
    ],
)
def test_the_suffix_selects_the_reader(name: str, media_type: str) -> None:
    assert supported(name)
    assert reader_version(name) == READERS[media_type]
    extract = read(b"Words.", name=name)
    assert (extract.media_type, extract.reader) == (media_type, READERS[media_type])


@pytest.mark.parametrize(
    "name", ["", "a", "a.png", ".md", "md", "a.md.exe", "a.txt~", "readme.md/x", "a.md "]
)
def test_other_names_are_not_supported(name: str) -> None:
    assert not supported(name)
    with pytest.raises(UnsupportedFormat):
        reader_version(name)


def test_every_suffix_has_a_reader() -> None:
    for suffix in MEDIA_TYPES:
        assert suffix.startswith(".")
        assert suffix == suffix.lower()
        assert supported(f"a{suffix}")
        assert supported(f"a{suffix.upper()}")
        assert re.fullmatch(r"[a-z]+/[1-9]\d*", reader_version(f"a{suffix}"))


@pytest.mark.parametrize(
    ("name", "reader"),
    [
        ("a.pdf", "pdf/4"), ("a.docx", "docx/3"), ("a.pptx", "pptx/3"), ("a.xlsx", "xlsx/4"),
        ("a.doc", "doc/1"), ("a.ppt", "ppt/1"), ("a.xls", "xls/2"),
        ("a.odt", "odt/4"), ("a.ods", "ods/2"), ("a.odp", "odp/2"),
        ("a.rtf", "rtf/3"), ("a.epub", "epub/4"), ("a.csv", "csv/3"), ("a.tsv", "csv/3"),
        ("a.eml", "email/3"),
        ("a.msg", "msg/1"), ("a.mbox", "mbox/3"), ("a.json", "json/1"), ("a.jsonl", "jsonl/1"),
        ("a.rst", "rst/2"), ("a.srt", "subtitles/1"), ("a.vtt", "subtitles/1"), ("a.py", "source/1"),
    ],
)  # fmt: skip
def test_each_format_has_its_reader(name: str, reader: str) -> None:
    assert reader_version(name) == reader
    assert reader_version("download", media_type=MEDIA_TYPES[name[1:]]) == reader


@pytest.mark.parametrize(
    ("media_type", "reader"),
    [
        ("application/x-pdf", "pdf/4"),
        ("text/rtf", "rtf/3"),
        ("application/x-ndjson", "jsonl/1"),
        ("text/vtt", "subtitles/1"),
    ],
)
def test_alternative_media_types_select_the_reader(media_type: str, reader: str) -> None:
    assert reader_version("download", media_type=media_type) == reader


@pytest.mark.parametrize(
    ("media_type", "reader"),
    [
        ("text/plain", "text/4"),
        ("text/html", "html/5"),
        ("TEXT/HTML; charset=utf-8", "html/5"),
        ("application/xhtml+xml", "html/5"),
        ("text/markdown; variant=GFM", "markdown/4"),
        ("text/x-markdown", "markdown/4"),
    ],
)
def test_the_media_type_takes_precedence_over_the_suffix(media_type: str, reader: str) -> None:
    for name in ("a", "a.png", "a.txt", "a.md", "a.html"):
        assert reader_version(name, media_type=media_type) == reader
        assert read(b"Words.", name=name, media_type=media_type).reader == reader


def test_the_same_bytes_are_read_by_their_format() -> None:
    data = b"# *Rivers* <b>flow</b>"
    assert read(data, name="a.txt").text == "# *Rivers* <b>flow</b>"
    assert read(data, name="a.md").text == "Rivers flow"
    assert read(data, name="a.html").text == "# *Rivers* flow"
    assert read(data, name="a.html", media_type="text/plain").text == "# *Rivers* <b>flow</b>"


@pytest.mark.parametrize(
    "media_type", [None, "", "application/octet-stream", "image/png", "nonsense", ";", "a/b/c"]
)
def test_unknown_media_types_leave_the_choice_to_the_suffix(media_type: str | None) -> None:
    assert read(b"# Rivers", name="a.md", media_type=media_type).reader == "markdown/4"


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html"])
def test_the_charset_parameter_is_used(suffix: str) -> None:
    data = "Реки и озёра".encode("koi8-r")
    kind = MEDIA_TYPES[suffix]
    for media_type in (
        f"{kind}; charset=koi8-r",
        f'{kind};Charset="KOI8-R"',
        "application/octet-stream; charset=koi8-r",
    ):
        assert read(data, name=f"a{suffix}", media_type=media_type).text == "Реки и озёра"
    with pytest.raises(Unreadable):
        read(data, name=f"a{suffix}", media_type=kind)


def test_an_unknown_charset_is_ignored() -> None:
    media_type = "text/plain; charset=imaginary"
    assert read("Flüsse".encode(), name="a", media_type=media_type).text == "Flüsse"
    with pytest.raises(Unreadable, match="'imaginary' names no known encoding"):
        read("Flüsse".encode("latin-1"), name="a", media_type=media_type)


def test_a_file_without_a_reader_is_refused_with_a_list_of_formats() -> None:
    message = r"^a\.png: no reader for this kind of file\. There are readers for PDF, .* and source code\.$"
    with pytest.raises(UnsupportedFormat, match=message):
        read(b"\x89PNG", name="a.png")
    with pytest.raises(UnsupportedFormat, match=message):
        reader_version("a.png")
    with pytest.raises(UnsupportedFormat, match=r"^a\.png \(nonsense\): no reader"):
        read(b"\x89PNG", name="a.png", media_type="nonsense")
    with pytest.raises(UnsupportedFormat, match=r"^a \(image/png\): no reader"):
        read(b"", name="a", media_type="image/png")
