"""``loccit worker``: processes that embed and run jobs for a service that only answers."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from index.ingest.preparation import Source
from service.flows.webhooks.configured import Webhook, change_webhook, webhooks_of
from service.settings import load_settings
from service.state.library import open_library
from tests.cli.commands import loccit, started
from tests.cli.server.workers import connected, rows, working
from tests.index.sources.web.standins import Server, answer
from tests.patience import PATIENCE, eventually

_WITNESS = """
CREATE TABLE written (key bytea);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO written SELECT key FROM new_rows; RETURN NULL; END $$;
CREATE TRIGGER added AFTER INSERT ON embeddings REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note();
CREATE TRIGGER changed AFTER UPDATE ON embeddings REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note();
"""
_HOLDERS = "SELECT DISTINCT split_part(split_part(lease, '/', 2), '-', 1)::int FROM claims"
"""The ids of the processes that have claimed passages."""
PASSAGES = 1000


def upload_lamps(client: httpx.Client) -> str:
    """Send a document of many passages; returns the path of the job."""
    lamps = (f"Lamp number {number} was lit in the year {number + 100}." for number in range(PASSAGES))
    reply = client.post("/v1/ingest", files={"files": ("lamps.txt", "\n\n".join(lamps).encode())})
    return f"/v1/jobs/{reply.json()['job_id']}"


@pytest.mark.processes
def test_a_killed_worker_loses_nothing_and_nothing_is_written_twice(
    tmp_path: Path, postgresql_url: str
) -> None:
    url = postgresql_url
    settings = {"LOCCIT_STORE": url, "LOCCIT_OBJECTS": (tmp_path / "objects").as_uri()}
    settings["LOCCIT_CHUNK_MAX_TOKENS"] = "16"
    for name in ("objects", "service"):
        (tmp_path / name).mkdir()
    with ExitStack() as stack:
        _, client = stack.enter_context(started(tmp_path / "service", "--answers-only", **settings))
        job = upload_lamps(client)
        with connected(url) as connection:
            connection.execute(_WITNESS)
        with connected(url) as holding:
            # No vectors are stored until several workers have claimed passages, and one of them is dead.
            holding.execute("LOCK TABLE embeddings IN EXCLUSIVE MODE")
            waits = client.get(job).json()
            assert (waits["state"], "no process runs jobs" in waits["note"]) == ("queued", True)
            assert 'loccit_working_processes{work="jobs"} 0.0' in client.get("/metrics").text
            names = ("one", "two", "three")
            workers = [stack.enter_context(working(tmp_path / name, **settings)) for name in names]
            eventually(lambda: client.get(job).json()["note"] == "")
            held = eventually(lambda: len(found := rows(url, _HOLDERS)) > 1 and found)
            victim = next(one for one in workers if (one.process.pid,) in held)
            os.kill(victim.process.pid, signal.SIGKILL)
            victim.process.wait(PATIENCE)
        eventually(lambda: client.get(job).json()["state"] == "done")
        counts = client.get(job).json()["passages"]
        assert counts["stored"] == counts["embedded"] >= PASSAGES
        assert rows(url, "SELECT 1 FROM passages WHERE embedded IS NULL") == []
        (written,) = rows(url, "SELECT count(*), count(DISTINCT key) FROM written")
        assert written == rows(url, "SELECT count(*), count(*) FROM embeddings")[0]
        workers.remove(victim)
        # The third may have begun when all was done.
        eventually(lambda: 'loccit_working_processes{work="embedding"} 2.0' in client.get("/metrics").text)
        for worker in workers:
            eventually(lambda worker=worker: worker.readiness() == 200)
            worker.process.terminate()
        assert [worker.process.wait(PATIENCE) for worker in workers] == [0, 0]
        assert rows(url, "SELECT 1 FROM claims") == []
        question = {"question": "lamp number 7", "k": 1}
        eventually(lambda: "Lamp number 7 " in client.post("/v1/ask", json=question).text)


def test_a_worker_needs_a_database_and_says_so(tmp_path: Path) -> None:
    refused = loccit(tmp_path, "worker", status=1)
    assert "(invalid_settings)" in refused.stderr
    assert "LOCCIT_STORE" in refused.stderr


@pytest.mark.parametrize("missing", ["LOCCIT_STORE", "LOCCIT_OBJECTS"])
def test_a_service_that_only_answers_needs_workers_that_can_work(
    tmp_path: Path, postgresql_url: str, missing: str
) -> None:
    settings = {"LOCCIT_STORE": postgresql_url, "LOCCIT_OBJECTS": tmp_path.as_uri(), missing: ""}
    refused = loccit(tmp_path, "serve", "--answers-only", status=1, **settings)
    assert "(invalid_settings)" in refused.stderr
    assert missing in refused.stderr


@pytest.mark.processes
def test_webhooks_are_sent_by_workers_and_by_services_that_only_answer(
    tmp_path: Path, postgresql_url: str, server: Server
) -> None:
    settings = {"LOCCIT_STORE": postgresql_url, "LOCCIT_OBJECTS": (tmp_path / "objects").as_uri()}
    settings |= {"LOCCIT_WEBHOOK_SECRET_TEAM": "s3cret", "LOCCIT_WEB_NETWORKS": "127.0.0.1/32"}
    (tmp_path / "objects").mkdir()
    (tmp_path / "service").mkdir()
    killed = threading.Event()
    server.answers["/"] = lambda connection: killed.wait(PATIENCE) and connection.sendall(answer(b"taken"))
    store = load_settings(data=tmp_path / "here", model="words", store=postgresql_url)
    with ExitStack() as stack:
        collection = stack.enter_context(open_library(store)).open("default", create=True)
        hook = Webhook("team", f"http://127.0.0.1:{server.port}/")
        change_webhook(collection, "team", lambda known: hook)
        collection.put(Source("a.txt", b"The lamp was lit."))
        worker = stack.enter_context(working(tmp_path / "one", **settings))
        eventually(lambda: server.requests)
        os.kill(worker.process.pid, signal.SIGKILL)  # with the message in hand
        worker.process.wait(PATIENCE)
        killed.set()
        worker = stack.enter_context(working(tmp_path / "two", **settings))
        eventually(lambda: [one.since for one in webhooks_of(collection)] == [collection.last_change()])
        first, second = (re.search("webhook-id: (.*)\r", one) for one in server.requests[:2])
        assert first is not None
        assert second is not None
        assert first[1] == second[1]  # so that who got it twice can tell
        worker.process.terminate()
        assert worker.process.wait(PATIENCE) == 0
        collection.put(Source("b.txt", b"The bell was rung."))
        stack.enter_context(started(tmp_path / "service", "--answers-only", **settings))
        eventually(lambda: [one.since for one in webhooks_of(collection)] == [collection.last_change()])


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()
