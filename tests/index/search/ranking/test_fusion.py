import numpy as np
from hypothesis import given, strategies as st

from index.search.ranking.fusion import convex, min_max_scale

NAN = np.nan


def test_scores_are_brought_between_nought_and_one() -> None:
    np.testing.assert_allclose(min_max_scale(np.array([3, 1, 2, NAN], np.float32)), [1, 0, 0.5, 0])


def test_equal_scores_say_nothing_about_order() -> None:
    np.testing.assert_array_equal(min_max_scale(np.array([2, NAN, 2], np.float32)), [1, 0, 1])
    np.testing.assert_array_equal(min_max_scale(np.array([NAN, NAN], np.float32)), [0, 0])
    assert len(min_max_scale(np.empty(0, np.float32))) == 0


def test_the_weight_divides_between_the_sides() -> None:
    dense = np.array([1.0, 0.0], np.float32)
    lexical = np.array([NAN, 7.0], np.float32)
    np.testing.assert_allclose(convex(dense, lexical, dense_weight=0.3), [0.3, 0.7])


def test_a_passage_without_a_vector_is_ranked_by_its_words() -> None:
    dense = np.array([0.9, 0.1, NAN], np.float32)
    lexical = np.array([NAN, 3.0, 9.0], np.float32)
    np.testing.assert_allclose(convex(dense, lexical, dense_weight=0.5), [0.5, 0.0, 1.0])


@given(st.lists(st.floats(-10, 50, width=32) | st.just(NAN), max_size=20), st.floats(0, 1))
def test_the_result_is_always_between_nought_and_one(scores: list[float], weight: float) -> None:
    side = np.array(scores, np.float32)
    fused = convex(side, side[::-1].copy(), dense_weight=weight)
    assert ((fused >= 0) & (fused <= 1 + 1e-6)).all()
