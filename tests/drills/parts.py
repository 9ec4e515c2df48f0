"""The parts of a service on several machines: each can be killed, hung, and have its disk filled."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from tests.cli.commands import ROOT, started
from tests.cli.server.workers import working
from tests.deploy.test_replicas import kept_port, proxy
from tests.mounts import fill, mounted
from tests.objects import BUCKET, KEY, SECRET, has_bucket, prepare, program
from tests.patience import PATIENCE, eventually
from tests.postgresql import Pair, give, is_up, new_server, new_standby, owner, programs, server_command

SECONDS = float(os.environ.get("DRILL_SECONDS", "8"))
"""How long a part is away, hangs, or has no room on its disk, at the least."""
_DISKS = {
    "replica-1": "64m",
    "replica-2": "64m",
    "worker": "16m",
    "proxy": "16m",
    "objects": "400m",
    "primary": "320m",
    "standby": "320m",
}
_LOG = {"max_wal_size": "64MB", "wal_keep_size": "64MB"}
"""So that the write-ahead log fits the disk, and a standby that was away finds what it lacks."""


@dataclass
class Part:
    """A process with those that it has started, and a disk of its own. ``run`` yields the process's id."""

    name: str
    run: Callable[[], AbstractContextManager[int]]
    disk: Path
    stays_refusing: bool
    """Whether it may refuse writes after its disk was full until it is started again, as SeaweedFS does."""
    _running: ExitStack = field(default_factory=ExitStack)
    _pid: int = 0

    def start(self) -> None:
        self._pid = self._running.enter_context(self.run())

    def stop(self) -> None:
        self._running.close()

    def restart(self) -> None:
        self.stop()
        self.start()

    def kill(self) -> None:
        """Kill it, and start it again."""
        with self._standing() as processes:
            for process in processes:
                process.kill()
            psutil.wait_procs(processes[1:], PATIENCE)
        time.sleep(SECONDS)
        self.restart()

    def hang(self) -> None:
        """Let it stand still for a while."""
        with self._standing():
            time.sleep(SECONDS)

    def fill(self) -> None:
        """Take all room of its disk for a while; it is started again if it has ended."""
        ballast = fill(self.disk)
        time.sleep(SECONDS)
        ballast.unlink()
        if self.stays_refusing or psutil.Process(self._pid).status() == psutil.STATUS_ZOMBIE:
            self.restart()

    @contextmanager
    def _standing(self) -> Iterator[Sequence[psutil.Process]]:
        """Its processes, none of which does anything meanwhile."""
        first = psutil.Process(self._pid)
        first.suspend()  # so that it starts no others
        processes = [first, *first.children(recursive=True)]
        for process in processes[1:]:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        try:
            yield processes
        finally:
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.resume()


