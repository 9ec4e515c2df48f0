"""Commands in processes of their own: what only a real interpreter, terminal and signal show."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.cli.commands import ROOT, environment, loccit, process
from tests.patience import PATIENCE

pytestmark = pytest.mark.processes

FILES = 3000


def test_ingest_and_ask(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "mars.txt").write_text("Mars has two moons, Phobos and Deimos.")
    done = process(tmp_path, "-m", "cli", "ingest", str(folder))
    assert "1 added" in done.stdout
    assert "1 unchanged" in process(tmp_path, "scripts/build_index.py", str(folder)).stdout
    assert "Phobos and Deimos" in process(tmp_path, "-m", "cli", "ask", "Which moons has Mars?").stdout
    failed = process(tmp_path, "-m", "cli", "ask", "moons", "-c", "nowhere", status=1)
    assert failed.stderr.startswith("error (collection_not_found): There is no collection 'nowhere'.")


@contextlib.contextmanager
def ingesting(tmp_path: Path, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """``loccit ingest`` at work, in a process group of its own as in a terminal."""
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "ingest", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(tmp_path),
        cwd=ROOT,
        start_new_session=True,
    ) as running:
        yield running


def wait_for(happened: Callable[[], object], running: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert running.poll() is None and time.monotonic() < deadline  # noqa: PT018
        time.sleep(0.005)


def documents(tmp_path: Path) -> int:
    """How many are committed."""
    store = tmp_path / "data" / "collections" / "default" / "store.sqlite"
    try:
        with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM documents").fetchone()[0])
    except sqlite3.OperationalError:  # it is being made
        return 0


CAUGHT_INTERRUPT = """
import io, signal, sys
from cli.__main__ import main

class Output(io.StringIO):
    def write(self, text):
        try:
            exec("signal.raise_signal(signal.SIGINT)")
        except KeyboardInterrupt:
            return sys.__stdout__.write(text)

sys.argv, sys.stdout = ["loccit", "--version"], Output()
main()
"""


@pytest.mark.usefixtures("interruptible")
@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_an_interrupt_that_was_caught_decides_no_exit_status(tmp_path: Path) -> None:
    (tmp_path / "interrupted.py").write_text(CAUGHT_INTERRUPT)
    done = process(tmp_path, "-m", "interrupted", PYTHONPATH=str(tmp_path))
    assert done.stdout.startswith("loccit ")


@pytest.mark.usefixtures("interruptible")
@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_an_ingest_that_was_interrupted_or_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for n in range(FILES):
        (folder / f"{n:04}.txt").write_text(f"Document {n} speaks of moons. It has number {n} alone.")

    def reader_starts(running: subprocess.Popen[str]) -> bool:
        children = psutil.Process(running.pid).children()
        return any("forkserver" in " ".join(child.cmdline()) for child in children)

    for moment in (reader_starts, lambda _: documents(tmp_path)):
        with ingesting(tmp_path, folder) as running:
            wait_for(lambda moment=moment, running=running: moment(running), running)
            os.killpg(running.pid, signal.SIGINT)  # Ctrl-C reaches the processes that read files, too
            stdout, stderr = running.communicate(timeout=PATIENCE)
        assert (running.returncode, stdout) == (130, "")
        assert "Traceback" not in stderr
        assert stderr.endswith(
            "Interrupted. The documents ingested so far are kept; run the same command again to continue.\n"
        )
    interrupted = documents(tmp_path)
    assert 0 < interrupted < FILES

    with ingesting(tmp_path, folder) as running:
        wait_for(lambda: documents(tmp_path) > interrupted, running)
        running.kill()
    (before,) = json.loads(loccit(tmp_path, "list", "--json").stdout)
    assert interrupted < before["documents"] < FILES
    done = loccit(tmp_path, "ingest", str(folder))
    assert f"{before['documents']} unchanged" in done.stdout
    (after,) = json.loads(loccit(tmp_path, "list", "--json").stdout)
    assert (after["documents"], after["embedded"]) == (FILES, after["passages"])
