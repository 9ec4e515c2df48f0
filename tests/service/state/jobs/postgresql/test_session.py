"""How sessions that run jobs end with their connections, and what an older version excludes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from index.errors import StoreUnavailable
from index.postgresql import lock_key
from service.state.jobs.postgresql import PostgresqlJobStore
from tests.patience import eventually
from tests.postgresql import end_connections

HOLD = """
import sys, time
from service.state.jobs.postgresql import PostgresqlJobStore
session = PostgresqlJobStore(sys.argv[1]).open_session()
print("held" if session.acquire("lamps") else "refused", flush=True)
time.sleep(1000)
"""


@pytest.fixture
def store(postgresql_url: str) -> Iterator[PostgresqlJobStore]:
    with closing(PostgresqlJobStore(postgresql_url)) as store:
        yield store


@pytest.mark.processes
def test_the_leases_of_a_killed_process_are_free(store: PostgresqlJobStore, postgresql_url: str) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, postgresql_url], stdout=subprocess.PIPE, text=True)
    session = store.open_session()
    assert session is not None
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert not session.acquire("lamps")
        assert session.acquire("ships")
    finally:
        holder.kill()
        holder.communicate()
    assert eventually(lambda: session.acquire("lamps"))
    session.close()


def test_leases_are_lost_with_the_connection(store: PostgresqlJobStore, postgresql_url: str) -> None:
    session = store.open_session()
    assert session is not None
    assert session.acquire("lamps")
    end_connections(postgresql_url)
    assert not session.is_held()
    for lease in ("lamps", "ships"):
        with pytest.raises(StoreUnavailable):
            session.acquire(lease)
    other = store.open_session()
    assert other is not None
    assert eventually(lambda: other.acquire("lamps"))  # the server tells the end before it frees the locks
    session.release("lamps")
    session.close()
    third = store.open_session()
    assert third is not None
    assert not third.acquire("lamps")
    other.close()
    third.close()


def test_a_version_before_that_runs_all_jobs_is_not_joined(
    store: PostgresqlJobStore, postgresql_url: str
) -> None:
    lock = [lock_key("service", "jobs")]
    with psycopg.connect(postgresql_url) as older:
        older.execute("SELECT pg_advisory_lock(%s)", lock)
        assert store.open_session() is None
    session = eventually(store.open_session)
    with psycopg.connect(postgresql_url) as older:
        assert older.execute("SELECT pg_try_advisory_lock(%s)", lock).fetchone() == (False,)
    session.close()
