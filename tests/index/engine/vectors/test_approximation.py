"""Bases that are searched approximately: what they find, what they cost in recall, how they change."""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.config import VectorsConfig
from index.engine.vectors import FaissIndex
from index.engine.vectors.approximation import Approximation
from index.engine.vectors.building import MAX_FLAT_PASSAGES, choose_kind
from index.engine.vectors.exact import AllowedRows
from index.engine.vectors.files import read_base
from index.records import Mark
from index.types import Ids, Vectors
from tests.index.engine.vectors.numbered import manifest, rewrite

DIMENSION = 32
COUNT = 3000
NONE = np.empty(0, np.int64)
IDS = np.arange(COUNT)


def stored(n: int, seed: int = 0) -> Vectors:
    """Unit vectors in clusters, as the store gives them: rounded, and brought back to length one."""
    rng = np.random.default_rng(seed)
    centers = np.random.default_rng(99).normal(size=(40, DIMENSION))
    vectors = centers[rng.integers(40, size=n)] + 0.8 * rng.normal(size=(n, DIMENSION))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rounded = vectors.astype(np.float16).astype(np.float32)
    return rounded / np.linalg.norm(rounded, axis=1, keepdims=True)  # type: ignore[no-any-return]


VECTORS = stored(COUNT)
QUESTIONS = stored(50, seed=1)


def config(kind: str = "ivf", **values: Any) -> VectorsConfig:
    return VectorsConfig(kind=kind, threads=1, **values)  # type: ignore[arg-type]


