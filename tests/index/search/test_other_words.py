"""What a question names is found, and not missing, where the documents call it otherwise."""

from __future__ import annotations

import pytest

from index.collection import Collection
from index.embedding import WordEmbedder
from index.ingest import Source

TEXT = (
    "# Handbook\n\nEvery employee has 25 days of paid time off (PTO) a year.\n\n"
    "Laptops may be taken home. We meet in München at nine.\n\n"
    "## Reports\n\nKey performance indicators (KPIs) are told to the board.\n"
)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How many days of PTO has every employee?", "25 days"),
        ("When do we meet in Munich?", "at nine"),
        ("May a MacBook be taken home?", "Laptops may"),
    ],
)
def test_another_name_is_found(collection: Collection, question: str, words: str) -> None:
    collection.put(Source("handbook.md", TEXT.encode()))
    collection.embed_pending()
    answer = collection.ask(question)
    assert answer.question == question
    assert not answer.missing
    lit = answer.hits[0].evidence[0]
    at = answer.hits[0].citation.start
    assert words in answer.hits[0].text[lit.start - at : lit.end - at]


def test_a_question_in_other_words_is_embedded_once(collection: Collection, embedder: WordEmbedder) -> None:
    collection.put(Source("handbook.md", TEXT.encode()))
    collection.embed_pending()
    before = embedder.queries
    assert collection.ask("When do we meet in Munich?").hits
    assert embedder.queries == before + 1


def test_an_abbreviation_is_asked_for_where_its_words_are(collection: Collection) -> None:
    collection.put_many(
        [
            Source("terms.md", b"# Terms\n\nThe homeowners association (HOA) has rules.\n"),
            Source("fees.md", b"# Fees\n\nThe HOA collects 140 dollars a month from every tenant.\n"),
        ]
    )
    collection.embed_pending()
    answer = collection.ask("How much does the homeowners association collect?")
    (fees,) = [hit for hit in answer.hits if hit.citation.document_id == "fees.md"]
    assert "HOA" in fees.explain.lexical.terms
    assert not collection.ask("How much does the HOA collect?").missing


def test_a_question_is_asked_as_it_is_where_all_have_its_abbreviation(
    collection: Collection, embedder: WordEmbedder
) -> None:
    collection.put_many(
        [
            Source("about.md", b"# About\n\nLow-density lipoprotein (LDL) has a low density in blood.\n"),
            Source("study.md", b"# Study\n\nToo much LDL is a cause of heart disease.\n"),
        ]
    )
    collection.embed_pending()
    before = embedder.queries
    assert collection.ask("Is LDL a cause of disease?").hits[0].citation.document_id == "study.md"
    assert embedder.queries == before + 1


def test_the_stop_of_an_ordinal_number_ends_no_sentence(collection: Collection) -> None:
    text = "# Urlaub\n\nResturlaub verfällt am 31. März. Der Antrag ist bis zum 5. des Monats zu stellen.\n"
    collection.put(Source("urlaub.md", text.encode()))
    collection.embed_pending()
    hit = collection.ask("Wann verfällt der Resturlaub?").hits[0]
    at, lit = hit.citation.start, hit.evidence[0]
    assert hit.text[lit.start - at : lit.end - at] == "Resturlaub verfällt am 31. März."
