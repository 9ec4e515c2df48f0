"""Readers that crash, hang or eat memory, in the processes that are made for them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from index.config import ReadingConfig
from index.errors import DocumentTooLarge, EmptyDocument, ReaderFailed, UnsupportedFormat
from index.reading import ReadingApart, ReadingHere

Opener = Callable[..., ReadingApart]
SLOW = ("<p>" * 300_000).encode()


@pytest.fixture
def reading() -> Iterator[Opener]:
    opened: list[ReadingApart] = []

    def opener(**config: object) -> ReadingApart:
        opened.append(ReadingApart(ReadingConfig(**config)))  # type: ignore[arg-type]
        return opened[-1]

    yield opener
    for one in opened:
        one.close()


def test_a_file_is_read_as_it_would_be_here(reading: Opener) -> None:
    data = "# Lamps\n\nThe lamp was lit – at dusk.".encode()
    assert reading().read(data, name="a.md") == ReadingHere(ReadingConfig()).read(data, name="a.md")


def test_what_is_wrong_with_a_file_is_told_the_same_way(reading: Opener) -> None:
    apart = reading(max_characters=10)
    with pytest.raises(EmptyDocument, match=r"a.md: there is no text"):
        apart.read(b"", name="a.md")
    with pytest.raises(UnsupportedFormat):
        apart.read(b"x", name="a.exe")
    for where in (apart, ReadingHere(ReadingConfig(max_characters=10))):
        with pytest.raises(DocumentTooLarge, match="at most 10"):
            where.read(b"eleven long", name="a.txt")


def test_what_a_reader_raises_by_mistake_refuses_the_file(reading: Opener) -> None:
    for where in (reading(), ReadingHere(ReadingConfig())):
        with pytest.raises(ReaderFailed, match=r"a\.txt: the reader failed on it"):
            where.read(None, name="a.txt")  # type: ignore[arg-type]
        assert where.read(b"Still here.", name="b.txt").text == "Still here."


@pytest.mark.timeout(50)
def test_a_reader_that_takes_too_long_is_ended_and_the_next_file_is_read(reading: Opener) -> None:
    apart = reading(seconds=0.5)
    apart.read(b"warm", name="a.txt")
    with pytest.raises(ReaderFailed, match=r"a.html: reading took longer than 0.5 s"):
        apart.read(SLOW, name="a.html")
    assert apart.read(b"Still here.", name="b.txt").text == "Still here."


def test_a_reader_that_is_killed_is_told_and_replaced(reading: Opener) -> None:
    apart = reading(seconds=30)
    apart.read(b"warm", name="a.txt")
    failures: list[Exception] = []

    def read() -> None:
        try:
            apart.read(SLOW, name="a.html")
        except ReaderFailed as error:
            failures.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    time.sleep(0.3)
    for worker in _workers():
        worker.kill()
    thread.join(20)
    assert len(failures) == 1
    assert "crashed" in str(failures[0])
    assert apart.read(b"Still here.", name="b.txt").text == "Still here."


def test_a_reader_that_eats_memory_is_refused_and_this_process_goes_on(reading: Opener) -> None:
    apart = reading(memory_bytes=256 * 2**20)
    with pytest.raises(ReaderFailed, match="memory"):
        apart.read(b"a b " * 30_000_000, name="a.txt")
    assert apart.read(b"Still here.", name="b.txt").text == "Still here."


def test_closing_leaves_no_worker(reading: Opener) -> None:
    before = set(_workers())
    apart = reading()
    apart.read(b"warm", name="a.txt")
    assert set(_workers()) - before
    apart.close()
    assert set(_workers()) <= before


def test_what_workers_are_forked_from_is_started_before_the_first_file_and_whenever_it_is_gone(
    reading: Opener,
) -> None:
    apart = reading()
    apart.prepare()
    assert _servers()
    assert not _workers()
    assert apart.read(b"First.", name="a.txt").text == "First."
    (idle,) = _workers()
    _end_servers()
    assert apart.read(b"Still here.", name="b.txt").text == "Still here."
    idle.wait(20)


def test_a_worker_does_not_outlive_what_it_was_forked_from(reading: Opener) -> None:
    apart = reading(seconds=60)
    apart.read(b"warm", name="a.txt")
    (busy,) = _workers()
    with ThreadPoolExecutor(1) as thread:
        failing = thread.submit(apart.read, SLOW, name="a.html")
        time.sleep(0.3)
        _end_servers()
        with pytest.raises(ReaderFailed, match="crashed"):
            failing.result(20)
    busy.wait(20)


def test_modules_are_not_taken_from_the_folder_of_the_documents(
    reading: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("index", "regex", "cli"):
        (tmp_path / f"{name}.py").write_text(f"open('{name}-ran', 'w')\nraise SystemExit(1)")
    monkeypatch.chdir(tmp_path)
    _end_servers()
    assert reading().read(b"Still here.", name="b.txt").text == "Still here."
    assert not list(tmp_path.glob("*-ran"))


def test_where_nothing_can_be_forked_workers_are_started_anew(tmp_path: Path) -> None:
    far = tmp_path / ("far" * 30)  # longer than the name of a socket may be
    far.mkdir()
    script = tmp_path / "reads.py"
    script.write_text(_READS)
    told = {**os.environ, "TMPDIR": str(far)}
    done = subprocess.run([sys.executable, script], env=told, capture_output=True, text=True, check=True)
    assert done.stdout == "Still here.\n"
    assert "started anew" in done.stderr


_READS = """
from index.config import ReadingConfig
from index.reading import ReadingApart
if __name__ == "__main__":
    apart = ReadingApart(ReadingConfig())
    apart.prepare()
    print(apart.read(b"Still here.", name="a.txt").text)
    apart.close()
"""


def test_the_language_model_is_there_before_anything_is_forked() -> None:
    told = "import index.reading_server, index.languages as one; print(one._identifier.cache_info().currsize)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


def _end_servers() -> None:
    for server in _servers():
        server.kill()
        while server.status() != psutil.STATUS_ZOMBIE:  # not waited for: that is its parent's to do
            time.sleep(0.01)


def _servers() -> list[psutil.Process]:
    children = psutil.Process().children()
    return [child for child in children if "multiprocessing.forkserver" in " ".join(child.cmdline())]


def _workers() -> list[psutil.Process]:
    return [worker for server in _servers() for worker in server.children()]
