from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings, strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from index.errors import (
    CorruptDocument,
    DocumentTooLarge,
    EmptyDocument,
    EncryptionNotSupported,
    UnsupportedFormat,
)
from index.readers.sheets import read_xlsx
from index.types import Extract
from tests.index.readers.laws import assert_laws, extract_or_refusal, shown
from tests.sizes import examples, size

Cell = str | float | date | timedelta | None


def saved(book: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def workbook(rows: Sequence[Sequence[Cell]], change: Callable[[Worksheet], None] | None = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Sales"
    for row in rows:
        sheet.append(list(row))
    if change is not None:
        change(sheet)
    return saved(book)


def read(data: bytes) -> Extract:
    extract = read_xlsx(data, name="a.xlsx")
    assert_laws(extract)
    return extract


def rewritten(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """The package with its members changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, change(info.filename, old.read(info)))
    return file.getvalue()


def with_sheet(xml: str) -> bytes:
    """A workbook whose one sheet has this XML inside of ``worksheet``."""
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<worksheet xmlns="{namespace}">{xml}</worksheet>'.encode()
    return rewritten(workbook([["x"]]), lambda path, old: sheet if path.endswith("sheet1.xml") else old)


def test_a_sheet_is_a_section_and_a_row_a_line_that_names_its_cells() -> None:
    rows: list[list[Cell]] = [
        ["City", "People", "Since", "Open"],
        ["Bern", 134794, date(2024, 3, 5), True],
        ["Biel", 1.5, None, False],
    ]
    extract = read(workbook(rows))
    assert shown(extract) == [
        (1, "Sales"),
        (
            "table",
            "City: Bern; People: 134794; Since: 2024-03-05; Open: TRUE\nCity: Biel; People: 1.5; Open: FALSE",
        ),
    ]


def test_numbers_and_dates_are_shown_as_their_cells_show_them() -> None:
    def formats(sheet: Worksheet) -> None:
        for cell, code in (
            ("B2", "0.0%"),
            ("C2", '#,##0.00\\ "CHF"'),
            ("D2", "yyyy\\-mm\\-dd\\ hh:mm"),
            ("E2", "[h]:mm"),
        ):
            sheet[cell].number_format = code

    row: list[Cell] = ["Bread", 0.256, 1234.5, datetime(2024, 3, 5, 18, 30), timedelta(hours=36)]  # noqa: DTZ001
    text = read(workbook([["Ware", "Share", "Price", "At", "For"], row], formats)).text
    assert text.splitlines()[-1] == (
        "Ware: Bread; Share: 25.6%; Price: 1,234.50 CHF; At: 2024-03-05 18:30; For: 36:00"
    )


def test_captions_and_blank_rows_separate_tables() -> None:
    rows: list[list[Cell]] = [
        ["Sales in 2023"],
        ["Thousands of francs"],
        ["Region", "Amount"],
        ["North", 5],
        [],
        ["South", 6],
        [],
        ["Person", "Role"],
        ["Ada", "Chair"],
    ]
    assert shown(read(workbook(rows)))[1:] == [
        ("paragraph", "Sales in 2023"),
        ("paragraph", "Thousands of francs"),
        ("table", "Region: North; Amount: 5"),
        ("table", "Region: South; Amount: 6"),
        ("table", "Person: Ada; Role: Chair"),
    ]


def test_merged_header_cells_name_all_their_columns() -> None:
    def merge(sheet: Worksheet) -> None:
        for cells in ("A1:E1", "A2:A3", "B2:C2", "D2:E2"):
            sheet.merge_cells(cells)

    rows: list[list[Cell]] = [
        ["Figures"],
        ["Region", 2022, None, 2023],
        [None, "Sales", "Costs", "Sales", "Costs"],
        ["North", 1, 2, 3, 4],
    ]
    assert shown(read(workbook(rows, merge)))[1:] == [
        ("paragraph", "Figures"),
        ("table", "Region: North; 2022 Sales: 1; 2022 Costs: 2; 2023 Sales: 3; 2023 Costs: 4"),
    ]


@pytest.mark.parametrize(
    ("header", "caption", "row"),
    [
        (
            [[None, None, "Minimum", "Maximum"], [None, "Hires", "Salary", "Salary"]],
            "",
            "North; Hires: 1; Minimum Salary: 2; Maximum Salary: 3",
        ),
        (
            [[None, 2023, None, 2022], [None, "Sales", "Costs", "Sales"]],
            "",
            "North; 2023 Sales: 1; 2023 Costs: 2; 2022 Sales: 3",
        ),
        (
            [[None, None, "Years ended June 30,"], [None, "2023", "2022", "2021"], [None, "(in millions)"]],
            "Years ended June 30,\n(in millions)",
            "North; 2023: 1; 2022: 2; 2021: 3",
        ),
        ([["Region", 2023, 2022, 2021]], "", "Region: North; 2023: 1; 2022: 2; 2021: 3"),
        ([["Region", "Town", "Mayor"], ["East", "Orr", "Lind"]], "", "Region: North; Town: 1; Mayor: 2; 3"),
    ],
)
def test_a_header_of_several_rows_or_of_years(header: list[list[Cell]], caption: str, row: str) -> None:
    found = shown(read(workbook([*header, ["North", 1, 2, 3], ["South", 4, 5, 6]])))[1:]
    assert [text for kind, text in found if kind == "paragraph"] == (caption.split("\n") if caption else [])
    assert row in [line for kind, text in found if kind == "table" for line in text.splitlines()]


@pytest.mark.shared
def test_a_header_of_two_rows_is_no_row(shared: Path) -> None:
    text = read((shared / "data" / "office" / "xlsx" / "45544.xlsx").read_bytes()).text
    assert "Minimum: Salary" not in text
    assert "Function: Consulting;" in text
    assert "Minimum Monthly Salary(2): $1,000; Maximum Monthly Salary(2): $12,800" in text


def test_long_cells_of_one_column_are_paragraphs() -> None:
    text = "Loaves are sold until noon, and what is left is given to the kitchen of the hospital. " * 2
    rows: list[list[Cell]] = [["Loaf", "Sold"], ["Rye", 4], [], ["Notes"], [text], [], ["Rye"], ["Oat"]]
    assert shown(read(workbook(rows)))[1:] == [
        ("table", "Loaf: Rye; Sold: 4"),
        ("paragraph", "Notes"),
        ("paragraph", text.strip()),
        ("table", "Rye\nOat"),
    ]


def test_vertically_merged_cells_are_repeated_in_each_row() -> None:
    rows: list[list[Cell]] = [["Area", "Town"], ["North", "Thun"], [None, "Brig"], ["South", "Lugano"]]
    text = read(workbook(rows, lambda sheet: sheet.merge_cells("A2:A3"))).text
    assert text.splitlines()[-3:] == [
        "Area: North; Town: Thun",
        "Area: North; Town: Brig",
        "Area: South; Town: Lugano",
    ]


def test_a_table_may_be_anywhere_on_its_sheet() -> None:
    rows: list[list[Cell]] = [[], [], [None, None, "City", "People"], [None, None, "Bern", 5]]
    assert read(workbook(rows)).text == "Sales\n\nCity: Bern; People: 5"


def test_hidden_and_empty_sheets_are_left_out() -> None:
    book = openpyxl.Workbook()
    first = book.active
    assert isinstance(first, Worksheet)
    first.append(["seen"])
    for title, state in (("Lists", "hidden"), ("Deep", "veryHidden"), ("Blank", "visible")):
        sheet = book.create_sheet(title)
        sheet.sheet_state = state
        if title != "Blank":
            sheet["A1"] = "unseen"
    extract = read(saved(book))
    assert extract.text == "Sheet\n\nseen"
    assert extract.metadata["hidden_sheets"] == ["Lists", "Deep"]


def test_core_properties_are_metadata() -> None:
    book = openpyxl.Workbook()
    book.properties.title, book.properties.creator = "Prices", "Ada"
    book.properties.modified = datetime(2024, 3, 5)  # noqa: DTZ001
    assert isinstance(book.active, Worksheet)
    book.active["A1"] = "x"
    file = io.BytesIO()
    book.save(file)
    extract = read(file.getvalue())
    assert (extract.title, extract.metadata["author"]) == ("Prices", "Ada")


def test_formulas_show_their_saved_results() -> None:
    with pytest.raises(EmptyDocument, match=r"^a\.xlsx: the workbook has formulas without results"):
        read(workbook([["=1+2"]]))
    cells = '<c r="A1"><f>1+2</f><v>3</v></c><c r="B1" t="e"><v>#N/A</v></c>'
    xml = f'<sheetData><row r="1">{cells}</row></sheetData>'
    assert read(with_sheet(xml)).text == "Sales\n\n3 | #N/A"


def test_inline_and_rich_text_is_read_without_phonetic_annotations() -> None:
    xml = (
        '<sheetData><row><c t="inlineStr"><is><r><t>東</t></r><r><t>京</t></r><rPh sb="0" eb="1"><t>トウ</t>'
        '</rPh></is></c><c t="str"><f>A1</f><v>result</v></c><c t="d"><v>2024-03-05T00:00:00</v></c></row>'
        "</sheetData>"
    )
    assert read(with_sheet(xml)).text == "Sales\n\n東京 | result | 2024-03-05"


def test_files_that_are_no_workbooks_are_refused() -> None:
    ole = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(504)
    with pytest.raises(EncryptionNotSupported, match=r"^a\.xlsx: "):
        read(ole + "EncryptedPackage".encode("utf-16-le"))
    with pytest.raises(UnsupportedFormat, match=r"^a\.xlsx: .*save it as \.xlsx"):
        read(ole + "Workbook".encode("utf-16-le"))
    with pytest.raises(CorruptDocument, match=r"^a\.xlsx: "):
        read(b"City,People\n")
    with pytest.raises(EmptyDocument, match=r"^a\.xlsx: "):
        read(workbook([]))


@pytest.mark.parametrize(
    "xml",
    [
        '<sheetData><row r="99999999"><c r="A1"><v>1</v></c></row></sheetData>',
        '<sheetData><row><c r="ZZZ1"><v>1</v></c></row></sheetData>',
        '<sheetData><row><c t="s"><v>77</v></c></row></sheetData>',
        '<sheetData><row><c t="s"><v>-1</v></c></row></sheetData>',
        "<sheetData><row>",
    ],
)
def test_impossible_cells_are_refused(xml: str) -> None:
    with pytest.raises(CorruptDocument, match=r"^a\.xlsx: .*Save the workbook again"):
        read(with_sheet(xml))


def test_a_doctype_is_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><worksheet><sheetData/></worksheet>'
    data = rewritten(workbook([["x"]]), lambda path, old: bomb if path.endswith("sheet1.xml") else old)
    with pytest.raises(CorruptDocument, match=r"^a\.xlsx: .*DOCTYPE"):
        read(data)


@pytest.mark.timeout(120)
def test_small_files_cannot_create_many_cells() -> None:
    rows = "".join(f'<row r="{n}"><c r="XFD{n}"><v>{n}</v></c></row>' for n in range(1, 2001))
    with pytest.raises(DocumentTooLarge, match=r"^a\.xlsx: the workbook has more than"):
        read(with_sheet(f"<sheetData>{rows}</sheetData>"))
    bomb = with_sheet(f"<sheetData><row><c t='str'><v>{'x' * (80 << 20)}</v></c></row></sheetData>")
    with pytest.raises(DocumentTooLarge, match=r"^a\.xlsx: .*would grow"):
        read(bomb)


@pytest.mark.timeout(120)
def test_declared_sizes_and_merged_ranges_cost_nothing() -> None:
    count = size(5000)
    merged = "".join(f'<mergeCell ref="A{n}:XFD1048576"/>' for n in range(1, count))
    rows = "".join(f"<row r='{n}'><c><v>{n}</v></c></row>" for n in range(1, count))
    xml = (
        f'<dimension ref="A1:XFD1048576"/><sheetData>{rows}<row r="1048576"><c><v>9</v></c></row></sheetData>'
        f"<mergeCells>{merged}</mergeCells>"
    )
    assert read(with_sheet(xml)).text.endswith(f"{count - 1}\n\n9")


GOOD = workbook([["City", "People"], ["Bern", 5], ["Biel", 6]])


@settings(max_examples=examples(100))
@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    for variant in (data, b"PK\x03\x04" + data, GOOD[:-30] + data):
        extract_or_refusal(partial(read_xlsx, variant, name="a.xlsx"), "a.xlsx")


@settings(max_examples=examples(200))
@given(st.integers(0, 2**32), st.integers(1, 8))
def test_damaged_workbooks_are_read_or_refused(seed: int, changes: int) -> None:
    chance = random.Random(seed)
    data = bytearray(GOOD)
    for _ in range(changes):
        data[chance.randrange(len(data))] = chance.randrange(256)
    extract_or_refusal(lambda: read_xlsx(bytes(data), name="a.xlsx"), "a.xlsx")


@settings(max_examples=examples(200))
@given(st.integers(0, 2**32), st.integers(1, 4))
def test_damaged_xml_is_read_or_refused(seed: int, changes: int) -> None:
    chance = random.Random(seed)

    def damage(path: str, old: bytes) -> bytes:
        data = bytearray(old)
        for _ in range(changes):
            at = chance.randrange(len(data))
            new = chance.choices(b'<>"=/1A ', k=chance.randrange(3))
            data[at : at + chance.randrange(3)] = bytes(new)
        return bytes(data)

    data = rewritten(GOOD, damage)
    extract_or_refusal(lambda: read_xlsx(data, name="a.xlsx"), "a.xlsx")


CELLS = (
    st.none()
    | st.integers(-10, 3000)
    | st.sampled_from(["Name", "long " * 90, "x", " ", "é", "-"])
    | st.booleans()
)
RANGES = st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(0, 3), st.integers(0, 3))


@settings(max_examples=examples(200))
@given(st.lists(st.lists(CELLS, max_size=5), max_size=8), st.lists(RANGES, max_size=2))
def test_any_sheet_keeps_the_laws(rows: list[list[Cell]], ranges: list[tuple[int, int, int, int]]) -> None:
    def merge(sheet: Worksheet) -> None:
        for left, top, width, height in ranges:
            if width + height:
                sheet.merge_cells(
                    start_row=top, start_column=left, end_row=top + height, end_column=left + width
                )

    data = workbook(rows, merge)
    extract_or_refusal(lambda: read_xlsx(data, name="a.xlsx"), "a.xlsx")
