from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import yaml

from tests.training.cross_encoder.toys import pairs, sampler
from training.cross_encoder.pairs import CLAIMS_WRITTEN, TOLD, WRITTEN, Pair
from training.cross_encoder.written_pairs import FOLDER, document_pairs, passage_pairs

TEXT = """\
Bring your card.
## Fees
A swim costs 4 euros. A sauna costs 9 euros, and a towel 4 euros.

| room | seats |
| --- | --- |
| Ash | 12 |
| Elm | 30 |
## Hours
The pool opens at 7. On Sunday it is shut.
"""
DOCUMENT = {
    "title": "Baths",
    "text": TEXT,
    "answered": [
        {"q": "what do I pay for a swim?", "a": "4 euros"},
        {"q": "capacity of elm", "a": "30"},
        {"q": "which room for twelve", "a": "| Ash | 12 |"},
        {"q": "What must I have with me?", "a": "your card"},
        {"q": "cheap?", "a": "4 euros"},
    ],
    "missed": [{"q": "When does it close?", "near": "The pool opens at 7."}],
    "claims": [{"c": "No swimming on Sundays.", "of": "On Sunday it is shut.", "label": "supports"}],
}


@pytest.fixture
def written(tmp_path: Path) -> list[Pair]:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "001.yaml").write_text(yaml.safe_dump([DOCUMENT]), encoding="utf-8")
    return document_pairs(tmp_path)


def test_each_question_stands_with_the_section_that_answers_it(written: list[Pair]) -> None:
    found = {pair.question: pair for pair in written}
    assert "cheap?" not in found  # two places are equally likely
    sections = {pair.question: pair.section for pair in written}
    assert sections["what do I pay for a swim?"] == "Fees"
    assert sections["What must I have with me?"] == ""
    told = {pair.question: pair.passage[slice(*pair.answer)] for pair in written if pair.answer}
    assert told == {
        "what do I pay for a swim?": "4 euros",
        "capacity of elm": "30",
        "which room for twelve": "room: Ash; seats: 12",
        "What must I have with me?": "your card",
    }
    swim = found["what do I pay for a swim?"]
    assert swim.answer == (swim.passage.index("4 euros"), swim.passage.index("4 euros") + 7)


def test_a_missed_question_has_the_words_that_a_hasty_reader_would_show(written: list[Pair]) -> None:
    (missed,) = [pair for pair in written if not pair.answerable]
    assert missed.near is not None
    assert missed.passage[slice(*missed.near)] == "The pool opens at 7."
    (claim,) = [pair for pair in written if pair.set_name == CLAIMS_WRITTEN]
    assert (claim.passage, claim.label) == ("On Sunday it is shut.", "supports")


def test_samples_of_missed_questions_show_those_words_and_do_not_answer(written: list[Pair]) -> None:
    one = sampler(written)
    (row,) = [row for row, pair in enumerate(written) if not pair.answerable]
    for number in range(20):
        made = one.sample(row, random.Random(number))
        assert made is not None
        assert (made.kind, made.answers, made.span) == ("near", False, None)
        assert "The pool opens at 7." in made.text
        assert made.head in {"", "Baths", "Baths, Hours"}


@pytest.fixture
def told(tmp_path: Path) -> list[Pair]:
    missed = [
        {**DOCUMENT["missed"][0], "told": "The doors shut at 9.", "told_answer": "at 9"},
        {
            "q": "Who is shut out?",
            "near": "On Sunday it is shut.",
            "told": "Dogs stay out.",
            "told_answer": "Dogs",
        },
    ]
    (tmp_path / "documents").mkdir()
    written = yaml.safe_dump([DOCUMENT | {"missed": missed}])
    (tmp_path / "documents" / "001.yaml").write_text(written, encoding="utf-8")
    return [pair for pair in document_pairs(tmp_path) if pair.set_name == TOLD]


def test_a_missed_question_that_is_told_stands_with_and_without_its_answer(told: list[Pair]) -> None:
    of_closing = [pair for pair in told if pair.question == "When does it close?"]
    assert {
        pair.passage: pair.passage[slice(*pair.answer)] if pair.answer else None for pair in of_closing
    } == {
        "The pool opens at 7. The doors shut at 9. On Sunday it is shut.": "at 9",
        "The doors shut at 9. The pool opens at 7. On Sunday it is shut.": "at 9",
        "The pool opens at 7. On Sunday it is shut.": None,
        "The pool opens at 7. Dogs stay out. On Sunday it is shut.": None,
    }
    for pair in of_closing:
        assert pair.answerable == (pair.answer is not None)
        assert (pair.near is None) == pair.answerable


def test_samples_of_told_questions_answer_as_often_as_not(told: list[Pair]) -> None:
    one = sampler(told)
    made = [one.sample(row, random.Random(row)) for row in range(len(told))]
    assert [sample.answers for sample in made if sample] == [pair.answerable for pair in told]
    assert sum(pair.answerable for pair in told) == len(told) / 2


def test_questions_on_passages_of_the_sets_keep_their_document(tmp_path: Path) -> None:
    some = pairs()
    first = some[0]
    rows = [
        {"passage": f"{first.set_name}/{first.id}", "kind": "answered", "text": "q?", "start": 0, "end": 5},
        {"passage": "nowhere/1", "kind": "answered", "text": "q?", "start": 0, "end": 5},
    ]
    lines = "\n".join(json.dumps(row) for row in rows)
    (tmp_path / "passages.jsonl").write_text(lines, encoding="utf-8")
    (pair,) = passage_pairs(some, tmp_path)
    assert (pair.group, pair.passage, pair.set_name) == (first.group, first.passage, WRITTEN)
    assert (pair.answer, pair.development) == ((0, 5), first.development)


def test_nearly_all_that_was_written_is_found_in_its_text() -> None:
    documents = [
        document
        for path in (FOLDER / "documents").glob("*.yaml")
        for document in yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    ]
    items = sum(len(document.get(part) or ()) for document in documents for part in ("answered", "missed"))
    pairs = document_pairs()
    found = [pair for pair in pairs if pair.set_name == WRITTEN]
    told = {(pair.title, pair.question) for pair in pairs if pair.set_name == TOLD}
    assert len(found) + len(told) >= 0.9 * items > 1000
    assert len(told) > 1000
    assert len({document["title"] for document in documents}) == len(documents)
