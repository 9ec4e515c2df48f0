from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.training.cross_encoder.toys import encoder
from training.cross_encoder.development_sets import articles, contracts, reports

TABLES = [
    [["", "2019", "2018"], ["Wool", "12", "14"], ["Silk", "15", "19"], ["Total", "27", "33"]],
    [["As of", "2019", "2018"], ["Wool", "12", "14"], ["Silk", "15", "19"], ["Total", "27", "33"]],
]


@pytest.mark.parametrize("table", TABLES)
def test_rows_have_the_names_of_their_columns(tmp_path: Path, table: list[list[str]]) -> None:
    asked = {
        "question": "How much silk in 2018?", "answer": ["19"], "answer_type": "span", "answer_from": "table"
    }  # fmt: skip
    counted = asked | {"answer_type": "count"}
    report = {"table": {"table": table}, "paragraphs": [], "questions": [asked, counted]}
    path = tmp_path / "dev.json"
    path.write_text(json.dumps([report]))
    told, missing = reports(path, encoder())
    assert told.text.splitlines()[told.answering[0] if told.answering else -1] == "Silk; 2019: 15; 2018: 19"
    assert (told.answers, missing.answers, missing.answering) == (True, False, ())
    assert "Silk" not in missing.text
    assert [told.text[slice(*at)] for at in told.sentences] == told.text.splitlines()


def test_contracts_have_a_claim_and_the_sentences_that_decide_it(tmp_path: Path) -> None:
    text = "One signs. One keeps secrets. One leaves."
    annotations = {"a": {"choice": "Entailment", "spans": [1]}, "b": {"choice": "NotMentioned", "spans": []}}
    document = {
        "text": text,
        "spans": [[0, 10], [11, 29], [30, 41]],
        "annotation_sets": [{"annotations": annotations}],
    }
    labels = {name: {"hypothesis": f"Claim {name}."} for name in "ab"}
    path = tmp_path / "dev.json"
    path.write_text(json.dumps({"documents": [document], "labels": labels}))
    told, other = contracts(path)
    assert (told.question, told.text, told.claim) == ("Claim a.", "One keeps secrets.", 0)
    assert (other.claim, other.answers) == (2, None)


def test_articles_are_asked_with_and_without_the_sentence_that_answers(tmp_path: Path) -> None:
    texts = {
        f"a0p{number}": f"Die Mühle {number} steht am Fluss. Sie brannte {1900 + number} ab. Nun fehlt sie."
        for number in range(12)
    }
    spans = [
        {"query-id": f"q{id_}", "corpus-id": id_, "start": at, "end": at + 4, "text": text[at : at + 4]}
        for id_, text in texts.items()
        for at in [text.index("19")]
    ]
    for name, rows in (
        ("corpus", [{"_id": id_, "text": text} for id_, text in texts.items()]),
        ("queries", [{"_id": f"q{id_}", "text": "Wann brannte die Mühle ab?"} for id_ in texts]),
        ("spans", spans),
    ):
        (tmp_path / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    found = list(articles(tmp_path, "de", encoder(texts.values(), 110)))
    kinds = [one.kind for one in found]
    assert 0 < kinds.count("answers") < len(texts)  # the half that is for development
    assert kinds.count("cut") == kinds.count("answers")
    for one in found:
        told = [one.text[slice(*span)] for span in one.sentences]
        if one.kind == "answers":
            assert "brannte" in told[(one.answering or ())[0]]
        elif one.kind == "cut":
            assert "brannte" not in one.text
        assert one.answers is (one.kind == "answers")
