"""Claims on items in PostgreSQL: of processes that end or hang, and of several at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import psycopg
import pytest

from service.state.jobs.postgresql import PostgresqlJobStore
from service.state.jobs.protocols import Session
from service.state.jobs.records import NewItem
from tests.patience import eventually
from tests.postgresql import end_connections

FILES = 60
HOLD = """
import sys, time
from service.state.jobs.postgresql import PostgresqlJobStore
session = PostgresqlJobStore(sys.argv[1]).open_session()
print(len(session.claim("job", limit=2, max_bytes=1000)), flush=True)
time.sleep(1000)
"""


@pytest.fixture
def store(postgresql_url: str) -> Iterator[PostgresqlJobStore]:
    with closing(PostgresqlJobStore(postgresql_url)) as store:
        store.add("job", "lamps", [NewItem("file", f"{n}.txt", str(n), 1) for n in range(FILES)])
        store.begin("job")
        yield store


def opened(store: PostgresqlJobStore) -> Session:
    session = store.open_session()
    assert session is not None
    return session


def claimed(session: Session, limit: int = 2) -> list[int]:
    return [item.number for item in session.claim("job", limit=limit, max_bytes=1000)]


@pytest.mark.processes
def test_the_claims_of_a_killed_process_are_free(store: PostgresqlJobStore, postgresql_url: str) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, postgresql_url], stdout=subprocess.PIPE, text=True)
    session = opened(store)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "2\n"
        assert claimed(session, 1) == [3]
        assert session.others_claim("job")
    finally:
        holder.kill()
        holder.communicate()
    eventually(lambda: not session.others_claim("job"))
    assert claimed(session) == [1, 2]
    session.close()


def test_claims_are_lost_with_the_connection(store: PostgresqlJobStore, postgresql_url: str) -> None:
    session = opened(store)
    assert claimed(session) == [1, 2]
    end_connections(postgresql_url)
    assert session.has_claimed("job", [1, 2])  # nobody else has claimed them yet
    other = opened(store)
    assert claimed(other) == [1, 2]
    assert not session.has_claimed("job", [1, 2])
    session.close()
    assert other.has_claimed("job", [1, 2])
    other.close()


def test_a_process_that_hangs_loses_its_claims(store: PostgresqlJobStore, postgresql_url: str) -> None:
    hanging, other = opened(store), opened(store)
    items = hanging.claim("job", limit=2, max_bytes=1000)
    assert claimed(other) == [3, 4]
    with psycopg.connect(postgresql_url) as connection:
        connection.execute(
            "UPDATE loccit_service.item_claims SET until = now() - interval '1s' WHERE number < 3"
        )
    assert claimed(other) == [1, 2]
    late = [replace(item, outcome="refused", code="late") for item in items]
    assert not hanging.has_claimed("job", [1])
    assert hanging.settle("job", late) == []
    hanging.give_back()
    assert other.has_claimed("job", [1, 2, 3, 4])
    assert store.job("job").counts.outcomes == {"waiting": FILES}
    for one in (hanging, other):
        one.close()


def test_sessions_that_claim_at_once_get_different_items(store: PostgresqlJobStore) -> None:
    sessions = [opened(store) for _ in range(6)]
    with ThreadPoolExecutor(len(sessions)) as pool:
        found = list(pool.map(lambda session: [claimed(session, 5) for _ in range(2)], sessions))
    numbers = [number for one in found for batch in one for number in batch]
    assert sorted(numbers) == list(range(1, FILES + 1))
    for one in sessions:
        one.close()


def test_claims_end_with_their_job(store: PostgresqlJobStore, postgresql_url: str) -> None:
    session = opened(store)
    assert claimed(session) == [1, 2]
    store.move("job", "failed")
    store.delete("job")
    with psycopg.connect(postgresql_url) as connection:
        assert connection.execute("SELECT 1 FROM loccit_service.item_claims").fetchall() == []
    session.close()
