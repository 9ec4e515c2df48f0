from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from service.jobs.sqlite import SqliteJobStore
from tests.patience import eventually

HOLDER = """
import sys, time
from pathlib import Path
from service.jobs.sqlite import SqliteJobStore
lease = SqliteJobStore(Path(sys.argv[1])).acquire_lease()
print("held" if lease else "refused", flush=True)
time.sleep(60)
"""


def test_lease_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    store = SqliteJobStore(path)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert store.acquire_lease() is None
    finally:
        holder.kill()
        holder.communicate()
    eventually(lambda: (lease := store.acquire_lease()) is not None and lease.release() is None)
    store.close()


def test_lease_locks_the_file_beside_the_jobs(tmp_path: Path) -> None:
    """Older versions lock this file themselves: one that still runs is not joined by a second runner."""
    store = SqliteJobStore(tmp_path / "jobs.sqlite")
    lease = store.acquire_lease()
    assert lease is not None
    assert (tmp_path / "jobs.lock").exists()
    lease.release()
    store.close()
