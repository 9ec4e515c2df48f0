"""What a reader would have got for a question, and how the counts are told."""

import pytest

from evaluation.measures import find_answer
from evaluation.questions import Question, Span
from evaluation.verdicts import Verdict, judge, summarize
from tests.evaluation.test_measures import hit


@pytest.mark.parametrize(
    ("place", "is_lit", "probability", "kind"),
    [
        (1, True, 0.9, "answered"),
        (1, True, 0.5, "answered"),
        (1, True, 0.49, "near"),
        (1, False, 0.9, "near"),
        (2, True, 0.9, "near"),
        (5, True, 0.9, "near"),
        (6, True, 0.9, "wrong"),
        (0, False, 0.1, "wrong"),
    ],
)
def test_an_answer_is_judged_by_its_place(place: int, is_lit: bool, probability: float, kind: str) -> None:
    judged = judge(True, place, probability, 0.5, is_lit=is_lit)
    assert judged is not None
    assert judged.kind == kind
    assert judged.is_right == (kind == "answered")
    assert bool(judged.reason) == (kind != "answered")


def test_a_question_without_an_answer_is_judged_by_the_probability() -> None:
    declined, overclaimed = (judge(False, None, value, 0.5, is_lit=False) for value in (0.4, 0.5))
    assert declined == Verdict("declined")
    assert overclaimed is not None
    assert (overclaimed.kind, overclaimed.is_right) == ("overclaimed", False)
    assert "0.50" in overclaimed.reason


def test_a_question_whose_answer_is_not_known_is_not_judged() -> None:
    assert judge(True, None, 0.9, 0.5, is_lit=False) is None
    assert judge(None, None, 0.9, 0.5, is_lit=False) is None


def test_verdicts_are_compared() -> None:
    wrong, near, answered = Verdict("wrong"), Verdict("near"), Verdict("answered")
    assert answered.is_better_than(near)
    assert near.is_better_than(wrong)
    assert not near.is_better_than(near)
    assert Verdict("declined").is_better_than(Verdict("overclaimed"))


def test_counts_are_told_in_sentences() -> None:
    kinds = ["answered"] * 3 + ["near"] + ["wrong"] * 2
    answerable = {str(number): Verdict(kind) for number, kind in enumerate(kinds)}  # type: ignore[arg-type]
    assert summarize(answerable) == ["3 of 6 answered, 1 near, 2 wrong."]
    others = {"a": Verdict("declined"), "b": Verdict("overclaimed")}
    assert summarize(answerable | others)[1:] == [
        "Of 2 questions that the documents do not answer, 1 got no answer, and 1 got one."
    ]
    assert summarize({}) == []


@pytest.mark.parametrize(
    ("lit", "expected"),
    [((), (2, True)), (((10, 20),), (2, True)), (((30, 40),), (2, False)), (((30, 40), (12, 14)), (2, True))],
)
def test_an_answer_is_found_by_its_span(lit: tuple[tuple[int, int], ...], expected: tuple[int, bool]) -> None:
    question = Question("q", "?", {"a": 1}, answers=((Span("a", 12, 15),),))
    hits = [hit(1, "a", 0, 10, (0, 10)), hit(2, "a", 10, 40, *lit), hit(3, "a", 12, 15, (12, 15))]
    assert find_answer(question, hits) == expected
    assert find_answer(question, hits[:1]) == (0, False)
    assert find_answer(question, []) == (0, False)


def test_where_only_the_document_is_known_each_of_its_passages_answers() -> None:
    hits = [hit(1, "a", 0, 10), hit(2, "b", 10, 40, (10, 20))]
    assert find_answer(Question("q", "?", {"b": 1}), hits) == (2, True)
    assert find_answer(Question("q", "?", {"c": 1}), hits) == (0, False)
    assert find_answer(Question("q", "?"), hits) == (None, False)
    assert find_answer(Question("q", "?", {"b": 1}, answerable=False), hits) == (None, False)
