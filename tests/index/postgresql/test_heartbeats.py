"""Leases of a process that stands still are free soon; those of one that runs are not."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from index.errors import CollectionBusy
from index.postgresql import AdvisoryLeases, Server
from tests.patience import PATIENCE, eventually

SILENCE_SECONDS = 6.0
"""Longer than a machine under load lets a process wait."""
HOLDER = f"""
import sys
from index.postgresql import AdvisoryLeases, Server

leases = AdvisoryLeases(Server(sys.argv[1], silence_seconds={SILENCE_SECONDS}), "a", what="a")
with leases.hold("write", 0) as lease:
    print("held", flush=True)
    sys.stdin.readline()
    try:
        lease.check()
    except Exception as error:
        print(error.code, flush=True)
    else:
        print("held", flush=True)
"""


@contextmanager
def holder(url: str) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lease; told so by a line, it says whether it still does."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def is_free(server: Server) -> bool:
    try:
        with AdvisoryLeases(server, "a", what="a").hold("write", 0):
            return True
    except CollectionBusy:
        return False


def last_heard(server: Server) -> object:
    """When the session that holds a lock began or ended its latest statement."""
    query = (
        "SELECT max(state_change) FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE locktype = 'advisory'"
    )
    with server.read("public") as reading:
        return (reading.row(query) or (None,))[0]


def test_the_lease_of_a_stopped_process_is_free_soon_and_it_notices(url: str, server: Server) -> None:
    with holder(url) as process:
        assert not is_free(server)
        os.kill(process.pid, signal.SIGSTOP)
        eventually(lambda: is_free(server))
        os.kill(process.pid, signal.SIGCONT)
        said, _ = process.communicate("go on\n", timeout=PATIENCE)
        assert said == "collection_busy\n"


def test_a_process_that_runs_is_heard_of_again_and_again_while_it_holds_a_lease(
    url: str, server: Server
) -> None:
    with holder(url) as process:
        for _ in range(3):
            before = last_heard(server)
            eventually(lambda before=before: last_heard(server) != before)
        said, _ = process.communicate("go on\n", timeout=PATIENCE)
        assert said == "held\n"


def test_without_leases_there_are_no_heartbeats_and_with_a_later_one_again(url: str, server: Server) -> None:
    own = Server(url, silence_seconds=SILENCE_SECONDS)
    leases = AdvisoryLeases(own, "a", what="a")
    with leases.hold("write", 0):
        assert own.heartbeats.is_running
    eventually(lambda: not own.heartbeats.is_running)
    with leases.hold("write", 0):
        before = last_heard(server)
        eventually(lambda: last_heard(server) != before)
    own.close()
