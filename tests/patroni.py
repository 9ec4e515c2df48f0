"""Three PostgreSQL servers under Patroni, which makes another one the leader when the leader is gone.

They and their etcd listen on the loopback address, replicate synchronously, and end with this process,
however that ends.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import yaml

from tests.clusters import etcd, pid_in, served
from tests.patience import eventually
from tests.ports import free_ports
from tests.postgresql import PASSWORD, USER, give, owner, programs

NAMES = ("one", "two", "three")
_SUPERUSER = "postgres"
_TIMES = {"ttl": 20, "loop_wait": 3, "retry_timeout": 5}
"""Seconds. The least ``ttl`` that Patroni allows: so long a leader is not replaced that is not heard of."""


@dataclass(frozen=True, slots=True)
class Member:
    """One of the servers, and the Patroni that looks after it."""

    name: str
    port: int
    api: int
    folder: Path

    def is_leader(self) -> bool:
        """Whether it holds the leader's key and takes writes."""
        with suppress(httpx.HTTPError):
            return httpx.get(f"http://127.0.0.1:{self.api}/primary", timeout=10).status_code == 200
        return False

    def is_synchronous(self) -> bool:
        """Whether it is the standby that the leader waits for."""
        with suppress(httpx.HTTPError):
            return httpx.get(f"http://127.0.0.1:{self.api}/synchronous", timeout=10).status_code == 200
        return False

    def kill(self) -> None:
        """End Patroni and all processes of PostgreSQL at once, without a word to anyone."""
        postmaster = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        for pid in (pid_in(self.folder), postmaster, *_children(postmaster)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


class Cluster:
    """The members, and the address of an empty database by which clients find the leader."""

    def __init__(self, members: list[Member]) -> None:
        self.members = members

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{one.port}" for one in self.members)
        return f"postgresql://{USER}:{PASSWORD}@{hosts}/{USER}"

    def leader(self) -> Member:
        """The member that takes writes; waits until there is one."""
        found = eventually(lambda: [one for one in self.members if one.is_leader()])
        assert isinstance(found[0], Member)
        return found[0]

    def is_complete(self) -> bool:
        """Whether there is a leader, and a standby that holds what it acknowledges."""
        return any(one.is_leader() for one in self.members) and any(
            one.is_synchronous() for one in self.members
        )


def missing() -> str:
    """What is not installed that a cluster needs, with the command that installs it; empty if nothing is."""
    absent = [name for name in ("patroni", "etcd") if shutil.which(name) is None]
    if programs() is None:
        absent.append("PostgreSQL")
    if not absent:
        return ""
    packages = "patroni python3-etcd etcd-server postgresql-17"
    return f"{' and '.join(absent)} not installed: apt-get install --no-install-recommends {packages}"


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a cluster and stop it at the end. Skips the test where a program is missing."""
    if absent := missing():
        pytest.skip(absent)
    # Not below the folder of tests: the path of a socket has at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="loccit-patroni-", dir="/tmp"))
    give(folder)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        clients, peers, *ports = free_ports(2 + 2 * len(NAMES))
        stack.enter_context(_served(folder / "etcd", etcd(clients, peers)))
        members = [
            Member(name, port, api, folder / name)
            for name, port, api in zip(NAMES, ports[::2], ports[1::2], strict=True)
        ]
        for member in members:
            member.folder.mkdir()
            (member.folder / "patroni.yml").write_text(yaml.safe_dump(_configuration(member, clients)))
            stack.enter_context(_served(member.folder, ["patroni", "patroni.yml"]))
        found = Cluster(members)
        eventually(found.is_complete)
        _make_database(found.leader())
        yield found


def _served(folder: Path, command: list[str | Path]) -> AbstractContextManager[None]:
    """Run a server in a folder, which stops what it has started itself."""
    folder.mkdir(exist_ok=True)
    give(folder)
    # Of Debian, with its own Python: nothing of ours may be seen there.
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8", "HOME": str(folder)}
    return served(folder, command, environment=environment, end="TERM", **owner())


def _children(pid: int) -> list[int]:
    with suppress(FileNotFoundError):
        return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    return []


def _make_database(leader: Member) -> None:
    address = f"postgresql://{_SUPERUSER}:{PASSWORD}@127.0.0.1:{leader.port}/postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'")
        connection.execute(f"CREATE DATABASE {USER} OWNER {USER}")


def _configuration(member: Member, clients: int) -> dict[str, Any]:
    api, address = (f"127.0.0.1:{port}" for port in (member.api, member.port))
    return {
        "scope": "loccit",
        "name": member.name,
        "restapi": {"listen": api, "connect_address": api},
        "etcd3": {"hosts": f"127.0.0.1:{clients}"},
        "bootstrap": {
            "dcs": {
                **_TIMES,
                "synchronous_mode": True,
                "postgresql": {
                    "use_pg_rewind": True,
                    "parameters": {"max_connections": 200, "shared_buffers": "32MB"},
                },
            },
            "initdb": [{"encoding": "UTF8"}, {"locale": "C"}],
        },
        "postgresql": {
            "listen": address,
            "connect_address": address,
            "data_dir": "data",
            "bin_dir": str(programs()),
            "pgpass": str(member.folder / "pgpass"),
            "parameters": {"unix_socket_directories": str(member.folder)},
            "pg_hba": [f"host {what} all 127.0.0.1/32 scram-sha-256" for what in ("all", "replication")],
            "authentication": {
                "superuser": {"username": _SUPERUSER, "password": PASSWORD},
                "replication": {"username": "replicator", "password": PASSWORD},
                "rewind": {"username": "rewinder", "password": PASSWORD},
            },
        },
    }
