"""A PostgreSQL server for the tests of this process, started when a test first needs it.

It is not durable, and ends with the process, however that ends. Names and texts are sorted by the rules of a
language, as in the databases of users, so that a query that relies on the order of bytes fails here.
"""

from __future__ import annotations

import atexit
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import psutil
import psycopg
import pytest

from tests.patience import PATIENCE, eventually

USER, PASSWORD = "loccit", "zq-postgres-password"
_SENT = re.compile(r"LOG:  (statement|execute [^:]*): ")
_INSTALLED = "/usr/lib/postgresql"
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "max_wal_size": "128MB",  # it may be in memory
    "autovacuum": "off",
    "log_line_prefix": "%d|",
}
# The server ends when the other end of the standard input is closed: with this process at the latest. What
# ends all that a terminal has started does not end the shell, so that its folder is removed.
_SERVE = (
    'trap "" INT TERM HUP; "$@" > log 2>&1 & server=$!; cat > /dev/null;'
    ' kill -QUIT $server 2> /dev/null; wait $server; rm -rf "$PWD"'
)


@contextmanager
def database() -> Iterator[str]:
    """A new, empty database; yields its URL. Skips the test where PostgreSQL is not installed."""
    folder = _server()
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(address(folder, "postgres"), autocommit=True) as connection:
        # Copied as files: to log each page of a new database takes longer than most tests.
        connection.execute(f"CREATE DATABASE {name} STRATEGY file_copy")
        yield address(folder, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def copy_of(url: str) -> Iterator[str]:
    """Another database with what one has now, as pg_dump and pg_restore make it; yields its URL.

    Ends the connections to the original.
    """
    name, original = f"test_{uuid.uuid4().hex}", urlsplit(url).path[1:]
    folder = parse_qs(urlsplit(url).query)["host"][0]
    with psycopg.connect(address(folder, "postgres"), autocommit=True) as connection:
        # A thread of who used it may connect again at once.
        connection.execute(f"ALTER DATABASE {original} ALLOW_CONNECTIONS false")
        _end_connections(connection, original)
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {original} STRATEGY file_copy")
        connection.execute(f"ALTER DATABASE {original} ALLOW_CONNECTIONS true")
        yield address(folder, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def dumped(url: str) -> bytes:
    """What pg_dump keeps of a database."""
    command = [_installed() / "pg_dump", "--format=custom", f"--dbname={url}"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def restore(url: str, dump: bytes) -> None:
    """Bring a database back to a dump, as the documentation says. Ends the connections to it."""
    end_connections(url)
    command = [_installed() / "pg_restore", "--clean", "--if-exists", f"--dbname={url}"]
    subprocess.run(command, check=True, input=dump)


def end_connections(url: str) -> None:
    """End all connections to a database, as a server that is started anew does, with all that they held."""
    with psycopg.connect(url) as connection:
        _end_connections(connection, urlsplit(url).path[1:])


def _end_connections(connection: psycopg.Connection[Any], database: str) -> None:
    connection.execute(
        "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity"
        " WHERE datname = %s AND pid <> pg_backend_pid()",
        [round(1000 * PATIENCE), database],
    )


@contextmanager
def held_notifications(url: str) -> Iterator[None]:
    """No transaction that notifies anybody commits meanwhile: one that does waits for a standby in vain."""
    with psycopg.connect(url, autocommit=True) as connection, psycopg.connect(url, autocommit=True) as holder:
        holder.execute("SET synchronous_commit TO on")  # as nobody else has it here

        def is_held() -> bool:
            holder.pgconn.consume_input()
            if not holder.pgconn.is_busy():  # the server has not read its settings yet
                while holder.pgconn.get_result():
                    pass
                # With something written: a transaction that only notifies waits for nobody.
                written = "SELECT pg_notify('held', ''), pg_logical_emit_message(true, '', '')"
                holder.pgconn.send_query(written.encode())
            query = "SELECT FROM pg_stat_activity WHERE pid = %s AND wait_event = 'SyncRep'"
            return bool(connection.execute(query, [holder.info.backend_pid]).rowcount)

        connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        try:
            connection.execute("SELECT pg_reload_conf()")
            eventually(is_held)
            yield
        finally:
            connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
            connection.execute("SELECT pg_reload_conf()")
            while holder.pgconn.get_result():
                pass


@contextmanager
def logged(url: str) -> Iterator[Callable[[], list[str]]]:
    """Let the server log what is sent to a database; yields what returns the statements since it was called.

    Ends the connections that are open, for they log nothing.
    """
    name = urlsplit(url).path[1:]
    log = Path(parse_qs(urlsplit(url).query)["host"][0]) / "log"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET log_statement = 'all'")
        end_connections(url)
        read = log.stat().st_size

        def since() -> list[str]:
            nonlocal read
            began, read = read, log.stat().st_size
            lines = log.read_bytes()[began:read].decode().splitlines()
            return [one for one in lines if one.startswith(f"{name}|") and _SENT.search(one)]

        yield since


def address(folder: Path | str, name: str) -> str:
    return f"postgresql://{USER}:{PASSWORD}@/{name}?host={quote(str(folder), safe='')}"


@cache
def programs() -> Path | None:
    """The folder of the server's programs: of the newest version that Debian has installed, or in PATH."""
    folders = sorted(Path(_INSTALLED).glob("*/bin"), key=lambda one: int(one.parent.name), reverse=True)
    if found := shutil.which("initdb"):
        folders.append(Path(found).resolve().parent)
    return next((one for one in folders if (one / "postgres").exists()), None)


def owner() -> dict[str, Any]:
    """As whom ``subprocess`` is to run a server, which does not run as root; nothing for other users."""
    if os.getuid() != 0:
        return {}
    account = pwd.getpwnam("postgres")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def give(path: Path) -> None:
    """Give a file or folder to the user of :func:`owner`."""
    if account := owner():
        os.chown(path, account["user"], account["group"])


def _installed() -> Path:
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL (initdb, postgres) is not installed")
    return found


def _server() -> Path:
    """The folder of the running server, which holds its socket."""
    return _start(_installed())


@cache
def _start(found: Path) -> Path:
    folder = new_server(found, _folder())
    _run(found, folder)
    return folder


def new_server(found: Path, folder: Path) -> Path:
    """Make a new server in a folder; it does not run yet."""
    give(folder)
    password = folder / "password"
    password.write_text(PASSWORD)
    give(password)
    _program(
        *(found / "initdb", "--no-sync", "--auth=password", f"--username={USER}", "--pwfile=password"),
        *("--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en", "data"),
        folder=folder,
    )
    return folder


def new_standby(found: Path, folder: Path, primary: Path) -> None:
    """Make a standby of a server that runs in a folder; it does not run yet."""
    give(folder)
    source = address(primary, "postgres").replace("/postgres?", "/?")
    _program(
        *(found / "pg_basebackup", "-d", source, "-D", "data", "-R"),
        *("--checkpoint=fast", "--no-sync"),
        folder=folder,
    )


def _folder() -> Path:
    # Not below that of tests, but in memory as that is: the path of a socket has at most 107 characters.
    memory = "/dev/shm"  # noqa: S108 -- it gets a folder of its own
    place = memory if os.environ.get("PYTEST_DEBUG_TEMPROOT") == memory else "/tmp"  # noqa: S108
    return Path(tempfile.mkdtemp(prefix="loccit-pg-", dir=place))


def _program(*command: str | Path, folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, **owner())


def _run(found: Path, folder: Path) -> subprocess.Popen[bytes]:
    """Run the server of a folder until this process ends, or the standard input of the server."""
    shell = ["/bin/sh", "-c", _SERVE, "sh", *server_command(found, folder)]
    server = subprocess.Popen(shell, cwd=folder, stdin=subprocess.PIPE, **owner())
    atexit.register(server.communicate)
    eventually(lambda: server.poll() is not None or is_up(folder))
    assert server.poll() is None, (folder / "log").read_text()
    return server


def server_command(found: Path, folder: Path, **settings: str) -> list[str | Path]:
    """The command that runs the server of a folder, with other settings than those of tests."""
    options = [f"--{name}={value}" for name, value in (SETTINGS | settings).items()]
    return [found / "postgres", "-D", "data", "-k", folder, *options]


@dataclass(frozen=True)
class Pair:
    """A server that takes writes and a standby that follows it, each in a folder."""

    primary: Path
    standby: Path

    @property
    def url(self) -> str:
        """The address with both hosts."""
        return address(f"{self.primary},{self.standby}", "postgres")

    @property
    def primary_url(self) -> str:
        """The address with the primary alone."""
        return address(self.primary, "postgres")

    def kill_primary(self) -> None:
        """Kill the primary with all connections, which would go on for a moment without its first process."""
        killed = self._signal(signal.SIGKILL)
        psutil.wait_procs(killed, PATIENCE)
        eventually(lambda: not is_up(self.primary))

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Let the primary hang with all connections, until the ``with`` block ends."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> list[psutil.Process]:
        """Send a signal to all processes of the primary."""
        first = psutil.Process(int((self.primary / "data" / "postmaster.pid").read_text().split()[0]))
        first.suspend()  # so that it makes no others
        processes = [*first.children(), first]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        return processes

    def wait_for_standby(self, done: str = "replay") -> None:
        """Wait until the standby has replayed, or has received (``receive``), what was written so far."""
        with _connected(self.primary) as primary, _connected(self.standby) as standby:
            (written,) = primary.execute("SELECT pg_current_wal_insert_lsn()::text").fetchone() or ("",)
            query = f"SELECT pg_last_wal_{done}_lsn() >= %s::pg_lsn"
            eventually(lambda: standby.execute(query, (written,)).fetchone() == (True,))

    def set_replay(self, *, paused: bool) -> None:
        """Let the standby stay as it is, or go on following."""
        with _connected(self.standby) as standby:
            standby.execute(f"SELECT pg_wal_replay_{'pause' if paused else 'resume'}()")
            state = "paused" if paused else "not paused"
            query = "SELECT pg_get_wal_replay_pause_state()"
            eventually(lambda: standby.execute(query).fetchone() == (state,))

    def promote(self) -> None:
        """Let the standby take writes."""
        with _connected(self.standby) as standby:
            standby.execute("SELECT pg_promote()")


@contextmanager
def pair() -> Iterator[Pair]:
    """Two servers of their own. Skips the test where PostgreSQL is not installed."""
    found = _installed()
    primary = new_server(found, _folder())
    servers = [_run(found, primary)]
    try:
        standby = _folder()
        new_standby(found, standby, primary)
        servers.append(_run(found, standby))
        yield Pair(primary, standby)
    finally:
        for server in reversed(servers):
            server.communicate()


def _connected(folder: Path) -> psycopg.Connection[Any]:
    return psycopg.connect(address(folder, "postgres"), autocommit=True)


def is_up(folder: Path) -> bool:
    try:
        psycopg.connect(address(folder, "postgres")).close()
    except psycopg.OperationalError:
        return False
    return True
