import numpy as np

from index.evidence import evidence
from index.second_look import Look


def seen(*sentences: tuple[int, int, float, float]) -> Look:
    rows = np.array(sentences, np.float64).reshape(-1, 4)
    return Look(rows[:, :2].astype(np.int32), rows[:, 2].astype(np.float32), rows[:, 3].astype(np.float32))


def test_the_best_sentences_come_first_at_their_places_in_the_text() -> None:
    found = evidence([(100, seen((0, 10, 0.2, 0.6), (11, 20, 0.5, 1.0), (21, 30, 0.0, 0.0)))])
    assert [(one.start, one.end) for one in found] == [(111, 120)]
    assert found[0].score == 0.75


def test_a_sentence_of_two_passages_is_shown_once() -> None:
    found = evidence([(0, seen((0, 10, 0.5, 0.5))), (5, seen((-5, 5, 0.4, 0.4), (6, 9, 0.4, 0.5)))])
    assert [(one.start, one.end, one.score) for one in found] == [(0, 10, 0.5), (11, 14, 0.45)]


def test_there_are_at_most_three_and_none_without_any_sign() -> None:
    assert len(evidence([(0, seen(*((n, n + 1, 0.5, 0.5) for n in range(9))))])) == 3
    assert evidence([(0, seen((0, 5, -0.2, 0.0)))]) == ()
    assert evidence([]) == ()


def test_without_vectors_the_words_decide() -> None:
    found = evidence([(0, seen((0, 5, float("nan"), 0.4), (6, 9, float("nan"), 0.9)))])
    assert [(one.start, one.score) for one in found] == [(6, 0.9)]
