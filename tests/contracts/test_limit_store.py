"""What every store of limits does. A new one is a parameter of ``open_store``, with no new test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from service.state.limits import LimitStore, open_limit_store
from service.state.limits.counting import Due, Spent
from tests.contracts.memory_limits import MemoryLimitStore
from tests.contracts.reopening import reopening

Opener = Callable[[], LimitStore]
"""Opens the same limits with each call, as another process would."""
ALICE, BOB = b"a" * 16, b"b" * 16
CLOCKS = 100.0
"""Seconds by which the clocks of a store and of this process may seem to differ, where a machine stands
still. What is told apart differs by far more."""


@pytest.fixture(params=["postgresql", "memory"])
def open_store(request: pytest.FixtureRequest) -> Iterator[Opener]:
    if request.param == "memory":
        store = MemoryLimitStore()
        yield from reopening(lambda: store)
    else:
        url = request.getfixturevalue("postgresql_url")

        def opened() -> LimitStore:
            store = open_limit_store(store=url)
            assert store is not None
            return store

        yield from reopening(opened)


def spent(caller: bytes, at: float, cost: float, counter: str = "requests") -> Spent:
    return Spent(Due(counter, caller, at), cost)


def dues(store: LimitStore, *added: Spent) -> dict[tuple[str, bytes], float]:
    """All that a store tells, with the newest time of each caller."""
    return {(due.counter, due.caller): due.at for due in store.exchange(added)}


def test_what_one_process_spends_all_are_told(open_store: Opener) -> None:
    first, other, idle = open_store(), open_store(), open_store()
    now = time.monotonic()
    told = dues(first, spent(ALICE, now + 10_000, 10_000), spent(BOB, now + 20_000, 20_000, "wrong_keys"))
    assert told == {
        ("requests", ALICE): pytest.approx(now + 10_000, abs=CLOCKS),
        ("wrong_keys", BOB): pytest.approx(now + 20_000, abs=CLOCKS),
    }
    for store in (other, idle, open_store()):
        assert dues(store) == pytest.approx(told, abs=CLOCKS)


def test_what_was_spent_at_the_same_time_in_two_processes_is_summed(open_store: Opener) -> None:
    first, other = open_store(), open_store()
    now = time.monotonic()
    dues(first, spent(ALICE, now + 10_000, 10_000))
    told = dues(other, spent(ALICE, now + 30_000, 30_000))  # it did not know of the first
    assert told["requests", ALICE] == pytest.approx(now + 40_000, abs=CLOCKS)
    assert dues(first)["requests", ALICE] == pytest.approx(now + 40_000, abs=CLOCKS)


def test_what_has_been_given_back_is_not_summed(open_store: Opener) -> None:
    first, other = open_store(), open_store()
    now = time.monotonic()
    dues(first, spent(ALICE, now - 500, 10_000))
    assert dues(other, spent(ALICE, now + 5000, 5000))["requests", ALICE] == pytest.approx(
        now + 5000, abs=CLOCKS
    )


def test_a_store_that_lost_its_rows_takes_what_processes_know(open_store: Opener) -> None:
    now = time.monotonic()
    # It has spent little since the last exchange, and more before.
    assert dues(open_store(), spent(ALICE, now + 10_000, 5))["requests", ALICE] == pytest.approx(
        now + 10_000, abs=CLOCKS
    )


def test_callers_that_have_had_their_whole_burst_for_long_are_forgotten(open_store: Opener) -> None:
    store = open_store()
    now = time.monotonic()
    dues(store, spent(ALICE, now - 10_000, 1), spent(BOB, now + 10_000, 1))
    store.forget()
    assert {caller for _, caller in dues(open_store())} == {BOB}


def test_the_same_caller_is_counted_apart_by_each_counter(open_store: Opener) -> None:
    store = open_store()
    now = time.monotonic()
    dues(store, spent(ALICE, now + 10, 10), spent(ALICE, now + 20, 20, "wrong_keys"))
    assert len(dues(open_store())) == 2
