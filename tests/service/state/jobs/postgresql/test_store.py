"""What only the job store in PostgreSQL can meet: many transactions at once, and lost connections."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace

import pytest

from index.errors import UpgradeBegun
from service.state.databases import Connection
from service.state.databases.postgresql import PostgresqlDatabase
from service.state.jobs.postgresql import PostgresqlJobStore, migrations
from service.state.jobs.records import NewItem
from service.state.jobs.sql import SqlJobStore
from tests.postgresql import end_connections


@pytest.fixture
def store(postgresql_url: str) -> Iterator[PostgresqlJobStore]:
    with closing(PostgresqlJobStore(postgresql_url)) as store:
        yield store


def at_once(calls: list[Callable[[], object]]) -> list[object]:
    def outcome(call: Callable[[], object]) -> object:
        try:
            return call()
        except UpgradeBegun as error:
            return type(error)

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(outcome, calls))


def test_lost_connections_are_made_anew(store: PostgresqlJobStore, postgresql_url: str) -> None:
    store.add("job", "lamps", [])
    end_connections(postgresql_url)
    assert store.ids() == {"job"}
    end_connections(postgresql_url)
    assert store.begin("job")


class MeetingStore(PostgresqlJobStore):
    """Lets two transactions that queue a job meet, if both come so far."""

    meeting = threading.Barrier(2)

    def _add_items(self, connection: Connection, job: int, items: Iterable[NewItem]) -> None:
        with suppress(threading.BrokenBarrierError):  # the other waits for this one to end
            self.meeting.wait(1.0)
        super()._add_items(connection, job, items)


def test_of_upgrades_that_begin_at_once_one_does(postgresql_url: str) -> None:
    with closing(MeetingStore(postgresql_url)) as store:
        outcomes = at_once(
            [lambda name=name: store.add(name, "lamps", [], kind="upgrade").id for name in ("one", "two")]
        )
        assert outcomes.count(UpgradeBegun) == 1
        assert store.ids() == set(outcomes) - {UpgradeBegun}


def test_items_that_are_added_at_once_are_added_once(store: PostgresqlJobStore) -> None:
    store.add("job", "lamps", [NewItem("archive", "a.zip", "000001")])
    members = [NewItem("member", f"{number}.txt") for number in range(50)]
    at_once([lambda: store.expand("job", 1, members)] * 6)
    items = store.items("job", limit=100)
    assert [item.number for item in items] == list(range(1, 52))
    assert [item.name for item in items[1:]] == [one.name for one in members]
    assert store.job("job").counts.outcomes == {"expanded": 1, "waiting": 50}


def test_a_name_may_be_as_long_as_an_address(store: PostgresqlJobStore) -> None:
    long = f"https://example.org/{'ä' * 20_000}\x00"
    store.add("job", "lamps", [NewItem("url", long), NewItem("url", long)])
    assert [item.name for item in store.items("job", limit=9)] == [long]


class EarlierStore(PostgresqlJobStore):
    """Knows the tables as they were before the last migration."""

    def __init__(self, url: str) -> None:
        self._announcing = PostgresqlDatabase(url, "jobs", migrations()[:-1])
        SqlJobStore.__init__(self, self._announcing)


def test_the_version_before_goes_on_with_new_tables(postgresql_url: str) -> None:
    with closing(EarlierStore(f"{postgresql_url}&application_name=earlier")) as earlier:
        for name in ("one", "two"):
            earlier.add(name, "lamps", [NewItem("file", "a.txt", "1", 1)])
        with closing(PostgresqlJobStore(postgresql_url)) as store:
            session = store.open_session()
            assert session is not None
            claimed = [session.claim(name, limit=1, max_bytes=1) for name in ("one", "two")]
            assert [[item.name for item in items] for items in claimed] == [["a.txt"]] * 2
            for name in ("one", "two"):
                assert earlier.begin(name)
                earlier.settle(name, [replace(one, outcome="added") for one in earlier.items(name, limit=1)])
                earlier.move(name, "done")
            earlier.delete("one")
            assert session.settle("one", claimed[0]) == []
            assert store.job("two").counts.outcomes == {"added": 1}
            session.close()
