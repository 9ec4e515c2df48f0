"""Operations on the tables of the benchmark, each cell that was read included."""

from dataclasses import replace

import pytest

from benchmarks.retrieval import columns
from index.readers.base.builder import BlockBuilder, assemble
from index.search.tables.asked import Asked
from index.search.tables.computing import Computed, compute
from index.search.tables.grid import grid_of
from index.search.tables.operations import measures_of, operation_of
from index.text.analysis import Analyzer

ANALYZER = Analyzer()
CASES = [(table, asked) for table in columns.tables() for asked in table.questions]


def computed(
    title: str, rows: list[list[str]], question: str, *, is_drawn: bool = False
) -> tuple[Computed | None, str]:
    builder = BlockBuilder()
    builder.heading(title.split("\n", maxsplit=1)[0], level=1)
    builder.table(rows)
    extract = assemble(builder.drafts, name="a", media_type="text/plain", reader="test/1")
    table = extract.blocks[-1]
    operation = operation_of(question)
    if operation is None:
        return None, extract.text
    terms = frozenset(term for *_, term in ANALYZER.question_hashes(question))
    asked = Asked.of(question, terms, ANALYZER.hashes)
    grid = replace(grid_of(extract.text, table), is_drawn=is_drawn)
    return compute(operation, asked, extract.text, grid, title), extract.text


def outcome(title: str, rows: list[list[str]], question: str) -> tuple[str, str]:
    """The value that is computed, and why there is none."""
    found, _ = computed(title, rows, question)
    assert found is not None
    return found.value, found.reason


@pytest.mark.parametrize(("table", "asked"), CASES, ids=[asked.question for _, asked in CASES])
def test_the_questions_of_the_benchmark(table: columns.ColumnTable, asked: columns.Asked) -> None:
    found, text = computed(
        f"{table.title}\n{table.above}", [list(table.columns), *map(list, table.rows)], asked.question
    )
    assert found is None or found.value in ("", asked.value)
    if found and found.value:
        cells = [text[slice(*row.cells[column])] for row, column in found.used]
        assert set(table.cells(asked)) <= set(cells)
        assert found.operation == asked.operation


ROWS = [
    ["Lamp", "Sold", "Year ended"],
    ["Argand", "1,577", "1889"],
    ["Dietz", "40", "1904"],
    ["Aladdin", "311", "1904"],
]


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("Which lamp sold the most?", "Argand"),
        ("Which lamp sold the least?", "Dietz"),
        ("Which lamp sold the second most?", "Aladdin"),
        ("How many lamps are listed?", "3"),
        ("How many lamps were sold in total?", "1,928"),
        ("Which sold more, Dietz or Aladdin?", "Aladdin"),
    ],
)
def test_operations(question: str, value: str) -> None:
    assert outcome("Lamps", ROWS, question) == (value, "")


STOCK = [
    ["Article", "Product", "Size", "Price EUR", "Bulb"],
    ["L-1", "Lamp", "24 cm", "59.00", "yes"],
    ["L-2", "Lamp", "28 cm", "72.00", "no"],
    ["T-3", "Torch", "9 cm", "14.20", "yes"],
    ["T-4", "Candle", "12 cm", "3.50", "no"],
]


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("What is the most expensive product?", "Lamp (L-2)"),
        ("Which product has the highest price?", "Lamp (L-2)"),
        ("Which product costs the most?", "Lamp (L-2)"),
        ("What is the cheapest product?", "Candle (T-4)"),
        ("Which product with a bulb is the cheapest?", "Torch"),
        ("How many articles have a bulb?", "2"),
        ("What is the highest price?", "72.00"),
    ],
)
def test_rows_with_a_code_are_things_of_their_own(question: str, value: str) -> None:
    assert outcome("Price list", STOCK, question) == (value, "")


HIRE = [
    ["Item", "Code", "Half day", "Day", "Week", "Deposit"],
    ["Canoe", "CA", "", "24.00", "90.00", "50"],
    ["Raft", "RA", "31.00", "44.00", "95.00", "120"],
    ["Kayak", "KA", "16.00", "22.00", "99.00", "60"],
]


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("Which tool is the most expensive per day?", "Raft"),
        ("Which item has the highest day price?", "Raft"),
        ("Which machine is the cheapest per week?", "Canoe"),
        ("Which product has the lowest daily rate?", "Kayak"),
        ("What is the most expensive thing to hire for a day?", "Raft"),
        ("What is the dearest item a week?", "Kayak"),
        ("What is the highest price per week?", "99.00"),
        ("Which tool has the highest deposit?", "Raft"),
        ("Which item costs the most per day?", "Raft"),
        ("Which is the second cheapest per day?", "Canoe"),
    ],
)
def test_spans_of_time_are_columns_of_prices(question: str, value: str) -> None:
    assert outcome("Hire", HIRE, question) == (value, "")


