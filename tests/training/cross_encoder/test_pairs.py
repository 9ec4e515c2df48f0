from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.cross_encoder.toys import write_set
from training.cross_encoder.pairs import in_development, load, tells, terms

SENTENCE = "the quick survey of the northern coast was ordered by the admiral in spring"


def test_an_article_is_in_the_same_part_however_its_title_is_written() -> None:
    titles = [f"Some_Article_{n}" for n in range(400)]
    kept = [title for title in titles if in_development(title)]
    assert 4 <= len(kept) <= 40
    assert kept == [title for title in titles if in_development(title.replace("_", " ").lower())]


def test_no_document_is_in_both_parts(tmp_path: Path) -> None:
    rows = [
        {"question": f"{kind} is {n}?", "passage": f"{kind} {n} is this.", "group": f"Article {n % 90}"}
        for n in range(270)
        for kind in ("What", "Where")
    ]
    write_set(tmp_path, "squad2_dev_half", rows[::2])
    write_set(tmp_path, "selqa", rows[1::2])
    pairs = load(tmp_path, ["squad2_dev_half", "selqa"])
    parts = {flag: {pair.group for pair in pairs if pair.development is flag} for flag in (True, False)}
    assert len(pairs) == len(rows)
    assert parts[True]
    assert not parts[True] & parts[False]


def test_a_sentence_of_a_development_passage_is_not_trained_on(tmp_path: Path) -> None:
    group = next(title for title in map("Article {}".format, range(999)) if in_development(title))
    passage = f"It was early. {SENTENCE.capitalize()}, they said."
    write_set(
        tmp_path, "squad2_dev_half", [{"question": "Who ordered it?", "passage": passage, "group": group}]
    )
    write_set(
        tmp_path,
        "nqg_squad_sentences",
        [
            {"question": "who ordered the survey?", "passage": f"{SENTENCE} ."},
            {
                "question": "who sang?",
                "passage": "she sang a song in the hall with many friends around her .",
            },
        ],
    )
    pairs = load(tmp_path, ["squad2_dev_half", "nqg_squad_sentences"])
    assert not [pair for pair in pairs if pair.passage.startswith("the quick") and not pair.development]
    assert [pair for pair in pairs if pair.passage.startswith("she sang")]


def test_a_question_that_stands_in_two_sets_is_kept_once(tmp_path: Path) -> None:
    question = "Who was the last keeper of the old lighthouse?"
    write_set(
        tmp_path, "squad2_dev_half", [{"question": question, "passage": "Ann was. She left.", "group": "L"}]
    )
    write_set(tmp_path, "nqg_squad_sentences", [{"question": question.lower(), "passage": "ann was."}])
    assert len(load(tmp_path, ["squad2_dev_half", "nqg_squad_sentences"])) == 1


@pytest.mark.parametrize(
    ("passage", "start", "end", "kept"),
    [
        ("A monolith stands.", 4, 6, False),  # within a word
        ("A monolith stands.", 2, 9, False),  # ends within a word
        ("A monolith stands.", 2, 10, True),
        ("Stands.", 0, 7, True),
        ("Yes, it stands.", 0, 3, False),  # says nothing of where
    ],
)
def test_an_answer_is_whole_words_that_say_something(
    tmp_path: Path, passage: str, start: int, end: int, kept: bool
) -> None:
    row = {"question": "What?", "passage": passage, "answer_start": start, "answer_end": end, "group": "x"}
    write_set(tmp_path, "afriqa", [row])
    (pair,) = load(tmp_path, ["afriqa"])
    assert pair.answer == ((start, end) if kept else None)


def test_texts_without_a_licence_are_left_out(tmp_path: Path) -> None:
    rows = [
        {"question": f"Where is {group}?", "passage": "Here.", "group": group} for group in ("tor", "borg")
    ]
    write_set(tmp_path, "faq_software", rows)
    assert [pair.group for pair in load(tmp_path, ["faq_software"])] == ["faq_software borg"]


def test_other_languages_are_left_out(tmp_path: Path) -> None:
    write_set(tmp_path, "afriqa", [{"question": "Wer?", "passage": "Er.", "language": "de"}])
    assert load(tmp_path, ["afriqa"]) == []


def test_other_languages_are_read_for_a_multilingual_model_but_those_left_out(tmp_path: Path) -> None:
    passage = "風車は千九百一年に建てられた。"
    rows = [
        {
            "question": "いつ建てられたか。",
            "passage": passage,
            "language": "ja",
            "answer_start": 3,
            "answer_end": 8,
        },
        {"question": "Wann?", "passage": "Im Mai.", "language": "de"},
        {"question": "When?", "passage": "In May."},
    ]
    write_set(tmp_path, "jaquad_train", rows)
    found = load(tmp_path, ["jaquad_train"], multilingual=True)
    assert [(pair.language, pair.answer) for pair in found] == [("ja", (3, 8)), ("en", None)]


@pytest.mark.parametrize(
    ("answer", "text", "is_told"),
    [
        ("1901", "It was built in 1901.", True),
        ("190", "It was built in 1901.", False),
        ("千九百一年", "風車は千九百一年に建てられた。", True),
        ("二千年", "風車は千九百一年に建てられた。", False),
    ],
)
def test_an_answer_stands_in_a_text_as_words_or_where_there_are_none_as_letters(
    answer: str, text: str, is_told: bool
) -> None:
    assert tells(answer, text) is is_told


def test_terms_are_words_or_pairs_of_letters() -> None:
    assert terms("The Mill, 1901") == "the mill 1901"
    assert terms("風車は 1901年").split() == ["風車", "車は", "1901"]
