"""Notifications that tell a listening thread."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from index.errors import StoreDamaged
from index.postgresql import Listener, Server, listeners, notify
from tests.patience import eventually


@pytest.fixture
def told(server: Server) -> Iterator[list[str]]:
    found: list[str] = []
    with closing(Listener(server, "news", told=found.append)):
        eventually(lambda: found == [""])  # it listens
        yield found


def test_a_commit_tells_those_who_listen(server: Server, told: list[str]) -> None:
    with server.write("public") as writing:
        notify(writing, "news", "rain")
        assert told == [""]
    eventually(lambda: told == ["", "rain"])


def test_listeners_are_told_and_counted(server: Server) -> None:
    told: list[str] = []
    assert listeners(server, -7) == 0
    one, two = (Listener(server, "news", told=told.append, key=-7) for _ in range(2))
    eventually(lambda: listeners(server, -7) == 2 and len(told) == 2)
    with server.write("public") as writing:
        notify(writing, "news", "rain")
    eventually(lambda: told == ["", "", "rain", "rain"])
    one.close()
    eventually(lambda: listeners(server, -7) == 1)
    two.close()
    eventually(lambda: listeners(server, -7) == 0)


def notify_and_fail(server: Server, channel: str) -> None:
    with server.write("public") as writing:
        notify(writing, channel)
        writing.execute("SELECT 1 / 0")


def test_what_is_rolled_back_or_of_another_channel_tells_nobody(server: Server, told: list[str]) -> None:
    with pytest.raises(StoreDamaged):
        notify_and_fail(server, "news")
    with server.write("public") as writing:
        notify(writing, "weather", "snow")
    with server.write("public") as writing:
        notify(writing, "news", "rain")
    eventually(lambda: told == ["", "rain"])


def test_it_listens_again_after_its_connection_broke(server: Server, told: list[str]) -> None:
    with server.write("public") as writing:
        gone = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%'"
        assert writing.rows(f"{gone} AND datname = current_database()", ()) == [(True,)]
    eventually(lambda: told == ["", ""])
    with server.write("public") as writing:
        notify(writing, "news", "rain")
    eventually(lambda: told == ["", "", "rain"])
