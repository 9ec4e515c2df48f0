"""Hostile shapes of the formats that are packages of XML, and of PDF and Outlook files."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from functools import partial

from tests.index.readers.compound_files import compound_file
from tests.index.readers.hostile.shapes import Pieces, Shape, Write, shapes_of
from tests.index.readers.mail.test_outlook import storage
from tests.index.readers.packages import book, chapter, open_document, relationships, word, zipped
from tests.index.readers.pdf.test_damage import one_page

_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_P = "http://schemas.openxmlformats.org/presentationml/2006/main"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"


def _elements(*tags: str, attributes: str = "") -> tuple[tuple[str, str], ...]:
    return tuple((f"<{tag}{attributes}>", f"</{tag}>") for tag in tags)


_RUN = "<w:r><w:t>a</w:t></w:r>"
WORD = Pieces(
    single=(
        f"<w:p>{_RUN}</w:p>", _RUN, f"<w:tbl><w:tr><w:tc><w:p>{_RUN}</w:p></w:tc></w:tr></w:tbl>",
        f"<w:tr><w:tc><w:p>{_RUN}</w:p></w:tc><w:tc><w:p>{_RUN}</w:p></w:tc></w:tr>",
        f'<w:tc><w:tcPr><w:gridSpan w:val="1000"/></w:tcPr><w:p>{_RUN}</w:p></w:tc>', f"<w:tc><w:p>{_RUN}</w:p></w:tc>",
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>', '<w:r><w:footnoteReference w:id="1"/></w:r>',
        f"<w:r><w:txbxContent><w:p>{_RUN}</w:p></w:txbxContent></w:r>", '<w:r><w:br w:type="page"/><w:t>a</w:t></w:r>',
        '<w:p><w:pPr><w:numPr><w:ilvl w:val="8"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>a</w:t></w:r></w:p>',
        '<w:p><w:pPr><w:outlineLvl w:val="5"/></w:pPr><w:r><w:t>a</w:t></w:r></w:p>', f"<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>{_RUN}</w:p>",
        "<w:p/>", "<w:r><w:lastRenderedPageBreak/><w:t>a</w:t></w:r>", '<w:p><w:pPr><w:pStyle w:val="s1"/></w:pPr><w:r><w:t>a</w:t></w:r></w:p>',
        "<w:sectPr><w:headerReference/></w:sectPr>",
    ),
    pairs=(
        *_elements("w:p", "w:r", "w:sdt", "w:ins", "w:del", "w:txbxContent"),
        ("<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>"), ("<w:p><w:r><w:txbxContent>", "</w:txbxContent></w:r></w:p>"),
    ),
    counted=('<w:p><w:r><w:footnoteReference w:id="{i}"/></w:r></w:p>', '<w:p><w:pPr><w:pStyle w:val="s{i}"/></w:pPr><w:r><w:t>{i}</w:t></w:r></w:p>'),
    separators=("",), neighbours=False,
)  # fmt: skip
STYLES = Pieces(
    counted=(
        '<w:style w:styleId="s{i}"><w:basedOn w:val="s1"/></w:style>', '<w:abstractNum w:abstractNumId="{i}"><w:lvl w:ilvl="1"/></w:abstractNum>',
        '<w:num w:numId="{i}"><w:abstractNumId w:val="1"/></w:num>', '<w:footnote w:id="{i}"><w:p><w:r><w:t>a</w:t></w:r></w:p></w:footnote>',
    ),
    single=("<w:style/>",), separators=("",),
)  # fmt: skip
SHEET = Pieces(
    single=(
        "<c><v>1</v></c>", "<row><c><v>1</v></c></row>", "<row/>", '<c r="XFD1"><v>1</v></c>', '<row><c r="XFD1"><v>1</v></c></row>',
        '<row><c t="inlineStr"><is><t>a</t></is></c><c><v>1</v></c></row>', '<c t="inlineStr"><is><t>a</t></is></c>', '<c t="s"><v>0</v></c>', "<c/>",
        '<c t="inlineStr"><is><r><t>a</t></r></is></c>', "<is><t>a</t></is>", "<r><t>a</t></r>", '<c s="1"><v>43000.5</v></c>',
    ),
    pairs=_elements("row", "c", "is", "r", "v"),
    counted=(
        '<row r="{i}"><c><v>{i}</v></c></row>', '<row r="{i}"><c t="inlineStr"><is><t>a{i}</t></is></c><c t="inlineStr"><is><t>b{i}</t></is></c></row>',
        '<c t="inlineStr"><is><t>a{i}</t></is></c>', '<c r="A{i}"><v>1</v></c>', '<mergeCell ref="A{i}:B99999"/>', '<row r="{i}"><c r="XFD{i}"><v>1</v></c></row>',
        '<row r="1{i}"><c><v>1</v></c></row>',
    ),
    used=(('<c t="inlineStr"><is><t>a{i}</t></is></c>', '</row><row r="1{i}"><c><v>{i}</v></c><c><v>2</v></c>'),),
    separators=("",), neighbours=False,
)  # fmt: skip
_TEXT = "<a:p><a:r><a:t>a</a:t></a:r></a:p>"
_SHAPE = f"<p:sp><p:txBody>{_TEXT}</p:txBody></p:sp>"
SLIDES = Pieces(
    single=(
        _TEXT, _SHAPE, f"<a:tbl><a:tr><a:tc>{_TEXT}</a:tc></a:tr></a:tbl>", f"<a:tc>{_TEXT}</a:tc>", f"<a:tr><a:tc>{_TEXT}</a:tc></a:tr>", "<a:br/>",
        f"<p:txBody>{_TEXT}</p:txBody>", '<a:p><a:pPr lvl="8"><a:buAutoNum type="romanUcPeriod"/></a:pPr><a:r><a:t>a</a:t></a:r></a:p>',
        '<c:chart r:id="r1"/>', '<p:sp><p:nvSpPr><p:nvPr><p:ph type="title"/></p:nvPr></p:nvSpPr><p:txBody><a:p><a:r><a:t>a</a:t></a:r></a:p></p:txBody></p:sp>',
    ),
    pairs=(
        *_elements("p:sp", "p:grpSp", "a:p", "a:tc"), ("<p:sp><p:txBody>", "</p:txBody></p:sp>"), ("<a:tbl><a:tr><a:tc>", "</a:tc></a:tr></a:tbl>"),
        (f"<p:sp><p:txBody>{_TEXT}</p:txBody>", "</p:sp>"), (f"<a:tbl><a:tr><a:tc>{_TEXT}", "</a:tc></a:tr></a:tbl>"), ("<p:sp><p:txBody><a:p>", "</a:p></p:txBody></p:sp>"),
    ),
    separators=("",), neighbours=False,
)  # fmt: skip
_ODP = "<text:p>a</text:p>"
OPEN = Pieces(
    single=(
        _ODP, f"<text:list><text:list-item>{_ODP}</text:list-item></text:list>", f"<text:list-item>{_ODP}</text:list-item>",
        '<text:h text:outline-level="9">a</text:h>', "<text:h><text:bookmark-ref>a</text:bookmark-ref></text:h>",
        f"<table:table><table:table-row><table:table-cell>{_ODP}</table:table-cell></table:table-row></table:table>",
        f"<table:table-row><table:table-cell>{_ODP}</table:table-cell><table:table-cell>{_ODP}</table:table-cell></table:table-row>",
        f"<table:table-cell>{_ODP}</table:table-cell>", '<table:table-cell table:number-columns-repeated="99999" office:value="1"/>',
        '<table:table-row table:number-rows-repeated="9999"><table:table-cell office:value="1"/></table:table-row>',
        f'<table:table-cell table:number-columns-spanned="9999">{_ODP}</table:table-cell>', "<text:s/>", "<text:span>a</text:span>", '<text:bookmark text:name="a"/>',
        f"<text:p>a<draw:text-box>{_ODP}</draw:text-box></text:p>", "<text:soft-page-break/>",
        f"<text:p>a<text:note><text:note-citation>1</text:note-citation><text:note-body>{_ODP}</text:note-body></text:note></text:p>",
        f"<draw:page><draw:frame><draw:text-box>{_ODP}</draw:text-box></draw:frame></draw:page>", f"<draw:frame><draw:text-box>{_ODP}</draw:text-box></draw:frame>",
        '<table:table-cell table:number-rows-spanned="9999" office:value="1"/>',
        '<table:table-row><table:table-cell table:number-rows-spanned="9999" office:value="1"/><table:table-cell office:value="1"/></table:table-row>',
    ),
    pairs=(
        *_elements("text:p", "text:span", "text:section", "text:list", "draw:g", "table:table-row-group", "text:h", "draw:frame", "text:list-item"),
        ("<text:list><text:list-item>", "</text:list-item></text:list>"), (f"<text:list><text:list-item>{_ODP}", "</text:list-item></text:list>"),
        ("<text:p><draw:text-box>", "</draw:text-box></text:p>"), (f"<text:p>a<draw:text-box>{_ODP}", "</draw:text-box></text:p>"), ("<text:p>a", "</text:p>"),
        ("<table:table><table:table-row><table:table-cell>", "</table:table-cell></table:table-row></table:table>"),
        ("<text:p>a<text:note><text:note-body>", "</text:note-body></text:note></text:p>"), (f"<draw:g>{_ODP}", "</draw:g>"), ("<draw:page>", "</draw:page>"),
        ("<draw:object>", "</draw:object>"),
    ),
    counted=('<text:bookmark text:name="{i}"/>', "<text:p>a<text:span>[{i}]</text:span></text:p>", "<table:table-row><table:table-cell office:value='{i}'/></table:table-row>",
             '<text:p text:style-name="s{i}">a</text:p>', '<text:list text:style-name="s{i}"><text:list-item><text:p>a</text:p></text:list-item></text:list>'),
    separators=("",), neighbours=False,
)  # fmt: skip
BOOK = Pieces(
    single=("<p>a</p>", "<li>a</li>", "<td>a</td>", "<b>a</b>", "<br/>", "&eacute;", "<a href='#a'>a</a>", "<h1>a</h1>", "<", "&", "<p", "<p>", "a", "<table><tr><td>a</td></tr></table>", "<ol>", "<ol><li>a"),
    pairs=_elements("p", "div", "b", "ul", "li", "span", "a", "section", "table", "td", "header", "blockquote", "ol", "h1"),
    counted=("<p id='p{i}'>a{i}</p>", "<a id='p{i}'/>", "<li><a href='c.xhtml#p{i}'>a{i}</a></li>", "<h2 id='p{i}'>a{i}</h2>", "<p a{i}='b'>x</p>", "<p{i}>"),
    separators=("",), neighbours=False,
)  # fmt: skip
PDF = Pieces(
    single=("(a) Tj ", "0 -12 Td (a) Tj ", "12 0 Td (a) Tj ", "(1) Tj 30 0 Td ", "(a b c) Tj 1 -14 Td ", "BT ET ", "q ", "q Q ", "0 0 1 1 re f ", "/F 12 Tf ", "[(a)-900(b)] TJ ", "1 0 0 1 1 1 cm ", "0 1 Td (a) Tj ",
            "( ) Tj ", "0.5 0 Td (1) Tj ", "0 -12 Td (1 2 3) Tj ", "(- a) Tj 0 -12 Td ", "60 0 Td (12) Tj -60 -12 Td (34) Tj ", "0 0 Td (a) Tj ", "<</a", "[", "(", "0 0 m 1 1 l S ", "3 Tr (a) Tj 0 -1 Td ", "0 1 1 0 0 0 Tm (a) Tj ",
            "100 0 Td (a) Tj -100 -12 Td (a) Tj ", "(aaaa) Tj 5 3 Td ", "(A. ) Tj 0 -30 Td ", "(a .......... 1) Tj 0 -12 Td "),
    counted=("1 0 0 1 {i} {i} Tm (a{i}) Tj ", "1 0 0 1 {i} 700 Tm (a) Tj ", "1 0 0 1 50 {i} Tm (a) Tj ", "1 0 0 1 50 {i} Tm (1) Tj 90 0 Td (2) Tj ", "/F {i} Tf (a) Tj ", "{i} 0 Td (a) Tj ", "1 0 0 1 0 0.{i} Tm (a b) Tj ",
             "1 0 0 1 0.{i} 0 Tm (a b) Tj ", "{i} 0 0 {i} 0 0 Tm (a) Tj "),
    separators=("",), neighbours=False,
)  # fmt: skip
OUTLOOK = Pieces(
    single=("a\n", "<p>", "a", "> a\n", "1. a\n", "\n", "; ", "=?utf-8?q?a?= "),
    separators=("",),
    neighbours=False,
)


def _word_with(kind: str, content: str) -> bytes:
    part = f"<w:{kind} W:NS>{content}</w:{kind}>"
    return word('<w:p><w:r><w:t>a</w:t><w:footnoteReference w:id="1"/></w:r></w:p>', parts={kind: part})


def _word_in(before: str, after: str, content: str) -> bytes:
    return word(f"{before}{content}{after}")


def workbook(rows: str, *, strings: str = "", after: str = "") -> bytes:
    """A workbook with one sheet of these rows."""
    return zipped(
        {
            "_rels/.rels": relationships({"officeDocument": "xl/workbook.xml"}),
            "xl/_rels/workbook.xml.rels": relationships(
                {"worksheet": "sheet.xml", "sharedStrings": "strings.xml"}
            ),
            "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_R}"><sheets><sheet name="S" r:id="r1"/></sheets></workbook>',
            "xl/strings.xml": f'<sst xmlns="{_SHEET}">{strings or "<si><t>a</t></si>"}</sst>',
            "xl/sheet.xml": f'<worksheet xmlns="{_SHEET}"><sheetData>{rows}</sheetData>{after}</worksheet>',
        }
    )


def presentation(content: str) -> bytes:
    """A presentation with one slide."""
    slide = (
        f'<p:sld xmlns:p="{_P}" xmlns:a="{_A}" xmlns:r="{_R}" xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart">'
        f"<p:cSld><p:spTree>{content}</p:spTree></p:cSld></p:sld>"
    )
    points = "".join(f'<c:pt idx="{at}"><c:v>{at}</c:v></c:pt>' for at in range(200))
    chart = f'<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:ser><c:cat>{points}</c:cat><c:val>{points}</c:val></c:ser></c:chartSpace>'
    return zipped(
        {
            "_rels/.rels": relationships({"officeDocument": "ppt/presentation.xml"}),
            "ppt/_rels/presentation.xml.rels": relationships({"slide": "slide.xml"}),
            "ppt/_rels/slide.xml.rels": relationships({"chart": "chart.xml"}),
            "ppt/chart.xml": chart,
            "ppt/presentation.xml": f'<p:presentation xmlns:p="{_P}" xmlns:r="{_R}"><p:sldIdLst><p:sldId r:id="r1"/></p:sldIdLst></p:presentation>',
            "ppt/slide.xml": slide,
        }
    )


def _slide_shape(content: str) -> bytes:
    return presentation(f"<p:sp><p:txBody>{content}</p:txBody></p:sp>")


def _open_cells(content: str) -> bytes:
    return open_document(f"<table:table><table:table-row>{content}</table:table-row></table:table>")


def _open_rows(content: str) -> bytes:
    return open_document(f'<table:table table:name="a">{content}</table:table>', kind="spreadsheet")


def _open_row(content: str) -> bytes:
    return _open_rows(f"<table:table-row>{content}</table:table-row>")


def _open_slide(content: str) -> bytes:
    return open_document(f"<draw:page>{content}</draw:page>", kind="presentation")


def _open_slides(content: str) -> bytes:
    return open_document(content, kind="presentation")


_CONTENTS = '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'


def _book_contents(content: str) -> bytes:
    nav = chapter(f'<nav epub:type="toc">{content}</nav>')
    targets = "".join(f'<p id="p{at}">a{at}</p>' for at in range(2000))
    return book({"c.xhtml": chapter(targets)}, extra={"OPS/nav.xhtml": nav}, manifest=_CONTENTS)


def _drawn(content: str) -> bytes:
    packed = zlib.compress(f"BT /F 12 Tf 50 700 Td {content} ET".encode())
    return one_page(packed, b"/Filter/FlateDecode")


def _outlook(text: Mapping[int, str], number: int, content: str) -> bytes:
    return compound_file(storage({**text, number: content}))


def package_shapes() -> Iterator[Shape]:
    """The shapes of all formats that are packages, of PDF and of Outlook."""
    paragraph = partial(_word_in, "<w:p>", "</w:p>")
    row = partial(_word_in, "<w:tbl><w:tr>", "</w:tr></w:tbl>")
    for write in (word, paragraph, row, partial(_word_in, "<w:tbl>", "</w:tbl>")):
        yield from shapes_of(".docx", WORD, write)
    for kind in ("styles", "numbering", "footnotes"):
        yield from shapes_of(".docx", STYLES, partial(_word_with, kind))
    yield from shapes_of(".xlsx", SHEET, workbook)
    yield from shapes_of(".xlsx", SHEET, lambda content: workbook(f"<row>{content}</row>"))
    yield from shapes_of(".xlsx", SHEET, lambda content: workbook("", strings=f"<si>{content}</si>"))
    yield from shapes_of(
        ".xlsx",
        SHEET,
        lambda content: workbook("<row><c><v>1</v></c><c><v>1</v></c></row>" * 2000, after=content),
    )
    yield from shapes_of(".pptx", SLIDES, presentation)
    yield from shapes_of(".pptx", SLIDES, _slide_shape)
    yield from shapes_of(
        ".pptx", SLIDES, lambda content: presentation(f"<a:tbl><a:tr>{content}</a:tr></a:tbl>")
    )
    opened: tuple[tuple[str, Write], ...] = (
        (".odt", open_document), (".odt", _open_cells), (".ods", _open_rows), (".ods", _open_row),
        (".odp", _open_slide), (".odp", _open_slides),
    )  # fmt: skip
    for suffix, write in opened:
        yield from shapes_of(suffix, OPEN, write)
    yield from shapes_of(".epub", BOOK, lambda content: book({"c.xhtml": chapter(content)}))
    yield from shapes_of(".epub", BOOK, _book_contents)
    yield from shapes_of(".pdf", PDF, _drawn)
    for number in (0x0037, 0x1000, 0x1013, 0x007D, 0x0C1A):
        yield from shapes_of(".msg", OUTLOOK, partial(_outlook, {0x0037: "a", 0x1000: "b"}, number))
