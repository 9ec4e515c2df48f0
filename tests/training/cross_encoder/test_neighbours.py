from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.training.cross_encoder.toys import pairs
from training.cross_encoder.neighbours import neighbours, passages
from training.cross_encoder.pairs import Pair


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
    (kept,) = tmp_path.glob("nearest-*.npy")
    np.save(kept, first * 0)
    assert (neighbours(pairs(), tmp_path, model="words") == 0).all()
    assert neighbours(pairs()[1:], tmp_path, model="words").any()
    assert len(list(tmp_path.glob("nearest-*.npy"))) == 2


def test_vectors_are_made_once_for_each_text(tmp_path: Path) -> None:
    more = [*pairs(), Pair("selqa", "new", "Who runs the ferry?", "Ole runs the ferry.", "Ferry")]
    neighbours(pairs(), tmp_path, model="words")
    before = np.load(tmp_path / "passages.npy")
    found = neighbours(more, tmp_path, model="words")
    after = np.load(tmp_path / "passages.npy")
    assert (after[: len(before)] == before).all()
    assert len(after) == len(before) + 1
    assert (found == neighbours(more, tmp_path / "anew", model="words")).all()
