from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings, strategies as st

from index.answers import Answer
from index.collection import Collection
from index.embedding import WordEmbedder
from index.ingest.preparation import Source
from index.library import Library
from index.search.extraction import Extract, Part, divide_question, extract_answer
from index.search.extraction.shared_sentences import answers_part
from tests.sizes import examples

LAMPS = """# The lighthouse

The first lamp burned whale oil. Zinc reflectors threw its light nine miles out.

Samuel Osgood kept the lamp from 1820 to 1841. His daughter Hannah kept it after him.

The tower was built in 1819. It has 199 steps of granite.
"""


def asked(
    collection: Collection, question: str, *, most: int = 3, least: float = 0.0
) -> tuple[Extract, Sequence[Part]]:
    parts = divide_question(question)
    answers: list[Answer] = [collection.ask(question)]
    if len(parts) > 1:
        answers += [collection.ask(part.query) for part in parts]
    with collection.archive.resolution() as resolution:
        return extract_answer(resolution, parts, answers, most=most, least=least), parts


def filled(collection: Collection, **texts: str) -> Collection:
    for name, text in texts.items():
        collection.put(Source(f"{name}.md", text.encode()))
    collection.embed_pending()
    return collection


def quotes(extract: Extract) -> list[str]:
    return [one.citation.quote for one in extract.sentences]


def test_the_sentence_that_answers_is_quoted_alone(collection: Collection) -> None:
    extract, _ = asked(filled(collection, lamps=LAMPS), "When was the tower built?")
    assert quotes(extract)[extract.first] == "The tower was built in 1819."
    assert not extract.declines
    assert extract.unanswered == ()


def test_each_part_of_a_question_gets_a_sentence_in_the_order_of_the_parts(collection: Collection) -> None:
    question = "When was the tower built, and what did the first lamp burn?"
    extract, parts = asked(filled(collection, lamps=LAMPS), question)
    assert [one.part for one in extract.sentences] == [0, 1]
    assert quotes(extract) == ["The tower was built in 1819.", "The first lamp burned whale oil."]
    assert [part.text for part in parts] == ["When was the tower built", "what did the first lamp burn?"]


def test_a_part_whose_sentence_is_left_out_is_not_answered(collection: Collection) -> None:
    question = "When was the tower built, and what did the first lamp burn?"
    filled(collection, lamps=LAMPS.replace("The first lamp", "It"), oil="The first lamp burned whale oil.")
    extract, parts = asked(collection, question)
    assert (len(extract.sentences), extract.unanswered) == (2, ())
    for most in (1, 2):
        answers = [collection.ask(one) for one in (question, *(part.query for part in parts))]
        if most == 2:
            collection.editor.delete("oil.md")
        with collection.archive.resolution() as resolution:
            extract = extract_answer(resolution, parts, answers, most=most, least=0.0)
        assert [one.part for one in extract.sentences] == [0]
        assert extract.unanswered == (1,)


def test_a_sentence_that_answers_two_parts_answers_both(collection: Collection) -> None:
    filled(collection, lamps="The tower was built in 1819 by Samuel Osgood.")
    extract, _ = asked(collection, "When was the tower built, and who built the tower?")
    assert (len(extract.sentences), extract.unanswered) == (1, ())


HALL = """The landlord lets the hall with an area of 1,450 square metres and twelve parking spaces.

The deposit amounts to three monthly rents. The rent rises every year. The monthly rent is 9,800 euros.
"""


@pytest.mark.parametrize(
    ("one", "first"),
    [
        ("What is the rent of the hall", "The monthly rent is 9,800 euros."),
        ("What is the area of the hall", None),
        ("Which crane is in the hall", ""),
        ("Why was the hall sold", ""),
    ],
)
def test_a_part_is_answered_by_a_sentence_on_what_it_asks_or_is_named(
    collection: Collection, one: str, first: str | None
) -> None:
    lets, _, _ = HALL.partition("\n")
    filled(collection, lease=HALL if first else lets)
    other = "how many parking spaces does the hall have?"
    for question, part in ((f"{one} and {other}", 0), (f"{other[:-1]} and {one[0].lower()}{one[1:]}?", 1)):
        extract, parts = asked(collection, question)
        assert len(parts) == 2
        assert lets in quotes(extract)
        assert extract.unanswered == ((part,) if first == "" else ())
        assert len(extract.sentences) == (2 if first else 1)
        assert first is None or first in quotes(extract) or not first


@pytest.mark.parametrize(
    ("question", "sentence", "answers"),
    [
        ("What is the rent of the hall", "The hall has twelve parking spaces.", False),
        ("What is the rent of the hall", "The hall is rented at 9 euros.", True),
        ("whom did she marry", "In 1919 she married Jan Moe.", True),
        ("who was the architect", "It was designed in 1819 by Osgood.", True),
        ("when was it begun", "They started in 1819.", True),
        ("when was it begun", "They started late.", False),
    ],
)
def test_a_sentence_answers_a_part_by_its_words_or_by_what_it_holds(
    question: str, sentence: str, answers: bool
) -> None:
    assert answers_part(sentence, question) is answers


