"""A PostgreSQL server and services of one's own, and what they take of the machine."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psutil
import psycopg

COLLECTION = "growth"
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "1GB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "shared_preload_libraries": "pg_stat_statements",
}
"""Those that matter here; all else is as installed, durability too."""
_PORT = re.compile(r"http://127\.0\.0\.1:(\d+)")
_PATIENCE = 14_400.0


class Server:
    """PostgreSQL in a folder, which stays; made where there is none. Run it with :meth:`running`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._owner: dict[str, Any] = {}
        if os.getuid() == 0:  # it does not run as root
            account = pwd.getpwnam("postgres")
            self._owner = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def url(self, name: str = "postgres") -> str:
        """The address of a database."""
        return f"postgresql://loccit@/{name}?host={quote(str(self.folder), safe='')}"

    def program(self, name: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run a program of PostgreSQL as the owner of the server."""
        return subprocess.run(  # noqa: S603 - programs of ours
            [_program(name), *arguments], cwd=self.folder, check=True, capture_output=True, **self._owner
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the server until the ``with`` block ends."""
        if not (self.folder / "data").exists():
            self.folder.mkdir(parents=True)
            if self._owner:
                os.chown(self.folder, self._owner["user"], self._owner["group"])
            self.program("initdb", "--auth=trust", "--username=loccit", "--encoding=UTF8", "data")
        options = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
        # With its output elsewhere, or the end of pg_ctl would not be seen.
        subprocess.run(  # noqa: S603 - a program of ours
            [
                _program("pg_ctl"),
                "-D",
                "data",
                "-l",
                "log",
                "-w",
                "-o",
                f"-k {self.folder} {options}",
                "start",
            ],
            cwd=self.folder,
            check=True,
            stdout=subprocess.DEVNULL,
            **self._owner,
        )
        try:
            yield
        finally:
            self.program("pg_ctl", "-D", "data", "-m", "fast", "-w", "stop")

    @property
    def process(self) -> psutil.Process:
        """The first process of the server."""
        return psutil.Process(int((self.folder / "data" / "postmaster.pid").read_text().split()[0]))

    def has_database(self, name: str) -> bool:
        """Whether there is a database of a name."""
        return (name,) in self.ask("SELECT datname FROM pg_database", "postgres")

    def ask(self, statement: str, database: str = COLLECTION) -> list[tuple[Any, ...]]:
        """Run a statement; returns its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            found = connection.execute(statement.encode())
            return found.fetchall() if found.description else []


def _program(name: str) -> str:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parent.name))
    return str(folders[-1] / name) if folders else shutil.which(name) or name


def processor_seconds(process: psutil.Process) -> float:
    """Of a process and all that it started, those that have ended too."""
    times = process.cpu_times()
    seconds = times.user + times.system + times.children_user + times.children_system
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            taken = child.cpu_times()
            seconds += taken.user + taken.system
    return seconds


def size_of(folder: Path) -> int:
    """Bytes of the files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@dataclass
class Replica:
    """A service of the collection with a data folder of its own, in a process."""

    data: Path
    process: psutil.Popen
    address: str
    ready_seconds: float
    ready_processor_seconds: float

    @cached_property
    def client(self) -> httpx.Client:
        """A client of it."""
        return httpx.Client(base_url=self.address, timeout=600)

    def metric(self, name: str) -> float:
        """A metric of the collection."""
        found = re.search(
            rf'^loccit_{name}{{collection="{COLLECTION}"}} (\S+)$', self.client.get("/metrics").text, re.M
        )
        if found is None:
            raise RuntimeError(f"{name} is not among the metrics")
        return float(found[1])

    @property
    def own_bytes(self) -> int:
        """Memory that is its own: not that of mapped files."""
        found = self.process.memory_info()
        return int(found.rss - found.shared)


@contextmanager
def replica(data: Path, made_from: Path, url: str, objects: Path) -> Iterator[Replica]:
    """A service, from its start until it is ready."""
    data.mkdir(parents=True, exist_ok=True)
    log = data / "serve.log"
    settings = {"LOCCIT_DATA": str(data), "LOCCIT_STORE": url, "LOCCIT_OBJECTS": objects.as_uri()}
    began = time.monotonic()
    with log.open("w") as output:
        process = psutil.Popen(
            [sys.executable, "-m", "benchmarks.growth", str(made_from), "--serve"],
            stdout=output,
            stderr=output,
            env={**os.environ, **settings},
        )
    try:
        _wait(process, log, lambda: bool(_PORT.search(log.read_text())))
        found = _PORT.search(log.read_text())
        address = found[0] if found else ""
        _wait(process, log, lambda: _is_ready(address))
        ready = time.monotonic() - began
        yield Replica(data, process, address, ready, processor_seconds(process))
    finally:
        process.terminate()
        process.wait(120)


def _wait(process: psutil.Popen, log: Path, done: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not done():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"the service did not start: {log.read_text()[-4000:]}")
        time.sleep(0.2)


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", timeout=600).status_code == 200
    except httpx.TransportError:
        return False
