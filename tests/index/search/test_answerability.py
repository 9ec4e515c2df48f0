import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from index.answers import Answer
from index.collection import Collection
from index.errors import StoreDamaged
from index.ingest import Source
from index.naming import CALIBRATION_FILE
from index.search.answerability import FORMAT, load
from index.search.features import FEATURES, PASSAGE_FEATURES, Features
from index.search.named import Named
from index.search.ranking.candidates import Candidates, RankedCandidates
from index.search.ranking.scoring import FEATURES as RANKING
from index.search.ranking.second_look import Look, look
from index.search.regression import Regression
from index.sentence_table import SentenceTable
from index.types import Importance, Sentences


def ranked(dense: list[float], looks: list[Look], documents: list[int]) -> RankedCandidates:
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
    no_terms = Importance(np.empty(0, np.uint32), np.empty(0, np.float32))
    keys = np.array(documents, np.int64)
    seen = replace(look(table, keys, nothing, no_terms), meaning=best, near=cosines, coverage=coverage)
    columns = np.zeros((len(RANKING), len(dense)), np.float32)
    columns[RANKING.index("base")] = scores * 1.4
    return RankedCandidates(Candidates(ids, scores, nothing, {}, {}), scores, seen, columns)


def one_look(meaning: list[float], coverage: list[float]) -> Look:
    spans = np.array([(n, n + 1) for n in range(len(meaning))], np.int32)
    return Look(spans, np.array(meaning, np.float32), np.array(coverage, np.float32))


def test_features_are_what_they_say() -> None:
    looks = [one_look([0.8, 0.1], [0.2, 0.9]), one_look([0.5], [0.3])]
    features = Features.of(ranked([0.6, 0.4], looks, [7, 8]), (), ["1577", "hives"], Named(), spelt=False)
    assert features.nearest == pytest.approx(0.7)
    assert features.second == pytest.approx(0.5)
    assert features.few == features.many == pytest.approx(0.5)
    assert features.contrast == 0.0, "two candidates have no spread"
    assert features.together == pytest.approx(0.5)
    assert features.margin == pytest.approx(0.2)
    assert features.sentences == pytest.approx(np.log(4))
    assert (features.matched, features.numbers, features.spelt) == (0.0, 1.0, 0.0)


def test_the_margin_is_to_another_document() -> None:
    looks = [one_look([0.8], [0.2])] * 3
    assert Features.of(
        ranked([0.9, 0.8, 0.3], looks, [7, 7, 8]), (), [], Named(), spelt=False
    ).margin == pytest.approx(0.6)
    assert Features.of(
        ranked([0.9, 0.8, 0.3], looks, [7, 7, 7]), (), [], Named(), spelt=False
    ).margin == pytest.approx(0.9)


def test_contrast_is_in_standard_deviations() -> None:
    looks = [one_look([0.8], [0.0]), *[one_look([0.2], [0.0])] * 8]
    features = Features.of(ranked([0.5] * 9, looks, [7] * 9), (), [], Named(), spelt=False)
    meaning = np.array([0.8, *[0.2] * 8])
    assert features.contrast == pytest.approx((0.8 - meaning.mean()) / meaning.std(), abs=1e-3)


def test_features_of_nothing_are_noughts() -> None:
    empty = RankedCandidates(
        Candidates(*[np.empty(0, np.float32)] * 3, {}, {}), np.empty(0, np.float32), None
    )
    assert set(asdict(Features.of(empty, (), [], Named(), spelt=False)).values()) == {0.0}


def test_the_numbers_of_the_package_say_more_for_nearer_passages() -> None:
    fitted = load()
    for spelt in (0.0, 1.0):
        lacks = [name for name in FEATURES if name.startswith("lacks_")]
        near, far = (
            {**dict.fromkeys(FEATURES, value), **dict.fromkeys(lacks, 0.0), "spelt": spelt}
            for value in (0.9, 0.0)
        )
        doubtful = near | dict.fromkeys(lacks, 1.0)
        assert fitted.probability(doubtful) < fitted.probability(near)
        assert 0.0 < fitted.probability(far) < 0.3
        assert 0.7 < fitted.probability(near) < 1.0
    assert fitted.provenance["answerable"]


def test_an_unusual_feature_is_cut_off() -> None:
    one = Regression(("a",), np.zeros(1), np.ones(1), 3.0, np.ones(1), 0.5)
    assert one.logits(np.array([[2.0], [3.0], [100.0], [-100.0]])).tolist() == [2.5, 3.5, 3.5, -2.5]


def test_a_language_that_the_model_does_not_know_has_numbers_of_its_own() -> None:
    known, spelt = Regression.plain({"nearest": 1.0}, 0.0), Regression.plain({"matched": 1.0}, 0.0)
    both = replace(load(), known=known, spelt=spelt)
    assert both.logit({"nearest": 2.0, "matched": 3.0, "spelt": 0.0}) == 2.0
    assert both.logit({"nearest": 2.0, "matched": 3.0, "spelt": 1.0}) == 3.0


def test_what_the_cross_encoder_read_has_numbers_of_its_own(tmp_path: Path) -> None:
    known, read = Regression.plain({"nearest": 1.0}, 0.0), Regression.plain({"read": 1.0}, 0.0)
    both = replace(load(), known=known, read=read)
    asked = {"nearest": 2.0, "read": 3.0, "spelt": 0.0}
    assert both.logit({**asked, "read_passages": 0.0}) == 2.0
    assert both.logit({**asked, "read_passages": 4.0}) == 3.0
    both.save(tmp_path / CALIBRATION_FILE)
    assert load([tmp_path]).read.features == ("read",)


