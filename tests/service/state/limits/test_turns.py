"""Callers take turns, whoever has how much that waits."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, strategies as st

from service.state.limits.turns import Turns


def all_of(turns: Turns[int]) -> list[tuple[str, int]]:
    taken = []
    while (one := turns.take()) is not None:
        taken.append(one)
    return taken


def test_holders_take_turns_and_each_keeps_its_order() -> None:
    turns: Turns[int] = Turns()
    for number in range(3):
        turns.put("a", number)
    turns.put("b", 10)
    turns.put("b", 11)
    turns.put("c", 20)
    assert all_of(turns) == [("a", 0), ("b", 10), ("c", 20), ("a", 1), ("b", 11), ("a", 2)]
    assert turns.take() is None


@given(st.lists(st.sampled_from("abc"), max_size=30), st.integers(0, 30))
def test_who_comes_last_waits_for_one_item_of_each_other(queued: Sequence[str], taken: int) -> None:
    turns: Turns[int] = Turns()
    for number, holder in enumerate(queued):
        turns.put(holder, number)
    for _ in range(taken):
        turns.take()
    turns.put("new", -1)
    rest = all_of(turns)
    before = [holder for holder, _ in rest[: rest.index(("new", -1))]]
    assert len(before) == len(set(before))
    for holder in "abc":
        own = [number for name, number in rest if name == holder]
        assert own == sorted(own)


def test_who_may_not_take_any_more_keeps_its_turn() -> None:
    turns: Turns[int] = Turns()
    for number in range(2):
        turns.put("a", number)
    turns.put("b", 10)
    assert turns.take(lambda holder: holder != "a") == ("b", 10)
    assert turns.take(lambda holder: holder != "a") is None
    assert turns.take() == ("a", 0)


def test_clearing_returns_what_waits() -> None:
    turns: Turns[int] = Turns()
    turns.put("a", 1)
    turns.put("b", 2)
    turns.put("a", 3)
    assert turns.clear() == [1, 3, 2]
    assert turns.take() is None