def test_an_empty_cell_of_a_span_is_said() -> None:
    assert outcome("Hire", HIRE, "Which item is the cheapest for half a day?") == ("", "A cell is empty.")


@pytest.mark.parametrize(
    "question",
    [
        "Which tool is the most expensive?",  # there are prices of several spans
        "Which lawnmower is the cheapest per day?",
        "Which tool is the most expensive per month?",
        "What is the highest price per year?",
    ],
)
def test_no_span_is_chosen_that_is_not_asked_for(question: str) -> None:
    assert computed("Hire", HIRE, question)[0] is None


@pytest.mark.parametrize(
    "word", "higher larger bigger longer heavier faster cheaper smaller older later".split()
)
def test_a_difference_is_not_the_larger_of_two_cells(word: str) -> None:
    assert operation_of(f"Which is {word}, Alke or Ceto?") is not None
    for asked in (f"How much {word} is Alke than Ceto?", f"How many kg {word} is Alke than Ceto?"):
        assert operation_of(asked) is None


TARIFFS = [
    ["Tariff", "Price per month (EUR)", "Joining fee (EUR)", "Sauna", "Remarks"],
    ["Morning", "25.00", "10", "no", "Not on public holidays"],
    ["Full", "55.00", "0", "yes", "4 per week at most"],
    ["Single", "14.00", "5", "yes", "Price per visit, not per month"],
    ["Ten", "119.00", "15", "yes", "Price per card; valid for a year"],
]


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("Which tariff costs the least?", "Morning"),
        ("Which tariff is the cheapest per month?", "Morning"),
        ("What is the most expensive tariff?", "Full"),
        ("Which kind of tariff has the highest joining fee?", "Ten"),
        ("How many tariffs include the sauna?", "3"),
        ("Which tariff offers the lowest joining fee?", "Full"),
    ],
)
def test_a_price_for_something_else_is_no_price_of_the_column(question: str, value: str) -> None:
    assert outcome("Tariffs", TARIFFS, question) == (value, "")


@pytest.mark.parametrize("word", ["tools", "items", "products"])
@pytest.mark.parametrize("verb", ["need", "require"])
def test_things_of_any_kind_are_counted_by_a_column_of_yes_and_no(word: str, verb: str) -> None:
    rows = [
        ["Item", "Day", "Needs training"],
        ["Saw", "42", "yes"],
        ["Drill", "9", "no"],
        ["Axe", "5", "yes"],
    ]
    found, _ = computed("Hire", rows, f"How many {word} {verb} training?")
    assert found is not None
    assert found.value == "2"
    assert computed("Hire", rows, f"How many {word} {verb} a licence?")[0] is None


def test_things_of_one_name_are_not_counted_as_one() -> None:
    rows = [*STOCK, ["L-5", "Lamp", "30 cm", "80.00", "yes"]]
    found, _ = computed("Price list", rows, "How many products have a bulb?")
    assert found is None


def test_rows_without_a_code_may_have_to_be_added() -> None:
    rows = [["Month", "Product", "Sold"], ["May", "Lamp", "4"], ["June", "Lamp", "5"], ["June", "Torch", "6"]]
    found, _ = computed("Sales", rows, "Which product sold the most?")
    assert found is None or not found.value


@pytest.mark.parametrize(
    "question",
    [
        "Which lamp did not sell the most?",  # a negation
        "Which lamp sold more than 100?",  # a condition
        "Which green lamp sold the most?",  # a word that the table does not have
        "Which lamp sold the most in 1999?",
        "Which heater sold the most?",  # rows are of another kind
        "What is the average sold?",  # an operation that is not known
        "How many lamps were sold before 1900?",
        "How many Dietz lamps were sold?",  # a cell, nothing to count
        "How many more lamps did Argand sell than Dietz?",
        "Which two lamps sold the most?",
        "What is the most common lamp?",
        "Which lamp outside Dietz sold the most?",
        "Welche Lampe wurde am meisten verkauft?",
    ],
)
def test_what_is_not_wholly_understood_is_not_computed(question: str) -> None:
    assert computed("Lamps", ROWS, question)[0] is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ("n/a", "“n/a” is no number."),
        ("", "A cell is empty."),
        ("40 kg", "The units differ: “40 kg”."),
    ],
)
def test_cells_that_are_no_comparable_numbers(changed: str, reason: str) -> None:
    rows = [list(row) for row in ROWS]
    rows[2][1] = changed
    for question in ("Which lamp sold the most?", "How many lamps were sold in total?"):
        found, _ = computed("Lamps", rows, question)
        assert found is not None
        assert found.value == ""
        assert found.reason in (reason, "The units differ: “1,577”.")


