"""Notifications that wake a waiting thread."""

from collections.abc import Iterator

import pytest

from index.errors import StoreDamaged
from index.postgresql import Listener, Server, listeners, notify
from tests.patience import PATIENCE, eventually


@pytest.fixture
def listener(server: Server) -> Iterator[Listener]:
    opened = Listener(server, "news")
    assert opened.wait(0, PATIENCE)  # it listens
    yield opened
    opened.close()


def test_a_commit_wakes_those_who_wait(server: Server, listener: Listener) -> None:
    since = listener.count()
    with server.write("public") as writing:
        notify(writing, "news")
        assert not listener.wait(since, 0)
    assert listener.wait(since, PATIENCE)


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


def test_what_is_rolled_back_or_of_another_channel_wakes_nobody(server: Server, listener: Listener) -> None:
    since = listener.count()
    with pytest.raises(StoreDamaged):
        notify_and_fail(server, "news")
    with server.write("public") as writing:
        notify(writing, "weather")
    with server.write("public") as writing:
        notify(writing, "news")
    assert listener.wait(since, PATIENCE)
    assert listener.count() == since + 1


def test_it_listens_again_after_its_connection_broke(server: Server, listener: Listener) -> None:
    since = listener.count()
    with server.write("public") as writing:
        gone = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%'"
        assert writing.rows(f"{gone} AND datname = current_database()", ()) == [(True,)]
    assert listener.wait(since, PATIENCE)
    since = listener.count()
    with server.write("public") as writing:
        notify(writing, "news")
    assert listener.wait(since, PATIENCE)
