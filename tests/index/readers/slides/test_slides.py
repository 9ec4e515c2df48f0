from __future__ import annotations

import zipfile
from io import BytesIO

import pptx
import pytest
from lxml import etree
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.presentation import Presentation
from pptx.util import Inches

from index.errors import CorruptDocument, EmptyDocument, NoTextLayer
from index.readers.slides import MEDIA_TYPE, READER, read_pptx
from index.types import Extract
from tests.index.readers.laws import assert_laws, shown
from tests.index.readers.packages import word, zipped

TITLE, TITLE_AND_BODY, BLANK = 0, 1, 6
A = "http://schemas.openxmlformats.org/drawingml/2006/main"


def saved(presentation: Presentation) -> bytes:
    file = BytesIO()
    presentation.save(file)
    return file.getvalue()


def read(presentation: Presentation) -> Extract:
    extract = read_pptx(saved(presentation), name="f.pptx")
    assert_laws(extract)
    return extract


def test_a_slide_number_that_the_file_does_not_have_is_left_out() -> None:
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[BLANK])
    for words in ("<number>", "7"):
        paragraph = slide.shapes.add_textbox(0, 0, 1, 1).text_frame.paragraphs[0]
        paragraph.text = "See "
        field = f'<a:fld xmlns:a="{A}" id="{{0}}" type="slidenum"><a:t/></a:fld>'
        paragraph._p.append(etree.fromstring(field))
        paragraph._p[-1][0].text = words
    assert [text for _, text in shown(read(made))][1:] == ["See", "See 7"]


def survey() -> Presentation:
    made = pptx.Presentation()
    made.core_properties.author = "Ana Ng"
    first = made.slides.add_slide(made.slide_layouts[TITLE])
    first.shapes.title.text = "Rivers of\vthe north"
    first.placeholders[1].text = "A survey"
    second = made.slides.add_slide(made.slide_layouts[TITLE_AND_BODY])
    body = second.placeholders[1].text_frame
    body.text = "First"
    for text, level in (("Deeper", 1), ("Second\vline", 0)):
        paragraph = body.add_paragraph()
        paragraph.text, paragraph.level = text, level
    # The title comes first wherever it is in the file.
    second.shapes.title.text = "Upper course"
    second.shapes._spTree.append(second.shapes.title._element)
    table = second.shapes.add_table(2, 2, Inches(1), Inches(1), Inches(2), Inches(2)).table
    for at, text in enumerate(["River", "Length", "Aare", "288 km"]):
        table.cell(at // 2, at % 2).text = text
    second.notes_slide.notes_text_frame.text = "Say hello.\nWave."
    made.slides.add_slide(made.slide_layouts[BLANK])
    fourth = made.slides.add_slide(made.slide_layouts[BLANK])
    fourth.shapes.add_group_shape().shapes.add_textbox(0, 0, 1, 1).text_frame.text = "Loose words"
    return made


def test_slides_are_pages_and_their_titles_headings() -> None:
    extract = read(survey())
    assert shown(extract) == [
        (1, "Rivers of the north"),
        ("paragraph", "A survey"),
        (1, "Upper course"),
        ("list", "- First\n  - Deeper\n- Second\n  line"),
        ("table", "River | Length\nAare | 288 km"),
        (2, "Notes"),
        ("paragraph", "Say hello."),
        ("paragraph", "Wave."),
        (1, "Slide 4"),
        ("paragraph", "Loose words"),
    ]
    starts = [extract.text[at:].partition("\n")[0] for at in extract.pages]
    assert starts == ["Rivers of the north", "Upper course", "Slide 4", "Slide 4"]
    assert (extract.title, extract.metadata["author"]) == ("Rivers of the north", "Ana Ng")
    assert (extract.reader, extract.media_type) == (READER, MEDIA_TYPE)


def test_charts_are_tables() -> None:
    made = pptx.Presentation()
    data = CategoryChartData()  # type: ignore[no-untyped-call]
    data.categories = ["East", "West"]
    data.add_series("Q1", (1.5, 2))  # type: ignore[no-untyped-call]
    data.add_series("Q2", (3, None))  # type: ignore[no-untyped-call]
    slide = made.slides.add_slide(made.slide_layouts[BLANK])
    chart = slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, 0, 0, 1, 1, data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Rain"
    assert shown(read(made))[1:] == [
        ("paragraph", "Rain"),
        ("table", "| Q1 | Q2\nEast | 1.5 | 3\nWest | 2 |"),
    ]


def test_lists_have_the_bullets_and_numbers_of_the_file() -> None:
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[BLANK])
    body = made.slides.add_slide(made.slide_layouts[TITLE_AND_BODY]).placeholders[1].text_frame
    body.text = "item\nno item"
    body.paragraphs[1]._p.get_or_add_pPr().append(etree.fromstring(f'<a:buNone xmlns:a="{A}"/>'))
    frame = slide.shapes.add_textbox(0, 0, 1, 1).text_frame
    frame.text = "one\ntwo\nplain\nsign"
    bullets = [f'<a:buAutoNum xmlns:a="{A}" type="romanUcParenR" startAt="3"/>'] * 2
    bullets += [f'<a:buNone xmlns:a="{A}"/>', f'<a:buChar xmlns:a="{A}" char="•"/>']
    for paragraph, bullet in zip(frame.paragraphs, bullets, strict=True):
        paragraph._p.get_or_add_pPr().append(etree.fromstring(bullet))
    assert shown(read(made))[1:] == [
        ("list", "III) one\nIV) two"),
        ("paragraph", "plain"),
        ("list", "- sign"),
        (1, "Slide 2"),
        ("list", "- item"),
        ("paragraph", "no item"),
    ]


def test_footers_are_left_out() -> None:
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[BLANK])
    for kind in ("ftr", "dt", "sldNum"):
        box = slide.shapes.add_textbox(0, 0, 1, 1)
        box.text_frame.text = f"On every slide: {kind}"
        place = etree.SubElement(box._element.find(".//{*}nvPr"), box._element.nsmap["p"].join("{}") + "ph")
        place.set("type", kind)
    slide.shapes.add_textbox(0, 0, 1, 1).text_frame.text = "Words"
    assert shown(read(made)) == [(1, "Slide 1"), ("paragraph", "Words")]


def test_slides_without_text_are_refused_for_their_reason() -> None:
    made = pptx.Presentation()
    with pytest.raises(EmptyDocument):
        read(made)
    slide = made.slides.add_slide(made.slide_layouts[BLANK])
    with pytest.raises(EmptyDocument):
        read(made)
    etree.SubElement(slide.shapes._spTree, f"{{{A}}}blip")
    with pytest.raises(NoTextLayer, match="OCR"):
        read(made)


def test_a_missing_slide_or_another_kind_of_package_is_refused() -> None:
    with zipfile.ZipFile(BytesIO(saved(survey()))) as package:
        members = {name: package.read(name) for name in package.namelist() if name != "ppt/slides/slide2.xml"}
    with pytest.raises(CorruptDocument, match="a slide is missing"):
        read_pptx(zipped(members), name="f.pptx")
    with pytest.raises(CorruptDocument, match="not a presentation"):
        read_pptx(word("<w:p/>"), name="f.pptx")
