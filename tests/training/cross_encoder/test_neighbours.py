from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.training.cross_encoder.toys import pairs
from training.cross_encoder.neighbours import neighbours, passages


def test_the_passages_with_most_words_of_a_question_come_first(tmp_path: Path) -> None:
    some = pairs()
    found = neighbours(some, tmp_path)
    texts = passages(some)
    for row, pair in enumerate(some):
        if pair.set_name == "squad2_dev_half" and pair.answerable:
            assert pair.passage in [texts[n] for n in found[row, :2]]
        if pair.set_name == "claims":
            assert (found[row] == -1).all()


def test_they_are_kept_and_made_again_for_other_pairs(tmp_path: Path) -> None:
    first = neighbours(pairs(), tmp_path)
    (kept,) = tmp_path.iterdir()
    np.save(kept, first * 0)
    assert (neighbours(pairs(), tmp_path) == 0).all()
    assert neighbours(pairs()[1:], tmp_path).any()
    assert len(list(tmp_path.iterdir())) == 2
