"""``loccit serve`` in a process of its own: what only that shows."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from index.citations.citing import LONGEST
from tests.cli.commands import loccit, started
from tests.patience import PATIENCE, eventually

MARS = "Mars has two moons, Phobos and Deimos."
Serving = tuple[Path, httpx.Client]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One service for the tests that need no other: its folder and a client. Each has its own collection."""
    folder = tmp_path_factory.mktemp("service")
    with started(folder) as (_, client):
        yield folder, client


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    documents = tmp_path / "docs"
    documents.mkdir()
    (documents / "mars.txt").write_text(MARS)
    return documents


def ids(client: httpx.Client, question: str, collection: str = "default") -> list[str]:
    answer = client.post("/v1/ask", json={"question": question, "k": 3, "collection": collection})
    assert answer.status_code == 200, answer.text
    return [one["citation"]["document_id"] for one in answer.json()["passages"]]


@pytest.mark.processes
def test_what_the_command_line_takes_in_is_answered_from_without_a_restart(
    service: Serving, documents: Path
) -> None:
    home, client = service
    missing = client.post("/v1/ask", json={"question": "moons", "collection": "planets"})
    assert missing.json()["error"]["code"] == "collection_not_found"
    loccit(home, "ingest", str(documents), "-c", "planets")
    eventually(lambda: ids(client, "moons of Mars", "planets") == ["mars.txt"])
    (documents / "jupiter.txt").write_text("Ganymede is the largest moon of Jupiter.")
    loccit(home, "ingest", str(documents), "-c", "planets")
    eventually(lambda: ids(client, "Ganymede", "planets")[:1] == ["jupiter.txt"])
    loccit(home, "delete", "jupiter.txt", "-c", "planets")
    eventually(lambda: "jupiter.txt" not in ids(client, "Ganymede", "planets"))


@pytest.mark.processes
def test_the_log_has_requests_but_no_questions(service: Serving) -> None:
    home, client = service
    client.put("/v1/documents/mars.txt", content=MARS)
    ids(client, "a very private question")
    log = (home / "serve.log").read_text()
    assert "route=/v1/ask status=200" in log
    assert "private" not in log
    assert "Traceback" not in log


@pytest.mark.processes
def test_a_client_may_pause_and_keep_its_connection(service: Serving) -> None:
    _, client = service
    connection = http.client.HTTPConnection(client.base_url.host, client.base_url.port or 0, timeout=PATIENCE)
    with contextlib.closing(connection):
        for pause in (5.5, 0.0):  # longer than the server's own default of 5 seconds
            connection.request("GET", "/healthz")
            sock = connection.sock
            assert connection.getresponse().read() == b'{"status":"up"}'
            assert connection.sock is sock, "the connection was kept"
            time.sleep(pause)


@pytest.mark.processes
@pytest.mark.slow
def test_a_text_longer_than_is_looked_through_as_a_whole_is_taken_in_and_found(service: Serving) -> None:
    _, client = service
    text = "".join(f"Sentence number {n} tells of the lamp and the sea.\n\n" for n in range(100_000))
    assert len(text) > LONGEST
    client.put("/v1/documents/mars.txt", content=MARS)
    put = client.put("/v1/documents/large.txt", content=text, timeout=300)
    assert put.status_code == 201
    assert put.json()["length"] == len(text)
    assert ids(client, "moons of Mars")[0] == "mars.txt"
    assert ids(client, "sentence number 99999")[0] == "large.txt"


@pytest.mark.processes
def test_a_document_put_over_http_is_there_after_a_restart(tmp_path: Path) -> None:
    with started(tmp_path) as (process, client):
        put = client.put("/v1/documents/venus.txt", content="Venus has no moon at all.")
        assert put.status_code == 201
        if sys.platform == "linux":
            loaded = Path(f"/proc/{process.pid}/maps").read_text()
            assert "/uvloop/loop." in loaded
            assert "/httptools/parser/" in loaded
    log = (tmp_path / "serve.log").read_text()
    assert "Finished server process" in log or "Application shutdown complete" in log
    with started(tmp_path) as (_, client):
        assert ids(client, "the moon of Venus") == ["venus.txt"]
        (document,) = json.loads(loccit(tmp_path, "list", "-c", "default", "--json").stdout)
        assert document == client.get("/v1/documents").json()["documents"][0]


def test_wrong_settings_are_told_before_anything_starts(tmp_path: Path) -> None:
    done = loccit(tmp_path, "serve", status=1, LOCCIT_PORT="seventy")
    assert "(invalid_settings)" in done.stderr
    assert "LOCCIT_PORT" in done.stderr
    assert "LOCCIT_WORKERS" in loccit(tmp_path, "serve", "--workers", "0", status=1).stderr


def test_a_port_that_is_taken_is_named_with_how_to_choose_another(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = loccit(tmp_path, "serve", "--port", str(port), status=1)
    assert "(address_unavailable)" in done.stderr
    assert f"Port {port} of 127.0.0.1 is in use" in done.stderr
    assert "--port or LOCCIT_PORT" in done.stderr
    assert "rrno" not in done.stderr


@pytest.mark.parametrize("host", ["no such host", "192.0.2.1"])
def test_an_address_of_no_interface_is_named_with_how_to_choose_another(tmp_path: Path, host: str) -> None:
    done = loccit(tmp_path, "serve", "--host", host, "--port", "0", status=1)
    assert "(address_unavailable)" in done.stderr
    assert host in done.stderr
    assert "--host or LOCCIT_HOST" in done.stderr


def test_an_address_that_others_reach_is_refused_without_a_key(tmp_path: Path) -> None:
    done = loccit(tmp_path, "serve", "--host", "0.0.0.0", "--port", "0", status=1)  # noqa: S104
    assert "(key_missing)" in done.stderr
    for way_out in ("LOCCIT_API_KEY", "--host 127.0.0.1", "--allow-anonymous"):
        assert way_out in done.stderr


@pytest.mark.processes
@pytest.mark.parametrize("allowed", [{"LOCCIT_API_KEY": "secret"}, {"LOCCIT_ALLOW_ANONYMOUS": "true"}])
def test_an_address_that_others_reach_is_served_with_a_key_or_when_told_so(
    tmp_path: Path, allowed: dict[str, str]
) -> None:
    with started(tmp_path, "--host", "0.0.0.0", **allowed) as (_, client):  # noqa: S104
        status = client.get("/v1/collections").status_code
    assert status == (401 if "LOCCIT_API_KEY" in allowed else 200)
