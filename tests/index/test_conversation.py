import numpy as np
import pytest

from index.answers import Turn
from index.conversation import combined, context, spoken

TURNS = [
    Turn("user", "Old question?"),
    Turn("assistant", "Old answer."),
    Turn("user", "What is the treaty?"),
    Turn("assistant", "A treaty on fish."),
]


def test_only_the_last_exchange_counts() -> None:
    said = context(TURNS)
    assert [one.text for one in said] == ["What is the treaty?", "A treaty on fish."]
    assert spoken("And who signed it?", said) == [
        "And who signed it?",
        "What is the treaty?",
        "A treaty on fish.",
    ]
    assert context([]) == ()
    assert [one.text for one in context([Turn("user", "Hello there."), Turn("assistant", "  ")])] == [
        "Hello there."
    ]


def test_long_turns_are_cut() -> None:
    (said,) = context([Turn("assistant", "x" * 5000)])
    assert len(said.text) == 1000


def test_the_question_is_moved_towards_what_was_said() -> None:
    vectors = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], np.float32)
    said = context(TURNS)
    moved = combined(vectors, said)
    assert np.linalg.norm(moved) == pytest.approx(1.0)
    assert moved[0] > moved[2] > moved[1] > 0.0
    np.testing.assert_allclose(combined(vectors[:1], ()), vectors[0])