@pytest.mark.parametrize("what", ["rent", "fee", "capital"])
def test_a_sentence_that_says_what_a_thing_is_stands_first(collection: Collection, what: str) -> None:
    stated = f"The monthly {what} is nine euros."
    filled(collection, hall=f"The deposit is two {what}. {stated}")
    extract, _ = asked(collection, f"What is the {what} of the hall?")
    assert quotes(extract)[extract.first] == stated


def test_it_declines_below_the_threshold_and_says_which_parts(collection: Collection) -> None:
    question = "When was the tower built, and what did the first lamp burn?"
    extract, _ = asked(filled(collection, lamps=LAMPS), question, least=1.0)
    assert extract.declines
    assert extract.unanswered == (0, 1)


def test_a_list_is_quoted_whole_and_once(collection: Collection) -> None:
    signed = "Both mayors signed three agreements.\n\n- on parks\n- on ports\n- on rails"
    filled(collection, agreements=f"The mayors met in May.\n\n{signed}\n")
    extract, _ = asked(collection, "Which agreements were signed by both mayors?")
    assert quotes(extract).count(signed) == 1
    assert not any(quote != signed and quote in signed for quote in quotes(extract))
    one = next(one.citation for one in extract.sentences if one.citation.quote == signed)
    assert collection.archive.text(one.document_id)[1][one.start : one.end] == signed


def test_each_of_two_subjects_is_answered_or_named(collection: Collection) -> None:
    filled(collection, lamps="A wick carries the oil up to the flame.\n\nSome words on other things.")
    extract, parts = asked(collection, "What do the wick and the zeppelin do?", least=0.2)
    assert [part.text for part in parts] == ["What does the wick do?", "What does the zeppelin do?"]
    assert [(one.part, one.citation.quote) for one in extract.sentences] == [
        (0, "A wick carries the oil up to the flame.")
    ]
    assert extract.unanswered == (1,)


def test_what_is_said_twice_is_quoted_once(collection: Collection) -> None:
    other = "Whales swim in the bay all summer long. The tower was built in 1819. Ships pass it at night."
    extract, _ = asked(filled(collection, lamps=LAMPS, other=other), "When was the tower built?")
    assert quotes(extract).count("The tower was built in 1819.") == 1


def test_most_limits_the_sentences(collection: Collection) -> None:
    text = " ".join(f"The keeper lit the lamp in room {number}." for number in range(9))
    filled(collection, rooms=text)
    for most in (1, 2, 4):
        extract, _ = asked(collection, "Who lit the lamp in which room?", most=most)
        assert 1 <= len(extract.sentences) <= most


def test_sentences_of_a_document_that_is_erased_are_left_out(collection: Collection) -> None:
    filled(collection, lamps=LAMPS)
    answer = collection.ask("When was the tower built?")
    collection.editor.delete("lamps.md")
    with collection.archive.resolution() as resolution:
        extract = extract_answer(resolution, divide_question("When?"), [answer], most=3, least=0.0)
    assert extract.declines
    assert extract.unanswered == (0,)


_WORDS = "lamp tower keeper oil 1819 3,5 % nine. Who? „lit“ e\u0301te\u0301 Δx 灯塔。 👩‍🚒 | - # ** Dr. ]"
WORDS = st.sampled_from([*_WORDS.split(), "\t", " \n", "\n\n"])
TEXTS = st.lists(WORDS, min_size=1, max_size=60).map(" ".join)
QUESTIONS = ["Who lit the lamp in the tower, and when?", "lamp oil", "灯塔？", "keeper 1819 3,5 %"]


@settings(max_examples=examples(200))
@given(texts=st.lists(TEXTS, min_size=1, max_size=3), question=st.sampled_from(QUESTIONS))
def test_every_sentence_stands_in_its_document_word_for_word(texts: list[str], question: str) -> None:
    with TemporaryDirectory() as folder, Library(Path(folder), embedder=WordEmbedder()) as library:
        collection = library.open("default", create=True)
        for number, text in enumerate(texts):
            collection.put(Source(f"{number}.txt", f"Lamp.\n\n{text}".encode()))
        collection.embed_pending()
        extract, _ = asked(collection, question)
        for one in extract.sentences:
            citation = one.citation
            _, text = collection.archive.text(citation.document_id, citation.version)
            assert text[citation.start : citation.end] == citation.quote
            assert citation.quote.strip() != ""
            assert collection.archive.cite(citation.locator).quote == citation.quote
