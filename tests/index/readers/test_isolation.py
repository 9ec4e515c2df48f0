"""Readers that crash, hang or eat memory, in the processes that are made for them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, TimeoutError as TimedOut
from concurrent.futures.process import BrokenProcessPool
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pebble
import psutil
import pytest

from index.config import ReadingConfig
from index.errors import DocumentTooLarge, EmptyDocument, PageNotFound, ReaderFailed, UnsupportedFormat
from index.readers import InProcessReaders, IsolatedReaders
from index.readers.isolation import _File
from index.readers.workers import UNAVAILABLE, GaveWay, Workers
from tests.index.readers.pdf.test_damage import one_page, text
from tests.patience import PATIENCE

Opener = Callable[..., IsolatedReaders]
SLOW = ("<p>" * 800_000).encode()


@pytest.fixture
def open_readers() -> Iterator[Opener]:
    opened: list[IsolatedReaders] = []

    def opener(**config: object) -> IsolatedReaders:
        opened.append(IsolatedReaders(ReadingConfig(**config)))  # type: ignore[arg-type]
        return opened[-1]

    yield opener
    for one in opened:
        one.close()


def test_isolated_readers_return_what_readers_in_process_do(open_readers: Opener) -> None:
    data = "# Lamps\n\nThe lamp was lit – at dusk.".encode()
    assert open_readers().read(data, name="a.md") == InProcessReaders(ReadingConfig()).read(data, name="a.md")


def test_refusals_are_the_same_as_in_process(open_readers: Opener) -> None:
    isolated = open_readers(max_characters=10)
    with pytest.raises(EmptyDocument, match=r"a.md: the file is empty"):
        isolated.read(b"", name="a.md")
    with pytest.raises(EmptyDocument, match=r"a.md: there is no text"):
        isolated.read(b" \n", name="a.md")
    with pytest.raises(UnsupportedFormat):
        isolated.read(b"x", name="a.exe")
    for readers in (isolated, InProcessReaders(ReadingConfig(max_characters=10))):
        with pytest.raises(DocumentTooLarge, match="at most 10"):
            readers.read(b"eleven long", name="a.txt")


def test_an_unexpected_error_of_a_reader_refuses_the_file(open_readers: Opener) -> None:
    for readers in (open_readers(), InProcessReaders(ReadingConfig())):
        with pytest.raises(ReaderFailed, match=r"a\.txt: the reader failed on it"):
            readers.read(None, name="a.txt")  # type: ignore[arg-type]
        assert readers.read(b"Still here.", name="b.txt").text == "Still here."


@pytest.mark.timeout(150)
def test_a_slow_reader_is_killed_and_the_next_file_is_read(open_readers: Opener) -> None:
    isolated = open_readers(seconds=3)
    isolated.read(b"warm", name="a.txt")
    with pytest.raises(ReaderFailed, match=r"a.html: reading took longer than 3 s"):
        isolated.read(SLOW, name="a.html")
    assert isolated.read(b"Still here.", name="b.txt").text == "Still here."


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("slow", "quick_seconds"), [(12 * SLOW, 60.0), (SLOW, 0.5)])
def test_a_small_file_does_not_wait_for_a_large_or_slow_one(
    open_readers: Opener, slow: bytes, quick_seconds: float
) -> None:
    isolated = open_readers(seconds=90, quick_seconds=quick_seconds)
    with ThreadPoolExecutor(1) as thread:
        reading = thread.submit(isolated.read, slow, name="a.html")
        eventually_busy()
        assert isolated.read(b"Not waiting.", name="b.txt").text == "Not waiting."
        assert not reading.done()
        for worker in _workers():
            worker.kill()
        with pytest.raises(ReaderFailed):
            reading.result()


def eventually_busy() -> None:
    """Wait until a worker has received its file: one killed before that is replaced, and reads it again."""
    busy = False
    while not busy:
        time.sleep(0.01)
        with contextlib.suppress(psutil.NoSuchProcess):
            busy = any(worker.cpu_times().user > 1 for worker in _workers())


def test_the_time_for_a_file_grows_with_its_size(open_readers: Opener) -> None:
    assert open_readers()._seconds(_file(10)) == pytest.approx(10, abs=0.1)
    assert open_readers()._seconds(_file(2 * 2**20)) == 60
    assert open_readers()._seconds(_file(2**23)) == 120
    assert open_readers()._seconds(_file(10, "a.doc")) == pytest.approx(40, abs=0.1)
    assert open_readers(seconds=5)._seconds(_file(10)) == 5
    scans = open_readers(ocr_languages="eng")
    assert scans._seconds(_file(10, "a.pdf")) == 120
    assert scans._seconds(_file(10, "a.docx")) < 11


def _file(size: int, name: str = "a.md") -> _File:
    return _File(b"x" * size, name, None, "")


def test_a_killed_worker_refuses_its_file_and_is_replaced(open_readers: Opener) -> None:
    isolated = open_readers(seconds=PATIENCE)
    isolated.read(b"warm", name="a.txt")
    failures: list[Exception] = []

    def read() -> None:
        try:
            isolated.read(SLOW, name="a.html")
        except ReaderFailed as error:
            failures.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    eventually_busy()
    for worker in _workers():
        worker.kill()
    thread.join(PATIENCE)
    assert len(failures) == 1
    assert "crashed" in str(failures[0])
    assert isolated.read(b"Still here.", name="b.txt").text == "Still here."


def test_a_file_that_needs_too_much_memory_is_refused(open_readers: Opener) -> None:
    isolated = open_readers(megabytes=256)
    with pytest.raises(ReaderFailed, match="memory"):
        isolated.read(b"a b " * 30_000_000, name="a.txt")
    assert isolated.read(b"Still here.", name="b.txt").text == "Still here."


def test_files_are_counted_by_how_reading_them_ended(open_readers: Opener) -> None:
    readers = open_readers(seconds=8, processes=3)
    readers.read(b"The lamp was lit.", name="a.txt")
    for data, refusal in ((b"", EmptyDocument), (None, ReaderFailed), (4 * SLOW, ReaderFailed)):
        with pytest.raises(refusal):
            readers.read(data, name="a.html")  # type: ignore[arg-type]
    with pytest.raises(UnsupportedFormat):  # given to no reader
        readers.read(b"x", name="a.exe")
    counted = readers.statistics()
    assert (counted.reading, counted.processes) == (0, 6)
    assert dict(counted.files) == {"read": 1, "refused": 1, "crashed": 1, "timed_out": 1, "out_of_memory": 0}


def test_close_stops_all_workers(open_readers: Opener) -> None:
    before = set(_workers())
    isolated = open_readers()
    isolated.read(b"warm", name="a.txt")
    assert set(_workers()) - before
    isolated.close()
    assert set(_workers()) <= before


def test_the_fork_server_starts_before_the_first_file_and_again_when_it_died(
    open_readers: Opener,
) -> None:
    isolated = open_readers()
    isolated.prepare()
    assert _started_server()
    assert not _workers()
    assert isolated.read(b"First.", name="a.txt").text == "First."
    (idle,) = _workers()
    _end_servers()
    assert isolated.read(b"Still here.", name="b.txt").text == "Still here."
    idle.wait(PATIENCE)


def test_a_worker_does_not_outlive_the_fork_server(open_readers: Opener) -> None:
    isolated = open_readers(seconds=PATIENCE)
    isolated.read(b"warm", name="a.txt")
    (busy,) = _workers()
    with ThreadPoolExecutor(1) as thread:
        failing = thread.submit(isolated.read, SLOW, name="a.html")
        eventually_busy()
        _end_servers()
        with pytest.raises(ReaderFailed, match="crashed"):
            failing.result(PATIENCE)
    busy.wait(PATIENCE)


def test_a_long_call_gives_way_when_others_wait_and_only_then(open_readers: Opener) -> None:
    open_readers().read(b"warm", name="a.txt")  # the fork server has loaded everything
    workers = Workers(1, megabytes=1024)
    try:
        assert workers.run(time.sleep, 0.8, seconds=PATIENCE, gives_way=True) is None
        with ThreadPoolExecutor(1) as thread:
            long = thread.submit(workers.run, time.sleep, PATIENCE, seconds=PATIENCE, gives_way=True)
            while workers._turns._free:
                time.sleep(0.01)
            assert workers.run(abs, -1, seconds=PATIENCE) == 1
            with pytest.raises(GaveWay):
                long.result(PATIENCE)
        with ThreadPoolExecutor(1) as thread:
            stays = thread.submit(workers.run, time.sleep, 0.8, seconds=PATIENCE)
            while workers._turns._free:
                time.sleep(0.01)
            assert workers.run(abs, -2, seconds=PATIENCE) == 2
            assert stays.result(PATIENCE) is None
    finally:
        workers.close()


def _compute_in_c(_: int) -> None:
    """Compute for minutes in code in C, which no signal handler of Python interrupts."""
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)


@pytest.mark.timeout(PATIENCE / 2)
@pytest.mark.parametrize("way", [GaveWay, TimedOut])
def test_the_next_call_does_not_wait_for_the_patience_of_the_pool(
    open_readers: Opener, monkeypatch: pytest.MonkeyPatch, way: type[Exception]
) -> None:
    open_readers().read(b"warm", name="a.txt")  # the fork server has loaded everything
    monkeypatch.setattr(pebble.CONSTS, "term_timeout", PATIENCE)
    workers = Workers(1, megabytes=1024)
    seconds = PATIENCE if way is GaveWay else 0.3
    try:
        with ThreadPoolExecutor(1) as thread:
            long = thread.submit(workers.run, _compute_in_c, 1, seconds=seconds, gives_way=True)
            while workers._turns._free:
                time.sleep(0.01)
            assert workers.run(abs, -1, seconds=PATIENCE) == 1
            with pytest.raises(way):
                long.result(PATIENCE)
    finally:
        workers.close()


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
def test_a_clock_that_is_set_changes_no_time_limit(
    open_readers: Opener, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    open_readers().read(b"warm", name="a.txt")  # the fork server has loaded everything
    ticks = count(time.time(), jump)
    clock = SimpleNamespace(time=lambda: next(ticks), sleep=time.sleep)
    monkeypatch.setattr("pebble.pool.process.time", clock)
    workers = Workers(1, megabytes=1024)
    try:
        assert workers.run(time.sleep, 0.5, seconds=PATIENCE) is None
        with pytest.raises(TimedOut):
            workers.run(time.sleep, PATIENCE, seconds=0.3)
    finally:
        workers.close()


@pytest.mark.skipif(sys.platform == "win32", reason="stops a process by a signal")
def test_workers_that_end_no_calls_are_replaced(open_readers: Opener) -> None:
    open_readers().read(b"warm", name="a.txt")  # the fork server has loaded everything
    workers = Workers(1, megabytes=1024, patience=5.0)
    try:
        stopped = workers.run(os.getpid, seconds=5.0)
        os.kill(stopped, signal.SIGSTOP)
        with pytest.raises(BrokenProcessPool):
            workers.run(os.getpid, seconds=5.0)
        assert workers.run(os.getpid, seconds=5.0) != stopped
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(stopped, signal.SIGKILL)
        workers.close()


def test_workers_import_no_module_from_the_current_folder(
    open_readers: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("index", "regex", "cli"):
        (tmp_path / f"{name}.py").write_text(f"open('{name}-ran', 'w')\nraise SystemExit(1)")
    monkeypatch.chdir(tmp_path)
    _end_servers()
    assert open_readers().read(b"Still here.", name="b.txt").text == "Still here."
    assert not list(tmp_path.glob("*-ran"))


@pytest.mark.processes
@pytest.mark.parametrize("given", ["file", "module", "standard input"])
def test_a_program_is_not_run_again_in_workers(tmp_path: Path, given: str) -> None:
    program = tmp_path / "unguarded.py"
    program.write_text(
        "from index.config import ReadingConfig\n"
        "from index.readers import IsolatedReaders\n"
        "print('run')\n"
        "readers = IsolatedReaders(ReadingConfig())\n"
        "print(readers.read(b'# Begin', name='a.md').text)\n"
        "readers.close()\n"
    )
    arguments = {"file": [str(program)], "module": ["-m", "unguarded"], "standard input": ["-"]}[given]
    done = subprocess.run(
        [sys.executable, *arguments],
        input=program.read_text() if given == "standard input" else "",
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.stdout.split("\n") == ["run", "Begin", ""], done.stderr


@pytest.mark.processes
def test_workers_are_spawned_where_there_is_no_fork_server(tmp_path: Path) -> None:
    far = tmp_path / ("far" * 30)  # longer than the name of a socket may be
    far.mkdir()
    script = tmp_path / "reads.py"
    script.write_text(_READS)
    environment = {**os.environ, "TMPDIR": str(far)}
    done = subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "Still here.\n"
    assert "spawned" in done.stderr


_STARTS_NONE = """
import resource
from index.config import ReadingConfig
from index.errors import ReadersUnavailable
from index.readers import IsolatedReaders

