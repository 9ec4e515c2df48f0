"""Names with a number, which tell one thing from its siblings."""

from pathlib import Path

import pytest

from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.ingest.preparation import Source
from index.search.judged import JudgedSentence
from index.search.question import Question
from index.search.question.numbered_names import NumberedNames
from tests.opening import collection_in


@pytest.mark.parametrize(
    ("question", "text", "standing"),
    [
        ("How much does the Aster 2 cost?", "2. The price of the Aster 3 is 620 euros.", "other"),
        ("How much does the Aster 2 cost?", "The Aster 2 costs 349 euros.", "named"),
        ("How much does the Aster 2 cost?", "The Aster 1, 2 and 3 are sold.", "named"),
        ("How much does the Aster 2 cost?", "The Aster 1 and Aster 2 are sold.", "named"),
        ("How much does the Aster 2 cost?", "ASTER-3 is sold out.", "other"),
        ("How much does the Aster 2 cost?", "The telescope costs 2 euros.", "open"),
        ("how much does the aster 2 cost", "The price of the Aster 3 is set.", "other"),
        ("how much does the aster 2 cost", "Sold: aster 3.", "open"),
        ("Which is heavier, Aster 1 or Aster 2?", "Aster 1: 3 kg", "named"),
        ("How much does the Aster 2 cost?", "The Aster 3 costs 12 euros, and 2.5 for its case.", "open"),
        ("Was kostet Haus 5?", "Haus 7 ist verkauft.", "other"),
        ("Wo ist Raum 12?", "Raum 12 und 14 sind im Keller.", "named"),
    ],
)
def test_a_text_names_the_thing_or_only_its_siblings(question: str, text: str, standing: str) -> None:
    names = NumberedNames.of(question)
    assert names is not None
    assert names.of_text(text) == standing
    assert names.missing_in(text) == (
        [question[question.lower().index(name) :][: len(name)] for name in ("aster 2", "haus 5") if name in
         question.lower()]
        if standing == "other"
        else []
    )  # fmt: skip


@pytest.mark.parametrize(
    "question",
    [
        "What happened on March 4?",
        "What does Article 7 say?",
        "Which 3 cities are named?",
        "Who paid for 20 of them?",
        "Who has more than 100 km²?",
        "When was version 2.2.1 released?",
        "Wer kam nach 1912?",
        "Who built it?",
    ],
)
def test_other_numbers_belong_to_no_name(question: str) -> None:
    names = NumberedNames.of(question)
    assert names is None or names.of_text(question.replace("1", "2").replace("3", "4").capitalize()) == "open"


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (
            "What is Type 2 diabetes caused by?",
            "Unlike Type 1 diabetes, type 2 diabetes is caused by it.",
        ),
        ("What did Python 3 add?", "Python 3.12 added it, which Python 2 never had."),
        ("How many does the Boeing 737 carry?", "The Boeing 737-800 carries 189, fewer than the Boeing 747."),
        ("When did World War 2 end?", "World War II ended in 1945, 27 years after World War 1."),
        ("Which engine did the Saturn 5 use?", "The Saturn V used F-1 engines. The Saturn 1 did not."),
        ("What is the range of the Model 3?", "The Model S and 3 reach 500 km; the Model 2 is not sold."),
        ("Was lernt man in Klasse 3?", "In Klasse 1 bis 4 lernt man lesen."),
        ("What is taught in Grade 5?", "Grade 1 to 6 pupils are taught to read."),
        ("Which badge opens Zone 2?", "A badge opens Zone 1–3."),
        ("Which badge opens Zone 2?", "Zone\n2 is open. Zone 1 is not."),
        ("What is in Phase 2?", "Phase two is long. Phase 1 was not."),
        ("Wo ist Raum 5?", "Raum 5a ist im Keller, Raum 4 nicht."),
        ("What does Windows 10 need?", "Windows 8, 8.1 and 10 need it, Windows 7 does not."),
        ("What does Gate 3 open?", "Gate #3 opens it; Gate 4 does not."),
    ],
)
def test_a_number_counts_in_whatever_way_it_is_written(question: str, text: str) -> None:
    names = NumberedNames.of(question)
    assert names is not None
    assert names.of_text(text) != "other"
    assert names.missing_in(text) == []


