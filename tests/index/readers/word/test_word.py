from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from io import BytesIO
from pathlib import Path

import docx
import pytest
from docx.enum.text import WD_BREAK

from index.errors import CorruptDocument, EmptyDocument, NoTextLayer, Unreadable
from index.readers.word import MEDIA_TYPE, READER, read_docx
from index.readers.word.numbering import format_list_number
from index.types import Extract
from tests.index.readers.laws import assert_laws, extract_or_refusal, shown
from tests.index.readers.packages import relationships, word, zipped


def read(body: str, *, parts: dict[str, str] | None = None, body_end: str = "") -> Extract:
    extract = read_docx(word(body, parts=parts, body_end=body_end), name="f.docx")
    assert_laws(extract)
    return extract


def p(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def style(key: str, name: str, inner: str = "") -> str:
    return f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/>{inner}</w:style>'


def styles(*entries: str) -> str:
    return f"<w:styles W:NS>{''.join(entries)}</w:styles>"


def numbering(*levels: str, more: str = "") -> str:
    return (
        f'<w:numbering W:NS><w:abstractNum w:abstractNumId="7">{"".join(levels)}</w:abstractNum>'
        f'<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>{more}</w:numbering>'
    )


def level(at: int, kind: str, label: str, start: int = 1) -> str:
    return (
        f'<w:lvl w:ilvl="{at}"><w:start w:val="{start}"/><w:numFmt w:val="{kind}"/>'
        f'<w:lvlText w:val="{label}"/></w:lvl>'
    )


def numbered(at: int, number: int = 1) -> str:
    return f'<w:numPr><w:ilvl w:val="{at}"/><w:numId w:val="{number}"/></w:numPr>'


def test_a_document_with_several_bodies_is_read_whole() -> None:
    found = read(p("One") + "</w:body><w:body>" + p("Two"))
    assert shown(found) == [
        ("paragraph", "One"),
        ("paragraph", "Two"),
    ]


def test_a_document_written_by_word() -> None:
    document = docx.Document()
    document.core_properties.title = "All  rivers"
    document.core_properties.author = "Ana Ng"
    document.core_properties.language = "en-GB"
    document.core_properties.keywords = "water, maps"
    document.core_properties.comments = "A survey"
    document.core_properties.modified = datetime(2021, 3, 4, 5)  # noqa: DTZ001 -- python-docx takes no zone
    document.add_heading("Rivers of the north", 0)
    document.add_heading("Upper course", 1)
    document.add_paragraph("Two\nlines\tand a tab")
    document.add_paragraph("first", style="List Bullet")
    document.add_paragraph("deeper", style="List Bullet 2")
    document.add_paragraph("one", style="List Number")
    document.add_heading("Lengths", 3)
    table = document.add_table(2, 2)
    for cell, text in zip(table._cells, ["River", "Length", "Aare", "288\nkm"], strict=True):
        cell.text = text
    document.add_paragraph("After the table")
    file = BytesIO()
    document.save(file)
    extract = read_docx(file.getvalue(), name="rivers.docx")
    assert_laws(extract)
    assert shown(extract) == [
        (1, "Rivers of the north"),
        (1, "Upper course"),
        ("paragraph", "Two\nlines and a tab"),
        ("list", "- first\n- deeper\n1. one"),
        (3, "Lengths"),
        ("table", "River | Length\nAare | 288 km"),
        ("paragraph", "After the table"),
    ]
    assert (extract.title, extract.pages) == ("All rivers", ())
    assert (extract.reader, extract.media_type) == (READER, MEDIA_TYPE)
    assert extract.metadata == {
        "author": "Ana Ng",
        "language": "en-GB",
        "keywords": "water, maps",
        "description": "A survey",
        "date": "2021-03-04",
    }


def test_headings_by_outline_level_and_by_names_in_other_languages() -> None:
    sheet = styles(
        style("a", "Überschrift 2"),
        style("b", "My style", '<w:basedOn w:val="c"/>'),
        style("c", "Chapter", '<w:pPr><w:outlineLvl w:val="0"/></w:pPr>'),
        style("d", "見出し 3"),
        style("e", "Round", '<w:basedOn w:val="f"/>'),
        style("f", "And round", '<w:basedOn w:val="e"/>'),
        style("g", "heading 9"),
    )
    body = "".join(p(f"Style {key}", f'<w:pStyle w:val="{key}"/>') for key in "abcdefg")
    body += p("By itself", '<w:outlineLvl w:val="3"/>') + p(
        "Never", '<w:pStyle w:val="c"/><w:outlineLvl w:val="9"/>'
    )
    body += p("Long " * 200, '<w:outlineLvl w:val="0"/>')
    kinds = [kind for kind, _ in shown(read(body, parts={"styles": sheet}))]
    assert kinds == [2, 1, 1, 3, "paragraph", "paragraph", 6, 4, "paragraph", "paragraph"]


def test_tracked_changes_are_treated_as_accepted() -> None:
    deleted_mark = "<w:rPr><w:del/></w:rPr>"
    body = (
        "<w:p><w:r><w:t>kept </w:t></w:r><w:del><w:r><w:delText>gone</w:delText><w:t>gone</w:t></w:r></w:del>"
        "<w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom>"
        "<w:moveTo><w:r><w:t> here</w:t></w:r></w:moveTo></w:p>" + p("joined ", deleted_mark) + p("to this")
    )
    row = "<w:tr>{}<w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc><w:tc/></w:tr>"
    body += f"<w:tbl>{row.format('', 'cell')}{row.format('<w:trPr><w:del/></w:trPr>', 'no row')}</w:tbl>"
    assert [text for _, text in shown(read(body))] == ["kept new here", "joined to this", "cell"]


def test_numbers_are_shown_as_word_shows_them() -> None:
    part = numbering(
        level(0, "decimal", "§ %1"),
        level(1, "lowerLetter", "%1.%2)"),
        level(2, "bullet", "\uf0b7"),
        more='<w:num w:numId="2"><w:abstractNumId w:val="7"/><w:lvlOverride w:ilvl="0">'
        '<w:startOverride w:val="5"/></w:lvlOverride></w:num>',
    )
    heading = '<w:outlineLvl w:val="0"/>'
    body = (
        p("Scope", heading + numbered(0))
        + p("first", numbered(1))
        + p("sign", numbered(2))
        + p("second", numbered(1))
        + p("Terms", heading + numbered(0))
        + p("again", numbered(1))
        + p("Other", numbered(0, 2))
        + p("none", numbered(0, 0))
    )
    assert shown(read(body, parts={"numbering": part})) == [
        (1, "§ 1 Scope"),
        ("list", "1.a) first\n     - sign\n1.b) second"),
        (1, "§ 2 Terms"),
        ("list", "2.a) again\n§ 5 Other"),
        ("paragraph", "none"),
    ]


@pytest.mark.parametrize(
    ("number", "kind", "text"),
    [
        (4, "upperRoman", "IV"),
        (1999, "lowerRoman", "mcmxcix"),
        (4000, "lowerRoman", "4000"),
        (27, "lowerLetter", "aa"),
        (10**9, "upperLetter", str(10**9)),
        (10, "chineseCounting", "十"),
        (12, "japaneseCounting", "十二"),
        (105, "chineseCountingThousand", "一百〇五"),
        (7, "decimalZero", "07"),
        (3, "decimalEnclosedCircle", "③"),
        (3, "none", ""),
        (3, "hebrew1", "3"),
    ],
)
def test_formats_of_numbers(number: int, kind: str, text: str) -> None:
    assert format_list_number(number, kind) == text


def test_notes_follow_the_block_that_refers_to_them() -> None:
    note = (
        '<w:{0}s W:NS><w:{0} w:type="separator" w:id="0"><w:p/></w:{0}><w:{0} w:id="2">{1}</w:{0}></w:{0}s>'
    )
    body = (
        '<w:p><w:r><w:t>Claim</w:t><w:endnoteReference w:id="2"/><w:footnoteReference w:id="2"/>'
        '<w:t>, again</w:t><w:footnoteReference w:id="2"/><w:footnoteReference w:id="9"/></w:r></w:p>'
        + p("Next")
    )
    round_about = p("Proof") + '<w:p><w:r><w:t>ibid.</w:t><w:footnoteReference w:id="2"/></w:r></w:p>'
    parts = {
        "footnotes": note.format("footnote", round_about),
        "endnotes": note.format("endnote", p("The end")),
    }
    texts = [text for _, text in shown(read(body, parts=parts))]
    assert texts == ["Claim[i][1], again[1]", "[1] Proof\nibid.", "Next", "[i] The end"]


def test_fields_show_their_results_and_a_broken_one_hides_nothing() -> None:
    mark = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    instruction = "<w:r><w:instrText>HYPERLINK x</w:instrText><w:t>unseen</w:t></w:r>"
    body = (
        f"<w:p>{mark.format('begin')}{instruction}{mark.format('separate')}<w:r><w:t>seen</w:t></w:r>"
        f"{mark.format('end')}</w:p><w:p>{mark.format('begin')}{instruction}</w:p>" + p("later")
    )
    assert [text for _, text in shown(read(body))] == ["seen", "later"]


def test_hidden_text_and_contents_are_left_out() -> None:
    sheet = styles(style("t", "toc 1"), style("n", "Normal"))
    body = (
        p("Contents 5", '<w:pStyle w:val="t"/>')
        + "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>"
        + '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>shown</w:t></w:r>'
        + "<w:r><w:ruby><w:rt><w:r><w:t>かん</w:t></w:r></w:rt>"
        + "<w:rubyBase><w:r><w:t>漢</w:t></w:r></w:rubyBase></w:ruby></w:r>"
        + '<w:r><w:sym w:font="Symbol" w:char="F061"/><w:sym w:font="Wingdings" w:char="F0E0"/></w:r>'
        + "<w:r><w:noBreakHyphen/></w:r><m:oMath><m:r><m:t>x=1</m:t></m:r></m:oMath></w:p>"
    )
    assert read(body, parts={"styles": sheet}).text == "shown漢α-x=1"


def test_text_boxes_come_once_and_after_their_paragraph() -> None:
    box = f"<w:txbxContent>{p('In the box')}</w:txbxContent>"
    body = (
        "<w:p><w:r><w:t>Before </w:t></w:r><w:r>"
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f"<mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r>"
        "<w:r><w:t>and after</w:t></w:r></w:p>"
    )
    assert [text for _, text in shown(read(body))] == ["Before and after", "In the box"]


def test_layout_tables_are_read_as_paragraphs() -> None:
    cell = "<w:tc>{}</w:tc>"
    inner = f"<w:tbl><w:tr>{cell.format(p('a'))}{cell.format(p('b'))}</w:tr></w:tbl>"
    body = f"<w:tbl><w:tr>{cell.format(p('Left'))}{cell.format(inner + p('Right'))}</w:tr></w:tbl>"
    framed = p("Framed", '<w:outlineLvl w:val="0"/>')
    body += f"<w:tbl><w:tr>{cell.format(framed)}</w:tr></w:tbl>"
    assert shown(read(body)) == [
        ("paragraph", "Left"),
        ("table", "a | b"),
        ("paragraph", "Right"),
        (1, "Framed"),
    ]


def test_pages_are_those_that_word_recorded() -> None:
    note = "<w:r><w:lastRenderedPageBreak/></w:r>"
    told = '<w:r><w:br w:type="page"/></w:r>'
    body = (
        f"<w:p><w:r><w:t>One</w:t></w:r>{told}</w:p><w:p>{note}<w:r><w:t>Two</w:t></w:r></w:p>"
        + p("Three", "<w:pageBreakBefore/>")
        + f"<w:p><w:r><w:t>Three and </w:t></w:r>{note}<w:r><w:t>four</w:t></w:r></w:p>"
        + p("Four")
    )
    extract = read(body)
    starts = [extract.text[at:].partition("\n")[0] for at in extract.pages]
    assert starts == ["One", "Two", "Three", "Four"]


def test_pages_are_not_guessed() -> None:
    document = docx.Document()
    document.add_paragraph("One").add_run().add_break(WD_BREAK.PAGE)
    document.add_paragraph("Two")
    file = BytesIO()
    document.save(file)
    assert read_docx(file.getvalue(), name="f").pages == ()


def test_headers_and_footers_come_first_and_once() -> None:
    page = '<w:p><w:fldSimple w:instr=" PAGE "><w:r><w:t>{}</w:t></w:r></w:fldSimple></w:p>'
    parts = {
        "header 1": f"<w:hdr W:NS>{p('Contract 12')}</w:hdr>",
        "header 2": f"<w:hdr W:NS>{p('On even pages')}</w:hdr>",
        "footer 1": f"<w:ftr W:NS>{p('Contract 12')}{page.format('Page 3')}</w:ftr>",
        "footer 2": f"<w:ftr W:NS>{p('On the first page')}</w:ftr>",
    }
    section = (
        '<w:sectPr><w:headerReference w:type="default" r:id="r1"/>'
        '<w:headerReference w:type="even" r:id="r2"/>'
        '<w:footerReference w:type="default" r:id="r3"/><w:footerReference w:type="first" r:id="r4"/>'
        "<w:titlePg/></w:sectPr>"
    )
    texts = [text for _, text in shown(read(p("Body"), parts=parts, body_end=section))]
    assert texts == ["Contract 12", "On the first page", "Body"]


def test_the_strict_variant_is_read_the_same() -> None:
    transitional = word(p("Head", '<w:outlineLvl w:val="0"/>'))
    strict = zipped(
        {
            "_rels/.rels": relationships({"officeDocument": "word/document.xml"}),
            "word/document.xml": '<w:document xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main"><w:body>'
            + p("Head", '<w:outlineLvl w:val="0"/>')
            + "</w:body></w:document>",
        }
    )
    assert read_docx(strict, name="f") == read_docx(transitional, name="f")


def test_documents_without_text_are_refused_for_their_reason() -> None:
    with pytest.raises(EmptyDocument, match=r"\Af\.docx: "):
        read("<w:p/>")
    blip = '<w:p><w:r><a:blip xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"/></w:r></w:p>'
    with pytest.raises(NoTextLayer, match="OCR"):
        read(blip)
    other = zipped({"_rels/.rels": relationships({"officeDocument": "a.xml"}), "a.xml": "<a/>"})
    with pytest.raises(CorruptDocument, match="not a Word document"):
        read_docx(other, name="f.docx")


def test_a_note_that_is_referred_to_often_is_read_once() -> None:
    body = '<w:p><w:r><w:footnoteReference w:id="2"/></w:r></w:p>' * 2000
    note = f'<w:footnotes W:NS><w:footnote w:id="2">{p("x" * 100_000)}</w:footnote></w:footnotes>'
    assert len(read(body, parts={"footnotes": note}).text) < 120_000


@pytest.mark.shared
def test_real_documents_are_read_or_have_no_text(shared: Path) -> None:
    folder = shared / "data" / "formats"
    listed = json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))
    files = [folder / entry["file"] for entry in listed if entry["file"].endswith(".docx")]
    assert len(files) > 40
    for path in files:
        found = extract_or_refusal(partial(read_docx, path.read_bytes(), name=path.name), path.name)
        texts = [paragraph.text for paragraph in docx.Document(str(path)).paragraphs]
        expected = [" ".join(text.split()) for text in texts if text.strip()]
        if isinstance(found, Unreadable):
            assert isinstance(found, EmptyDocument | NoTextLayer)
            assert not expected
        else:
            flat = " ".join(found.text.split())
            assert [text for text in expected if text not in flat] == []
