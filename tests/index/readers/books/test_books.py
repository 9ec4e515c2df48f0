from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from index.errors import CorruptDocument, EncryptionNotSupported, NoTextLayer
from index.page_labels import label_of
from index.readers.books import MEDIA_TYPE, READER, read_epub
from index.readers.html import read_html
from index.readers.opendocument import read_odt
from index.types import Extract
from tests.index.readers.laws import assert_laws, shown
from tests.index.readers.packages import book, chapter, replaced, zipped

NCX = '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
NAV = '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'


def ncx(*points: str) -> dict[str, str | bytes]:
    return {
        "OPS/toc.ncx": '<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://localhost:1/ncx.dtd">'
        f'<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>{"".join(points)}</navMap></ncx>'
    }


def point(title: str, target: str, *inner: str) -> str:
    label = f"<navLabel><text>{title}</text></navLabel>"
    return f'<navPoint>{label}<content src="{target}"/>{"".join(inner)}</navPoint>'


def read(data: bytes) -> Extract:
    extract = read_epub(data, name="f.epub")
    assert_laws(extract)
    return extract


def test_chapters_are_in_reading_order() -> None:
    chapters = {
        "z.xhtml": chapter("<h1>Springs</h1><p>Where it&nbsp;begins<br/>&amp; how</p>"),
        "a.xhtml": chapter(
            '<h1>Mouth</h1><a id="x"/><ul><li>sand</li></ul><aside epub:type="footnote">1 Note</aside>'
        ),
    }
    extract = read(book(chapters))
    assert shown(extract) == [
        (1, "Springs"),
        ("paragraph", "Where it begins\n& how"),
        (1, "Mouth"),
        ("list", "- sand"),
        ("paragraph", "1 Note"),
    ]
    assert (extract.title, extract.reader, extract.media_type) == ("Rivers", READER, MEDIA_TYPE)
    assert extract.metadata == {
        "author": "Ana Ng, Bo Li",
        "language": "en",
        "keywords": "water",
        "date": "2021-03-04",
    }


def test_escaped_file_names_are_resolved() -> None:
    data = replaced(
        book({"b%20%C3%BC.xhtml": chapter("<p>Two</p>")}), {"OPS/b ü.xhtml": chapter("<p>One</p>")}
    )
    assert read(data).text == "One"


def test_chapters_without_headings_get_titles_from_the_contents() -> None:
    chapters = {
        "a.xhtml": chapter("<p>I</p><p>It was a dark night.</p>"),
        "b.xhtml": chapter("<h2>Its own</h2><p>It was a bright day.</p>"),
        "c.xhtml": chapter("<p>The End</p><p>Nothing more.</p>"),
    }
    contents = ncx(point("Part One", "a.xhtml", point("Another", "b.xhtml"), point("the  end", "c.xhtml")))
    assert shown(read(book(chapters, manifest=NCX, extra=contents))) == [
        (1, "Part One"),
        ("paragraph", "I"),
        ("paragraph", "It was a dark night."),
        (2, "Its own"),
        ("paragraph", "It was a bright day."),
        (2, "the end"),
        ("paragraph", "Nothing more."),
    ]


def test_paragraphs_that_the_contents_quote_become_headings() -> None:
    chapters = {
        "a.xhtml": chapter(
            '<h1>Book</h1><p id="p1">1.1 <b>Water</b></p><p>Wet.</p><p><a id="p2"/>Fire</p>'
            '<p id="p3">Hot.</p>'
        )
    }
    points = [
        point(title, f"a.xhtml#{at}") for title, at in (("1.1 Water", "p1"), ("Fire", "p2"), ("Ash", "p3"))
    ]
    found = shown(read(book(chapters, manifest=NCX, extra=ncx(point("Book", "a.xhtml", *points)))))
    assert found == [(1, "Book"), (2, "1.1 Water"), ("paragraph", "Wet."), (2, "Fire"), ("paragraph", "Hot.")]