def test_numbers_from_before_passages_were_read_hold_for_those_that_are(tmp_path: Path) -> None:
    load().save(tmp_path / CALIBRATION_FILE)
    told = json.loads((tmp_path / CALIBRATION_FILE).read_text())
    del told["read"], told["read_passage"]
    (tmp_path / CALIBRATION_FILE).write_text(json.dumps(told))
    old = load([tmp_path])
    assert (old.read, old.read_passage) == (old.known, old.passage)


def test_a_collection_s_own_numbers_come_first(tmp_path: Path) -> None:
    regression = Regression(("nearest",), np.array([0.5]), np.array([0.1]), 3.0, np.array([2.0]), -1.0)
    own = load().with_question(
        known=regression, spelt=regression, read=regression, provenance={"questions": "ours"}
    )
    own.save(tmp_path / CALIBRATION_FILE)
    read = load([tmp_path])
    assert read.provenance == {"questions": "ours"}
    assert read.known.as_json() == regression.as_json()
    assert read.logit({"nearest": 0.6}) == pytest.approx(1.0)
    assert load([tmp_path / "nowhere"]).provenance == load().provenance


def test_numbers_of_the_first_format_still_hold(tmp_path: Path) -> None:
    weights = {"nearest": 2.0, "second": 0.0, "few": 0.0, "many": 0.0, "contrast": 0.0, "together": 1.0}
    (tmp_path / CALIBRATION_FILE).write_text(
        json.dumps({"weights": weights, "intercept": -1.0, "provenance": {"questions": "old"}})
    )
    old = load([tmp_path])
    named = {**dict.fromkeys(FEATURES, 0.0), "nearest": 0.25, "together": 0.5}
    assert old.probability(named) == old.probability({**named, "spelt": 1.0}) == pytest.approx(0.5)
    assert old.provenance == {"questions": "old"}
    assert set(old.passage.features) < set(PASSAGE_FEATURES)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[1]",
        json.dumps({"weights": {"magic": 1.0}, "intercept": 0.0, "provenance": {}}),
        json.dumps({"weights": {}, "intercept": 0.0, "provenance": {}}),
        json.dumps({"format": FORMAT + 1}),
        json.dumps({"format": FORMAT, "known": {"features": {"nearest": {}}, "limit": 3}}),
    ],
)
def test_a_file_that_has_no_numbers_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / CALIBRATION_FILE).write_text(content)
    with pytest.raises(StoreDamaged, match="calibrate again"):
        load([tmp_path])


def test_numbers_for_features_of_another_version_are_told(tmp_path: Path) -> None:
    known = load()
    other = Regression.plain({"magic": 1.0}, 0.0)
    replace(known, known=other).save(tmp_path / CALIBRATION_FILE)
    with pytest.raises(StoreDamaged, match="another version"):
        load([tmp_path])


@pytest.fixture
def planets(collection: Collection) -> Collection:
    texts = {
        "mars": "Mars has two moons, Phobos and Deimos.",
        "venus": "Venus has no moon at all.",
        "jupiter": "Jupiter is a giant. Its storms are very old.",
    }
    for name, text in texts.items():
        collection.put(Source(f"{name}.txt", text.encode()))
    collection.embed_pending()
    return collection


def probabilities(answer: Answer) -> list[float]:
    return [hit.probability for hit in answer.hits]


def test_each_passage_has_a_probability_at_most_that_of_all(planets: Collection) -> None:
    answer = planets.ask("Which two moons has Mars?")
    first, *others = probabilities(answer)
    assert answer.hits[0].citation.document_id == "mars.txt"
    assert 0.0 < first <= answer.answerability
    assert others
    assert max(others) < first


def test_probabilities_do_not_depend_on_how_many_are_asked_for(planets: Collection) -> None:
    many, one = planets.ask("Which two moons has Mars?"), planets.ask("Which two moons has Mars?", k=1)
    assert one.answerability == many.answerability
    assert probabilities(one) == probabilities(many)[:1]
    assert one.features == many.features


def test_copies_of_the_documents_leave_the_answerability_as_it_is(collection: Collection) -> None:
    texts = {
        "lamp.txt": "The lamp in the north tower was lit at dusk by the keeper.",
        "ferry.txt": "The ferry leaves the north harbour at nine. The pilot boat leaves at six.",
        "bees.txt": "The hives stand behind the tower. Bees fly out at noon.",
    }
    collection.put_many([Source(name, text.encode()) for name, text in texts.items()])
    collection.embed_pending()
    asked = "Who lit the lamp in the north tower?"
    before = collection.ask(asked, k=1)
    for copy in ("copy", "third"):
        collection.put_many([Source(f"{copy}/{name}", text.encode()) for name, text in texts.items()])
    collection.embed_pending()
    after = collection.ask(asked, k=1)
    assert after.features["margin"] == pytest.approx(before.features["margin"], abs=0.05)
    assert after.answerability == pytest.approx(before.answerability, abs=0.05)
    assert after.hits[0].probability == pytest.approx(before.hits[0].probability, abs=0.05)
