from dataclasses import replace

import numpy as np
import pytest

from index.answers import DECLINED, NOT_CONFIRMED, Turn
from index.search.question.conversation import (
    Context,
    ContextTurn,
    FollowUp,
    add_context,
    find_context,
    share_of_context,
    texts_to_embed,
)
from index.search.question.query import Query
from index.search.question.references import references

TURNS = [
    Turn("user", "Old question?"),
    Turn("assistant", "Old answer."),
    Turn("user", "What is the treaty?"),
    Turn("assistant", "A treaty on fish."),
]


def asked(*texts: str) -> list[str]:
    return [one.text for one in find_context([Turn("user", text) for text in texts]).questions]


def test_the_last_exchange_is_used() -> None:
    context = find_context(TURNS)
    assert [one.text for one in context.questions] == ["What is the treaty?", "Old question?"]
    assert context.said == "A treaty on fish."
    assert texts_to_embed("And who signed it?", context) == [
        "And who signed it?",
        "What is the treaty?",
        "Old question?",
        "And who signed the treaty?",
    ]
    assert not find_context([])
    assert find_context([]) == Context()


def test_the_last_questions_are_used_each_with_less_weight() -> None:
    assert asked("A?", "What is BM25?", "What is the treaty?", "And who signed it?") == [
        "And who signed the treaty?",
        "What is the treaty?",
        "What is BM25?",
    ]
    context = find_context([Turn("user", f"Question {n}?") for n in range(9)])
    assert [one.meaning for one in context.questions] == pytest.approx([0.5, 0.25, 0.125])
    assert [one.words for one in context.questions] == pytest.approx([0.4, 0.2, 0.1])


@pytest.mark.parametrize("said", ["Thanks!", "Hello.", "Danke schön", "你好", "OK", "  "])
def test_greetings_and_thanks_are_no_context(said: str) -> None:
    assert asked(said) == []
    turns = [*TURNS, Turn("user", said), Turn("assistant", "You are welcome.")]
    assert find_context(turns) == find_context(TURNS)


@pytest.mark.parametrize("note", [f"{DECLINED} The nearest passages:\n\nA treaty. [1]", DECLINED])
def test_a_decline_and_the_passages_it_lists_are_no_context(note: str) -> None:
    assert find_context([Turn("user", "What is it?"), Turn("assistant", note)]).said == ""
    assert find_context([Turn("user", "What?"), Turn("assistant", f"Sorry. {note}")]).said == "Sorry."


def test_notes_on_what_is_not_confirmed_are_no_context() -> None:
    said = f"A treaty [1].\n\n---\n{NOT_CONFIRMED}\n- “A treaty” (unsupported)"
    assert find_context([Turn("assistant", said)]).said == "A treaty [1].\n\n---"


def test_long_turns_are_cut() -> None:
    context = find_context([Turn("user", "x" * 5000), Turn("assistant", "y" * 5000)])
    assert (len(context.questions[0].text), len(context.said)) == (300, 1000)


def test_the_question_is_moved_towards_what_was_asked() -> None:
    vectors = np.eye(3, dtype=np.float32)
    questions = find_context(TURNS).questions
    moved = add_context(vectors, questions)
    assert np.linalg.norm(moved) == pytest.approx(1.0)
    assert moved[0] > moved[1] > moved[2] > 0.0
    np.testing.assert_allclose(add_context(vectors[:1], ()), vectors[0])


@pytest.mark.parametrize("question", ["And in Hebei?", "Who signed it?", "Und in Hebei?", "那河北呢？"])
def test_a_question_that_cannot_stand_alone_is_answered_with_context(question: str) -> None:
    follow_up = FollowUp.of(question)
    assert follow_up.may_need_context(1.0)
    assert follow_up.prefers_context(0.0, 0.0, 0.3)


def test_a_change_of_topic_is_answered_alone() -> None:
    follow_up = FollowUp.of("Who heads the expert advisory committee?")
    assert not follow_up.prefers_context(0.0, 0.0, near=0.05)
    assert not follow_up.prefers_context(2.0, 2.5, near=0.05)
    assert not follow_up.may_need_context(4.0, near=0.05)


def test_a_question_on_the_same_topic_is_answered_by_the_better_of_both() -> None:
    follow_up = FollowUp.of("Who heads the expert advisory committee?")
    assert follow_up.prefers_context(0.0, 2.0, near=0.4)
    assert not follow_up.prefers_context(2.0, -1.0, near=0.4)
    assert follow_up.may_need_context(4.0)


def test_context_on_another_topic_counts_less() -> None:
    alone, follow_up = references("Who heads the expert committee?"), references("And who signed it?")
    shares = [share_of_context(alone, near) for near in (-0.2, 0.0, 0.1, 0.2, 0.3, 0.9)]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert share_of_context(follow_up, 0.0) == 1.0


def test_a_follow_up_is_read_behind_the_question_before_it() -> None:
    vector = np.zeros(2, np.float32)
    asked = Query("And in which year?", vector)
    assert asked.text_to_read == "And in which year?"
    before = ContextTurn("Who built the mill of Arlow? " * 10, 0.5, 0.4)
    read = replace(asked, context=(before, ContextTurn("Who sold it?", 0.2, 0.1))).text_to_read
    assert read.startswith("Who built the mill of Arlow?")
    assert read.endswith(" And in which year?")
    assert len(read) < 180
