"""One limit that several processes keep together."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import pytest
from hypothesis import given, strategies as st

from index.errors import StoreUnavailable
from service.errors import RateLimited
from service.settings.values import RateLimit
from service.state.identity import Principal, Scope
from service.state.limits import LimitExchange, RateLimits, WrongKeys
from service.state.limits.counting import Counter, Due, Spent
from tests.contracts.memory_limits import MemoryLimitStore
from tests.log_lines import lines
from tests.patience import eventually

SLOW = RateLimit(per_minute=1, burst=100_000)
"""A limit that gives back nothing that counts while a test runs."""
PROCESSES = 3


class Process:
    """What a process counts, and its exchange, which takes place when a test says so."""

    def __init__(self, store: MemoryLimitStore) -> None:
        self.counter = Counter("requests")
        self._exchange = LimitExchange(store, [self.counter])

    def spend(self, cost: int, limit: RateLimit = SLOW) -> bool:
        return not self.counter.count("alice", limit, cost).limited

    def spend_all(self, limit: RateLimit) -> int:
        """How many requests are let through until one is refused."""
        spent = 0
        while self.spend(1, limit):
            spent += 1
        return spent

    def exchange(self) -> None:
        self._exchange.exchange()

    def minutes(self) -> float:
        """How many minutes are left until everything is given back."""
        return self.counter.peek("alice", SLOW).reset_after / 60


@pytest.fixture
def processes() -> list[Process]:
    store = MemoryLimitStore()
    return [Process(store) for _ in range(PROCESSES)]


steps = st.lists(
    st.tuples(st.integers(0, PROCESSES - 1), st.one_of(st.none(), st.integers(1, 1000))), max_size=30
)


@given(steps)
def test_all_costs_are_summed_in_whatever_order_they_are_exchanged(
    steps: list[tuple[int, int | None]],
) -> None:
    store = MemoryLimitStore()
    processes = [Process(store) for _ in range(PROCESSES)]
    known, total = [0] * PROCESSES, 0
    for number, cost in steps:
        if cost is None:
            processes[number].exchange()
            continue
        assert processes[number].spend(cost)
        total += cost
        known[number] += cost
        # It never forgets its own, and counts nothing twice.
        assert known[number] - 1 <= processes[number].minutes() <= total + 1
    for process in processes * 2:
        process.exchange()
    for process in processes:
        assert process.minutes() == pytest.approx(total, abs=1)


def test_a_caller_exceeds_its_limit_once_and_then_waits_until_all_is_given_back(
    processes: list[Process],
) -> None:
    limit = RateLimit(per_minute=1, burst=20)
    assert [process.spend_all(limit) for process in processes] == [20] * PROCESSES  # before any exchange
    for process in processes * 2:
        process.exchange()
    # Each process alone would let it in after 20 minutes, and so would the latest of their times.
    for process in processes:
        assert process.spend_all(limit) == 0
        assert process.minutes() == pytest.approx(20 * PROCESSES, abs=2)


def test_what_is_spent_during_an_exchange_is_not_lost() -> None:
    class Slow(MemoryLimitStore):
        """While it exchanges, the process counts on."""

        meanwhile: Callable[[], object] = staticmethod(lambda: None)

        def exchange(self, spent: Sequence[Spent]) -> list[Due]:
            found = super().exchange(spent)
            self.meanwhile()
            return found

    store = Slow()
    first, other = Process(store), Process(store)
    assert other.spend(1000)
    other.exchange()
    assert first.spend(100)
    store.meanwhile = lambda: first.spend(10)
    first.exchange()
    store.meanwhile = lambda: None
    assert first.minutes() == pytest.approx(1110, abs=1)
    first.exchange()
    other.exchange()
    assert other.minutes() == pytest.approx(1110, abs=1)


def test_a_process_alone_counts_as_without_a_store(processes: list[Process]) -> None:
    limit, one = RateLimit(per_minute=1, burst=5), processes[0]
    for _ in range(5):
        assert one.spend(1, limit)
        one.exchange()
    assert not one.spend(1, limit)
    assert one.counter.count("alice", limit).state.retry_after <= 60


# The thread


class Failing(MemoryLimitStore):
    """Cannot be reached while ``is_away``; counts what is asked of it, and notes when."""

    def __init__(self) -> None:
        super().__init__()
        self.is_away = False
        self.meanwhile: Callable[[], object] = lambda: None
        self.tries = self.forgets = 0
        self.forgot_at = -math.inf

    def exchange(self, spent: Sequence[Spent]) -> list[Due]:
        self.tries += 1
        if self.is_away:
            self.meanwhile()
            raise StoreUnavailable("It cannot be reached.")
        return super().exchange(spent)

    def forget(self) -> None:
        super().forget()
        self.forgot_at = time.monotonic()
        self.forgets += 1


@contextmanager
def sharing(store: MemoryLimitStore, *counters: Counter, kept_seconds: float = 60) -> Iterator[None]:
    exchange = LimitExchange(store, counters, seconds=0.01, kept_seconds=kept_seconds)
    exchange.start()
    try:
        yield
    finally:
        exchange.close()


def key(rate: str) -> Principal:
    return Principal("alice", "Alice", Scope.READ, rate=rate)


def test_what_is_spent_in_one_process_is_refused_in_another_that_is_asked_anything() -> None:
    store = MemoryLimitStore()
    first, other = RateLimits(), RateLimits()
    with sharing(store, first.counter), sharing(store, other.counter):
        first.charge(key("1:999999"), 999_999)
        eventually(lambda: store.exchange([]))

        def is_refused() -> bool:
            try:
                headers = other.charge(key("1:999999"))
            except RateLimited as error:
                return "r=0;t=" in error.headers["RateLimit"]
            assert "RateLimit" in headers
            return False

        eventually(is_refused)


@pytest.mark.parametrize(("cost", "seconds"), [(9, 300), (10, 360), (20, 360)])
def test_who_waits_as_long_as_is_told_gets_through(cost: int, seconds: int) -> None:
    """The first of a request's costs, which is charged before the others are known, is due again."""
    rates, caller = RateLimits(), key("1:10")
    rates.charge(caller, 5)
    rates.charge(caller)
    with pytest.raises(RateLimited, match=r"Wait for \d+ seconds") as caught:
        rates.charge(caller, cost - 1, charged=1)
    wait = int(caught.value.headers["Retry-After"])
    assert seconds - 50 < wait <= seconds  # less what the test took
    assert f"Wait for {wait} seconds" in caught.value.message


