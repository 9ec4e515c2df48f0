from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given, settings, strategies as st

from index.errors import CorruptDocument, DocumentTooLarge, EmptyDocument, UndecodableText
from index.readers.sheets.csv_table import read_csv
from index.types import Extract
from tests.index.readers.laws import assert_laws, extract_or_refusal, shown
from tests.sizes import examples, size

PIECES = st.lists(
    st.sampled_from(
        ["a", "1", "name", "Zürich", ",", ";", "\t", "|", '"', '""', "\n", "\r\n", " ", "\x00", "é"]
    ),
    max_size=60,
).map("".join)


def read(text: str) -> Extract:
    extract = read_csv(text.encode(), name="a.csv")
    assert_laws(extract)
    return extract


@settings(max_examples=examples(300))
@given(st.binary(max_size=200), st.sampled_from([None, "utf-8", "latin-1", "utf-16", "?"]))
@example(b"", None)
@example(b"sep=", None)
@example(b'sep="\na"b"c\n', None)
@example(b"sep=\r\n", None)
def test_any_bytes_are_a_table_or_refused(data: bytes, charset: str | None) -> None:
    extract_or_refusal(lambda: read_csv(data, name="a.csv", charset=charset), "a.csv")


@settings(max_examples=examples(500))
@given(PIECES)
def test_any_text_keeps_the_laws(text: str) -> None:
    extract_or_refusal(lambda: read_csv(text.encode(), name="a.csv"), "a.csv")


CELLS = st.text(st.sampled_from("abc XYZ é,;\"'\n|9"), max_size=8)


@settings(max_examples=examples(300))
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8))
def test_no_word_of_a_cell_is_lost(rows: list[list[str]]) -> None:
    rows = [["kilo", "lima", "mike"], *rows]
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    text = read(file.getvalue()).text
    for row in rows:
        for cell in row:
            assert " ".join(cell.split()) in text


def test_names_of_columns_without_cells_follow_the_table() -> None:
    extract = read("Country,Capital,Notes,Since,Sources\nIceland,Reykjavík,,1944,\nMalta,Valletta\n")
    lines = "Country: Iceland; Capital: Reykjavík; Since: 1944\nCountry: Malta; Capital: Valletta"
    assert shown(extract) == [("table", lines), ("paragraph", "Notes | Sources")]


def test_each_row_is_a_line_with_the_names_of_its_cells() -> None:
    extract = read("Country,Capital,Since\nIceland,Reykjavík,1944\nMalta,Valletta,\n")
    assert shown(extract) == [
        (
            "table",
            "Country: Iceland; Capital: Reykjavík; Since: 1944\nCountry: Malta; Capital: Valletta",
        )
    ]
    assert extract.media_type == "text/csv"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter: str) -> None:
    rows = [
        ["City", "Population"],
        ["Bern", "134,794"],
        ["Basel; Stadt", "173 863"],
        ["Biel|Bienne", "55206"],
    ]
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(rows)
    assert read(file.getvalue()).text == (
        "City: Bern; Population: 134,794\nCity: Basel; Stadt; Population: 173 863\n"
        "City: Biel|Bienne; Population: 55206"
    )


def test_a_decimal_comma_is_no_delimiter() -> None:
    assert (
        read("Ware;Preis\nBrot;3,50\nKäse;12,00\n").text
        == "Ware: Brot; Preis: 3,50\nWare: Käse; Preis: 12,00"
    )


@pytest.mark.parametrize("header", ["Ware;Preis", "1;2", "2020;1,5"])
def test_a_decimal_comma_in_every_row_is_no_delimiter(header: str) -> None:
    text = read(f"{header}\n" + "Brot;3,50\n" * 100).text
    assert text.splitlines()[-1].partition("|")[2].strip() == "3,50" or text.endswith("Preis: 3,50")


def test_excel_declares_the_delimiter() -> None:
    assert read("sep=#\nA,b#B\n1,2#3\n").text == "A,b: 1,2; B: 3"


