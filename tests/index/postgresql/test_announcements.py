"""Announcements of transactions, which delay no commit."""

import subprocess
import sys
from collections.abc import Collection
from contextlib import closing

import pytest

from index.postgresql import Listener, Server, notify
from index.postgresql.announcements import Announcement, Announcements
from tests.patience import PATIENCE, eventually
from tests.postgresql import held_notifications, logged


def announce(server: Server, payload: str) -> None:
    with server.write("public") as writing:
        notify(writing, "news", payload)


def test_no_commit_waits_for_the_announcement_of_another(url: str, server: Server) -> None:
    told: list[str] = []
    with closing(Listener(server, "news", told=told.append)):
        eventually(lambda: told == [""])  # it listens
        with held_notifications(url):
            for number in range(20):
                announce(server, str(number))
            assert told == [""]
        announce(server, "rain")
        eventually(lambda: "rain" in told)


def test_what_gathers_is_sent_at_once(url: str, server: Server) -> None:
    with logged(url) as since:
        with held_notifications(url):
            for number in range(20):
                announce(server, str(number % 10))
        server.close()
        sent = [one for one in since() if "pg_notify(channel" in one]
    assert len(sent) < 10  # two, where nothing is so slow that the first one gives up


def test_what_fails_once_keeps_nothing_from_being_sent() -> None:
    sent: list[Announcement] = []

    def send(announced: Collection[Announcement]) -> None:
        if ("news", "rain") in announced:
            raise RuntimeError
        sent.extend(announced)

    announcements = Announcements()
    announcements.add([("news", "rain")], send)
    announcements.close(PATIENCE)
    announcements.add([("news", "sun")], send)
    announcements.close(PATIENCE)
    assert sent == [("news", "sun")]


ANNOUNCING = """
import sys
from index.postgresql import notify, open_server

with open_server(sys.argv[1]).write("public") as writing:
    notify(writing, "news", "rain")
"""


@pytest.mark.processes
def test_a_process_ends_once_all_is_sent(url: str, server: Server) -> None:
    told: list[str] = []
    with closing(Listener(server, "news", told=told.append)):
        eventually(lambda: told == [""])
        subprocess.run([sys.executable, "-c", ANNOUNCING, url], check=True)
        eventually(lambda: told == ["", "rain"])