def test_the_table_of_contents_is_left_out() -> None:
    item = '<li><a href="b.xhtml">{}</a></li>'
    links = f'<nav epub:type="toc"><ol>{item.format("Water")}{item.format("Fire")}</ol></nav>'
    chapters = {"a.xhtml": chapter(links), "b.xhtml": chapter("<p>All wet.</p>")}
    marked = book(chapters, manifest=NAV, extra={"OPS/nav.xhtml": chapter(links)})
    assert shown(read(marked)) == [(1, "Water"), ("paragraph", "All wet.")]
    guide = '<guide><reference type="toc" href="a.xhtml"/></guide>'
    assert read(book(chapters, guide=guide)).text == "All wet."
    assert read(book(chapters)).text.startswith("1. Water")


def test_a_chapter_that_is_listed_twice_is_read_once() -> None:
    once = chapter("<p>Once</p>")
    assert read(book({"a.xhtml": once, "a.xhtml#part": once})).text == "Once"


def test_named_entities_are_expanded_without_their_dtd() -> None:
    public = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://localhost:1/xhtml11.dtd">'
    page = chapter("<p>Caf&eacute;&nbsp;&#65; &lt;b&gt;</p>").replace("<html", f"{public}<html")
    assert read(book({"a.xhtml": page})).text == "Café A <b>"


def test_chapters_that_are_not_well_formed_are_read_as_html() -> None:
    chapters = {"a.xhtml": "<html><body><p>One<br>two & three<p>Four</body></html>"}
    assert [text for _, text in shown(read(book(chapters)))] == ["One\ntwo & three", "Four"]


def test_chapters_declare_their_encodings() -> None:
    head = '<?xml version="1.0" encoding="shift_jis"?>'
    page = f'{head}<html xmlns="http://www.w3.org/1999/xhtml"><body><p>川の本</p></body></html>'
    extra: dict[str, str | bytes] = {"OPS/a.xhtml": page.encode("shift_jis")}
    assert read(replaced(book({"a.xhtml": ""}), extra)).text == "川の本"


@pytest.mark.parametrize(("path", "encrypted"), [("OPS/a.xhtml", True), ("OPS/fonts/f.otf", False)])
def test_books_with_drm_are_refused(path: str, encrypted: bool) -> None:
    cipher = (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
        f'xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:CipherReference URI="{path}"/></encryption>'
    )
    data = book({"a.xhtml": chapter("<p>Words</p>")}, extra={"META-INF/encryption.xml": cipher})
    if encrypted:
        with pytest.raises(EncryptionNotSupported, match="rights management"):
            read(data)
    else:
        assert read(data).text == "Words"


def test_books_without_text_or_chapters_are_refused_for_their_reason() -> None:
    with pytest.raises(NoTextLayer, match="OCR"):
        read(book({"a.xhtml": chapter('<img src="a.png"/>')}))
    data = book({"a.xhtml": chapter("<p>Words</p>")}).replace(b"OPS/a.xhtml", b"OPS/b.xhtml")
    with pytest.raises(CorruptDocument, match=r"'OPS/a\.xhtml' is missing"):
        read(data)
    empty = '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"/>'
    with pytest.raises(CorruptDocument, match="contains no book"):
        read(zipped({"META-INF/container.xml": empty}))


def test_deeply_nested_chapters_are_read() -> None:
    deep = "<div>" * 20_000 + "<p>Far down</p>" + "</div>" * 20_000
    with pytest.raises(CorruptDocument):
        read(book({"a.xhtml": chapter(deep)}))
    assert read(book({"a.xhtml": chapter("<div>" * 1000 + "Far down" + "</div>" * 1000)})).text == "Far down"


def paragraphs(extract: Extract) -> Counter[str]:
    """The lines of a manual without the numbers that its makers put before or after them."""
    lines = (line.partition("「")[0].removeprefix("- ") for line in extract.text.split("\n"))
    flat = (" ".join(line.split()) for line in lines)
    return Counter(line for line in flat if line and not line.isdigit())


