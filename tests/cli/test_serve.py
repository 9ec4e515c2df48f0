"""One process serves while others write: what a user sees of both."""

import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.cli.commands import ROOT, environment, loccit, serving, started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "mars.txt").write_text("Mars has two moons, Phobos and Deimos.")
    return folder


def ids(client: httpx.Client, question: str, collection: str = "default") -> list[str]:
    answer = client.post("/v1/ask", json={"question": question, "k": 3, "collection": collection})
    assert answer.status_code == 200, answer.text
    return [one["citation"]["document_id"] for one in answer.json()["passages"]]


def test_what_the_command_line_takes_in_is_answered_from_without_a_restart(
    tmp_path: Path, folder: Path
) -> None:
    loccit(tmp_path, "ingest", str(folder))
    with serving(tmp_path) as client:
        assert ids(client, "moons of Mars") == ["mars.txt"]
        (folder / "jupiter.txt").write_text("Ganymede is the largest moon of Jupiter.")
        loccit(tmp_path, "ingest", str(folder))
        deadline = time.monotonic() + 10
        while ids(client, "Ganymede")[:1] != ["jupiter.txt"]:
            assert time.monotonic() < deadline
        loccit(tmp_path, "delete", "jupiter.txt")
        while "jupiter.txt" in ids(client, "Ganymede"):
            assert time.monotonic() < deadline


def test_a_collection_that_comes_later_is_served(tmp_path: Path, folder: Path) -> None:
    with serving(tmp_path) as client:
        missing = client.post("/v1/ask", json={"question": "moons", "collection": "planets"})
        assert missing.json()["error"]["code"] == "collection_not_found"
        loccit(tmp_path, "ingest", str(folder), "-c", "planets")
        deadline = time.monotonic() + 10
        while ids(client, "moons", "planets") != ["mars.txt"]:
            assert time.monotonic() < deadline


def test_a_document_put_over_http_is_there_after_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path) as client:
        put = client.put("/v1/documents/venus.txt", content="Venus has no moon at all.")
        assert put.status_code == 201
    with serving(tmp_path) as client:
        assert ids(client, "the moon of Venus") == ["venus.txt"]
        (document,) = json.loads(loccit(tmp_path, "list", "-c", "default", "--json").stdout)
        assert document == client.get("/v1/documents").json()["documents"][0]


def test_a_collection_of_another_model_is_named_and_the_service_stays_up(
    tmp_path: Path, folder: Path
) -> None:
    loccit(tmp_path, "ingest", str(folder))
    with serving(tmp_path, LOCCIT_CHUNK_MAX_TOKENS="30") as client:
        assert client.get("/readyz").json()["status"] == "degraded"
        answer = client.post("/v1/ask", json={"question": "moons"})
        assert answer.status_code == 409
        assert answer.json()["error"]["code"] == "collection_mismatch"
        assert "chunking" in answer.json()["error"]["message"]


@pytest.mark.slow
def test_twenty_megabytes_of_text_are_taken_in_and_nobody_waits(tmp_path: Path) -> None:
    text = "".join(f"Sentence number {n} tells of the lamp and the sea.\n\n" for n in range(400_000))
    assert len(text) > 19_000_000
    with serving(tmp_path) as client:
        client.put("/v1/documents/mars.txt", content="Mars has two moons, Phobos and Deimos.")
        put = client.put("/v1/documents/large.txt", content=text, timeout=300)
        assert put.status_code == 201
        assert put.json()["length"] == len(text)
        assert ids(client, "moons of Mars")[0] == "mars.txt"
        assert ids(client, "sentence number 399999")[0] == "large.txt"


def test_the_log_has_requests_but_no_questions(tmp_path: Path, folder: Path) -> None:
    loccit(tmp_path, "ingest", str(folder))
    with serving(tmp_path) as client:
        ids(client, "a very private question")
    log = (tmp_path / "serve.log").read_text()
    assert "route=/v1/ask status=200" in log
    assert "private" not in log
    assert "Traceback" not in log


@pytest.mark.skipif(sys.platform != "linux", reason="looks at a process in /proc")
def test_the_event_loop_and_the_parser_are_the_fast_ones(tmp_path: Path) -> None:
    with started(tmp_path) as (process, _):
        loaded = Path(f"/proc/{process.pid}/maps").read_text()
    assert "/uvloop/loop." in loaded
    assert "/httptools/parser/" in loaded


@pytest.mark.slow
def test_a_client_may_pause_and_keep_its_connection(tmp_path: Path) -> None:
    with serving(tmp_path) as client:
        address = (client.base_url.host, client.base_url.port)
        connection = http.client.HTTPConnection(*address, timeout=10)
        with contextlib.closing(connection):
            for pause in (8.0, 0.0):
                connection.request("GET", "/healthz")
                sock = connection.sock
                assert connection.getresponse().read() == b'{"status":"up"}'
                assert connection.sock is sock, "the connection was kept"
                time.sleep(pause)


def test_wrong_settings_are_told_before_anything_starts(tmp_path: Path) -> None:
    done = loccit(tmp_path, "serve", status=1, LOCCIT_PORT="seventy")
    assert "(invalid_settings)" in done.stderr
    assert "LOCCIT_PORT" in done.stderr


def test_a_port_that_is_taken_ends_the_command(tmp_path: Path) -> None:
    with serving(tmp_path) as client:
        port = str(client.base_url.port)
        done = subprocess.run(
            [sys.executable, "-m", "cli", "serve", "--port", port],
            capture_output=True,
            text=True,
            check=False,
            env=environment(tmp_path),
            cwd=ROOT,
        )
    assert done.returncode != 0
    assert "address already in use" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_an_interrupted_service_ends_in_order(tmp_path: Path) -> None:
    with serving(tmp_path) as client:
        client.put("/v1/documents/venus.txt", content="Venus has no moon at all.")
    log = (tmp_path / "serve.log").read_text()
    assert "Finished server process" in log or "Application shutdown complete" in log
