"""Start ``loccit worker`` in processes, and look into the database that they share."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from tests.cli.commands import ROOT, environment
from tests.patience import PATIENCE, eventually


@dataclass
class Worker:
    """``loccit worker`` in a process of its own."""

    process: subprocess.Popen[bytes]
    log: Path

    def readiness(self) -> int:
        """The status of its health check."""
        address = eventually(lambda: re.search(r"http://\S+/readyz", self.log.read_text()))
        return httpx.get(address[0], timeout=PATIENCE).status_code


@contextmanager
def working(folder: Path, root: Path = ROOT, **settings: str) -> Iterator[Worker]:
    folder.mkdir()
    with (folder / "worker.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "worker", "--health-port", "0"],
            stdout=log,
            stderr=log,
            env=environment(folder, **settings),
            cwd=root,
        )
        try:
            yield Worker(process, folder / "worker.log")
        finally:
            process.kill()
            process.wait(PATIENCE)


def connected(url: str) -> psycopg.Connection[tuple[int, ...]]:
    return psycopg.connect(url, options="-c search_path=collection_1")


def rows(url: str, query: str) -> Sequence[tuple[int, ...]]:
    with connected(url) as connection:
        return connection.execute(query).fetchall()
