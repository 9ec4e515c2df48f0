"""Upgrades over HTTP: planned, run as a job while the collection is used, followed, cancelled and refused."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.config import Precision
from index.embedding import Models, WordEmbedder
from index.ingest import Source
from index.library import Library
from index.types import Vectors
from service.faces.api.schemas.jobs import JobResponse
from service.faces.api.schemas.upgrades import UpgradePlan
from service.flows.ingest.jobs.jobs import MAX_JOBS
from service.state.identity import KeyOptions, Scope, new_key
from service.state.jobs.records import Access, NewItem
from tests.patience import PATIENCE, eventually
from tests.service.http_service import assert_error, assert_shape, served

PATH = "/v1/collections/notes/upgrade"
FINISHED = ("done", "cancelled", "failed")
SAMPLED = 16
"""Texts that a plan embeds at once at most."""


class Held(WordEmbedder):
    """Embeds more texts than a plan does only while its gate is open."""

    def __init__(self, dimension: int, gate: threading.Event) -> None:
        super().__init__(dimension)
        self._gate = gate

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        if len(texts) > SAMPLED:
            assert self._gate.wait(PATIENCE)
        return super().embed_passages(texts)


@pytest.fixture
def gate() -> threading.Event:
    gate = threading.Event()
    gate.set()
    return gate


@pytest.fixture
def library(tmp_path: Path, gate: threading.Event) -> Iterator[Library]:
    """A collection of forty documents, with words of 256 dimensions; those of another number are held."""

    def load(name: str, _: Precision | None) -> WordEmbedder:
        return Held(int(name), gate)

    models = Models(lambda: WordEmbedder(256), name="256", load=load)
    with Library(tmp_path / "data", embedder=models) as library:
        collection = library.open("notes", create=True)
        texts = {f"{number:02}.txt": f"The lamp number {number} was lit at dusk." for number in range(40)}
        collection.put_many([Source(name, text.encode()) for name, text in texts.items()])
        collection.embed_pending()
        yield library
    gate.set()


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    with served(library, model="256", allowed_models="64, 32") as client:
        yield client


def job_of(client: Any, job_id: str, **request: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/v1/jobs/{job_id}", **request).json()
    return found


def finished(client: Any, job_id: str, **request: Any) -> dict[str, Any]:
    eventually(lambda: job_of(client, job_id, **request)["state"] in FINISHED)
    return job_of(client, job_id, **request)


def model(client: Any) -> str:
    name: str = client.get("/v1/collections/notes").json()["model"]
    return name


def test_the_plan_alone_changes_nothing(client: TestClient) -> None:
    planned = client.post(PATH, json={"model": "64", "plan": True})
    assert planned.status_code == 200
    assert_shape(UpgradePlan, planned.json())
    plan = planned.json()
    assert (plan["changes"], plan["model"], plan["begun"]) == (["model"], "words-64-64", False)
    assert (plan["documents"], plan["passages"]) == (40, 40)
    assert 0 < plan["bytes"] < plan["free_bytes"]
    assert client.post(PATH, json={"plan": True}).json()["changes"] == []
    assert client.get("/v1/jobs").json()["jobs"] == []


def test_an_upgrade_is_a_job_with_progress_and_result(client: TestClient) -> None:
    body = {"question": "Which lamp was lit?", "collection": "notes"}
    cited = client.post("/v1/ask", json=body).json()["passages"][0]["citation"]
    queued = client.post(PATH, json={"model": "64"})
    assert queued.status_code == 202
    assert_shape(JobResponse, queued.json())
    job_id = queued.json()["job_id"]
    assert queued.headers["location"] == f"/v1/jobs/{job_id}"
    job = finished(client, job_id)
    assert_shape(JobResponse, job)
    assert (job["kind"], job["collection"], job["state"]) == ("upgrade", "notes", "done")
    assert (job["problem"], job["seconds_left"], job["files"]["total"]) == ("", 0.0, 0)
    assert job["upgrade"]["model"] == "64"
    assert job["upgrade"]["plan"]["changes"] == ["model"]
    assert job["upgrade"]["progress"] == {"versions": 40, "staged": 40, "passages": 40, "embedded": 40}
    eventually(lambda: model(client) == "words-64-64")
    assert (
        job["upgrade"]["result"]["fingerprint"] == client.get("/v1/collections/notes").json()["fingerprint"]
    )
    assert job["upgrade"]["result"]["calibration_outdated"] is False
    again = client.get(cited["links"]["citation"]).json()
    assert (again["quote"], again["standing"]["status"]) == (cited["quote"], "current")
    assert len(client.post("/v1/ask", json=body).json()["passages"]) > 1
    assert [one["job_id"] for one in client.get("/v1/jobs").json()["jobs"]] == [job_id]
    assert "event: finished" in client.get(f"/v1/jobs/{job_id}/events").text
    assert client.delete(f"/v1/jobs/{job_id}").status_code == 204


def test_the_collection_is_used_meanwhile(client: TestClient, gate: threading.Event) -> None:
    gate.clear()
    job_id = client.post(PATH, json={"model": "64"}).json()["job_id"]
    eventually(lambda: job_of(client, job_id)["upgrade"]["progress"])
    during = job_of(client, job_id)
    assert during["state"] == "running"
    assert during["upgrade"]["progress"]["embedded"] < 40
    assert model(client) == "words-256-64"
    for one in ({"model": "64"}, {}):
        assert job_id in assert_error(client.post(PATH, json=one), 409, "upgrade_begun")
    assert client.post(PATH, json={"plan": True}).json()["begun"] is True
    documents = [{"document_id": "new.txt", "text": "A heron stood in the reeds."}]
    sent = client.post("/v1/ingest", json={"documents": documents, "collection": "notes"})
    assert finished(client, sent.json()["job_id"])["state"] == "done"
    body = {"question": "heron", "collection": "notes"}
    assert client.post("/v1/ask", json=body).json()["passages"][0]["citation"]["document_id"] == "new.txt"
    gate.set()
    assert finished(client, job_id)["state"] == "done"
    eventually(lambda: model(client) == "words-64-64")
    assert client.post("/v1/ask", json=body).json()["passages"][0]["citation"]["document_id"] == "new.txt"
    passages = client.get("/v1/collections/notes").json()["passages"]
    assert passages == {"total": 41, "embedded": 41}


def test_a_cancelled_one_leaves_nothing_and_can_be_repeated(
    client: TestClient, gate: threading.Event
) -> None:
    gate.clear()
    job_id = client.post(PATH, json={"model": "64"}).json()["job_id"]
    eventually(lambda: job_of(client, job_id)["upgrade"]["progress"])
    assert client.post(f"/v1/jobs/{job_id}/cancel").json()["state"] == "running"
    gate.set()
    assert finished(client, job_id)["state"] == "cancelled"
    assert model(client) == "words-256-64"
    assert client.post(PATH, json={"model": "32", "plan": True}).json()["begun"] is False
    assert client.post(f"/v1/jobs/{job_id}/retry").status_code == 200
    assert finished(client, job_id)["state"] == "done"
    eventually(lambda: model(client) == "words-64-64")


def test_a_queued_one_goes_on_after_a_restart(library: Library) -> None:
    settings = {"model": "256", "allowed_models": "64"}
    with served(library, **settings) as client:
        client.app.state.runtime.job_runner.stop()  # type: ignore[attr-defined]
        job_id = client.post(PATH, json={"model": "64"}).json()["job_id"]
        assert job_of(client, job_id)["state"] == "queued"
    with served(library, **settings) as client:
        assert finished(client, job_id)["state"] == "done"
        eventually(lambda: model(client) == "words-64-64")


def test_what_cannot_be_upgraded_is_refused_at_once(client: TestClient) -> None:
    assert_error(client.post("/v1/collections/none/upgrade"), 404, "collection_not_found")
    assert "Choose one of 256" in assert_error(
        client.post(PATH, json={"model": "/etc"}), 422, "invalid_request"
    )
    assert_error(client.post(PATH, json={"modle": "64"}), 422, "invalid_request")
    assert client.get("/v1/jobs").json()["jobs"] == []


def test_as_many_jobs_as_are_allowed(library: Library) -> None:
    with served(library, model="256", allowed_models="64") as client:
        client.put("/v1/collections/other")
        runtime = client.app.state.runtime  # type: ignore[attr-defined]
        runtime.job_runner.stop()
        for number in range(MAX_JOBS - 1):
            runtime.jobs.add(f"job{number}", "other", [NewItem("url", "http://a.example/")], Access())
        assert client.post(PATH, json={"model": "64"}).status_code == 202
        assert_error(client.post("/v1/collections/other/upgrade"), 429, "overloaded")


def test_only_administrators_see_it_and_the_audit_log_has_it(library: Library) -> None:
    with served(library, model="256", allowed_models="64", api_key="correct-horse") as client:
        admin = {"headers": {"x-api-key": "correct-horse"}}
        token, key = new_key("a writer", Scope.WRITE, KeyOptions())
        client.app.state.runtime.keyring.add(key)  # type: ignore[attr-defined]
        writer = {"headers": {"x-api-key": token}}
        assert_error(client.post(PATH, **writer), 403, "forbidden")
        job_id = client.post(PATH, json={"model": "64"}, **admin).json()["job_id"]
        assert finished(client, job_id, **admin)["state"] == "done"
        assert client.get("/v1/jobs", **writer).json()["jobs"] == []
        assert_error(client.get(f"/v1/jobs/{job_id}", **writer), 404, "job_not_found")
        for method, path in (("POST", "/cancel"), ("POST", "/retry"), ("DELETE", "")):
            refused = client.request(method, f"/v1/jobs/{job_id}{path}", **writer)
            assert_error(refused, 404, "job_not_found")
    lines = [json.loads(line) for line in (library.data / "audit.jsonl").read_text().splitlines()]
    refused, begun = (one for one in lines if one["path"] == PATH)
    assert (refused["status"], refused["name"]) == (403, "a writer")
    assert (begun["status"], begun["name"]) == (202, "LOCCIT_API_KEY")
    assert (begun["collection"], begun["model"], begun["plan"]) == ("notes", "64", False)
    assert begun["job"] == job_id
