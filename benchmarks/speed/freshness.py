"""How long after one process has committed a document another one answers from it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks import sets
from evaluation.measures import Estimate
from index.ingest import Source
from index.library import Library

_DOCUMENTS = 30
_PATIENCE = 60.0
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


@contextmanager
def serving(data: Path, **settings: str) -> Iterator[httpx.Client]:
    """``loccit serve`` on a data folder, ready, and a client of it."""
    log = data / "serve.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "serve", "--port", "0"],
            stderr=output,
            env={**os.environ, "LOCCIT_DATA": str(data), **settings},
        )
    try:
        deadline = time.monotonic() + _PATIENCE
        while not (found := _ADDRESS.search(log.read_text())) and time.monotonic() < deadline:
            time.sleep(0.05)
        if not found:
            raise RuntimeError(f"the service did not start: {log.read_text()}")
        with httpx.Client(base_url=found[0], timeout=_PATIENCE) as client:
            while not _is_ready(client) and time.monotonic() < deadline:
                time.sleep(0.05)
            yield client
    finally:
        process.terminate()
        process.wait(_PATIENCE)


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.ConnectError:  # several workers are started after the address is told
        return False


def seconds_until_answered() -> Estimate:
    """Seconds from the commit in this process to the other's first answer with it: the longest of all.

    The interval is from the shortest to the longest.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        Library(Path(folder), embedder=sets.embedder) as library,
    ):
        collection = library.open("default", create=True)
        with serving(Path(folder)) as client:
            waited = []
            for number in range(_DOCUMENTS):
                collection.put(
                    Source(f"{number}.txt", f"Lamp {number} burns {number * 7919} hours.".encode())
                )
                committed = time.monotonic()
                while f"{number}.txt" not in _found(client, f"lamp {number * 7919}"):
                    if time.monotonic() > committed + _PATIENCE:
                        raise RuntimeError(f"document {number} was not found within {_PATIENCE:.0f} s")
                waited.append(time.monotonic() - committed)
    return Estimate(max(waited), min(waited), max(waited), len(waited))


def _found(client: httpx.Client, question: str) -> list[str]:
    answer = client.post("/v1/ask", json={"question": question, "k": 3}).raise_for_status().json()
    return [one["citation"]["document_id"] for one in answer["passages"]]
