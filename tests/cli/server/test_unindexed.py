"""What is said of documents that are stored while Milvus cannot be reached."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import loccit, started

SAID = "1 document is stored and cannot be found yet"


@pytest.fixture
def unreachable() -> Iterator[dict[str, str]]:
    """Settings of an engine at an address where nobody listens."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        yield {"LOCCIT_ENGINE": "milvus", "LOCCIT_MILVUS_URI": f"http://127.0.0.1:{port}"}


@pytest.fixture
def document(tmp_path: Path) -> str:
    path = tmp_path / "mars.txt"
    path.write_text("Mars has two moons, Phobos and Deimos.")
    return str(path)


def test_the_command_says_how_many_and_they_are_found_later(
    tmp_path: Path, document: str, unreachable: dict[str, str]
) -> None:
    done = loccit(tmp_path, "ingest", document, status=3, **unreachable)
    assert "1 added" in done.stdout
    assert SAID in done.stderr
    again = loccit(tmp_path, "ingest", document)
    assert SAID not in again.stderr
    assert "mars.txt" in loccit(tmp_path, "ask", "moons of Mars").stdout


@pytest.mark.processes
def test_a_job_and_its_page_say_it_too(tmp_path: Path, document: str, unreachable: dict[str, str]) -> None:
    with started(tmp_path, **unreachable) as (_, client):
        done = loccit(tmp_path, "ingest", document, "--server", str(client.base_url), status=3)
        assert SAID in done.stderr
        (job,) = client.get("/v1/jobs").json()["jobs"]
        assert (job["state"], job["unindexed"]) == ("done", 1)
        page = client.get(f"/jobs/{job['job_id']}").text
        assert "Stored, but one document cannot be found yet" in page
        assert "everything can be found" not in page