isolated = IsolatedReaders(ReadingConfig())
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
for _ in range(2):
    print(isolated.read(b"Still here.", name="a.txt").text)  # everything is imported then
    isolated.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, most))
    for call in (
        lambda: isolated.read(b"x", name="a.txt"),
        lambda: isolated.draw(b"x", name="a.pdf", page=1, width=9),
    ):
        try:
            call()
        except ReadersUnavailable as error:
            print(error)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
"""


@pytest.mark.processes
def test_a_file_is_not_blamed_for_a_reader_that_cannot_be_started() -> None:
    done = subprocess.run([sys.executable, "-c", _STARTS_NONE], capture_output=True, text=True, check=True)
    assert done.stdout == 2 * f"Still here.\n{UNAVAILABLE}\n{UNAVAILABLE}\n", done.stderr


@pytest.mark.mount
def test_a_file_is_not_blamed_for_shared_memory_that_cannot_be_written() -> None:
    alone = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o ro tmpfs /dev/shm && exec "$@"', "sh"]
    done = subprocess.run([*alone, sys.executable, "-c", _READS], capture_output=True, text=True, check=False)
    assert f"ReadersUnavailable: {UNAVAILABLE}" in done.stderr


_READS = """
from index.config import ReadingConfig
from index.readers import IsolatedReaders
if __name__ == "__main__":
    isolated = IsolatedReaders(ReadingConfig())
    isolated.prepare()
    print(isolated.read(b"Still here.", name="a.txt").text)
    isolated.close()
