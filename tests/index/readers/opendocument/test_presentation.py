from __future__ import annotations

import pytest

from index.errors import CorruptDocument, EmptyDocument, NoTextLayer
from index.readers import read
from index.readers.opendocument.presentation import MEDIA_TYPE, READER, read_odp
from index.types import Extract
from tests.index.readers.laws import assert_laws, shown
from tests.index.readers.packages import open_content, open_document


def frame(content: str, kind: str = "") -> str:
    attribute = f'presentation:class="{kind}"' if kind else ""
    return f"<draw:frame {attribute}>{content}</draw:frame>"


def box(*paragraphs: str, kind: str = "") -> str:
    text = "".join(f"<text:p>{one}</text:p>" for one in paragraphs)
    return frame(f"<draw:text-box>{text}</draw:text-box>", kind)


def slide(*shapes: str) -> str:
    return f"<draw:page>{''.join(shapes)}</draw:page>"


def read_slides(*slides: str, extra: dict[str, str | bytes] | None = None) -> Extract:
    data = open_document("".join(slides), kind="presentation", extra=extra)
    extract = read_odp(data, name="f.odp")
    assert_laws(extract)
    return extract


def test_slides_are_pages_with_titles_lists_tables_and_notes() -> None:
    item = "<text:list-item><text:p>{}</text:p>{}</text:list-item>"
    inner = f"<text:list>{item.format('Deeper', '')}</text:list>"
    points = f"<text:list>{item.format('First', inner)}{item.format('Second', '')}</text:list>"
    cells = "<table:table-row>{}</table:table-row>"
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    rows = [["River", "Length"], ["Aare", "288"], ["Reuss", "164"]]
    table = "".join(cells.format("".join(map(cell.format, row))) for row in rows)
    notes = (
        "<presentation:notes><draw:page-thumbnail presentation:class='page'/>"
        f"{box('Say hello.', 'Wave.', kind='notes')}{box('7', kind='page-number')}</presentation:notes>"
    )
    extract = read_slides(
        slide(box("Rivers of<text:line-break/>the north", kind="title"), box("A survey", kind="subtitle")),
        slide(
            frame(f"<draw:text-box>{points}</draw:text-box>", "outline"),
            box("Upper course", kind="title"),
            box("12 May", kind="date-time"),
            frame(f"<table:table>{table}</table:table><draw:image/>"),
            "<draw:g><draw:custom-shape><text:p>In a shape</text:p></draw:custom-shape></draw:g>",
            "<office:annotation><text:p>hush</text:p></office:annotation>",
            notes,
        ),
        slide(),
        slide(box("Loose words")),
    )
    assert shown(extract) == [
        (1, "Rivers of the north"),
        ("paragraph", "A survey"),
        (1, "Upper course"),
        ("list", "- First\n  - Deeper\n- Second"),
        ("table", "River | Length\nAare | 288\nReuss | 164"),
        ("paragraph", "In a shape"),
        (2, "Notes"),
        ("paragraph", "Say hello."),
        ("paragraph", "Wave."),
        (1, "Slide 4"),
        ("paragraph", "Loose words"),
    ]
    assert [extract.text[at:].partition("\n")[0] for at in extract.pages] == [
        "Rivers of the north",
        "Upper course",
        "Slide 4",
        "Slide 4",
    ]
    assert (extract.title, extract.reader, extract.media_type) == ("Rivers of the north", READER, MEDIA_TYPE)
    names = [block.columns.names for block in extract.blocks if block.columns]
    assert names == [("River", "Length")]


def test_charts_are_tables_below_their_titles() -> None:
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    header = f"<table:table-cell/>{cell.format('Sales')}"
    chart = (
        "<chart:chart><chart:title><text:p>By country</text:p></chart:title><table:table>"
        f"<table:table-header-rows><table:table-row>{header}</table:table-row></table:table-header-rows>"
        f"<table:table-rows><table:table-row>{cell.format('Peru')}{cell.format('5')}</table:table-row>"
        "</table:table-rows></table:table></chart:chart>"
    )
    extract = read_slides(
        slide(
            box("Sales", kind="title"),
            frame('<draw:object xlink:href="./Object 1"/>'),
            frame('<draw:object xlink:href="./Gone"/><draw:object xlink:href="./Formula"/>'),
        ),
        extra={
            "Object 1/content.xml": open_content(chart, kind="chart"),
            "Formula/content.xml": "<math>x</math>",
        },
    )
    assert shown(extract) == [
        (1, "Sales"),
        ("paragraph", "By country"),
        ("table", "| Sales\nPeru | 5"),
    ]


def test_slides_without_text_are_refused_for_their_reason() -> None:
    with pytest.raises(EmptyDocument):
        read_slides(slide())
    with pytest.raises(NoTextLayer, match="OCR"):
        read_slides(slide(frame("<draw:image/>")))
    with pytest.raises(CorruptDocument, match="not a presentation"):
        read_odp(open_document("<text:p>Words</text:p>"), name="f.odp")


def test_the_suffix_selects_the_reader() -> None:
    data = open_document(slide(box("Words")), kind="presentation")
    assert read(data, name="f.odp").reader == READER
    assert read(data, name="f.otp").reader == READER
