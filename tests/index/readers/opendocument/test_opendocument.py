from __future__ import annotations

import pytest

from index.errors import CorruptDocument, EmptyDocument, EncryptionNotSupported, NoTextLayer
from index.readers.opendocument import MEDIA_TYPE, READER, read_odt
from index.types import Extract
from tests.index.readers.laws import assert_laws, shown
from tests.index.readers.packages import ODF, open_document

LISTS = (
    '<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1" '
    'style:num-suffix="."/><text:list-level-style-number text:level="2" style:num-format="a" '
    'style:num-suffix=")" text:display-levels="2" text:start-value="2"/></text:list-style>'
)


def read(text: str, *, styles: str = "", extra: dict[str, str | bytes] | None = None) -> Extract:
    extract = read_odt(open_document(text, styles=styles, extra=extra), name="f.odt")
    assert_laws(extract)
    return extract


def texts(text: str, *, styles: str = "") -> list[str]:
    return [shown_text for _, shown_text in shown(read(text, styles=styles))]


def test_a_document_with_its_metadata() -> None:
    meta = (
        f'<office:document-meta {ODF} xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta>'
        "<dc:title>All  rivers</dc:title><meta:initial-creator>Ana Ng</meta:initial-creator>"
        "<dc:creator>Bo</dc:creator>"
        "<dc:date>2021-03-04T05:06:07</dc:date><dc:language>en-GB</dc:language><meta:keyword>water</meta:keyword>"
        "<meta:keyword>maps</meta:keyword></office:meta></office:document-meta>"
    )
    body = (
        '<text:h text:outline-level="2">Upper <text:span>course</text:span></text:h>'
        '<text:p>Two<text:s text:c="3"/>words<text:line-break/>and<text:tab/>a <text:a>link</text:a></text:p>'
        "<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>River</text:p>"
        "</table:table-cell><table:table-cell><text:p>Length</text:p></table:table-cell></table:table-row>"
        "</table:table-header-rows><table:table-row><table:table-cell><text:p>Aare</text:p><text:p>(CH)</text:p>"
        '</table:table-cell><table:table-cell table:number-columns-repeated="9999"/></table:table-row>'
        "</table:table>"
    )
    extract = read(body, extra={"meta.xml": meta})
    assert shown(extract) == [
        (2, "Upper course"),
        ("paragraph", "Two words\nand a link"),
        ("table", "River | Length\nAare (CH)"),
    ]
    assert (extract.title, extract.reader, extract.media_type) == ("All rivers", READER, MEDIA_TYPE)
    assert extract.metadata == {
        "author": "Ana Ng",
        "date": "2021-03-04",
        "language": "en-GB",
        "keywords": "water, maps",
    }


def test_lists_have_the_markers_of_their_styles() -> None:
    item = "<text:list-item><text:p>{}</text:p>{}</text:list-item>"
    inner = f"<text:list>{item.format('b', '')}{item.format('c', '<text:p>more</text:p>')}</text:list>"
    body = (
        f'<text:list text:style-name="L">{item.format("one", inner)}{item.format("two", "")}</text:list>'
        "<text:p>Between</text:p>"
        '<text:list text:style-name="L" text:continue-numbering="true">'
        f"{item.format('three', '')}</text:list>"
        f"<text:list>{item.format('plain', '')}</text:list>"
    )
    assert shown(read(body, styles=LISTS)) == [
        ("list", "1. one\n   1.b) b\n   1.c) c\n        more\n2. two"),
        ("paragraph", "Between"),
        ("list", "3. three"),
        ("list", "- plain"),
    ]


def test_headings_have_the_numbers_of_the_outline() -> None:
    outline = (
        f"<office:document-styles {ODF}><office:styles><text:outline-style>"
        '<text:outline-level-style text:level="1" style:num-format="1"/>'
        '<text:outline-level-style text:level="2" style:num-format="1" text:display-levels="2"/>'
        '<text:outline-level-style text:level="3" style:num-format=""/>'
        "</text:outline-style></office:styles></office:document-styles>"
    )
    heading = '<text:h text:outline-level="{}">{}</text:h>'
    body = "".join(heading.format(level, f"H{level}") for level in (1, 2, 2, 3, 1, 2, 0, 9))
    body += '<text:h text:outline-level="1" text:is-list-header="true">Bare</text:h>'
    found = [text for _, text in shown(read(body, extra={"styles.xml": outline}))]
    assert found == ["1 H1", "1.1 H2", "1.2 H2", "H3", "2 H1", "2.1 H2", "3 H0", "H9", "Bare"]


