from __future__ import annotations

import random
from collections import Counter
from functools import cache

import pytest

from tests.training.cross_encoder.toys import pairs
from training.cross_encoder.names import Names, exchange_title, listed_names, stands_in
from training.cross_encoder.predicates import exchange_predicate, groups, is_yes_no

READ = "Arlow lies in Spain. Mia Torrens built 3 mills in 1907, the second of them in March."


@cache
def names() -> Names:
    return Names(pairs())


def test_persons_are_known_by_first_names_of_those_who_answer() -> None:
    assert names().kind("Mia Torrens") == "person"
    assert set(names().others("mia torrens")) >= {"Mia Torrens", "Olaf Prynne", "Olaf Quist"}
    assert names().kind("River Arlow") == ""


@pytest.mark.parametrize(
    ("question", "kind", "before"),
    [
        ("Where did Mia Torrens live?", "name", "Mia Torrens"),
        ("What did she build in Spain?", "name", "Spain"),
        ("what did she build in spain?", "name", "spain"),
        ("What was built in 1907?", "year", "1907"),
        ("Who built 3 mills?", "number", "3"),
        ("Where is the second mill?", "number", "second"),
        ("What was built in March?", "name", "March"),
    ],
)
def test_an_exchanged_word_is_of_its_kind_and_stands_nowhere(question: str, kind: str, before: str) -> None:
    for seed in range(60):
        done = names().exchange(question, READ, random.Random(seed))
        assert done is not None
        assert (done.kind, done.before) == (kind, before)
        assert not stands_in(done.after, READ)
        assert done.question == question.replace(before, done.after)
        if kind == "name":
            assert names().kind(done.after) == names().kind(before)
        elif kind == "year":
            assert done.after.isdigit()
            assert 0 < abs(int(done.after) - 1907) < 20
        else:
            assert before.isdigit() == done.after.isdigit()


@pytest.mark.parametrize("question", ["Where is Norway?", "What happened in 1950?", "How many?"])
def test_what_the_text_does_not_tell_is_not_exchanged(question: str) -> None:
    """Without its word in the text, the question could not be told from the exchanged one."""
    assert all(names().exchange(question, READ, random.Random(seed)) is None for seed in range(30))


def test_a_common_word_is_not_taken_for_a_name() -> None:
    read = "Soldiers march to Arlow."
    assert all(names().exchange("Where do they march to?", read, random.Random(n)) is None for n in range(30))


def test_a_title_is_exchanged_for_one_that_shares_no_word_and_is_not_told() -> None:
    others = ["Arlow Castle", "Spain", "Benford (town)"]
    done = exchange_title("When was the mill of arlow built?", "Arlow", others, READ)
    assert done is not None
    assert done.question == "When was the mill of Benford built?"
    assert exchange_title("When was it built?", "Arlow", others, READ) is None
    assert exchange_title("When was the mill of Castra built?", "Castra", others, READ) is None


def test_each_name_is_listed_once() -> None:
    counts = Counter(name for group in set(listed_names().values()) for name in group)
    assert [name for name, count in counts.items() if count > 1] == []


def test_each_line_of_predicates_has_words_that_differ() -> None:
    for word, lines in groups().items():
        for _, line in lines:
            assert word in [other.lower() for other in line]
            assert len(set(line)) == len(line) >= 2


def test_a_predicate_is_exchanged_for_one_that_the_text_does_not_tell() -> None:
    read = "The bridge was opened in 1932 and closed to cars in 1980."
    after = set()
    for seed in range(60):
        done = exchange_predicate("When was the bridge opened?", read, random.Random(seed))
        assert done is not None
        assert done.before == "opened"
        after.add(done.after)
    assert len(after) >= 2
    assert not after & {"opened", "closed"}


def test_the_article_fits_the_exchanged_word() -> None:
    questions = {
        done.question
        for seed in range(60)
        if (done := exchange_predicate("Who is a president?", "It rains.", random.Random(seed)))
    }
    assert all(("an " in one) == (one.split()[-1][0] in "aeiou") for one in questions)


@pytest.mark.parametrize("question", ["Was the bridge opened?", "Did it open?", "is the price high"])
def test_questions_for_yes_or_no_keep_their_predicate(question: str) -> None:
    assert is_yes_no(question)
    assert all(exchange_predicate(question, READ, random.Random(seed)) is None for seed in range(20))
