from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evaluation.proposals import propose
from evaluation.proposals.candidates import Candidate, Draw, find_candidates
from evaluation.proposals.facts import facts, is_usable
from evaluation.proposals.wording import wording_of
from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.ingest.preparation import Source
from index.readers import read
from tests.opening import collection_in


def candidates(markdown: str, language: str = "en") -> list[Candidate]:
    extract = read(markdown.encode(), name="a.md")
    found = find_candidates(
        extract.text, extract.blocks, title=extract.title or "a.md", language=language, draw=Draw(0)
    )
    return list(found)


@pytest.mark.parametrize(
    ("language", "sentence", "question", "answer"),
    [
        (
            "en",
            "The old mill was rebuilt by the town in May 1902.",
            "When was the old mill rebuilt by the town?",
            "May 1902",
        ),
        ("en", "The library has 1,200 books about ships.", "How many books does the library have?", "1,200"),
        (
            "en",
            "Both towers contain three bells made of bronze.",
            "How many bells do both towers contain?",
            "three",
        ),
        ("en", "Oil costs 3.5 crowns a litre at the quay.", "Oil costs ___ crowns a litre at …", "3.5"),
        (
            "en",
            "The council met on 14 May 1902 at the old town hall.",
            "The council met on ___ at the old town …",
            "14 May 1902",
        ),
        ("en", "Here the prize goes to Anna Berg.", "Here the prize goes to ___.", "Anna Berg"),
        (
            "de",
            "Die Brücke wurde im Jahre 1902 von der Stadt gebaut.",
            "Wann wurde die Brücke von der Stadt gebaut?",
            "1902",
        ),
        (
            "de",
            "Der Verein zählt seit dem Sommer 240 Mitglieder.",
            "Der Verein zählt seit dem Sommer ___ Mitglieder.",
            "240",
        ),
        (
            "zh",
            "这座灯塔建于1884年，由不来梅的工匠建造。",
            "这座灯塔建于___年，由不来梅的工匠建造。",
            "1884",
        ),
    ],
)
def test_a_sentence_is_asked_about(language: str, sentence: str, question: str, answer: str) -> None:
    assert is_usable(sentence)
    assert [(one.question, one.answer) for one in facts(sentence, language)] == [(question, answer)]


@pytest.mark.parametrize(
    "sentence",
    [
        "It was closed for three weeks in 1902.",  # who or what, another sentence says
        "The results are shown in Figure 12 of this paper.",
        "The harbour is quiet on most days of the week.",
        "See the manual page of apt-get(8) for the other options.",
    ],
)
def test_a_sentence_without_a_fact_of_its_own_is_not_asked_about(sentence: str) -> None:
    assert list(facts(sentence, "en")) == []


@pytest.mark.parametrize(
    "sentence",
    ["Too short, 5.", "and 12 more of the same kind were found", "12 | 14 | 16 | 18 | 20 | 22 | 24."],
)
def test_what_is_no_whole_sentence_is_not_usable(sentence: str) -> None:
    assert not is_usable(sentence)


@pytest.mark.parametrize(
    ("language", "sentence", "question"),
    [
        ("en", "A chunk is a part of a text.", "What is a chunk?"),
        ("en", "Embeddings are the input of the index.", "What are embeddings?"),
        ("en", "FAISS is a library for vectors.", "What is FAISS?"),
        ("en", "The price is a secret.", None),  # the price of what
        ("en", "This is a secret.", None),
        ("en", "Note that aptitude is the newer program.", None),
        ("en", "The same way there is a second parameter.", None),
        ("de", "Und jeder Stollen ist ein Unikat.", None),
        ("de", "Daher ist das Haus leer.", None),
        ("de", "Ein Abschnitt ist ein Teil eines Textes.", "Was ist ein Abschnitt?"),
        ("fr", "Un index est une liste de mots.", "Qu'est-ce qu'un index ?"),
        ("es", "Las notas son una parte del texto.", None),
        ("es", "Un índice es una lista de palabras.", "¿Qué es un índice?"),
        ("sv", "En lista är en rad av ord.", None),
    ],
)
def test_a_definition_is_asked_for(language: str, sentence: str, question: str | None) -> None:
    assert wording_of(language).ask_definition(sentence) == question


def test_a_table_without_a_name_of_its_rows_is_read_by_columns() -> None:
    rows = "| Founder | Berg | Lind |\n| Seat | Ulm | Kiel |\n"
    table = f"# Firms\n\n|  | Rail | Port |\n| --- | --- | --- |\n{rows}"
    found = [one for one in candidates(table) if one.form == "table"]
    assert {one.question for one in found} <= {
        "What is the seat of Rail?",
        "What is the seat of Port?",
        "What is the founder of Rail?",
        "What is the founder of Port?",
    }
    assert len(found) == 2


def test_a_column_of_values_makes_labels_of_the_rows() -> None:
    rows = "| Height | 42 |  |\n| Width | 12 |  |\n"
    table = f"# The lamp\n\n| Parameter | Value | Unit |\n| --- | --- | --- |\n{rows}"
    questions = {one.question for one in candidates(table)}
    assert 'What is the height of "The lamp"?' in questions


def test_rows_with_the_same_name_are_not_asked_about() -> None:
    rows = "| Argand | 40 | 7 |\n| Argand | 41 | 8 |\n| Oil | 9 | 2 |\n"
    table = f"| Lamp | Hours | Price |\n| --- | --- | --- |\n{rows}"
    assert {one.subject for one in candidates(table)} == {"Oil"}


def test_headings_that_say_nothing_alone_have_the_heading_above() -> None:
    body = "The lamp is lit by the keeper at dusk and put out at dawn.\n\n"
    found = candidates(
        f"# The keeper's day\n\n{body}## Dusk\n\n{body}## Summary\n\n{body}## 1.2 Why lamps smoke\n\n{body}"
    )
    assert {one.question for one in found if one.form == "heading"} == {
        "The keeper's day?",
        "The keeper's day: Dusk?",
        "Why lamps smoke?",
    }


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with collection_in(tmp_path / "c", embedder=WordEmbedder(), config=LibraryConfig()) as opened:
        for number in range(3):
            text = f"# Lamp {number}\n\n## Data\n\n- Height: 4{number} cm\n"
            opened.put(Source(f"{number}.md", text.encode()))
        yield opened


def labels(collection: Collection) -> dict[str, dict[str, Any]]:
    return {row["question"]: row for row in propose(collection).rows if row["form"] == "label"}


def test_equal_questions_name_the_document(collection: Collection) -> None:
    assert labels(collection).keys() == {f"Data: Height? (Lamp {number})" for number in range(3)}


def test_a_short_quote_names_its_document(collection: Collection) -> None:
    row = labels(collection)["Data: Height? (Lamp 1)"]
    assert (row["quote"], row["document"], row["answer"]) == ("- Height: 41 cm", "1.md", "41 cm")


def test_a_quote_that_stands_twice_is_not_proposed(collection: Collection) -> None:
    collection.put(
        Source("0.md", b"# Lamp 0\n\n## Data\n\n- Height: 40 cm\n\n## Other data\n\n- Height: 40 cm\n")
    )
    assert not any("(Lamp 0)" in question for question in labels(collection))


def test_questions_keep_their_ids_when_documents_are_added(collection: Collection) -> None:
    before = {row["id"] for row in propose(collection).rows if row["form"] == "label"}
    collection.put(Source("new.md", b"# Lamp 9\n\n## Data\n\n- Height: 49 cm\n"))
    assert before <= {row["id"] for row in propose(collection).rows}
