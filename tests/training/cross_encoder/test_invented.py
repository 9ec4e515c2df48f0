from __future__ import annotations

import random

import pytest

from training.cross_encoder import invented
from training.cross_encoder.samples import from_case

SEEDS = range(400)


@pytest.mark.parametrize("seed", range(0, 400, 50))
def test_an_answered_case_has_its_answer_in_its_line(seed: int) -> None:
    for number in range(seed, seed + 50):
        case = invented.case(random.Random(number), answered=True)
        assert case.answer is not None
        line, answer = case.answer
        assert answer in case.lines[line]
        sample = from_case(case)
        assert sample.span is not None
        assert sample.text[slice(*sample.span)] == answer
        assert sample.answering == (line,)
        first, last = sample.sentences[line]
        assert first <= sample.span[0] < sample.span[1] <= last
        assert [sample.text[slice(*at)] for at in sample.sentences] == list(case.lines)


def test_a_missing_cell_has_no_row_or_no_column() -> None:
    for number in SEEDS:
        case = invented.table(random.Random(number), answered=False)
        sample = from_case(case)
        assert (sample.answers, sample.answering, sample.span) == (False, (), None)


def test_lines_with_labels_have_what_is_asked_or_are_about_another() -> None:
    of_others = 0
    for number in SEEDS:
        case = invented.labelled(random.Random(number), answered=False)
        assert from_case(case).answering == ()
        of_others += bool(case.title) and case.title.lower() not in case.question.lower()
    assert of_others > 40
    for number in SEEDS:
        case = invented.labelled(random.Random(number), answered=True)
        assert case.answer is not None
        assert case.lines[case.answer[0]].endswith(f": {case.answer[1]}")


def test_nothing_is_left_to_fill_in() -> None:
    for number in SEEDS:
        case = invented.case(random.Random(number), answered=number % 2 == 0)
        assert "{" not in case.question + case.title + "".join(case.lines)


def test_the_same_seed_invents_the_same() -> None:
    assert invented.case(random.Random(5), answered=True) == invented.case(random.Random(5), answered=True)
