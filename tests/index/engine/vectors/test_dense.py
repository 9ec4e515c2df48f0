"""Compaction, following another process, closing; and all of it against a dictionary."""

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from index.engine.vectors import FaissIndex
from index.records import Mark
from index.types import Ids
from tests.index.engine.vectors.numbered import DIMENSION, NONE, held, put, unit, vector_of
from tests.sizes import examples


def test_a_base_is_opened_at_its_change(compacted: Path) -> None:
    index = FaissIndex.open(compacted, DIMENSION)
    assert (index.change, len(index), held(index)) == (118, 20, list(range(20)))
    assert index.scores(vector_of(3), np.asarray([3]))[0] == pytest.approx(1.0)
    put(index, 119, [20], removed=np.asarray([0]))
    assert held(index) == list(range(1, 21))


def test_what_came_after_the_base_is_brought_again(compacted: Path) -> None:
    index = FaissIndex.open(compacted, DIMENSION)
    put(index, 119, [20])
    index.close()
    again = FaissIndex.open(compacted, DIMENSION)
    assert (again.change, len(again)) == (118, 20)


def test_compaction_keeps_what_is_held_and_where_it_is(folder: Path) -> None:
    index = FaissIndex.open(folder, DIMENSION)
    put(index, 1, range(30))
    put(index, 2, [], removed=np.arange(0, 30, 3))
    before = index.search(unit(5, seed=1), 10, documents=np.arange(3, 9))
    index.compact()
    after = FaissIndex.open(folder, DIMENSION).search(unit(5, seed=1), 10, documents=np.arange(3, 9))
    assert [ranking.ids.tolist() for ranking in after] == [ranking.ids.tolist() for ranking in before]
    assert [ranking.scores.tolist() for ranking in after] == [ranking.scores.tolist() for ranking in before]


def test_an_index_can_become_empty(compacted: Path) -> None:
    index = FaissIndex.open(compacted, DIMENSION)
    put(index, 119, [], removed=np.arange(20))
    index.compact()
    again = FaissIndex.open(compacted, DIMENSION)
    assert (again.change, len(again), held(again)) == (119, 0, [])
    put(again, 120, [50])
    assert held(again) == [50]


def test_another_process_adopts_a_newer_base(compacted: Path) -> None:
    writer, reader = FaissIndex.open(compacted, DIMENSION), FaissIndex.open(compacted, DIMENSION)
    assert not reader.reload()
    put(writer, 119, [20, 21], removed=np.asarray([0]))
    writer.compact()
    assert held(reader) == list(range(20))
    assert reader.reload()
    assert (reader.change, held(reader)) == (119, list(range(1, 22)))
    assert not reader.reload()
    assert not writer.reload()


def test_reloading_keeps_what_is_newer_here(compacted: Path) -> None:
    writer, reader = FaissIndex.open(compacted, DIMENSION), FaissIndex.open(compacted, DIMENSION)
    for index in (writer, reader):
        put(index, 119, [20, 21])
    put(reader, 120, [22], removed=np.asarray([5, 21]))
    writer.compact()
    assert reader.reload()
    assert (reader.change, len(reader)) == (120, 21)
    assert held(reader) == [id_ for id_ in range(23) if id_ not in (5, 21)]


def test_updates_during_a_compaction_are_kept(folder: Path) -> None:
    index = FaissIndex.open(folder, DIMENSION)
    put(index, 1, range(200))
    finished = threading.Event()

    def compact() -> None:
        while not finished.is_set():
            index.compact()

    compactor = threading.Thread(target=compact)
    compactor.start()
    for change in range(2, 60):
        put(index, change, [200 + change], removed=np.asarray([change]))
    finished.set()
    compactor.join()
    expected = sorted({*range(200), *range(202, 260)} - {*range(2, 60)})
    assert held(index) == expected
    index.compact()
    again = FaissIndex.open(folder, DIMENSION)
    assert (again.change, held(again)) == (59, expected)


