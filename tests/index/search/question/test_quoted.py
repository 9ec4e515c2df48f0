from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from index.search.question.quoted import Quotes, find_quotes
from index.sentence_table import SentenceTable
from index.text import Analyzer
from index.text.sentence_terms import split_sentences

FIRST, SECOND, THIRD = (
    "Samuel Osgood chaired the meeting of the\nharbour board in 1820.",
    "He sold lamps before.",
    "The lamp in the north tower was lit at dusk by the keeper.",
)
PASSAGES = [f"{FIRST} {SECOND}", THIRD]
CHAIRED = FIRST.replace("\n", " ")


@pytest.fixture(scope="module")
def table() -> SentenceTable:
    """The sentences of the passages, each with a direction of its own."""
    hashes = Analyzer().term_hashes
    each = [split_sentences(text, 0, hashes) for text in PASSAGES]
    vectors = np.eye(3, dtype=np.float32)
    return SentenceTable.of([replace(each[0], vectors=vectors[:2]), replace(each[1], vectors=vectors[2:])])


def quoted(said: str, table: SentenceTable) -> Quotes | None:
    return find_quotes(said, PASSAGES, table)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (f"{CHAIRED} [1]", CHAIRED),
        (f"{CHAIRED} [1]\n\n{SECOND} [2]", f"{CHAIRED} {SECOND}"),
        (f"The lamp burned oil. {THIRD}", THIRD),
        ('Somebody "chaired the meeting of the harbour board" then [1].', CHAIRED),
        (f"{SECOND} {CHAIRED.lower()}", f"{CHAIRED} {SECOND}"),
    ],
)
def test_sentences_of_the_documents_are_found(table: SentenceTable, said: str, text: str) -> None:
    found = quoted(said, table)
    assert found is not None
    assert found.text == text
    assert found.vector is not None
    assert np.linalg.norm(found.vector) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "Samuel Osgood chaired the board.",
        CHAIRED.replace("1820", "1821"),
        "The man who chaired the meeting of the harbour board sold lamps.",
        "I do not know who chaired the board of the harbour.",
        'It was "chaired by the meeting of the board" then.',
        "sold lamps",
    ],
)
def test_other_words_are_not_quotes(table: SentenceTable, said: str) -> None:
    assert quoted(said, table) is None


def test_passages_without_vectors_are_quoted_by_their_words() -> None:
    bare = SentenceTable.of([split_sentences(text, 0, Analyzer().term_hashes) for text in PASSAGES])
    found = quoted(THIRD, bare)
    assert found is not None
    assert (found.text, found.vector) == (THIRD, None)


def test_characters_of_scripts_without_spaces_are_counted() -> None:
    text = "条约由两座城市在港口签署。内容是关于捕鱼的。"
    table = SentenceTable.of([split_sentences(text, 0, Analyzer().term_hashes)])
    found = find_quotes("他们说条约由两座城市在港口签署。", [text], table)
    assert found is not None
    assert found.text == "条约由两座城市在港口签署。"
    assert find_quotes("条约在港口。", [text], table) is None


def test_a_few_sentences_suffice() -> None:
    text = " ".join(f"The keeper wrote line {n} of the log." for n in range(9))
    table = SentenceTable.of([split_sentences(text, 0, Analyzer().term_hashes)])
    found = find_quotes(text, [text], table)
    assert found is not None
    assert found.text.count("keeper") == 3


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("The observatory was founded by Maria Keller in Szeged.", "Maria Keller Szeged"),
        ("Maria Keller founded it. Her brother built the dome.", "Maria Keller"),
        ("It was founded in 1891.", ""),
        ("条约由两座城市在港口签署。", "条约由两座城市在港口签署。"),
    ],
)
def test_a_follow_up_may_refer_to_the_names(text: str, names: str) -> None:
    assert Quotes(text, None).names == names
