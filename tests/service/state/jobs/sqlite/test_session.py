from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from service.state.jobs.sqlite import SqliteJobStore
from tests.patience import eventually

HOLDER = """
import sys, time
from pathlib import Path
from service.state.jobs.sqlite import SqliteJobStore
session = SqliteJobStore(Path(sys.argv[1])).open_session()
print("held" if session else "refused", flush=True)
time.sleep(60)
"""


@pytest.mark.processes
def test_the_session_of_a_killed_process_excludes_no_other(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    store = SqliteJobStore(path)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert store.open_session() is None
    finally:
        holder.kill()
        holder.communicate()
    eventually(lambda: (session := store.open_session()) is not None and session.close() is None)
    store.close()


def test_a_session_locks_the_file_beside_the_jobs(tmp_path: Path) -> None:
    """Older versions lock this file themselves: one that still runs is not joined by a second runner."""
    store = SqliteJobStore(tmp_path / "jobs.sqlite")
    session = store.open_session()
    assert session is not None
    assert (tmp_path / "jobs.lock").exists()
    session.close()
    store.close()
