"""Leases that end with the connection of their holder."""

import threading

import pytest

from index.errors import CollectionBusy
from index.postgresql import AdvisoryLeases, Server
from tests.patience import PATIENCE


def leases(server: Server, scope: str = "a") -> AdvisoryLeases:
    return AdvisoryLeases(server, scope, what="the collection 'a'")


def is_held(server: Server, name: str) -> bool:
    with server.read("public") as reading:
        return leases(server).is_held(reading, name)


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