class Installation:
    """Two replicas and a worker behind Caddy, SeaweedFS, and PostgreSQL with a synchronous standby.

    As on the page "From one machine to three". ``root`` has the code that replicas and worker are started of.
    """

    def __init__(self, folder: Path, port: int, root: Path) -> None:
        self.folder, self.disks, self.root, self._port = folder, folder / "disks", root, port
        self.address = f"http://127.0.0.1:{port}"
        self.servers = Pair(folder / "primary", folder / "standby")
        for name in _DISKS:
            (folder / name).mkdir()
        for name in ("primary", "standby", "objects"):
            (folder / name / "data").symlink_to(self.disks / name)
        ports, self._objects = prepare(folder / "objects")
        self._endpoint = f"http://127.0.0.1:{ports['s3.port']}"
        self._ports: dict[str, int] = {}
        runs: dict[str, Callable[[], AbstractContextManager[int]]] = {
            "primary": lambda: self._server("primary"),
            "standby": lambda: self._server("standby"),
            "objects": self._store,
            "replica-1": lambda: self._replica("replica-1"),
            "replica-2": lambda: self._replica("replica-2"),
            "worker": self._worker,
            "proxy": self._proxy,
        }
        self.parts = {
            name: Part(name, run, self.disks / name, name == "objects") for name, run in runs.items()
        }

    @property
    def services(self) -> list[Part]:
        """What runs Loccit, in the order in which it is upgraded."""
        return [self.parts[name] for name in ("worker", "replica-1", "replica-2")]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Start all parts, and stop them at the end."""
        found = programs()
        assert found is not None, "PostgreSQL is not installed"
        try:
            new_server(found, self.servers.primary)
            self.parts["primary"].start()
            new_standby(found, self.servers.standby, self.servers.primary)
            with psycopg.connect(self.servers.primary_url, autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
                connection.execute("ALTER DATABASE postgres SET synchronous_commit TO remote_apply")
                connection.execute("SELECT pg_reload_conf()")
            for name, part in self.parts.items():
                if name != "primary":
                    part.start()
            yield
        finally:
            for part in reversed(self.parts.values()):
                part.stop()

    def settings(self) -> dict[str, str]:
        """The settings that all services share."""
        return {
            "PYTHONPATH": str(self.root),
            "LOCCIT_STORE": self.servers.url,
            "LOCCIT_OBJECTS": f"s3://{BUCKET}/drills?endpoint_url={self._endpoint}&region=us-east-1",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }

    def upgrade(self) -> None:
        """Replace the worker and one replica after the other by those of this code."""
        self.root = ROOT
        for part in self.services:
            part.restart()

    def lose_primary(self) -> None:
        """Kill the primary for good; after a while the standby takes over, as Patroni would let it."""
        self.servers.kill_primary()
        time.sleep(SECONDS)
        self.servers.promote()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """No service runs meanwhile."""
        for part in self.services:
            part.stop()
        yield
        for part in self.services:
            part.start()

    def remove_indexes(self) -> None:
        """As an operator does after a restore of the database."""
        for indexes in self.disks.glob("replica-*/data/collections/*"):
            shutil.rmtree(indexes)

    @contextmanager
    def _server(self, name: str) -> Iterator[int]:
        found, folder = programs(), self.folder / name
        assert found is not None
        with (folder / "log").open("a") as log:
            command = server_command(found, folder, synchronous_commit="on", **_LOG)
            process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **owner())
            yield from _until_ended(process, lambda: is_up(folder), signal.SIGQUIT)

    @contextmanager
    def _store(self) -> Iterator[int]:
        folder = self.folder / "objects"
        with (folder / "log").open("a") as log:
            process = subprocess.Popen([program(), *self._objects], cwd=folder, stdout=log, stderr=log)
            os.environ |= {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
            yield from _until_ended(process, lambda: has_bucket(self._endpoint), signal.SIGKILL)

    @contextmanager
    def _replica(self, name: str) -> Iterator[int]:
        again = ("--port", str(self._ports[name])) if name in self._ports else ()
        settings = self.settings() | {"LOCCIT_DATA": str(self.disks / name / "data")}
        home = self.folder / name
        with started(home, "--answers-only", *again, root=self.root, **settings) as (process, client):
            self._ports[name] = client.base_url.port or 0
            yield process.pid

    @contextmanager
    def _worker(self) -> Iterator[int]:
        home, data = self.folder / "worker", self.disks / "worker" / "data"
        shutil.rmtree(home)
        with working(home, root=self.root, LOCCIT_DATA=str(data), **self.settings()) as found:
            eventually(lambda: found.readiness() == 200)
            yield found.process.pid

    @contextmanager
    def _proxy(self) -> Iterator[int]:
        with proxy(self.disks / "proxy", self._port, list(self._ports.values())) as (process, _):
            yield process.pid


def _until_ended(
    process: subprocess.Popen[bytes], is_ready: Callable[[], bool], ends: signal.Signals
) -> Iterator[int]:
    try:
        eventually(is_ready)
        yield process.pid
    finally:
        process.send_signal(ends)
        process.wait(PATIENCE)


@contextmanager
def installed(folder: Path, root: Path) -> Iterator[Installation]:
    """All parts, running, each with a disk of its own in memory."""
    (folder / "disks").mkdir()
    with ExitStack() as stack:
        for name, size in _DISKS.items():
            give(stack.enter_context(mounted(folder / "disks" / name, f"size={size},mode=700")))
        installation = Installation(folder, stack.enter_context(kept_port()), root)
        stack.enter_context(installation.running())
        yield installation
