"""What the table of limits costs the processes that share it."""

from __future__ import annotations

import os
import time

import psycopg
import pytest

from service.state.limits.counting import Due, Spent
from service.state.limits.postgresql import PostgresqlLimitStore


def spent(*callers: bytes) -> list[Spent]:
    now = time.monotonic()
    return [Spent(Due("wrong_keys", caller, now + 10_000), 6.0) for caller in callers]


def test_what_a_process_was_told_is_not_told_again(postgresql_url: str) -> None:
    first, other = (PostgresqlLimitStore(postgresql_url) for _ in range(2))
    first.exchange(spent(b"a" * 16, b"b" * 16))
    assert {due.caller for due in other.exchange([])} == {b"a" * 16, b"b" * 16}
    assert other.exchange([]) == []
    first.exchange(spent(b"a" * 16))
    assert {due.caller for due in other.exchange([])} == {b"a" * 16}


def test_a_clock_of_the_server_that_is_set_back_makes_nobody_wait_for_longer(postgresql_url: str) -> None:
    first, other = (PostgresqlLimitStore(postgresql_url) for _ in range(2))
    alice, bob = b"a" * 16, b"b" * 16
    first.exchange(spent(alice, bob))
    other.exchange([])
    with psycopg.connect(postgresql_url) as connection:  # as if all that had been a day later
        connection.execute("UPDATE loccit_service.limits SET due = due + 86400, changed = changed + 86400")
    other._since += 86400
    now = time.monotonic()
    told = {due.caller: due.at - now for due in (*first.exchange(spent(bob)), *other.exchange([]))}
    assert told == {alice: pytest.approx(10_000, abs=100), bob: pytest.approx(10_000, abs=100)}
    assert other.exchange([]) == []


def test_callers_without_a_key_fill_no_table(postgresql_url: str) -> None:
    store = PostgresqlLimitStore(postgresql_url, most=10)
    for _ in range(5):
        store.exchange(spent(*(os.urandom(16) for _ in range(5))))
    store.exchange([Spent(Due("requests", b"a" * 16, time.monotonic() + 10_000), 6.0)])
    newest = spent(os.urandom(16))
    store.exchange(newest)
    store.forget()
    found = PostgresqlLimitStore(postgresql_url).exchange([])
    assert {due.counter for due in found} == {"wrong_keys", "requests"}
    assert len(found) <= 1 + 10 + 5
    assert newest[0].due.caller in {due.caller for due in found}


def test_changes_are_found_by_an_index(postgresql_url: str) -> None:
    store = PostgresqlLimitStore(postgresql_url)
    store.exchange(spent(*(os.urandom(16) for _ in range(5000))))
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("ANALYZE loccit_service.limits")
        plan = connection.execute(
            "EXPLAIN SELECT caller FROM loccit_service.limits WHERE changed >= 1e12"
        ).fetchall()
    assert "limits_changed" in str(plan)
