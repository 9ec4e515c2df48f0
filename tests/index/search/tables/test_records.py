"""Records of JSON: the line that answers, not the one that says which record is asked for; arrays of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from index.answers import Answer, Turn
from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.ingest import Source
from index.readers.plain.json_records import read_json
from index.search.extraction import divide_question, extract_answer
from index.search.tables.records import record_grids, records_of
from tests.opening import collection_in

Piers = Sequence[Mapping[str, object]]
PIERS: Piers = [
    {
        "town": "Orrvik",
        "keeper": "Ada Lund",
        "opened": 1931,
        "openingHours": "Mon-Fri 8:00-16:00",
        "phone": "0117 44",
        "street": "Quay 3",
        "berths": 40,
    },
    {
        "town": "Sandnes",
        "keeper": "Bo Falk",
        "opened": 1904,
        "openingHours": "Mon-Sat 9:00-17:00",
        "phone": "0108 55",
        "street": "Mole 9",
        "berths": 25,
    },
    {
        "town": "Tveit",
        "keeper": "Cara Moe",
        "opened": 1988,
        "openingHours": "Tue-Sun 7:00-15:00",
        "phone": "0152 66",
        "street": "Strand 1",
        "berths": 70,
    },
]
SHAPES: Mapping[str, tuple[str, object]] = {
    "an array beside a field": ("a.json", {"company": "Norr Ferries", "piers": PIERS}),
    "an array in an object": ("piers.json", {"piers": PIERS}),
    "an array at the top": ("piers.json", PIERS),
    "lines": ("piers.jsonl", None),
    "an array that is nested": ("a.json", {"data": {"piers": PIERS}, "version": "2"}),
    "records with names": ("piers.json", [{"name": f"Pier of {one['town']}", **one} for one in PIERS]),
}
ASKED = {
    "Who is the keeper of the pier in {town}?": "keeper",
    "When is the pier in {town} open?": "openingHours",
    "What are the opening hours of the pier in {town}?": "openingHours",
    "When was the pier in {town} opened?": "opened",
    "What is the phone number of the pier in {town}?": "phone",
    "Where is the pier in {town}?": "street",
    "What is the address of the pier in {town}?": "street",
    "How many berths does the pier in {town} have?": "berths",
    "In which town does {keeper} work?": "town",
}


@pytest.fixture(scope="module", params=SHAPES)
def piers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    name, value = SHAPES[request.param]
    data = json.dumps(value) if value else "\n".join(map(json.dumps, PIERS))
    collection = collection_in(
        tmp_path_factory.mktemp("piers"), embedder=WordEmbedder(), config=LibraryConfig()
    )
    collection.put(Source(name, data.encode()))
    collection.embed_pending()
    yield collection
    collection.close()


def first_quote(collection: Collection, question: str, answer: Answer) -> str:
    with collection.archive.resolution() as resolution:
        extract = extract_answer(resolution, divide_question(question), [answer], most=3, least=0.0)
    return extract.sentences[0].citation.quote


@pytest.mark.parametrize("asked", ASKED)
def test_the_field_that_is_asked_for_stands_first(piers: Collection, asked: str) -> None:
    pier = PIERS[len(asked) % len(PIERS)]
    question = asked.format(**pier)
    found = first_quote(piers, question, piers.ask(question))
    assert found.rpartition(".")[2].endswith(f"{ASKED[asked]}: {pier[ASKED[asked]]}"), question
    assert "\n" not in found


def test_a_record_of_which_no_known_field_is_asked_is_quoted_whole(piers: Collection) -> None:
    question = "What about Sandnes?"
    found = first_quote(piers, question, piers.ask(question))
    assert all(str(value) in found for value in PIERS[1].values())
    assert not any(name in found for name in ("Ada Lund", "Cara Moe"))


@pytest.mark.parametrize(
    ("before", "question", "expected"),
    [
        ("Who is the keeper of the pier in Orrvik?", "And in Tveit?", "keeper: Cara Moe"),
        ("When is the pier in Tveit open?", "And what is its phone number?", "phone: 0152 66"),
    ],
)
def test_a_follow_up_leaves_the_record_or_the_field_to_the_question_before(
    piers: Collection, before: str, question: str, expected: str
) -> None:
    answer = piers.ask(question, turns=[Turn("user", before)])
    assert first_quote(piers, question, answer).endswith(expected)


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("Which pier was opened first?", "Sandnes"),
        ("Which pier was opened last?", "Tveit"),
        ("Which pier has the most berths?", "Tveit"),
        ("Which pier has the fewest berths?", "Sandnes"),
        ("How many piers are there?", "3"),
        ("How many berths are there in total?", "135"),
    ],
)
def test_an_array_of_records_is_read_as_a_table(piers: Collection, question: str, value: str) -> None:
    reading = piers.ask(question).reading
    assert reading is not None
    assert value in reading.value
    with piers.archive.resolution():
        for cell in reading.cells:
            _, text = piers.archive.text(reading.document_id, reading.version)
            assert text[cell.start : cell.end] == cell.text


def test_what_no_record_has_is_not_computed(piers: Collection) -> None:
    for question in ("Which pier is the tallest?", "How many harbours are there?"):
        assert piers.ask(question).reading is None


def test_records_are_told_apart_by_their_paths() -> None:
    data = {
        "a": 1,
        "rows": [{"x": "1: one", "parts": [{"y": "2"}, {"y": "3"}]}, {"x": "4", "deep": {"zLow": "5"}}],
    }
    extract = read_json(json.dumps(data).encode(), name="a.json")
    (table,) = extract.blocks
    found = [
        (record.path, record.of, [(one.name, extract.text[slice(*one.value)]) for one in record.fields])
        for record in records_of(extract.text, table)
    ]
    assert found == [
        ("", "", [("a", "1")]),
        ("rows[0]", "rows", [("x", "1: one")]),
        ("rows[0].parts[0]", "parts", [("y", "2")]),
        ("rows[0].parts[1]", "parts", [("y", "3")]),
        ("rows[1]", "rows", [("x", "4"), ("deep z Low", "5")]),
    ]
    assert [len(grid.rows) for grid in record_grids(extract.text, [table])] == [2, 2]


def test_what_may_go_on_in_another_block_or_in_prose_is_not_computed(tmp_path: Path) -> None:
    many = [{"ship": f"S{at}", "crew": 1000 + at} for at in range(600)]
    long = [{"ship": "Eos", "crew": 4, "log": "fog " * 200}, {"ship": "Ran", "crew": 9}]
    with collection_in(tmp_path / "c", embedder=WordEmbedder(), config=LibraryConfig()) as collection:
        for name, value in (("many.json", {"of": "Norr", "ships": many}), ("long.json", long)):
            collection.put(Source(name, json.dumps(value).encode()))
        collection.embed_pending()
        assert collection.ask("Which ship has the largest crew?").reading is None
        found = first_quote(collection, "", collection.ask("What is the crew of the ship S311?"))
    assert found == "ships[311].crew: 1311"
