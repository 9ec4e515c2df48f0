"""Leases that end with the connection of their holder."""

import threading
from contextlib import closing, suppress

import psycopg
import pytest

from index.errors import CollectionBusy
from index.postgresql import IS_FREE, AdvisoryLeases, Server, Session
from tests.patience import PATIENCE, eventually


def leases(server: Server, scope: str = "a") -> AdvisoryLeases:
    return AdvisoryLeases(server, scope, what="the collection 'a'")


def is_held(server: Server, name: str) -> bool:
    with server.read("public") as reading:
        free = f"SELECT {IS_FREE.format(key=leases(server).key(name))}"
        return reading.row(free) == (False,)


def test_a_lease_is_held_by_one_and_again_by_its_thread(server: Server) -> None:
    one, two = leases(server), leases(server)
    with one.hold("write", 0) as lease, one.hold("write", 0), two.hold("other", 0):
        lease.check()
        assert is_held(server, "write")
        assert is_held(server, "other")
        for seconds in (0, 0.01):
            with pytest.raises(CollectionBusy, match="'write' lease"), two.hold("write", seconds):
                pass
        with leases(server, "b").hold("write", 0):
            pass
    assert not is_held(server, "write")
    with two.hold("write", 0):
        pass


def test_a_thread_waits_for_another_of_its_own_object(server: Server) -> None:
    one = leases(server)
    busy: list[str] = []

    def other() -> None:
        try:
            with one.hold("write", 0):
                pass
        except CollectionBusy as error:
            busy.append(error.code)

    with one.hold("write", 0):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(PATIENCE)
    assert busy == ["collection_busy"]


def test_whoever_waits_gets_it_when_it_ends(server: Server) -> None:
    taken = threading.Event()

    def other() -> None:
        with leases(server).hold("write", PATIENCE):
            taken.set()

    with leases(server).hold("write", 0):
        thread = threading.Thread(target=other)
        thread.start()
        assert not taken.is_set()
    assert taken.wait(PATIENCE)
    thread.join(PATIENCE)


def test_a_lease_ends_with_its_connection_and_its_holder_notices(server: Server) -> None:
    with leases(server).hold("write", 0) as lease:
        with server.write("public") as writing:
            held = "SELECT pg_terminate_backend(pid, 60000) FROM pg_locks WHERE locktype = 'advisory'"
            assert writing.rows(held) == [(True,)]
        assert not is_held(server, "write")
        with pytest.raises(CollectionBusy, match="lost"):
            lease.check()
        with leases(server).hold("write", 0):
            pass


def sessions(server: Server) -> set[int]:
    """The sessions by which leases are held."""
    query = (
        "SELECT pid FROM pg_locks JOIN pg_database ON oid = database"
        " WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND datname = current_database()"
    )
    with server.read("public") as reading:
        return {pid for (pid,) in reading.rows(query)}


def test_the_leases_of_a_process_are_held_by_one_session(server: Server) -> None:
    seen: set[int] = set()
    for name in ("a", "b", "a"):
        with leases(server).hold(name, 0), leases(server, "b").hold("write", 0):
            seen |= sessions(server)
    assert len(seen) == 1
    assert not sessions(server)


def test_a_process_that_had_lost_all_leases_takes_new_ones(server: Server) -> None:
    with leases(server).hold("write", 0) as lost:
        (pid,) = sessions(server)
        with server.write("public") as writing:
            assert writing.rows("SELECT pg_terminate_backend(%s::int, 60000)", (pid,)) == [(True,)]
        with leases(server).hold("write", 0) as lease:
            lease.check()
            with pytest.raises(CollectionBusy, match="lost"):
                lost.check()
            assert is_held(server, "write")
    assert not is_held(server, "write")


def test_a_heartbeat_that_waits_delays_no_other(url: str) -> None:
    with (
        closing(Server(url, silence_seconds=12.0)) as own,
        closing(own.connect(own.heartbeats.settings)) as stuck,
        closing(own.connect(own.heartbeats.settings)) as other,
    ):
        waiting = threading.Thread(target=sleep, args=(stuck,))
        waiting.start()
        own.heartbeats.add(stuck)
        own.heartbeats.add(other)
        before = last_heard(own, other)
        eventually(lambda: last_heard(own, other) != before)
        assert waiting.is_alive()
        with own.write("public") as writing:
            writing.execute("SELECT pg_terminate_backend(%s::int, 60000)", (stuck.info.backend_pid,))
        waiting.join(PATIENCE)
        for connection in (stuck, other):
            own.heartbeats.remove(connection)


def sleep(session: Session) -> None:
    with suppress(psycopg.Error):
        session.execute("SELECT pg_sleep(600)")


def last_heard(server: Server, session: Session) -> object:
    """When a session began or ended its latest statement."""
    query = "SELECT state_change FROM pg_stat_activity WHERE pid = %s"
    with server.read("public") as reading:
        return reading.row(query, [session.info.backend_pid])
