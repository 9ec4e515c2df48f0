"""Bases that are searched approximately: what they find, what they cost in recall, how they change."""

from __future__ import annotations

import itertools
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
from index.sealed import seal
from index.types import Ids, Vectors
from tests.index.engine.vectors.numbered import file_names, manifest, rewrite

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
    parts = manifest(folder)["parts"]
    tuning = {**parts[0]["tuning"], "row_microseconds": row_microseconds}
    rewrite(folder, parts=[{**part, "tuning": tuning} for part in parts])
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
    (segment,) = read_base(made, DIMENSION, config()).segments
    rows = segment.rows
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
    assert manifest(folder)["parts"][0]["precision"] == precision
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


def counts(folder: Path) -> list[int]:
    """The rows of each part."""
    return [part["count"] for part in manifest(folder)["parts"]]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("base-*")}


def test_a_base_grows_by_what_came_since(made: Path) -> None:
    index = FaissIndex.open(made, DIMENSION, config())
    more, gone = IDS[:400] + COUNT, IDS[:300:2]
    put(index, 2, more[::-1], stored(400, seed=8)[::-1], removed=gone)
    put(index, 3, NONE, VECTORS[:0], more[:3])
    before = index.scores(QUESTIONS[0], np.concatenate([IDS, more]))
    index.compact()
    assert counts(made) == [COUNT, 397]
    assert [part["removed"] for part in manifest(made)["parts"]] == [len(gone), 0]
    again = opened(made)
    assert len(again) == len(index) == COUNT + 397 - len(gone)
    assert (again.description.beside, again.description.removed) == (0, len(gone))
    np.testing.assert_array_equal(again.scores(QUESTIONS[0], np.concatenate([IDS, more])), before)
    # A passage finds itself, also one that was added later.
    for id_, vector in zip(more[3:].tolist(), stored(400, seed=8)[3:], strict=True):
        assert again.search(vector, 1)[0].ids.tolist() == [id_]
    assert recall(again, np.setdiff1d(IDS, gone), np.arange(COUNT // 10)) >= 0.97


def test_a_grown_base_keeps_the_files_of_the_one_before(made: Path) -> None:
    before = contents(made)
    index = opened(made)
    put(index, 2, IDS[:10] + COUNT, stored(10, seed=9), removed=IDS[3:4])
    index.compact()
    after = contents(made)
    assert {name: after[name] for name in before} == before
    new = sum(len(one) for name, one in after.items() if name not in before)
    assert new < sum(map(len, before.values())) / 4


def test_parts_are_merged_so_that_they_stay_few(folder: Path) -> None:
    index = FaissIndex.open(folder, DIMENSION, config())
    put(index, 1, IDS, VECTORS)
    index.compact()
    most = 0
    for change in range(2, 60):
        first = COUNT + 50 * (change - 2)
        put(index, change, np.arange(first, first + 50), stored(50, seed=change), removed=NONE)
        index.compact()
        (trained, *others) = counts(folder)
        assert trained + sum(others) == first + 50
        assert all(2 * later <= one for one, later in itertools.pairwise(others) if one < trained // 16)
        most = max(most, len(others))
    assert most <= 2 * 8 + 3
    assert all(one <= COUNT // 8 for one in counts(folder)[1:])
    again = opened(folder)
    ids = again.search(VECTORS[0], 2 * COUNT)[0].ids
    assert sorted(ids.tolist()) == list(range(len(again)))
    assert recall(again, IDS, np.arange(COUNT // 10)) >= 0.97


def test_parts_that_are_open_are_not_opened_again(made: Path) -> None:
    index, before = FaissIndex.open(made, DIMENSION, config()), read_base(made, DIMENSION, config())
    put(index, 2, IDS[:10] + COUNT, stored(10, seed=2), removed=IDS[:1])
    index.compact()
    after = read_base(made, DIMENSION, config(), before)
    first, second = after.segments
    assert first.rows is before.segments[0].rows
    assert (first.dead, len(second)) == (1, 10)


def test_another_process_goes_on_with_the_parts_that_it_has(made: Path) -> None:
    writer, reader = (FaissIndex.open(made, DIMENSION, config()) for _ in range(2))
    removed = []
    for change in (2, 3, 4):
        gone = IDS[change : change + 1]
        for index in (writer, reader):
            put(index, change, np.arange(10) + COUNT + 10 * change, stored(10, seed=change), removed=gone)
        removed += gone.tolist()
        writer.compact()
        put(reader, change, IDS[:1] + 9999, stored(1), removed=IDS[20 + change : 21 + change])
        assert reader.reload()
        removed.append(20 + change)
        found = reader.search(VECTORS[0], 3 * COUNT)[0].ids.tolist()
        assert not set(found) & set(removed)
        assert len(found) == len(reader) == len(set(found)) == COUNT + 10 * (change - 1) + 1 - len(removed)


def test_a_grown_base_that_is_compacted_again_is_left_alone(made: Path) -> None:
    index = FaissIndex.open(made, DIMENSION, config())
    put(index, 2, IDS[:10] + COUNT, stored(10, seed=8), removed=IDS[:10])
    index.compact()
    before = manifest(made)
    index.compact()
    assert manifest(made) == before


def test_ids_need_not_ascend_in_a_grown_base(folder: Path) -> None:
    index = FaissIndex.open(folder, DIMENSION, config())
    put(index, 1, IDS[500:], VECTORS[500:])
    index.compact()
    put(index, 2, IDS[:500], VECTORS[:500])
    index.compact()
    assert counts(folder) == [COUNT - 500, 500]
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
    (part,) = manifest(made)["parts"]
    assert (part["removed"], part["made_with"], part["count"]) == (0, len(index), len(index))


def test_a_passage_that_comes_back_is_in_the_new_part(made: Path) -> None:
    index = FaissIndex.open(made, DIMENSION, config())
    put(index, 2, NONE, VECTORS[:0], removed=IDS[:2])
    put(index, 3, IDS[:1], VECTORS[:1])
    index.compact()
    assert counts(made) == [COUNT, 1]
    for one in (index, FaissIndex.open(made, DIMENSION, config())):
        assert len(one) == COUNT - 1
        assert one.search(VECTORS[0], 1)[0].ids.tolist() == [0]
        assert np.isnan(one.scores(VECTORS[0], IDS[:3])).tolist() == [False, True, False]


def test_where_a_file_is_gone_the_base_is_made_anew(made: Path) -> None:
    index = FaissIndex.open(made, DIMENSION, config())
    file_names(made)["base-000001.candidates.faiss"].unlink()
    put(index, 2, IDS[:1] + COUNT, stored(1, seed=4))
    index.compact()
    assert counts(made) == [len(index)] == [COUNT + 1]


def test_a_base_of_one_part_of_the_format_before_grows(made: Path) -> None:
    told = manifest(made)
    (part,) = told.pop("parts")
    files = {name.removesuffix(".0"): file for name, file in told.pop("files").items()}
    old = {**told, **part, "format": 3, "files": files}
    (made / "manifest.json").write_text(seal(old))
    index = FaissIndex.open(made, DIMENSION, config())
    assert (len(index), index.should_compact) == (COUNT, False)
    put(index, 2, IDS[:5] + COUNT, stored(5, seed=4), removed=IDS[:2])
    index.compact()
    assert (counts(made), manifest(made)["format"]) == ([COUNT, 5], 4)
    assert recall(opened(made), IDS[2:], np.arange(COUNT // 10)) >= 0.97


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
    first, second = file_names(made), file_names(tmp_path / "again")
    for name in ("base-000001.candidates.faiss", "base-000001.rows", "base-000001.ids.npy"):
        assert first[name].read_bytes() == second[name].read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        "base-000001.candidates.faiss",
        "base-000001.rows",
        "base-000002.live.npy",
        "base-000002.1.candidates.faiss",
        "base-000002.1.rows",
    ],
)
def test_a_folder_that_lacks_a_file_is_filled_again(
    made: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    index = FaissIndex.open(made, DIMENSION, config())
    put(index, 2, IDS[:1] + COUNT, stored(1, seed=4), removed=IDS[:1])
    index.compact()
    file_names(made)[name].unlink()
    caplog.set_level(logging.WARNING)
    assert FaissIndex.open(made, DIMENSION, config()).change == 0
    assert "No such file" in caplog.text


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
    files = {name.removesuffix(".0"): file for name, file in files.items()}
    first = {name: told[name] for name in ("kind", "change", "dimension")} | told["parts"][0]
    (folder / "manifest.json").write_text(json.dumps({"format": 1, **first, "files": files}))
    again = FaissIndex.open(folder, DIMENSION)
    assert (again.mark, len(again), again.is_checked) == (Mark(1), 50, True)
    assert again.should_compact  # so that it gets checksums
    again.check()
    again.compact()
    assert (manifest(folder)["format"], again.should_compact) == (4, False)
    assert again.search(VECTORS[7], 1)[0].ids.tolist() == [7]
