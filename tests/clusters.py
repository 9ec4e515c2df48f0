"""Processes of clusters for tests, which end with this process, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

_SERVE = (
    '"$@" >> log 2>&1 & server=$!; echo $server > pid; cat > /dev/null; '
    "kill -{how} $server 2> /dev/null; wait $server 2> /dev/null"
)


@contextmanager
def served(
    folder: Path,
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    end: Literal["TERM", "KILL"] = "KILL",
    **owner: Any,
) -> Iterator[None]:
    """Run a server in a folder, and end it by a signal; ``owner`` as ``subprocess`` takes it.

    The folder gets its ``log``, and ``pid`` with its process.
    """
    shell = ["/bin/sh", "-c", _SERVE.format(how=end), "sh", *command]
    server = subprocess.Popen(shell, cwd=folder, env=environment, stdin=subprocess.PIPE, **owner)
    try:
        yield
    finally:
        server.communicate()


def pid_in(folder: Path) -> int:
    """The process of the server in a folder."""
    return int((folder / "pid").read_text())


def kill_in(folder: Path) -> None:
    """End the server in a folder at once."""
    os.kill(pid_in(folder), signal.SIGKILL)


def etcd(clients: int, peers: int) -> list[str | Path]:
    """The command of an etcd of one member with these ports."""
    client, peer = (f"http://127.0.0.1:{port}" for port in (clients, peers))
    return [
        *("etcd", "--name=only", "--data-dir=data", "--log-level=warn", "--unsafe-no-fsync"),
        *(f"--listen-client-urls={client}", f"--advertise-client-urls={client}"),
        *(f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}"),
        f"--initial-cluster=only={peer}",
    ]