def test_wrong_keys_are_counted_together() -> None:
    store = MemoryLimitStore()
    first, other = WrongKeys(secret=b"one"), WrongKeys(secret=b"one")
    with sharing(store, first.counter), sharing(store, other.counter):
        for _ in range(20):
            first.add("2001:db8::1")
        addresses = (f"198.51.{number // 256}.{number % 256}" for number in range(65_536))

        def are_too_many() -> bool:
            other.add(next(addresses))  # it exchanges when it has counted anything
            return other.are_too_many("2001:db8::2:2")

        eventually(are_too_many)
        assert not other.are_too_many("198.51.0.0")
        with pytest.raises(RateLimited, match="wrong API keys"):
            other.add("2001:db8::3")


def test_without_its_store_a_process_counts_alone_which_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "loccit.service")
    store, counter = Failing(), Counter("requests")

    def has_tried(times: int) -> bool:
        return store.tries >= times

    with sharing(store, counter):
        eventually(lambda: has_tried(1))
        store.is_away = True
        store.meanwhile = lambda: counter.count("carol", SLOW)
        for tries in range(2, 5):
            assert not counter.count("alice", SLOW).limited
            eventually(partial(has_tried, tries))
        (alone,) = eventually(lambda: lines(caplog))
        assert "itself" in alone
        assert "It cannot be reached." in alone
        store.is_away = False
        eventually(lambda: "again" in lines(caplog)[-1])
        # Only now no exchange is under way that fails yet, and with which a request would be forgotten.
        assert not counter.count("bob", SLOW).limited
        eventually(lambda: store.exchange([]))
    assert len(lines(caplog)) == 2
    # Nothing of the time alone is added: else every caller would pay for what all processes let through.
    assert len(store.exchange([])) == 1
    assert all(counter.peek(name, SLOW).reset_after > 0 for name in ("alice", "bob", "carol"))


def test_an_idle_process_exchanges_nothing_and_removes_what_it_left() -> None:
    store, counter = Failing(), Counter("requests")
    with sharing(store, counter, kept_seconds=0.0):
        eventually(lambda: store.forgets == 1)
        counter.count("alice", RateLimit(per_minute=60_000, burst=10))
        # Once after the request, and, unless that was as late, a second after alice has had her whole burst.
        eventually(lambda: store.forgot_at >= counter.free_at + 1.0)
    assert store.tries == 2
    assert store.forgets in (2, 3)