def test_totals_are_neither_the_highest_nor_added_again() -> None:
    rows = [*ROWS, ["Total", "1,928", ""]]
    highest, _ = computed("Lamps", rows, "Which lamp sold the most?")
    assert highest is not None
    assert (highest.value, len(highest.used)) == ("Argand", 3)
    assert computed("Lamps", rows, "How many lamps were sold in total?")[0] is None
    counted, _ = computed("Lamps", rows, "How many lamps are listed?")
    assert counted is not None
    assert counted.value == "3"


@pytest.mark.parametrize("label", ["All Saints", "Net Street", "Totally", "Mean Lane", "Sum of Lights"])
def test_a_label_with_a_word_of_totals_is_no_total(label: str) -> None:
    found, _ = computed("Lamps", [*ROWS, [label, "2,000", "1911"]], "Which lamp sold the most?")
    assert found is not None
    assert found.value == label


def test_two_columns_of_words_that_a_page_joined_are_no_label() -> None:
    rows = [["Lamp Maker", "Sold"], ["Argand Lind", "1,577"], ["Dietz Orr", "40"]]
    assert computed("Lamps", rows, "Which lamp sold the most?", is_drawn=True)[0] is None
    one, _ = computed("Lamps", [["Lamp", "Sold"], *rows[1:]], "Which lamp sold the most?", is_drawn=True)
    assert one is not None
    assert one.value == "Argand Lind"


def test_several_that_share_the_place_are_all_named() -> None:
    rows = [*ROWS, ["Coleman", "1,577", "1914"]]
    found, _ = computed("Lamps", rows, "Which lamp sold the most?")
    assert found is not None
    assert (found.value, len(found.lines)) == ("Argand, Coleman", 2)


def test_a_year_is_read_from_the_names_of_columns() -> None:
    rows = [["", "2024", "2023"], ["in thousands", "", ""], ["Lamps", "40", "55"], ["Wicks", "(4)", "(7)"]]
    found, text = computed("Income", rows, "In which year were the lamps higher?")
    assert found is not None
    assert (found.value, [text[slice(*span)] for span in found.answering]) == ("2023", ["2023"])
    losses, _ = computed("Income", rows, "In which year were the wicks larger?")
    assert losses is not None
    assert "negative" in losses.reason


YEARS = [
    ["Year", "Accessories (EUR)", "Staff costs", "Employees"],
    ["2019", "910", "1710", "36"],
    ["2020", "1,040", "1680", "35"],
    ["2021", "1,260", "1830", "43"],
    ["2022", "1,480", "2050", "47"],
    ["2023", "1,380", "2140", "46"],
]
ACROSS = [["", *(row[0] for row in YEARS[1:])]] + [
    [name, *(row[at] for row in YEARS[1:])] for at, name in enumerate(["Accessories", "Staff costs"], 1)
]
BY_SHOP = [["Shop", "Year", "Sold"]] + [
    [shop, str(year), str(sold)]
    for shop, first in (("Alke", 10), ("Ceto", 70))
    for year, sold in zip(range(2019, 2024), range(first, first + 5), strict=True)
]


def picked(first: int, last: int, column: int) -> list[int]:
    return [int(row[column].replace(",", "")) for row in YEARS[1:] if first <= int(row[0]) <= last]


SPANS = {
    "from {} to {}": (0, 0),
    "between {} and {}": (0, 0),
    "from {} through {}": (0, 0),
    "{}-{}": (0, 0),
    "{}–{}": (0, 0),
    "since {0}": (0, 9999),
    "until {1}": (-9999, 0),
    "before {1}": (-9999, -1),
    "after {0}": (1, 9999),
}


