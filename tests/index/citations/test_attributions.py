"""Who is said to say it."""

from __future__ import annotations

import pytest

from index.citations.statements import Attribution, find_attribution
from index.citations.verdicts import StatementVerdict
from index.collection import Collection
from index.ingest.preparation import Source

BEES = (
    "A pound of honey costs a shilling. No one should keep bees for money who can do anything else. "
    "“The hives are rotten,” said Captain Rudge. The village has a green and a pond. A hive stands on a "
    "bench. Captain Rudge lives beside the church."
)
LETTERS = "A man must climb a ladder some sixty times. An examination finds out what nobody has taught."


@pytest.fixture
def books(collection: Collection) -> Collection:
    for name, title, author, text in (
        ("bees.txt", "Bees for the cottager", "Josiah Wardle, 1879", BEES),
        ("letters.txt", "Letters of a Schoolmaster", "Thomas Kell", LETTERS),
    ):
        collection.put(Source(name, text.encode(), title=title, metadata={"author": author}))
    return collection


def verdict(books: Collection, sentence: str) -> StatementVerdict:
    with books.verification() as verification:
        (found,) = verification.answer(sentence, []).statements
    assert found is not None
    return found


@pytest.mark.parametrize(
    "sentence",
    [
        'Thomas Kell wrote: "A man must climb a ladder some sixty times."',
        'The schoolmaster Kell told his inspector that "a man must climb a ladder some sixty times".',
        'Wardle (1879) wrote: "No one should keep bees for money who can do anything else."',
        'According to Josiah Wardle, "no one should keep bees for money who can do anything else".',
        '"No one should keep bees for money who can do anything else", wrote Wardle.',
        '"No one should keep bees for money who can do anything else" (Wardle, 1879).',
        'Captain Rudge said: "The hives are rotten."',
        "Wardle wrote that no one should keep bees for money who can do anything else.",
    ],
)
def test_the_right_speaker_is_supported(books: Collection, sentence: str) -> None:
    found = verdict(books, sentence)
    assert (found.status, found.reason) == ("supported", "")


@pytest.mark.parametrize(
    ("sentence", "stranger"),
    [
        ('Darwin wrote: "No one should keep bees for money who can do anything else."', "Darwin"),
        ('Kell wrote: "No one should keep bees for money who can do anything else."', "Kell"),
        ('Captain Rudge wrote that "a hive stands on a bench".', "Rudge"),
        ('Wardle (1897) wrote: "No one should keep bees for money who can do anything else."', "1897"),
        ('According to the Harbour Lights report, "a hive stands on a bench".', "Harbour"),
        ('"A hive stands on a bench", said Darwin.', "Darwin"),
    ],
)
def test_another_speaker_is_not_and_the_document_is_named(
    books: Collection, sentence: str, stranger: str
) -> None:
    found = verdict(books, sentence)
    assert found.status == "unsupported"
    assert found.reason.startswith("These words are in 'Bees for the cottager' by Josiah Wardle, 1879.")
    assert stranger in found.reason


def test_an_attribution_is_read_in_parts() -> None:
    sentence = 'Dr Ann Rowe (1879, p. 5) wrote: "words of hers here"'
    assert find_attribution(sentence, [(sentence.index("words"), len(sentence) - 1)]) == Attribution(
        0, sentence.index('"'), ("Ann", "Rowe"), (), "1879", (5, 5), quotes=True
    )


@pytest.mark.parametrize(
    "sentence",
    ['He wrote: "words of his here"', 'Ann never wrote: "words of hers here"', "Die Ann schrieb es.", ""],
)
def test_who_is_not_named_or_did_not_say_it_is_no_speaker(sentence: str) -> None:
    at = sentence.find('"')
    assert find_attribution(sentence, [(at + 1, len(sentence) - 1)] if at >= 0 else []) is None
