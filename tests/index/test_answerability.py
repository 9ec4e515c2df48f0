import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from index.answerability import FEATURES, FILE, Answerability, Features, load
from index.candidates import Candidates, Ranked
from index.errors import StoreDamaged
from index.second_look import Look, SecondLook
from index.sentence_table import SentenceTable
from index.types import Sentences


def ranked(dense: list[float], looks: list[Look]) -> Ranked:
    scores = np.array(dense, np.float32)
    ids = np.arange(len(dense), dtype=np.int64)
    best = np.array([one.meaning.max() for one in looks], np.float32)
    nothing = np.zeros(len(dense), np.float32)
    table = SentenceTable.of(
        [Sentences(one.spans, np.empty(0, np.uint32), one.spans[:, 0] * 0, np.empty((0, 0))) for one in looks]
    )
    cosines, coverage = (
        np.concatenate([np.empty(0, np.float32), *(getattr(one, name) for one in looks)])
        for name in ("meaning", "coverage")
    )
    rows = np.arange(len(looks))
    seen = SecondLook(best, nothing, nothing, nothing, nothing, table, cosines, coverage, rows)
    return Ranked(Candidates(ids, scores, nothing, {}, {}), scores, seen)


def one_look(meaning: list[float], coverage: list[float]) -> Look:
    spans = np.array([(n, n + 1) for n in range(len(meaning))], np.int32)
    return Look(spans, np.array(meaning, np.float32), np.array(coverage, np.float32))


def test_features_are_what_they_say() -> None:
    features = Features.of(ranked([0.6, 0.4], [one_look([0.8, 0.1], [0.2, 0.9]), one_look([0.5], [0.3])]))
    assert features.nearest == pytest.approx(0.7)
    assert features.second == pytest.approx(0.5)
    assert features.few == features.many == pytest.approx(0.5)
    assert features.contrast == pytest.approx(1.0, abs=1e-3)
    assert features.together == pytest.approx(0.5)


def test_features_of_nothing_are_noughts() -> None:
    empty = Ranked(Candidates(*[np.empty(0, np.float32)] * 3, {}, {}), np.empty(0, np.float32), None)
    assert set(asdict(Features.of(empty)).values()) == {0.0}


def test_the_weights_of_the_package_say_more_for_nearer_passages() -> None:
    fitted = load()
    near, far = (dict.fromkeys(FEATURES, value) for value in (0.8, 0.1))
    assert 0.0 < fitted.stated(far) < 0.3
    assert 0.7 < fitted.stated(near) < 1.0
    assert fitted.provenance["answerable"]


def test_a_collection_s_own_weights_come_first(tmp_path: Path) -> None:
    own = Answerability({"nearest": 2.0}, -1.0, {"questions": "ours"})
    own.save(tmp_path / FILE)
    assert load([tmp_path]) == own
    assert own.stated({"nearest": 0.5}) == pytest.approx(0.5)
    assert load([tmp_path / "nowhere"]) == load()


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[1]", json.dumps({"weights": {"magic": 1.0}, "intercept": 0.0, "provenance": {}})],
)
def test_a_file_that_has_no_weights_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(StoreDamaged, match="calibrate again"):
        load([tmp_path])
