"""A server that is away, or hangs, holds nobody; one that is only busy is no outage."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from typing import Any

import psycopg
import pytest

from index.errors import CollectionBusy, StoreUnavailable
from index.postgresql import AdvisoryLeases, Server
from index.postgresql.pools import SessionProbe
from tests.patience import PATIENCE, eventually
from tests.postgresql import PASSWORD, Pair, pair

SECONDS = PATIENCE / 4
"""How long a transaction waits for a connection in these tests: far longer than they may take."""
SLEEPS = "SELECT 1 FROM pg_sleep(600)"


@pytest.fixture(scope="module")
def servers() -> Iterator[Pair]:
    with pair() as found:
        yield found


@pytest.fixture
def alone(servers: Pair) -> Iterator[Server]:
    """A server object that knows one host."""
    with closing(Server(servers.primary_url, seconds=SECONDS)) as server:
        assert server.look("pg_catalog", "SELECT 1") == (1,)
        yield server


def is_away(server: Server) -> bool:
    try:
        server.look("pg_catalog", "SELECT 1")
    except StoreUnavailable:
        return True
    return False


class Worker:
    """Runs a call in a thread; ``ended`` has how it ended."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.ended = threading.Event()
        self.error: Exception | None = None
        self._call = call
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._call()
        except Exception as error:
            self.error = error
        self.ended.set()

    def result(self) -> Exception | None:
        assert self.ended.wait(PATIENCE)
        self._thread.join(PATIENCE)
        return self.error


def sleep_in(server: Server, **how: Any) -> None:
    with server.read("pg_catalog", **how) as reading:
        reading.row(SLEEPS)


def waiting(url: str, count: int) -> None:
    """Wait until so many sessions sleep."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    with psycopg.connect(url, autocommit=True) as connection:
        eventually(lambda: connection.execute(query).fetchone() == (count,))


def end_all(url: str) -> None:
    with suppress(psycopg.Error), psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        )


def test_work_of_a_server_that_hangs_ends_and_all_else_is_refused(servers: Pair, alone: Server) -> None:
    brief = Worker(lambda: alone.look("pg_catalog", SLEEPS))
    lasting = Worker(lambda: sleep_in(alone))
    leases = AdvisoryLeases(alone, "a", what="the collection 'a'")
    with leases.hold("write", 0) as lease:
        waiting(servers.primary_url, 2)
        with servers.hanging():
            holding = Worker(lease.check)
            assert isinstance(brief.result(), StoreUnavailable)
            began = time.monotonic()
            for _ in range(20):
                assert is_away(alone)
                with pytest.raises(StoreUnavailable), leases.hold("other", PATIENCE):
                    pass
                with pytest.raises(StoreUnavailable):
                    alone.require_answers()
            assert time.monotonic() < began + SECONDS / 2, "they were refused without waiting"
            assert isinstance(lasting.result(), StoreUnavailable)
            assert isinstance(holding.result(), CollectionBusy)
            others = [Worker(lambda: sleep_in(alone)) for _ in range(60)]
            assert {type(other.result()) for other in others} == {StoreUnavailable}
    eventually(lambda: not is_away(alone))
    alone.require_answers()
    end_all(servers.primary_url)


def test_full_pools_and_statements_that_fail_are_no_outage(servers: Pair) -> None:
    with closing(Server(servers.primary_url, most=2, seconds=2.0)) as server:
        sleeping = [Worker(lambda: sleep_in(server)) for _ in range(2)]
        waiting(servers.primary_url, 2)
        with pytest.raises(CollectionBusy, match="all connections of this process are in use"):
            server.look("pg_catalog", "SELECT 1")
        server.require_answers()
        assert not any(one.ended.is_set() for one in sleeping)
        end_all(servers.primary_url)
        assert {type(one.result()) for one in sleeping} == {StoreUnavailable}  # of these sessions alone
        assert server.look("pg_catalog", "SELECT 1") == (1,)


def has_ended(probe: SessionProbe) -> bool:
    return probe.outcome() is not None


def test_a_server_that_has_no_room_for_another_session_is_no_outage(servers: Pair) -> None:
    url = servers.primary_url.replace("://loccit:", "://visitor:")
    with psycopg.connect(servers.primary_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE visitor LOGIN CONNECTION LIMIT 1 PASSWORD '{PASSWORD}'")
    with psycopg.connect(url):
        for is_served, said in ((True, ""), (False, "too many connections")):
            probe = SessionProbe(lambda: url, takes_writes=False, is_served=partial(bool, is_served))
            probe.begin()
            eventually(partial(has_ended, probe))
            assert said in (probe.outcome() or "")
            assert bool(probe.outcome()) is not is_served


def test_a_probe_that_fails_in_this_process_is_made_again() -> None:
    def info() -> str:
        raise OSError("too many open files")

    probe = SessionProbe(info, takes_writes=False)
    for _ in range(2):
        probe.begin()
        eventually(lambda: probe.outcome() == "it could not be asked: OSError")


def test_a_session_that_hangs_alone_is_left_for_another(servers: Pair) -> None:
    with closing(Server(servers.primary_url, brief_seconds=1.0, seconds=SECONDS)) as server:
        (number,) = server.look("pg_catalog", "SELECT pg_backend_pid()") or (0,)
        os.kill(number, signal.SIGSTOP)
        try:
            found = server.look("pg_catalog", "SELECT pg_backend_pid()")
            assert found is not None
            assert found != (number,)
            server.require_answers()
        finally:
            os.kill(number, signal.SIGCONT)


def test_a_standby_answers_what_it_may_while_the_first_host_hangs(servers: Pair) -> None:
    with closing(Server(servers.url, seconds=SECONDS)) as server:
        servers.wait_for_standby()
        reads = "SELECT pg_is_in_recovery()"
        assert server.look("pg_catalog", reads, standby=True) == (False,)
        with servers.hanging():
            began = time.monotonic()
            found = [server.look("pg_catalog", reads, standby=True) for _ in range(20)]
            assert found == [(True,)] * 20
            assert time.monotonic() < began + SECONDS / 2
            server.require_answers()
            assert is_away(server)  # what may not be read there
        eventually(lambda: server.look("pg_catalog", reads, standby=True) == (False,))


def test_a_server_that_was_killed_is_away_at_once() -> None:
    with pair() as own, closing(Server(own.primary_url, seconds=SECONDS)) as server:
        lasting = Worker(lambda: sleep_in(server))
        waiting(own.primary_url, 1)
        own.kill_primary()
        assert isinstance(lasting.result(), StoreUnavailable)
        began = time.monotonic()
        assert all(is_away(server) for _ in range(60))
        assert time.monotonic() < began + SECONDS / 2
