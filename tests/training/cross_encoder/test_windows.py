from __future__ import annotations

import random

from training.cross_encoder.windows import choose, locate, overlapping, split, window

PASSAGE = "First one is here. Second  one, with 42 apples.\nThird one!  Fourth one is last."


def test_a_window_maps_the_answer_exactly() -> None:
    sentences = split(PASSAGE)
    start = PASSAGE.index("42 apples")
    span = start, start + len("42 apples")
    assert overlapping(sentences, *span) == (1,)
    draw = random.Random(0)
    for _ in range(200):
        numbers = sorted(draw.sample(range(len(sentences)), draw.randint(1, len(sentences))))
        one = window(PASSAGE, sentences, numbers)
        assert [one.text[slice(*at)] for at in one.sentences] == [
            PASSAGE[slice(*sentences[n])] for n in numbers
        ]
        found = locate(one, sentences, *span)
        assert (found is not None) == (1 in numbers)
        assert found is None or one.text[slice(*found)] == "42 apples"


def test_what_stands_between_neighbours_is_kept() -> None:
    sentences = split(PASSAGE)
    whole = window(PASSAGE, sentences, range(len(sentences)))
    assert whole.text == PASSAGE
    assert window(PASSAGE, sentences, [0, 2]).text == "First one is here. Third one!"


def test_an_answer_across_two_sentences_is_in_no_window() -> None:
    sentences = split(PASSAGE)
    one = window(PASSAGE, sentences, range(len(sentences)))
    assert locate(one, sentences, 10, 30) is None


def test_chosen_sentences_fit_the_budget_and_hold_those_needed() -> None:
    draw = random.Random(1)
    for _ in range(500):
        lengths = [draw.randint(1, 20) for _ in range(draw.randint(1, 12))]
        needed = sorted(draw.sample(range(len(lengths)), 1))
        others = [n for n in range(len(lengths)) if n not in needed]
        avoided = draw.sample(others, min(len(others), draw.randint(0, 3)))
        budget = draw.randint(1, 60)
        chosen = choose(lengths, budget, needed, avoided, draw)
        if lengths[needed[0]] > budget:
            assert chosen == []
            continue
        assert set(needed) <= set(chosen)
        assert not set(avoided) & set(chosen)
        assert sum(lengths[n] for n in chosen) <= budget
        left = [n for n in range(len(lengths)) if n not in avoided]
        assert chosen == left[left.index(chosen[0]) : left.index(chosen[-1]) + 1]