@pytest.mark.parametrize(
    "question",
    [
        "What replaced the Aster 2?",
        "What is the successor of the Ariane 5?",
        "What came after Apollo 11?",
        "Who won against Group 4?",
        "Was steht neben Haus 5?",
        "How does the Aster 2 differ from the rest?",
        " ".join(f"Aster{n} {n}" for n in range(10)),
    ],
)
def test_a_question_for_another_of_the_kind_has_no_such_name(question: str) -> None:
    assert NumberedNames.of(question) is None


def test_a_sentence_may_refer_to_the_name_before_it() -> None:
    text = "The Aster 3 came out in 2021. It costs 200 euros more than the Aster 2."
    names = NumberedNames.of("How much does the Aster 3 cost?")
    assert names is not None
    judged = [JudgedSentence(0, 29, 0.0), JudgedSentence(30, len(text), 0.0)]
    assert names.weigh(judged, text, 0, "")[1] == judged[1]


def test_what_a_sentence_in_another_language_begins_with_is_no_name() -> None:
    names = NumberedNames.of("Was darf man nach 3 Tagen?")
    assert names is None or names.of_text("Nach 2 Tagen darf man alles. Nach 4 Tagen nichts.") == "open"


def test_sentences_about_siblings_are_weaker_unless_a_heading_has_the_name() -> None:
    text = "The Aster 3 costs 620 euros. It is blue."
    judged = [JudgedSentence(10, 38, 1.0), JudgedSentence(39, 50, 0.5)]
    names = NumberedNames.of("What does the Aster 2 cost?")
    assert names is not None
    first, second = names.weigh(judged, text, 10, "Prices")
    assert first.strength < 0
    assert second == judged[1]
    assert names.weigh(judged, text, 10, "Aster 2 and the rest") == judged


def test_a_title_with_the_name_keeps_its_passages_where_they_are() -> None:
    names = NumberedNames.of("What does the Aster 2 cost?")
    assert names is not None
    assert names.of_passage("It costs 3 euros more than the Aster 3.", title="Aster 2") == "open"
    assert names.of_passage("It costs 620 euros.", title="Aster 2") == "open"
    assert names.of_passage("The Aster 2 costs 620 euros.", title="Prices") == "named"
    assert names.of_passage("The Aster 3 costs 620 euros.", title="Prices") == "other"


def test_what_is_told_of_a_sibling_is_no_answer(tmp_path: Path) -> None:
    decided = (
        "The board decided:\n\n1. The launch of the Aster 3 is moved.\n2. The price of the Aster 3 is 620."
    )
    sold = "In May the price of the Aster 1 was lowered to 349, which nobody liked. The Aster 1 is blue."
    with collection_in(tmp_path, embedder=WordEmbedder(), config=LibraryConfig()) as collection:
        for name, text in (("decided.txt", decided), ("sold.txt", sold)):
            collection.put(Source(name, text.encode()))
        collection.embed_pending()
        first = collection.questions.answer(Question("What is the price of the Aster 3?"))
        other = collection.questions.answer(Question("What is the price of the Aster 1?"))
        none = collection.questions.answer(Question("What is the price of the Aster 2?"))
    assert [one.hits[0].citation.document_id for one in (first, other)] == ["decided.txt", "sold.txt"]
    lit = [(one, one.hits[0].evidence[0]) for one in (first, other)]
    texts = [one.hits[0].text[at.start - one.hits[0].citation.start : at.end] for one, at in lit]
    assert "Aster 3 is 620" in texts[0]
    assert "Aster 1 was lowered" in texts[1]
    assert none.missing == ("Aster 2",)
    assert none.answerability < 0.3