@pytest.mark.shared
@pytest.mark.parametrize(("language", "least"), [("en", 0.94), ("de", 0.94), ("ja", 0.9)])
def test_the_text_is_the_same_in_all_formats_of_a_book(shared: Path, language: str, least: float) -> None:
    path = shared / "data" / "formats" / "live-manual"
    readers = {"epub": read_epub, "odt": read_odt, "html": read_html}
    found = {}
    for suffix, read_one in readers.items():
        name = f"live-manual.{language}.{suffix}"
        extract = read_one((path / name).read_bytes(), name=name)
        assert_laws(extract)
        found[suffix] = paragraphs(extract)
    for one in found.values():
        for other in found.values():
            assert (one & other).total() >= least * one.total()


PAGES = {"OPS/nav.xhtml": chapter('<nav epub:type="page-list"><ol><li><a href="a.xhtml#p7">7</a></li>'
                                  '<li><a href="a.xhtml#x">viii</a></li></ol></nav>')}  # fmt: skip
BREAKS = {
    "typed": '<span epub:type="pagebreak" id="p7" title="{}"/>',
    "role": '<span role="doc-pagebreak" aria-label="Page {}"></span>',
    "shown": '<span epub:type="pagebreak">{}</span>',
    "in brackets": '<a role="doc-pagebreak" title="[{}]"/>',
}


def printed(extract: Extract) -> list[tuple[str, str]]:
    """The text of each page, and the number that it bears."""
    ends = [*extract.pages[1:], len(extract.text)]
    return [
        (label_of(extract.page_labels, page), " ".join(extract.text[start:end].split()))
        for page, (start, end) in enumerate(zip(extract.pages, ends, strict=True), 1)
    ]


@pytest.mark.parametrize("how", BREAKS)
@pytest.mark.parametrize("before", ["Where it begins ", "Where it be", ""])
@pytest.mark.parametrize("after", [" and flows", "gins", " and <b>flows</b>"])
def test_pages_of_the_printed_book_begin_where_it_marks_them(how: str, before: str, after: str) -> None:
    twelve, fourteen = (BREAKS[how].format(number) for number in (12, "xiv"))
    body = f"<h1>Springs</h1><p>{before}{twelve}{after}</p><p>On it</p>{fourteen}<p>End</p>"
    extract = read(book({"a.xhtml": chapter(body)}))
    plain = after.replace("<b>", "").replace("</b>", "").strip()
    assert printed(extract) == [
        ("", f"Springs {before.strip()}".strip()),
        ("12", f"{plain} On it"),
        ("xiv", "End"),
    ]
    assert "  " not in extract.text
    assert not any("\ufdd0" <= sign <= "\ufddf" for sign in extract.text)


def test_pages_may_be_listed_only_in_the_navigation() -> None:
    body = '<p>Before</p><p id="p7">Seven</p><ul><li>sand <i id="x">and</i> silt</li></ul>'
    extract = read(book({"a.xhtml": chapter(body)}, extra=PAGES, manifest=NAV))
    assert printed(extract) == [("", "Before"), ("7", "Seven - sand"), ("viii", "and silt")]


def test_a_break_without_a_number_begins_a_page_that_bears_none() -> None:
    cover = '<span epub:type="pagebreak" title="Cover"/>'
    body = f'<p>One</p><hr epub:type="pagebreak"/><p>Two</p>{cover}<p>Three</p>'
    extract = read(book({"a.xhtml": chapter(body)}))
    assert extract.page_labels == ""
    assert [text for _, text in printed(extract)] == ["One", "Two", "Three"]


@pytest.mark.parametrize(
    "mark", ["\ufdd0\ufdd1", "&#xFDD0;&#xfdd5;", "&#64976;&#064977;", "<br>&#xfdd0 &#64980"]
)
def test_a_book_without_marks_has_no_pages(mark: str) -> None:
    extract = read(book({"a.xhtml": chapter(f"<p>One {mark} two</p>")}))
    assert (extract.pages, extract.page_labels, extract.text.split()) == ((), "", ["One", "two"])