"""


@pytest.mark.processes
def test_the_fork_server_preloads_the_language_model() -> None:
    code = (
        "import index.readers.preload, index.readers.languages as one;"
        " print(one._identifier.cache_info().currsize)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


@pytest.mark.skipif(sys.platform != "linux", reason="looks at a process in /proc")
def test_the_fork_server_ignores_ctrl_c(open_readers: Opener) -> None:
    _end_servers()
    open_readers().prepare()
    server = _started_server()
    status = Path(f"/proc/{server.pid}/status").read_text()
    blocked = int(status.partition("SigBlk:")[2].split()[0], 16)
    assert blocked >> (signal.SIGINT - 1) & 1
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, set())


def _end_servers() -> None:
    for server in _servers():
        server.kill()
        with contextlib.suppress(psutil.NoSuchProcess):  # this process may have reaped it already
            while server.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.01)


def _started_server() -> psutil.Process:
    """Wait for the server: a forked process has the command line of this one at first."""
    until = time.monotonic() + PATIENCE
    while not (running := [one for one in _servers() if one.status() != psutil.STATUS_ZOMBIE]):
        assert time.monotonic() < until, "no fork server has started"
        time.sleep(0.01)
    (server,) = running
    return server


def _servers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "multiprocessing.forkserver" in _command(child)]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # a child that other tests have left, such as a server
        return ""


def _workers() -> list[psutil.Process]:
    return [worker for server in _servers() for worker in server.children()]


def test_a_page_that_takes_too_long_is_given_up_and_the_next_is_drawn(open_readers: Opener) -> None:
    isolated = open_readers(seconds=3)
    quick, slow = one_page(text()), one_page(b"0 0 600 800 re f\n" * 100_000)
    drawn = isolated.draw(quick, name="a.pdf", page=1, width=300)
    assert drawn == InProcessReaders(ReadingConfig()).draw(quick, name="a.pdf", page=1, width=300)
    with pytest.raises(ReaderFailed, match=r"b\.pdf: drawing a page took longer than 3 s"):
        isolated.draw(slow, name="b.pdf", page=1, width=2000)
    assert isolated.draw(quick, name="a.pdf", page=1, width=300) == drawn


def test_refusals_of_pages_are_those_of_the_reader(open_readers: Opener) -> None:
    for readers in (open_readers(), InProcessReaders(ReadingConfig())):
        with pytest.raises(PageNotFound):
            readers.draw(one_page(text()), name="a.pdf", page=2, width=300)
        with pytest.raises(ReaderFailed, match="the reader failed on it"):
            readers.draw(None, name="a.pdf", page=1, width=300)  # type: ignore[arg-type]
