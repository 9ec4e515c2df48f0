from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from index.errors import CorruptDocument, DocumentTooLarge, EmptyDocument
from index.readers import read
from index.readers.opendocument.spreadsheet import MEDIA_TYPE, READER, read_ods
from index.types import Extract
from tests.index.readers.laws import assert_laws, extract_or_refusal, shown
from tests.index.readers.packages import open_content, open_document, zipped

HIDDEN = (
    '<style:style style:name="H" style:family="table"><style:table-properties table:display="false"/>'
    "</style:style>"
)


def cell(text: str, attributes: str = "") -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def row(*cells: str, attributes: str = "") -> str:
    made = "".join(one if one.startswith("<") else cell(one) for one in cells)
    return f"<table:table-row {attributes}>{made}</table:table-row>"


def sheet(*rows: str, name: str = "Rivers", attributes: str = "") -> str:
    return f'<table:table table:name="{name}" {attributes}>{"".join(rows)}</table:table>'


def read_sheets(*sheets: str, styles: str = "") -> Extract:
    extract = read_ods(open_document("".join(sheets), kind="spreadsheet", styles=styles), name="f.ods")
    assert_laws(extract)
    return extract


def test_rows_name_their_cells_and_blank_rows_separate_tables() -> None:
    number = 'office:value-type="float" office:value="288.5"'
    date = 'office:value-type="date" office:date-value="2024-03-05T00:00:00"'
    extract = read_sheets(
        sheet(
            row("All rivers"),
            row("River", "Length", "Seen"),
            row("Aare", cell("288.50 km", number), cell("5. März 24", date)),
            '<table:table-row table:number-rows-repeated="3"><table:table-cell/></table:table-row>',
            row("<table:table-cell/>", "loose"),
        ),
        sheet(row("secret"), name="Notes", attributes='table:style-name="H"'),
        sheet(name="Empty"),
        styles=HIDDEN,
    )
    assert shown(extract) == [
        (1, "Rivers"),
        ("paragraph", "All rivers"),
        ("table", "River: Aare; Length: 288.50 km; Seen: 2024-03-05"),
        ("paragraph", "loose"),
    ]
    assert (extract.reader, extract.media_type) == (READER, MEDIA_TYPE)
    assert extract.metadata == {"hidden_sheets": ["Notes"]}
    columns = extract.blocks[2].columns
    assert columns is not None
    assert columns.names == ("River", "Length", "Seen")
    assert columns.labelled


def test_merged_cells_name_all_their_columns_and_rows() -> None:
    covered = "<table:covered-table-cell/>"
    extract = read_sheets(
        sheet(
            "<table:table-header-rows>"
            + row("Country", cell("2023", 'table:number-columns-spanned="2"'), covered)
            + "</table:table-header-rows>",
            row("", "Sales", "Costs"),
            row(cell("Peru", 'table:number-rows-spanned="2"'), "5", "4"),
            row(covered, "7", "6"),
        )
    )
    assert shown(extract)[1:] == [
        (
            "table",
            "Country: Peru; 2023 Sales: 5; 2023 Costs: 4\nCountry: Peru; 2023 Sales: 7; 2023 Costs: 6",
        )
    ]


def test_repeated_cells_and_rows_are_written_out() -> None:
    twice = row(
        "x", cell("0", 'table:number-columns-repeated="2"'), attributes='table:number-rows-repeated="2"'
    )
    filler = '<table:table-cell table:number-columns-repeated="16000"/>'
    extract = read_sheets(sheet(row("a", "b", "c", filler), row("y", "1", "2"), twice))
    assert shown(extract)[1] == ("table", "a: y; b: 1; c: 2\na: x; b: 0; c: 0\na: x; b: 0; c: 0")


def test_comments_and_white_space_of_cells() -> None:
    body = (
        "<table:table-cell><office:annotation><text:p>hush</text:p></office:annotation>"
        "<text:p>Two<text:s/>words<text:line-break/>and <text:span>more</text:span> "
        "<text:a>here</text:a></text:p>"
        "<text:p>below</text:p></table:table-cell>"
    )
    assert shown(read_sheets(sheet(row(body, "b"))))[1] == ("table", "Two words and more here below | b")


WIDE = cell("a", 'table:number-columns-repeated="9999999"')


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        (row("a", attributes='table:number-rows-repeated="99999999"'), DocumentTooLarge),
        (row(WIDE, attributes='table:number-rows-repeated="9999"'), DocumentTooLarge),
        (row("<table:table-cell/>"), EmptyDocument),
    ],
)
def test_hostile_and_empty_sheets_are_refused(rows: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"\Af\.ods: "):
        read_sheets(sheet(rows))


def test_other_packages_are_refused() -> None:
    with pytest.raises(CorruptDocument, match="not a spreadsheet"):
        read_ods(open_document("<text:p>Words</text:p>"), name="f.ods")


def test_the_suffix_selects_the_reader() -> None:
    data = open_document(sheet(row("a", "b")), kind="spreadsheet")
    assert read(data, name="f.ods").reader == READER
    assert read(data, name="f.ots").reader == READER


TAGS = ["table:table-row", "table:table-cell", "table:covered-table-cell", "text:p", "table:table"]
ELEMENTS = st.tuples(st.sampled_from(TAGS), st.integers(-3, 40), st.text(alphabet="ab 1é", max_size=5))


@given(st.lists(ELEMENTS, max_size=12))
def test_any_elements_are_read_or_refused(elements: list[tuple[str, int, str]]) -> None:
    body = "".join(
        f'<{tag} table:number-columns-spanned="{number}" table:number-rows-spanned="{number}" '
        f'table:number-columns-repeated="{number}" table:number-rows-repeated="{number}">{text}'
        for tag, number, text in elements
    )
    body += "".join(f"</{tag}>" for tag, _, _ in reversed(elements))
    content = open_content(sheet(body), kind="spreadsheet")
    extract_or_refusal(lambda: read_ods(zipped({"content.xml": content}), name="f.ods"), "f.ods")