def wait_for_compaction() -> None:
    for thread in threading.enumerate():
        if thread.name == "loccit-compaction":
            thread.join()


def test_a_compaction_in_the_background_is_one_at_a_time(folder: Path) -> None:
    index = FaissIndex.open(folder, DIMENSION)
    put(index, 1, range(3000))
    assert index.compact_in_background(pytest.fail)
    put(index, 2, [3000])
    wait_for_compaction()
    assert (index.description.passages, index.change) == (3001, 2)
    assert index.compact_in_background(pytest.fail)
    wait_for_compaction()
    assert FaissIndex.open(folder, DIMENSION).change == 2


def test_what_goes_wrong_in_the_background_is_logged(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    index = FaissIndex.open(folder, DIMENSION)
    put(index, 1, range(3))
    folder.write_text("in the way")
    assert index.compact_in_background(pytest.fail)
    wait_for_compaction()
    assert "was not compacted" in caplog.text
    assert held(index) == [0, 1, 2]


def test_where_another_process_compacts_there_is_nothing_to_do(folder: Path) -> None:
    index = FaissIndex.open(folder, DIMENSION)
    put(index, 1, range(3))
    folder.mkdir()
    with FileLock(folder / "compact.lock"):
        index.compact()
    assert [path.name for path in folder.iterdir()] == ["compact.lock"]
    index.compact()
    assert FaissIndex.open(folder, DIMENSION).change == 1


def test_compaction_is_due_when_much_is_beside_the_base(folder: Path) -> None:
    index = FaissIndex.open(folder, DIMENSION)
    vectors = unit(20_000)

    def due_after(first: int, last: int, removed: Ids = NONE) -> bool:
        ids = np.arange(first, last)
        index.update(Mark(1), ids=ids, documents=ids, vectors=vectors[first:last], removed=removed)
        return index.should_compact

    assert [due_after(0, 4096), due_after(4096, 4097), due_after(4097, 20_000)] == [False, True, True]
    index.compact()
    assert [due_after(0, 0, np.arange(last)) for last in (1, 5000, 5001)] == [False, False, True]


def test_a_closed_index_says_so(folder: Path) -> None:
    index = FaissIndex.open(folder, DIMENSION)
    index.close()
    index.close()  # harmless
    calls: list[Callable[[], object]] = [
        lambda: index.search(unit(1), 1),
        lambda: index.change,
        lambda: len(index),
        index.compact,
    ]
    for call in calls:
        with pytest.raises(RuntimeError, match="closed"):
            call()


def test_opening_and_closing_leaks_no_files(compacted: Path) -> None:
    def cycle() -> int:
        index = FaissIndex.open(compacted, DIMENSION)
        index.search(unit(1), 3, documents=np.arange(4))
        put(index, 119, [20])
        index.close()
        return len(list(Path("/proc/self/fd").iterdir()))

    counts = [cycle() for _ in range(50)]
    # Files of the process that others close or open meanwhile are few; a leak adds one each time.
    assert counts[-1] - counts[0] < 25
    maps = Path("/proc/self/maps").read_text(encoding="utf-8")
    assert str(compacted) not in maps


class Against(RuleBasedStateMachine):
    """The index against a dictionary, over updates, repeats, compactions, reopening and reloading."""

    root: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=self.root))
        self.index = FaissIndex.open(self.folder, DIMENSION)
        self.other = FaissIndex.open(self.folder, DIMENSION)
        self.log: list[tuple[list[int], Ids]] = []
        self.model: set[int] = set()
        self.next = 0

    def teardown(self) -> None:
        self.index.close()
        self.other.close()

    def catch_up(self, index: FaissIndex) -> None:
        for change in range(index.change, len(self.log)):
            ids, removed = self.log[change]
            put(index, change + 1, ids, removed)

    @rule(count=st.integers(0, 12), removed=st.sets(st.integers(0, 100), max_size=6))
    def update(self, count: int, removed: set[int]) -> None:
        ids = list(range(self.next, self.next + count))
        self.next += count
        self.log.append((ids, np.asarray(sorted(removed), np.int64)))
        self.model = (self.model | set(ids)) - removed
        self.catch_up(self.index)

    @rule()
    def repeat_the_last(self) -> None:
        if self.log:
            put(self.index, len(self.log), *self.log[-1])

    @rule()
    def compact(self) -> None:
        self.index.compact()

    @rule()
    def reopen(self) -> None:
        self.index.close()
        self.index = FaissIndex.open(self.folder, DIMENSION)
        self.catch_up(self.index)

    @rule(catch_up=st.booleans())
    def follow(self, *, catch_up: bool) -> None:
        self.other.reload()
        if catch_up:
            self.catch_up(self.other)
            assert held(self.other) == sorted(self.model)

    @rule(seed=st.integers(0, 1000), n=st.integers(1, 8), documents=st.sets(st.integers(0, 60), max_size=9))
    def search(self, seed: int, n: int, documents: set[int]) -> None:
        question = unit(1, seed)
        (ranking,) = self.index.search(question, n, documents=np.asarray(list(documents), np.int64))
        allowed = [id_ for id_ in self.model if id_ // 2 in documents]
        products = {id_: float(vector_of(id_)[0] @ question[0]) for id_ in allowed}
        best = sorted(products, key=lambda id_: -products[id_])[:n]
        assert ranking.ids.tolist() == best

    @invariant()
    def holds_what_it_should(self) -> None:
        assert self.index.change == len(self.log)
        assert len(self.index) == len(self.model)
        assert held(self.index) == sorted(self.model)


def test_it_holds_what_a_dictionary_would(tmp_path: Path) -> None:
    Against.root = tmp_path
    case = Against.TestCase
    case.settings = settings(max_examples=examples(25, few=10), stateful_step_count=20)
    case().runTest()


@pytest.mark.parametrize("compacts", [False, True])
def test_rows_that_the_store_has_rounded_take_half_and_lose_nothing(folder: Path, compacts: bool) -> None:
    """Many lie so near to each other that their order is not that of the rounded rows."""
    random = np.random.default_rng(0)
    near = random.normal(size=(1, 64)) + 0.002 * random.normal(size=(2000, 64))
    rounded = (near / np.linalg.norm(near, axis=1, keepdims=True)).astype(np.float16).astype(np.float32)
    lengths = np.linalg.norm(rounded, axis=1, keepdims=True)
    vectors = rounded / lengths
    assert np.abs(lengths - 1).max() > 1e-5, "the rounded rows are not of length one"
    index = FaissIndex.open(folder, 64)
    ids = np.arange(len(vectors))
    index.update(Mark(1), ids=ids, documents=ids, vectors=vectors, removed=NONE)
    if compacts:
        index.compact()
        assert index.description.size < 3 * vectors.size
    for query in vectors[:20]:
        scores = np.einsum("nd,d->n", vectors.astype(np.float64), query.astype(np.float64))
        (ranking,) = index.search(query, 50)
        np.testing.assert_allclose(ranking.scores, np.sort(scores)[::-1][:50], atol=1e-6, rtol=0)
        np.testing.assert_array_equal(ranking.scores, index.scores(query, ranking.ids))
    index.close()


@pytest.mark.parametrize("share", [1, 3, 30])
def test_a_row_that_is_no_number_is_nowhere(folder: Path, share: int) -> None:
    index = FaissIndex.open(folder, DIMENSION)
    vectors = unit(60)
    vectors[3] = np.nan
    ids = np.arange(60)
    index.update(Mark(1), ids=ids, documents=ids, vectors=vectors, removed=NONE)
    wanted = np.union1d([3], ids[::share])
    (ranking,) = index.search(unit(1, seed=1), 60, documents=wanted)
    assert sorted(ranking.ids.tolist()) == sorted(set(wanted.tolist()) - {3})
    index.close()
