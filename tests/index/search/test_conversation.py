import numpy as np
import pytest

from index.answers import Turn
from index.search.conversation import add_context, context_turns, texts_to_embed

TURNS = [
    Turn("user", "Old question?"),
    Turn("assistant", "Old answer."),
    Turn("user", "What is the treaty?"),
    Turn("assistant", "A treaty on fish."),
]


def test_only_the_last_exchange_counts() -> None:
    context = context_turns(TURNS)
    assert [one.text for one in context] == ["What is the treaty?", "A treaty on fish."]
    assert texts_to_embed("And who signed it?", context) == [
        "And who signed it?",
        "What is the treaty?",
        "A treaty on fish.",
    ]
    assert context_turns([]) == ()
    assert [one.text for one in context_turns([Turn("user", "Hello there."), Turn("assistant", "  ")])] == [
        "Hello there."
    ]


def test_long_turns_are_cut() -> None:
    (context,) = context_turns([Turn("assistant", "x" * 5000)])
    assert len(context.text) == 1000


def test_the_question_is_moved_towards_what_was_said() -> None:
    vectors = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], np.float32)
    context = context_turns(TURNS)
    moved = add_context(vectors, context)
    assert np.linalg.norm(moved) == pytest.approx(1.0)
    assert moved[0] > moved[2] > moved[1] > 0.0
    np.testing.assert_allclose(add_context(vectors[:1], ()), vectors[0])
