from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.training.cross_encoder.toys import pairs
from training.cross_encoder.neighbours import neighbours, passages


def test_the_passages_nearest_to_a_question_by_words_and_vectors_come_first(tmp_path: Path) -> None:
    some = pairs()
    found = neighbours(some, tmp_path, model="words")
    texts = passages(some)
    for row, pair in enumerate(some):
        if pair.set_name == "squad2_dev_half" and pair.answerable:
            assert pair.passage in [texts[n] for n in found[row, :2]]
        if pair.set_name == "claims":
            assert (found[row] == -1).all()


def test_they_are_kept_and_made_again_for_other_pairs(tmp_path: Path) -> None:
    first = neighbours(pairs(), tmp_path, model="words")
    (kept,) = tmp_path.iterdir()
    np.save(kept, first * 0)
    assert (neighbours(pairs(), tmp_path, model="words") == 0).all()
    assert neighbours(pairs()[1:], tmp_path, model="words").any()
    assert len(list(tmp_path.iterdir())) == 2
