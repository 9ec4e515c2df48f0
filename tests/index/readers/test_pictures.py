"""What files say that their pictures show is read, in each format that can say it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from html import escape

import pytest
from openpyxl import Workbook
from openpyxl.drawing.image import Image as SheetPicture
from PIL import Image
from pptx import Presentation
from pptx.util import Inches

from index.readers.base.pictures import description
from index.readers.books import read_epub
from index.readers.html import read_html
from index.readers.opendocument import read_odt
from index.readers.plain.markdown import read_markdown
from index.readers.sheets import read_xlsx
from index.readers.slides import read_pptx
from index.readers.word import read_docx
from index.types import Extract
from tests.index.readers.laws import assert_laws, shown
from tests.index.readers.opendocument.test_presentation import box, read_slides, slide
from tests.index.readers.packages import book, chapter, open_document, replaced, word

BEFORE = "The keeper lights the lamp at dusk, and trims the wick when the flame is low and yellow."
AFTER = "At dawn the lamp is put out and its glass is cleaned with a cloth that is kept for nothing else."
SHOWS = "A keeper on the gallery trims the wick of the lamp"
WP = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"


def html(alt: str) -> Extract:
    picture = f"<p><img src='a.png' alt='{escape(alt)}'></p>"
    page = f"<main><h1>Lamps</h1><p>{BEFORE}</p>{picture}<p>{AFTER}</p></main>"
    return read_html(page.encode(), name="a.html")


def epub(alt: str) -> Extract:
    body = (
        f'<h1>Lamps</h1><p>{BEFORE}</p><figure><img src="a.png" alt="{escape(alt)}"/></figure><p>{AFTER}</p>'
    )
    return read_epub(book({"a.xhtml": chapter(body)}), name="a.epub")


def docx(alt: str) -> Extract:
    said = f'<wp:docPr id="1" name="Picture 1" descr="{escape(alt)}"/>'
    picture = f'<w:drawing><wp:inline xmlns:wp="{WP}">{said}</wp:inline></w:drawing>'
    runs = (f"<w:r><w:t>{BEFORE}</w:t></w:r>", f"<w:r>{picture}</w:r>", f"<w:r><w:t>{AFTER}</w:t></w:r>")
    return read_docx(word("".join(f"<w:p>{run}</w:p>" for run in runs)), name="a.docx")


def pptx(alt: str) -> Extract:
    presentation, picture, saved = Presentation(), io.BytesIO(), io.BytesIO()
    Image.new("RGB", (40, 30)).save(picture, "PNG")
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    slide.shapes.add_textbox(0, 0, Inches(5), Inches(1)).text_frame.text = BEFORE
    drawn = slide.shapes.add_picture(picture, 0, 0)
    drawn._element.nvPicPr.cNvPr.set("descr", alt)
    slide.shapes.add_textbox(0, 0, Inches(5), Inches(1)).text_frame.text = AFTER
    presentation.save(saved)
    return read_pptx(saved.getvalue(), name="a.pptx")


def frame(alt: str) -> str:
    return f'<draw:frame><draw:image xlink:href="a.png"/><svg:desc>{escape(alt)}</svg:desc></draw:frame>'


def odt(alt: str) -> Extract:
    paragraphs = (BEFORE, frame(alt), AFTER)
    return read_odt(open_document("".join(f"<text:p>{one}</text:p>" for one in paragraphs)), name="a.odt")


def odp(alt: str) -> Extract:
    return read_slides(slide(box(BEFORE), frame(alt), box(AFTER)))


FORMATS: dict[str, Callable[[str], Extract]] = {
    "html": html,
    "epub": epub,
    "docx": docx,
    "pptx": pptx,
    "odt": odt,
    "odp": odp,
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("alt", [SHOWS, f"{SHOWS} <& \"more\" & 'more'>", "船员在走廊上修剪灯芯并点亮了灯"])
def test_what_a_picture_shows_is_a_block_where_the_picture_is(name: str, alt: str) -> None:
    extract = FORMATS[name](alt)
    assert_laws(extract)
    found = [text for kind, text in shown(extract) if kind in {"paragraph", "figure"}]
    assert found == [BEFORE, alt, AFTER]
    assert ("figure", alt) in shown(extract)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "alt", ["", "IMG_2041.JPG", "image1.png", "Picture 3", "logo", "https://example.org/a.png"]
)
def test_what_is_no_description_is_left_out(name: str, alt: str) -> None:
    assert [text for kind, text in shown(FORMATS[name](alt)) if kind in {"paragraph", "figure"}] == [
        BEFORE,
        AFTER,
    ]


def test_in_markdown_a_picture_becomes_its_description() -> None:
    extract = read_markdown(f"{BEFORE}\n\n![{SHOWS}](a.png)\n\n{AFTER}\n".encode(), name="a.md")
    assert [text for _, text in shown(extract)] == [BEFORE, SHOWS, AFTER]


@pytest.mark.parametrize(
    "picture",
    [
        f"<a href='/'><img alt='{SHOWS}'></a>",
        f"<h2>Oil <img alt='{SHOWS}'></h2>",
        f"<table><tr><td><img alt='{SHOWS}'></td><td>1</td></tr><tr><td>2</td><td>3</td></tr></table>",
        f"<nav><img alt='{SHOWS}'></nav>",
        f"<p hidden><img alt='{SHOWS}'></p>",
        "<p><img alt='three stars'></p>",
    ],
)
def test_pictures_of_the_layout_of_a_page_are_left_out(picture: str) -> None:
    page = f"<main><h1>Lamps</h1><p>{BEFORE}</p>{picture}<p>{AFTER}</p></main>"
    assert "figure" not in {kind for kind, _ in shown(read_html(page.encode(), name="a.html"))}


@pytest.mark.parametrize(
    "picture",
    [f"<figure><a href='/'><img alt='{SHOWS}'></a></figure>", f"<p>Oil <img alt='{SHOWS}'> and wick.</p>"],
)
def test_pictures_in_text_come_after_their_paragraph(picture: str) -> None:
    page = f"<main><h1>Lamps</h1><p>{BEFORE}</p>{picture}<p>{AFTER}</p></main>"
    found = shown(read_html(page.encode(), name="a.html"))
    assert ("figure", SHOWS) in found
    assert found.index(("figure", SHOWS)) == len(found) - 2


def test_words_that_a_program_added_are_left_out() -> None:
    said = "A lamp on a table\n\nDescription automatically generated with low confidence"
    assert description(said) == "A lamp on a table"
    assert description("A lamp\n\nAI-generated content may be incorrect.") == "A lamp"
    assert len(description("lamp " * 10_000)) <= 2000


@pytest.mark.parametrize("alt", [SHOWS, "Picture 3", ""])
def test_what_pictures_of_a_sheet_show_follows_its_rows(alt: str) -> None:
    workbook, picture, saved = Workbook(), io.BytesIO(), io.BytesIO()
    Image.new("RGB", (40, 30)).save(picture, "PNG")
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["Lamp", "Oil"])
    sheet.append(["North", "seal"])
    sheet.add_image(SheetPicture(picture), "D4")
    workbook.save(saved)
    drawing = "xl/drawings/drawing1.xml"
    with zipfile.ZipFile(saved) as package:
        drawn, found = re.subn('descr="[^"]*"', f'descr="{escape(alt)}"', package.read(drawing).decode())
    assert found
    extract = read_xlsx(replaced(saved.getvalue(), {drawing: drawn}), name="a.xlsx")
    assert_laws(extract)
    figures = [text for kind, text in shown(extract) if kind == "figure"]
    assert figures == ([alt] if alt == SHOWS else [])


def test_pictures_that_several_sheets_show_are_told_once() -> None:
    workbook, picture, saved = Workbook(), io.BytesIO(), io.BytesIO()
    Image.new("RGB", (40, 30)).save(picture, "PNG")
    for number in range(30):
        sheet = workbook.create_sheet(f"Lamps {number}")
        sheet.append(["Lamp", "Oil"])
        if not number:
            sheet.add_image(SheetPicture(picture), "D4")
    workbook.save(saved)
    with zipfile.ZipFile(saved) as package:
        (links,) = [one for one in package.namelist() if one.startswith("xl/worksheets/_rels/")]
        first, drawn = package.read(links), package.read("xl/drawings/drawing1.xml").decode()
    drawn = re.sub('descr="[^"]*"', f'descr="{SHOWS}"', drawn)
    with zipfile.ZipFile(saved, "a") as package:
        for number in range(3, 32):
            package.writestr(f"xl/worksheets/_rels/sheet{number}.xml.rels", first)
    extract = read_xlsx(replaced(saved.getvalue(), {"xl/drawings/drawing1.xml": drawn}), name="a.xlsx")
    assert [text for kind, text in shown(extract) if kind == "figure"] == [SHOWS]