@pytest.mark.parametrize("ends", [(2019, 2023), (2020, 2022), (2019, 2021), (2021, 2022)])
@pytest.mark.parametrize("words", SPANS)
def test_all_years_of_a_span_are_read(words: str, ends: tuple[int, int]) -> None:
    asked, (before, after) = words.format(*ends), SPANS[words]
    first, last = ends[0] + before, ends[1] + after
    for name, column in (("accessories", 1), ("staff costs", 2), ("number of employees", 3)):
        figures = picked(first, last, column)
        found, _ = computed("Results", YEARS, f"What was the total {name} {asked}?")
        assert found is not None
        assert (found.value.replace(",", "").removesuffix(" EUR"), found.reason) == (str(sum(figures)), "")
        assert len(found.used) == len(figures)
        best = max(figures)
        found, _ = computed("Results", YEARS, f"In which year {asked} were the {name} the highest?")
        assert found is not None
        assert found.value == next(row[0] for row in YEARS[1:] if row[column].replace(",", "") == str(best))
        found, _ = computed("Results", YEARS, f"What were the lowest {name} {asked}?")
        assert found is not None
        assert found.value.replace(",", "") == str(min(figures))
    figures = picked(first, last, 1)
    if len(figures) > 1:
        found, _ = computed("Results", ACROSS, f"In which year {asked} were the accessories the highest?")
        assert found is not None
        assert found.value == next(row[0] for row in YEARS if row[1].replace(",", "") == str(max(figures)))


@pytest.mark.parametrize("words", ["from 2020 to 2022", "between the years 2020 and 2022", "2020–2022"])
def test_years_may_be_a_column_of_their_own_or_the_names_of_columns(words: str) -> None:
    found, _ = computed("Shops", BY_SHOP, f"How many were sold in total in Ceto {words}?")
    assert found is not None
    assert (found.value, len(found.lines)) == (str(71 + 72 + 73), 1)
    found, _ = computed("Shops", ACROSS, f"In which year {words} were the accessories the lowest?")
    assert found is not None
    assert found.value == "2020"


@pytest.mark.parametrize(
    "question",
    [
        "What was the total of accessories from 2018 to 2023?",  # a year that the table lacks
        "What was the total of accessories since 2018?",
        "What was the total of accessories from January 2019 to March 2020?",
        "How many years from 2019 to 2023 are listed?",
    ],
)
def test_a_span_that_the_table_does_not_cover_is_not_computed(question: str) -> None:
    assert computed("Results", YEARS, question)[0] is None


def test_what_lies_between_two_labels_is_not_known() -> None:
    rows = [["Leg", "Rent"], ["Hamburg", "40"], ["Bremen", "30"], ["Rotterdam", "20"]]
    assert computed("Rent", rows, "What is the total rent from Hamburg to Rotterdam?")[0] is None
    found, text = computed("Rent", rows, "What is the total rent of Hamburg and Rotterdam?")
    assert found is not None
    assert found.value == "60"
    assert [text[start:end].split()[0] for start, end in found.lines] == ["Hamburg", "Rotterdam"]


def test_two_years_alone_are_two_years() -> None:
    found, _ = computed("Results", YEARS, "What was the total of accessories in 2019 and 2023?")
    assert found is not None
    assert (found.value, len(found.lines)) == ("2,290", 2)


def test_amounts_that_look_like_years_are_added_and_years_are_not() -> None:
    assert outcome("Results", YEARS, "What are the total staff costs?") == ("9410", "")
    rows = [["Lamp", "Founded"], ["Argand", "1889"], ["Dietz", "1904"]]
    found, _ = computed("Lamps", rows, "What is the total of founded?")
    assert found is None or found.value == ""


@pytest.mark.parametrize(
    "question",
    [
        "Which tower is the highest?",
        "Which tower is the second smallest?",
        "Which tower is taller, Ash or Birch, and older?",
        "Which lamp is less expensive, Ash or Birch?",
    ],
)
def test_the_long_s_of_old_prints_is_an_s(question: str) -> None:
    old = question.replace("st", "\u017ft").replace("ss", "\u017fs")
    plain, read = operation_of(question), operation_of(old)
    assert plain is not None
    assert read is not None
    assert (read.name, read.measures, read.nth) == (plain.name, plain.measures, plain.nth)
    assert measures_of("How fa\u017ft is it?") == measures_of("How fast is it?") == ("speed",)


PAYMENTS = [
    ["Payment", "Amount", "Due"],
    ["Deposit", "£40", "3 March"],
    ["Second", "£50", "1 April"],
    ["Third", "£50", "25 April"],
]


@pytest.mark.parametrize(
    ("rows", "question", "value"),
    [
        (PAYMENTS, "When is the last payment due?", "25 April"),
        (PAYMENTS, "When is the first payment due?", "3 March"),
        # From one year to the next the order of the days is not known.
        (
            [PAYMENTS[0], ["Deposit", "£40", "3 November"], *PAYMENTS[2:]],
            "When is the last payment due?",
            None,
        ),
        ([["Termin", "Frist"], ["A", "3. März"], ["B", "1. Mai"]], "When is the last Frist?", None),
    ],
)
def test_days_without_a_year(rows: list[list[str]], question: str, value: str | None) -> None:
    found, _ = computed("Course fees", rows, question)
    assert (found and found.value) == value