def put(index: FaissIndex, change: int, ids: Ids, vectors: Vectors, removed: Ids = NONE) -> None:
    index.update(Mark(change), ids=ids, documents=ids // 10, vectors=vectors, removed=removed)


def opened(folder: Path, *, row_microseconds: float = 1e6, **values: Any) -> FaissIndex:
    """An index that takes the approximate way wherever that finds enough passages; never for 0."""
    rewrite(folder, tuning={**manifest(folder)["tuning"], "row_microseconds": row_microseconds})
    return FaissIndex.open(folder, DIMENSION, config(**values))


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that is made once."""
    folder = tmp_path_factory.mktemp("ivf") / "vectors"
    index = FaissIndex.open(folder, DIMENSION, config())
    put(index, 1, IDS, VECTORS)
    index.compact()
    index.close()
    return folder


@pytest.fixture
def made(folder: Path, once: Path) -> Path:
    shutil.copytree(once, folder)
    return folder


def recall(index: FaissIndex, held: Ids, documents: Ids | None = None, n: int = 10) -> float:
    """Against all inner products; every score is checked to be one."""
    allowed = held if documents is None else held[np.isin(held // 10, documents)]
    hits = 0
    for question, ranking in zip(QUESTIONS, index.search(QUESTIONS, n, documents=documents), strict=True):
        products = VECTORS @ question
        assert np.isin(ranking.ids, allowed).all()
        assert len(np.unique(ranking.ids)) == len(ranking.ids) == min(n, len(allowed))
        assert (np.diff(ranking.scores) <= 0).all()
        np.testing.assert_allclose(ranking.scores, products[ranking.ids], atol=1e-6)
        assert index.scores(question, ranking.ids).tolist() == ranking.scores.tolist()
        best = allowed[np.argsort(-products[allowed])[:n]]
        hits += len(np.intersect1d(best, ranking.ids))
    return hits / (len(QUESTIONS) * min(n, len(allowed)))


@pytest.mark.parametrize("n", [1, 10, 100])
def test_it_finds_nearly_all_of_the_nearest(made: Path, n: int) -> None:
    assert recall(opened(made), IDS, n=n) >= 0.97


@pytest.mark.parametrize("share", [0.002, 0.02, 0.2, 0.7])
def test_it_finds_them_among_some_documents(made: Path, share: float) -> None:
    documents = np.random.default_rng(5).choice(COUNT // 10, max(1, int(share * COUNT / 10)), replace=False)
    assert recall(opened(made), IDS, documents) >= 0.97


def test_removed_passages_are_passed_over(made: Path) -> None:
    index = opened(made)
    removed = np.flatnonzero(np.random.default_rng(6).random(COUNT) < 0.4)
    put(index, 2, NONE, VECTORS[:0], removed)
    assert recall(index, np.setdiff1d(IDS, removed)) >= 0.97


def test_among_half_of_the_documents_it_needs_no_exact_search(made: Path) -> None:
    rows = read_base(made, DIMENSION, config()).segment.rows
    assert rows.approximation is not None
    tuning = replace(rows.approximation.tuning, effort=1, row_microseconds=1e6)
    approximation = Approximation(rows.approximation.index, tuning, COUNT)
    allowed = AllowedRows(COUNT, COUNT // 2, chosen=np.arange(0, COUNT, 2))
    for question in QUESTIONS:
        assert approximation.search(question[None], 10, allowed, rows.stored) is not None


def test_documents_far_from_the_question_are_found_all_the_same(folder: Path) -> None:
    centers = np.eye(DIMENSION, dtype=np.float32)[:30]
    vectors = (centers[IDS % 30] + 0.01 * VECTORS).astype(np.float16).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = FaissIndex.open(folder, DIMENSION, config())
    index.update(Mark(1), ids=IDS, documents=IDS % 30, vectors=vectors, removed=NONE)
    index.compact()
    index = opened(folder)
    for far in range(1, 30):
        (ranking,) = index.search(centers[:1], 10, documents=np.asarray([far]))
        assert (ranking.ids % 30).tolist() == [far] * 10


def test_more_than_it_finds_so_is_searched_for_exactly(made: Path) -> None:
    index = opened(made)
    assert recall(index, IDS, n=COUNT) == 1.0
    assert recall(index, IDS, n=COUNT + 5) == 1.0


def test_few_documents_are_searched_exactly(made: Path) -> None:
    index = FaissIndex.open(made, DIMENSION, config())
    assert recall(index, IDS, np.asarray([7, 130, 250])) == 1.0


@pytest.mark.parametrize("n", [1, 10, 1500, COUNT])
@pytest.mark.parametrize("documents", [None, np.arange(2, COUNT // 10, 2)])
def test_an_exact_search_of_the_file_misses_nothing(made: Path, n: int, documents: Ids | None) -> None:
    index = opened(made, row_microseconds=0.0)
    assert recall(index, IDS, documents, n) == 1.0


def test_scores_do_not_change_with_the_kind(made: Path, tmp_path: Path) -> None:
    flat = FaissIndex.open(tmp_path / "flat", DIMENSION, config("flat"))
    put(flat, 1, IDS, VECTORS)
    index = opened(made)
    for question in QUESTIONS:
        assert index.scores(question, IDS).tolist() == flat.scores(question, IDS).tolist()


@pytest.mark.parametrize(("scale", "precision"), [(1.0, "float16"), (3.0, "float32")])
def test_vectors_are_kept_in_the_least_that_loses_nothing(folder: Path, scale: float, precision: str) -> None:
    index = FaissIndex.open(folder, DIMENSION, config())
    put(index, 1, IDS[:200], VECTORS[:200] * np.float32(scale))
    question = QUESTIONS[0]
    before = index.scores(question, IDS[:200])
    index.compact()
    assert manifest(folder)["precision"] == precision
    np.testing.assert_allclose(index.scores(question, IDS[:200]), before, rtol=1e-6)


def test_it_tells_what_it_is(made: Path) -> None:
    index = FaissIndex.open(made, DIMENSION, config())
    put(index, 2, IDS[:7] + COUNT, stored(7, seed=8), removed=IDS[:5])
    told = index.description
    assert (told.kind, told.passages, told.beside, told.removed, told.change) == ("ivf", COUNT + 2, 7, 5, 1)
    assert told.size == sum(path.stat().st_size for path in made.glob("base-*"))
    assert told.tuning is not None
    assert told.tuning.recall >= 0.98
    assert told.tuning.effort >= 1
    assert told.tuning.milliseconds > 0


def test_a_base_grows_by_what_came_since(made: Path) -> None:
    index = FaissIndex.open(made, DIMENSION, config())
    more, gone = IDS[:400] + COUNT, IDS[:300:2]
    put(index, 2, more[::-1], stored(400, seed=8)[::-1], removed=gone)
    put(index, 3, NONE, VECTORS[:0], more[:3])
    before = index.scores(QUESTIONS[0], np.concatenate([IDS, more]))
    index.compact()
    told = manifest(made)
    assert (told["count"], told["removed"], told["made_with"]) == (COUNT + 397, len(gone), COUNT)
    again = opened(made)
    assert len(again) == len(index) == COUNT + 397 - len(gone)
    assert (again.description.beside, again.description.removed) == (0, len(gone))
    np.testing.assert_array_equal(again.scores(QUESTIONS[0], np.concatenate([IDS, more])), before)
    # A passage finds itself, also one that was added later.
    for id_, vector in zip(more[3:].tolist(), stored(400, seed=8)[3:], strict=True):
        assert again.search(vector, 1)[0].ids.tolist() == [id_]
    assert recall(again, np.setdiff1d(IDS, gone), np.arange(COUNT // 10)) >= 0.97


def test_a_grown_base_has_the_rows_of_the_one_before_as_they_were(made: Path) -> None:
    (path,) = made.glob("*.rows")
    before = path.read_bytes()
    index = opened(made)
    put(index, 2, IDS[:10] + COUNT, stored(10, seed=9), removed=IDS[3:4])
    index.compact()
    after = max(made.glob("*.rows"), key=lambda one: one.stat().st_size).read_bytes()
    size = len(before) // COUNT
    assert after[: 3 * size] == before[: 3 * size]
    assert after[3 * size : 4 * size] == bytes(size)  # of the removed passage
    assert after[4 * size : COUNT * size] == before[4 * size :]
    assert len(after) == (COUNT + 10) * size


def test_a_grown_base_that_is_compacted_again_is_left_alone(made: Path) -> None:
    index = FaissIndex.open(made, DIMENSION, config())
    put(index, 2, IDS[:10] + COUNT, stored(10, seed=8), removed=IDS[:10])
    index.compact()
    before = manifest(made)
    index.compact()
    assert manifest(made) == before


def test_a_base_is_tuned_again_when_it_has_grown_by_more_than_a_quarter(made: Path) -> None:
    index = FaissIndex.open(made, DIMENSION, config())
    more, tuned_with = stored(1000, seed=8), []
    for change, some in enumerate(np.split(np.arange(1000), [700]), 2):
        put(index, change, some + COUNT, more[some])
        index.compact()
        tuned_with.append(manifest(made)["tuning"]["rows"])
    assert tuned_with == [COUNT, COUNT + 1000]


def test_ids_need_not_ascend_in_a_grown_base(folder: Path) -> None:
    index = FaissIndex.open(folder, DIMENSION, config())
    put(index, 1, IDS[500:], VECTORS[500:])
    index.compact()
    put(index, 2, IDS[:500], VECTORS[:500])
    index.compact()
    assert manifest(folder)["made_with"] == COUNT - 500
    again = opened(folder)
    put(again, 3, IDS, VECTORS, removed=IDS[490:510])
    assert len(again) == COUNT - 20
    assert recall(again, np.setdiff1d(IDS, IDS[490:510])) >= 0.97


@pytest.mark.parametrize(
    ("added", "removed"),
    [
        (IDS + COUNT, IDS[:1]),  # more than twice as many as it was made with
        (IDS[:1] + COUNT, IDS[: COUNT // 4 + 1]),  # more than a quarter removed
    ],
)
def test_a_base_is_made_anew_where_it_no_longer_fits(made: Path, added: Ids, removed: Ids) -> None:
    index = FaissIndex.open(made, DIMENSION, config())
    put(index, 2, np.append(added, 3 * COUNT), stored(len(added) + 1, seed=3), removed=removed)
    index.compact()
    assert manifest(made)["removed"] == 0
    assert manifest(made)["made_with"] == manifest(made)["count"] == len(index)


def test_a_passage_that_comes_back_makes_a_base_anew(made: Path) -> None:
    index = FaissIndex.open(made, DIMENSION, config())
    put(index, 2, NONE, VECTORS[:0], removed=IDS[:2])
    put(index, 3, IDS[:1], VECTORS[:1])
    index.compact()
    assert manifest(made)["count"] == len(index) == COUNT - 1
    ids = np.load(made / manifest(made)["files"]["ids"]["name"])
    assert ids.tolist() == np.delete(IDS, 1).tolist()
    assert index.search(VECTORS[0], 1)[0].ids.tolist() == [0]


def test_where_the_index_cannot_be_read_it_is_made_anew(made: Path, caplog: pytest.LogCaptureFixture) -> None:
    index = FaissIndex.open(made, DIMENSION, config())
    (made / "base-000001.candidates.faiss").unlink()
    put(index, 2, IDS[:1] + COUNT, stored(1, seed=4))
    index.compact()
    assert "cannot be read" in caplog.text
    assert manifest(made)["made_with"] == len(index) == COUNT + 1


def test_an_index_can_become_empty(made: Path) -> None:
    index = FaissIndex.open(made, DIMENSION, config())
    put(index, 2, NONE, VECTORS[:0], removed=IDS)
    assert index.search(QUESTIONS[0], 5)[0].ids.tolist() == []
    index.compact()
    again = FaissIndex.open(made, DIMENSION, config())
    assert (again.change, len(again)) == (2, 0)


def test_building_is_the_same_each_time(made: Path, tmp_path: Path) -> None:
    index = FaissIndex.open(tmp_path / "again", DIMENSION, config())
    put(index, 1, IDS, VECTORS)
    index.compact()
    names = ("base-000001.candidates.faiss", "base-000001.rows", "base-000001.ids.npy")
    assert all((made / name).read_bytes() == (tmp_path / "again" / name).read_bytes() for name in names)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("base-000001.candidates.faiss", "No such file"),
        ("base-000001.rows", "No such file"),
        ("base-000001.live.npy", "No such file"),
    ],
)
def test_a_folder_that_lacks_a_file_is_filled_again(
    made: Path, name: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    index = FaissIndex.open(made, DIMENSION, config())
    put(index, 1, IDS[:1] + COUNT, stored(1, seed=4), removed=IDS[:1])
    index.compact()
    (made / name.replace("000001", "000001-1")).unlink()
    caplog.set_level(logging.WARNING)
    assert FaissIndex.open(made, DIMENSION, config()).change == 0
    assert reason in caplog.text


def test_with_a_limit_on_memory_it_finds_the_same(made: Path) -> None:
    limited = opened(made, megabytes=1)
    unlimited = FaissIndex.open(made, DIMENSION, config())
    found = [index.search(QUESTIONS, 100) for index in (limited, unlimited)]
    for one, other in zip(*found, strict=True):
        assert (one.ids.tolist(), one.scores.tolist()) == (other.ids.tolist(), other.scores.tolist())


@pytest.mark.parametrize(
    ("count", "values", "expected"),
    [
        (MAX_FLAT_PASSAGES, {}, "flat"),
        (MAX_FLAT_PASSAGES + 1, {}, "ivf"),
        (10_000_000, {}, "ivf"),
        (MAX_FLAT_PASSAGES, {"megabytes": 1}, "flat"),
        (1_000_000, {"kind": "flat"}, "flat"),
        (10, {"kind": "ivf"}, "ivf"),
    ],
)
def test_the_kind_follows_from_the_number(count: int, values: dict[str, Any], expected: str) -> None:
    assert choose_kind(count, VectorsConfig(**values)) == expected


def test_a_base_of_another_kind_than_the_settings_want_is_made_again(made: Path) -> None:
    index = FaissIndex.open(made, DIMENSION, config("flat"))
    assert index.should_compact
    index.compact()
    assert (index.description.kind, index.description.tuning, index.should_compact) == ("flat", None, False)
    assert len(index) == COUNT


def test_a_flat_base_of_the_first_format_is_read(folder: Path) -> None:
    index = FaissIndex.open(folder, DIMENSION)
    put(index, 1, IDS[:50], VECTORS[:50])
    index.compact()
    told = manifest(folder)
    files = {one: {"name": file["name"], "bytes": file["bytes"]} for one, file in told["files"].items()}
    first = {name: told[name] for name in ("kind", "change", "dimension", "count")}
    (folder / "manifest.json").write_text(json.dumps({"format": 1, **first, "files": files}))
    again = FaissIndex.open(folder, DIMENSION)
    assert (again.mark, len(again), again.is_checked) == (Mark(1), 50, True)
    assert again.should_compact  # so that it gets checksums
    again.check()
    again.compact()
    assert (manifest(folder)["format"], again.should_compact) == (3, False)
    assert again.search(VECTORS[7], 1)[0].ids.tolist() == [7]