def test_hidden_and_generated_text_is_left_out() -> None:
    hidden = '<style:style style:name="T" style:family="text"><style:text-properties text:display="none"/>'
    hidden += "</style:style>"
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion>"
        "</text:changed-region></text:tracked-changes><text:table-of-content><text:index-body>"
        "<text:p>Kept 1</text:p>"
        '</text:index-body></text:table-of-content><text:p>Kept<text:change text:change-id="c"/>'
        "<office:annotation><text:p>comment</text:p></office:annotation>"
        '<text:span text:style-name="T">not</text:span>'
        "<text:ruby><text:ruby-base>漢</text:ruby-base><text:ruby-text>かん</text:ruby-text></text:ruby></text:p>"
        '<text:section text:display="none"><text:p>nor this</text:p></text:section>'
        '<text:h text:outline-level="1"><text:bookmark-ref>Kept</text:bookmark-ref></text:h>'
    )
    assert shown(read(body, styles=hidden)) == [("paragraph", "Kept漢"), ("paragraph", "Kept")]


def test_notes_and_boxes_follow_their_paragraph() -> None:
    note = (
        '<text:note text:note-class="{}"><text:note-citation>{}</text:note-citation><text:note-body>'
        "<text:p>{}</text:p></text:note-body></text:note>"
    )
    box = "<draw:frame><draw:text-box><text:p>In the box</text:p></draw:text-box></draw:frame>"
    body = (
        f"<text:p>Claim{note.format('endnote', 'i', 'End')}{note.format('footnote', '1', 'Proof')}"
        f"{box}, too</text:p>"
        "<text:p>Next</text:p>"
    )
    assert texts(body) == ["Claim[i][1], too", "[1] Proof", "In the box", "Next", "[i] End"]


def test_pages_are_those_that_the_file_records() -> None:
    styles = (
        '<style:style style:name="B" style:family="paragraph">'
        '<style:paragraph-properties fo:break-before="page"/></style:style>'
        '<style:style style:name="C" style:family="paragraph" style:parent-style-name="B"/>'
    )
    soft = "<text:soft-page-break/>"
    body = f"<text:p>One</text:p>{soft}<text:p>Two {soft} on</text:p><text:p>Three</text:p>"
    body += '<text:p text:style-name="C">Four</text:p>'
    extract = read(body, styles=styles)
    assert [extract.text[at:].partition("\n")[0] for at in extract.pages] == [
        "One",
        "Two on",
        "Three",
        "Four",
    ]
    assert read(body.replace(soft, ""), styles=styles).pages == ()


@pytest.mark.parametrize(
    ("extra", "error"),
    [
        (
            {
                "META-INF/manifest.xml": f"<manifest:manifest {ODF}><manifest:file-entry>"
                "<manifest:encryption-data/></manifest:file-entry></manifest:manifest>"
            },
            EncryptionNotSupported,
        ),
        ({"encrypted-package": b"\0"}, EncryptionNotSupported),
        ({"content.xml": f"<office:document-content {ODF}/>"}, CorruptDocument),
    ],
)
def test_other_packages_are_refused(extra: dict[str, str | bytes], error: type[Exception]) -> None:
    with pytest.raises(error, match=r"\Af\.odt: "):
        read("<text:p>Words</text:p>", extra=extra)


def test_documents_without_text_are_refused_for_their_reason() -> None:
    with pytest.raises(EmptyDocument):
        read("<text:p/>")
    with pytest.raises(NoTextLayer, match="OCR"):
        read("<text:p><draw:frame><draw:image/></draw:frame></text:p>")


def test_repeated_spaces_are_limited() -> None:
    assert read('<text:p>a<text:s text:c="999999999"/>b</text:p>' * 100).text.count("a b") == 100


def numbered(numbers: list[int]) -> str:
    anchor = (
        '<text:span><text:bookmark-start text:name="{0}"/><text:bookmark-end text:name="{0}"/></text:span>'
    )
    mark = "<text:span>「{0}」</text:span>"
    code = f"<text:p>{anchor}$ make {{0}}</text:p><text:p> {mark} </text:p>"
    prose = f"<text:p>{anchor}Paragraph {{0}} [{{0}}] {mark}</text:p>"
    heading = f'<text:h text:outline-level="1">{anchor}<text:bookmark text:name="top"/>Manual {mark}</text:h>'
    forms = [heading, *[prose, code] * len(numbers)]
    return "".join(form.format(number) for form, number in zip(forms, numbers, strict=False))


def test_numbers_behind_paragraphs_are_left_out() -> None:
    extract = read(numbered(list(range(1, 13))))
    assert extract.title == "Manual"
    assert shown(extract)[:3] == [(1, "Manual"), ("paragraph", "Paragraph 2 [2]"), ("paragraph", "$ make 3")]
    assert "「" not in extract.text


@pytest.mark.parametrize("numbers", [[1, 2, 3], [*range(1, 12), 5]])
def test_references_at_the_end_of_paragraphs_are_kept(numbers: list[int]) -> None:
    text = read(numbered(numbers)).text
    assert [text.count(f"「{number}」") for number in numbers] == [
        numbers.count(number) for number in numbers
    ]
