"""Rows that were read last: whether what is held is ever anything but what would be read."""

from __future__ import annotations

from collections.abc import Sequence

from index.store.rows.cache.recent import RecentRows


class Table:
    """Rows by id after a change; notes what was read."""

    def __init__(self, change: int, rows: dict[int, str]) -> None:
        self.change, self.rows = change, rows
        self.read: list[int] = []

    def __call__(self, ids: Sequence[int]) -> dict[int, str]:
        self.read += ids
        return {id_: self.rows[id_] for id_ in ids if id_ in self.rows}

    def get(self, recent: RecentRows[str], *ids: int) -> dict[int, str]:
        return recent.get(self.change, ids, self)


def test_what_was_read_is_not_read_again() -> None:
    recent, table = RecentRows[str](100, len), Table(1, {1: "one", 2: "two"})
    assert table.get(recent, 1) == {1: "one"}
    assert table.get(recent, 2, 1) == {1: "one", 2: "two"}
    assert table.get(recent, 1, 2) == {1: "one", 2: "two"}
    assert table.read == [1, 2]


def test_what_is_not_there_is_looked_for_each_time() -> None:
    recent, table = RecentRows[str](100, len), Table(1, {})
    assert table.get(recent, 1) == table.get(recent, 1) == {}
    assert table.read == [1, 1]


def test_a_change_makes_all_void() -> None:
    recent = RecentRows[str](100, len)
    before, after = Table(1, {1: "one", 2: "two"}), Table(2, {1: "uno"})
    assert before.get(recent, 1, 2) == {1: "one", 2: "two"}
    assert after.get(recent, 1, 2) == {1: "uno"}
    # A reader that is still at the moment before reads what stood then, and leaves what is held alone.
    assert before.get(recent, 1) == {1: "one"}
    assert after.get(recent, 1) == {1: "uno"}
    assert after.read == [1, 2]


def test_what_came_first_goes_first() -> None:
    recent, table = RecentRows[str](8, len), Table(1, {1: "one", 2: "two", 3: "three"})
    for id_ in (1, 2, 3, 3, 2, 1):
        assert table.get(recent, id_) == {id_: table.rows[id_]}
    assert table.read == [1, 2, 3, 1]


def test_a_row_larger_than_all_is_not_held() -> None:
    recent, table = RecentRows[str](4, len), Table(1, {1: "seven"})
    assert table.get(recent, 1) == table.get(recent, 1) == {1: "seven"}
    assert table.read == [1, 1]


def test_what_was_being_read_when_something_was_erased_is_not_held() -> None:
    recent = RecentRows[str](100, len)

    class Erased(Table):
        def __call__(self, ids: Sequence[int]) -> dict[int, str]:
            found = super().__call__(ids)
            recent.clear(2)
            return found

    assert Erased(1, {1: "one"}).get(recent, 1) == {1: "one"}
    before = Table(1, {1: "one"})
    assert before.get(recent, 1) == before.get(recent, 1) == {1: "one"}
    assert before.read == [1, 1], "nor is what is read as it stood before"
    assert Table(2, {}).get(recent, 1) == {}
