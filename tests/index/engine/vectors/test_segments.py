"""Snapshots and the segments that they are made of."""

import math

import numpy as np

from index.engine.vectors.exact import HALF, SINGLE, AllowedRows, normalise
from index.engine.vectors.rows import Rows
from index.engine.vectors.segments import Segment, Snapshot, merge_segments
from index.records import Mark
from tests.index.engine.vectors.numbered import NONE, unit


def test_deltas_stay_few_and_are_seldom_copied() -> None:
    snapshot = Snapshot(Mark(0), (Segment.whole(Rows.of(NONE, NONE, unit(0))),))
    copied = 0
    for id_ in range(1000):
        before = {id(delta.rows) for delta in snapshot.deltas}
        row = np.asarray([id_])
        snapshot = snapshot.with_changes(Mark(id_), Rows.of(row, row, unit(1)), NONE)
        copied += sum(len(delta) for delta in snapshot.deltas if id(delta.rows) not in before)
        assert len(snapshot.deltas) <= math.log2(id_ + 1) + 1
    assert len(snapshot) == 1000
    assert copied <= 1000 * (math.log2(1000) + 1)


def test_snapshots_do_not_change() -> None:
    ids = np.arange(20)
    first = Snapshot(Mark(1), (Segment.whole(Rows.of(ids, ids, unit(20))),))
    second = first.with_changes(Mark(2), Rows.of(ids + 20, ids, unit(20)), np.asarray([0, 8, 9]))
    third = second.with_changes(Mark(3), Rows.of(NONE, NONE, unit(0)), np.asarray([1, 20]))
    assert [len(snapshot) for snapshot in (first, second, third)] == [20, 37, 35]
    assert [snapshot.holds(np.asarray([0, 1, 20])).tolist() for snapshot in (first, second, third)] == [
        [True, True, False],
        [False, True, True],
        [False, False, False],
    ]


def test_rounded_rows_are_merged_as_they_are() -> None:
    rng = np.random.default_rng(3)
    exact = unit(12)
    rounded = normalise(exact.astype(np.float16).astype(np.float32))
    ids = rng.permutation(12)
    parts = [Rows.of(some, some, rounded[some]) for some in np.split(ids, [5, 11])]
    assert all(one.stored.precision == HALF for one in parts)
    merged = merge_segments([Segment.whole(one) for one in parts])
    assert merged.stored.precision == HALF
    assert np.array_equal(merged.vectors(np.arange(12)), rounded)
    mixed = merge_segments(
        [Segment.whole(one) for one in (parts[0], Rows.of(ids[5:], ids[5:], exact[ids[5:]]))]
    )
    assert mixed.stored.precision == SINGLE
    assert np.array_equal(mixed.vectors(np.sort(ids[5:])), exact[np.sort(ids[5:])])


def test_scores_of_merged_rows_keep_the_largest_error_of_their_parts() -> None:
    ids = np.arange(12)
    rounded = normalise(unit(12).astype(np.float16).astype(np.float32))
    parts = [Rows.of(some, some, rounded[some]) for some in np.split(ids, 3)]
    everything = AllowedRows(4, 4)
    errors = [one.search(rounded[:1], 2, everything).error for one in parts]
    merged = merge_segments([Segment.whole(one) for one in parts])
    assert merged.search(rounded[:1], 2, AllowedRows(12, 12)).error == max(errors)
