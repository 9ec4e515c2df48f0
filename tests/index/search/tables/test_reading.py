"""Tables in a collection: rows that are named, cells that answer, and values with all cells cited."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from index.answers import Answer
from index.citations import parse_locator
from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.ingest import Source
from index.search.extraction import divide_question, extract_answer
from tests.opening import collection_in

PEAKS = [
    ["Peak", "District", "Height (m)"],
    ["Great Orren", "Vale", "4,312"],
    ["Lantern", "Sill", "2,918"],
    ["Cold Sister", "Marrow", "3,640"],
]
INCOME = [
    ["", "2024", "2023"],
    ["Current assets", "", ""],
    ["Cash", "40", "31"],
    ["Stock", "90", "84"],
    ["Total current assets", "130", "115"],
    ["Total assets", "512", "498"],
]
OTHER = [
    "Ask Ada.",
    "Rain is likely.",
    "It has two doors.",
    "See the map.",
    "Tea is free.",
    "Ring the bell.",
    "No dogs.",
    "Bring a lamp.",
    "The lake is near.",
]


def page(rows: Sequence[Sequence[str]], *, title: str) -> Source:
    cells = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows)
    table = "".join(f"<tr>{row}</tr>" for row in cells)
    text = f"<h1>{title}</h1><p>The table below shows the {title}.</p><table>{table}</table>"
    return Source(id=f"{title}.html", data=text.encode(), title=title)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    collection = collection_in(
        tmp_path_factory.mktemp("tables"), embedder=WordEmbedder(), config=LibraryConfig()
    )
    collection.put(page(PEAKS, title="Peaks of Orren"))
    collection.put(page(INCOME, title="Balance of Pellam"))
    sheet = "Ship;Built;Crew\n" + "\n".join(f"Ship {n};{1900 + n % 100};{n % 50 + 3}" for n in range(1200))
    collection.put(Source(id="fleet.csv", data=f"{sheet}\nEos;1850;99\n".encode(), title="Fleet"))
    collection.embed_pending()
    yield collection
    collection.close()


def cited(collection: Collection, locators: Sequence[str]) -> list[str]:
    with collection.archive.resolution() as resolution:
        return [resolution.cite(parse_locator(one)).quote for one in locators]


def lit(answer: Answer) -> list[str]:
    hit = answer.hits[0]
    return [hit.text[one.start - hit.citation.start : one.end - hit.citation.start] for one in hit.evidence]


def answering(answer: Answer) -> list[str]:
    """The cells that answer in the first sentence that is marked."""
    hit = answer.hits[0]
    cells = hit.evidence[0].answering
    return [hit.text[one.start - hit.citation.start : one.end - hit.citation.start] for one in cells]


def test_a_row_and_a_column_that_are_named_are_an_answer(tables: Collection) -> None:
    answer = tables.ask("How high is Lantern?")
    assert (lit(answer)[0], answering(answer)) == ("Lantern | Sill | 2,918", ["2,918"])
    assert answer.answerability >= 0.5
    assert answer.hits[0].probability >= 0.5


@pytest.mark.parametrize(
    "question", ["How old is Lantern?", "How high was Lantern in 1955?", "Who climbed Lantern?"]
)
def test_a_column_that_the_table_lacks_is_none(tables: Collection, question: str) -> None:
    named = tables.ask("How high is Lantern?").answerability
    assert tables.ask(question).answerability < named


def test_the_row_whose_whole_label_is_named_is_marked(tables: Collection) -> None:
    answer = tables.ask("What were the total assets in 2023?")
    assert (lit(answer)[0], answering(answer)) == ("Total assets | 512 | 498", ["498"])


def test_names_of_columns_are_marked_only_if_they_are_asked_for(tables: Collection) -> None:
    assert lit(tables.ask("What years does the table of the balance show?"))[0] == "2024 | 2023"
    assert all("2024 | 2023" not in one for one in lit(tables.ask("How much cash was there in 2024?")))


def test_the_rows_of_a_group_are_marked_together(tables: Collection) -> None:
    answer = tables.ask("What are the components of current assets?")
    assert lit(answer)[0] == "Cash | 40 | 31\nStock | 90 | 84"
    assert answering(answer) == ["Cash", "Stock"]


def test_a_computed_value_cites_all_its_cells(tables: Collection) -> None:
    answer = tables.ask("Which peak is the highest?")
    reading = answer.reading
    assert reading is not None
    assert (reading.operation, reading.value, reading.of) == ("highest", "Great Orren", "Height (m)")
    assert [one.text for one in reading.cells if not one.is_value] == ["4,312", "2,918", "3,640"]
    assert cited(tables, [one.locator for one in reading.cells]) == [one.text for one in reading.cells]
    assert cited(tables, reading.rows) == ["Great Orren | Vale | 4,312"]
    assert (lit(answer)[0], answering(answer)) == ("Great Orren | Vale | 4,312", ["Great Orren"])
    assert answer.answerability >= 0.5


def test_a_year_that_was_computed_is_read_from_the_names(tables: Collection) -> None:
    answer = tables.ask("In which year were the total assets higher?")
    assert answer.reading is not None
    assert answer.reading.value == "2024"
    assert lit(answer)[:2] == ["2024 | 2023", "Total assets | 512 | 498"]
    assert answering(answer) == ["2024"]


def test_the_first_sentence_of_an_answer_has_the_value(tables: Collection) -> None:
    for question, first in (
        ("Which peak is the lowest?", "Lantern | Sill | 2,918"),
        ("In which year were the total assets higher?", "2024 | 2023"),
    ):
        answer = tables.ask(question)
        with tables.archive.resolution() as resolution:
            extract = extract_answer(resolution, divide_question(question), [answer], most=3, least=0.5)
        assert extract.sentences[extract.first].citation.quote == first


def test_a_table_is_read_as_a_whole_however_it_was_cut(tables: Collection) -> None:
    reading = tables.ask("Which ship of the fleet is the oldest?").reading
    assert reading is not None
    assert reading.value == ""
    assert "1,000" in reading.reason


def test_nothing_that_a_question_names_is_missing_of_a_computed_value(tables: Collection) -> None:
    answer = tables.ask("Which is higher, Cold Sister or Lantern?")
    assert answer.reading is not None
    assert (answer.reading.value, answer.missing) == ("Cold Sister", ())


@pytest.mark.parametrize(("word", "value"), [("dearest", "Ladder"), ("cheapest", "Broom")])
def test_a_value_is_computed_of_a_table_below_prose_with_more_words_of_the_question(
    tmp_path: Path, word: str, value: str
) -> None:
    rows = [["Item", "Day"], ["Saw", "14"], ["Ladder", "38"], ["Broom", "3"]]
    prose = [
        f"Which item you hire per day, the {word} item or another, is open in week {n}." for n in range(9)
    ]
    with closing(collection_in(tmp_path, embedder=WordEmbedder(), config=LibraryConfig())) as collection:
        collection.put(page(rows, title="Hire"))
        for at, one in enumerate(prose):
            collection.put(Source(id=f"{at}.txt", data=f"{one} {OTHER[at]}".encode()))
        collection.embed_pending()
        answer = collection.ask(f"Which item is the {word} to hire per day?")
        assert answer.reading is not None
        assert answer.reading.value == value
        assert answering(answer) == [value]
        assert answer.answerability >= 0.5


def test_prose_is_asked_nothing_of_the_kind(tables: Collection) -> None:
    assert tables.ask("What does the table below show?").reading is None


@pytest.mark.shared
@pytest.mark.parametrize(
    ("question", "value"), [("How high is Everest?", "8,848"), ("How high is Annapurna I?", "8,078")]
)
def test_mountains_of_a_workbook(tmp_path: Path, shared: Path, question: str, value: str) -> None:
    workbook = shared / "data" / "office" / "xlsx" / "ConditionalFormattingSamples.xlsx"
    collection = collection_in(tmp_path, embedder=WordEmbedder(), config=LibraryConfig())
    collection.put(Source(id="mountains.xlsx", data=workbook.read_bytes()))
    collection.embed_pending()
    answer = collection.ask(question)
    assert answering(answer) == [value]
    assert answer.answerability >= 0.5
    collection.close()


def test_the_name_of_a_file_says_what_its_table_is_about(collection: Collection) -> None:
    text = "Tariff,Price\nMorning,25.00\nFull,55.00\n"
    collection.put(Source(id="lists/gym-prices.csv", data=text.encode(), media_type="text/csv"))
    for word, value in (("gym", "Morning"), ("pool", None)):
        reading = collection.ask(f"Which {word} tariff is the cheapest?").reading
        assert (reading and reading.value) == value


PROGRAMME = [
    ["Time", "Room", "Session", "Speaker"],
    ["09:00", "Aula", "Keynote: soil and carbon", "Inga Bern"],
    ["13:30", "C", "Workshop: maps with open tools (max. 30 persons)", "Rhys Morgan"],
    ["14:00", "B", "Workshop: calibrating sensors", "Hana Novak"],
]


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("When does the workshop about maps start?", "13:30"),
        ("What time does the keynote begin?", "09:00"),
        ("When is the workshop on sensors?", "14:00"),
        ("Where is the workshop on sensors?", "B"),
        ("Who holds the workshop on maps?", "Rhys Morgan"),
    ],
)
def test_a_row_is_named_by_a_cell_behind_its_time(collection: Collection, question: str, value: str) -> None:
    collection.put(page(PROGRAMME, title="Programme"))
    answer = collection.ask(question)
    assert answering(answer) == [value]
    assert answer.answerability >= 0.75