def test_line_ends_and_quotation_marks_in_quoted_cells() -> None:
    text = 'Question,Answer\nWhen?,"On Monday,\r\n at ""noon"""\n'
    assert read(text).text == 'Question: When?; Answer: On Monday, at "noon"'


def test_an_unclosed_quotation_mark_does_not_join_rows() -> None:
    rows = "".join(f"{number}\trow {number}\n" for number in range(1, 6))
    text = read(f'Inch\tWords\n5"\tmonitor\n"6\tscreen\n{rows}').text
    assert text.startswith('Inch: 5"; Words: monitor\nInch: "6; Words: screen\nInch: 1; Words: row 1\n')
    assert text.endswith("Inch: 5; Words: row 5")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,2\n3,4\n", "1 | 2\n3 | 4"),
        ("Bern,2020-01-01\nBiel,2021-05-06\n", "Bern | 2020-01-01\nBiel | 2021-05-06"),
        ("apple,red\napple,green\n", "apple | red\napple | green"),
        ("Name,Name\nx,y\n", "Name | Name\nx | y"),
        ("only,a header\n", "only | a header"),
        ("pear\nplum\nfig\n", "pear\nplum\nfig"),
        ("Length\n1.5\n2.5\n", "Length: 1.5\nLength: 2.5"),
        ("Country,2019,2020\nMalta,1,2\n", "Country: Malta; 2019: 1; 2020: 2"),
        (",Bern,Basel\nHigh,1,2\n", "High; Bern: 1; Basel: 2"),
    ],
)
def test_a_header_is_distinguished_from_data(text: str, expected: str) -> None:
    assert read(text).text == expected


def test_cells_without_a_name_in_the_header() -> None:
    assert read("A,B\nx,y,z\nu\n").text == "A: x; B: y; z\nA: u"


def test_rows_of_prose_are_paragraphs_of_their_own() -> None:
    answer = "Hold the button until the lamp blinks. " * 15
    extract = read(f"Question,Answer\nShort?,Yes.\nHow?,{answer}\nWhy?,Because.\n")
    assert shown(extract) == [
        ("table", "Question: Short?; Answer: Yes."),
        ("paragraph", f"Question: How?\nAnswer: {answer.strip()}"),
        ("table", "Question: Why?; Answer: Because."),
    ]


def test_encodings_are_declared_or_utf_8() -> None:
    data = "Ort;Fluß\nZürich;Limmat\n".encode("cp1252")
    with pytest.raises(UndecodableText, match=r"^a\.csv: byte"):
        read_csv(data, name="a.csv")
    assert read_csv(data, name="a.csv", charset="windows-1252").text == "Ort: Zürich; Fluß: Limmat"
    data = "Ort\tFluß\nZürich\tLimmat\n".encode("utf-16")
    assert read_csv(data, name="a.csv").text == "Ort: Zürich; Fluß: Limmat"


@pytest.mark.parametrize("text", ["", "\n\n", ",,,\n,,\n", '""\n', ";;\n"])
def test_a_table_without_words_is_refused(text: str) -> None:
    with pytest.raises(EmptyDocument, match=r"^a\.csv: there is no text in it"):
        read(text)


def test_an_endless_cell_is_refused() -> None:
    with pytest.raises(CorruptDocument, match=r"^a\.csv: line 1: field larger than field limit"):
        read("x" * 200_000)


@pytest.mark.timeout(120)
def test_column_names_cannot_fill_memory() -> None:
    header = ",".join(f"{number:0100d}x"[-99:] + "x" for number in range(1000))
    rows = f"{','.join('1' * 1000)}\n" * 1100
    with pytest.raises(DocumentTooLarge, match=r"^a\.csv: its text has more than"):
        read(f"{header}\n{rows}")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("unit", ['"', '"a"\n', '"",', ',"x', "a,b\n", "\n", ",", '\t"', '"\n"'])
def test_huge_files_take_bounded_time(unit: str) -> None:
    extract_or_refusal(lambda: read_csv((unit * size(1_000_000)).encode(), name="a.csv"), "a.csv")
