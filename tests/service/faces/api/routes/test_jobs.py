from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from filelock import FileLock
from starlette.testclient import TestClient

from index.config import LibraryConfig
from index.library import Library
from index.types import Vectors
from service.errors import Overloaded
from service.faces.api.requests.jobs import RetryRequest
from service.faces.api.schemas.jobs import JobFiles, JobList, JobResponse
from service.flows.ingest.jobs.jobs import MAX_JOBS
from service.http.openapi import describe
from service.state.jobs.records import Access, NewItem
from tests.patience import PATIENCE, eventually
from tests.service.http_service import GatedEmbedder, app_of, assert_error, assert_shape, live, served
from tests.service.state.jobs.zip_files import Member, encrypted, written

SIMSIM = "simsim"


class SlowEmbedder(GatedEmbedder):
    """Embeds passages while its gate is open."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        assert self.gate.wait(PATIENCE)
        return super().embed_passages(texts)


@pytest.fixture
def embedder() -> SlowEmbedder:
    return SlowEmbedder()


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    # Those who follow a job need a permit each.
    with served(library, max_queue=2) as client:
        yield client


def ingest(client: Any, *files: tuple[str, str]) -> dict[str, Any]:
    documents = [{"document_id": name, "text": text} for name, text in files]
    response = client.post("/v1/ingest", json={"documents": documents})
    assert response.status_code == 202, response.text
    job: dict[str, Any] = response.json()
    return job


def job_of(client: Any, job: dict[str, Any]) -> dict[str, Any]:
    response = client.get(job["links"]["self"])
    assert response.status_code == 200
    assert_shape(JobResponse, response.json())
    found: dict[str, Any] = response.json()
    return found


def reached(client: Any, job: dict[str, Any], state: str) -> dict[str, Any]:
    eventually(lambda: job_of(client, job)["state"] == state)
    return job_of(client, job)


def events(client: Any, job: dict[str, Any]) -> list[tuple[str, int, dict[str, Any]]]:
    """All events of a job, to the end of the stream: name, revision, data."""
    with client.stream("GET", job["links"]["events"]) as stream:
        assert stream.status_code == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        return [_event(block) for block in "\n".join(stream.iter_lines()).strip().split("\n\n")]


def _event(block: str) -> tuple[str, int, dict[str, Any]]:
    fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
    return fields["event"], int(fields["id"]), json.loads(fields["data"])


# How far it is


def test_a_job_is_followed_to_its_end(client: TestClient) -> None:
    job = ingest(client, ("a.md", "The lamp was lit."), ("b.md", " "))
    told = events(client, job)
    *progress, (name, _, last) = told
    assert name == "finished"
    assert {one for one, _, _ in progress} <= {"progress"}
    assert (last["state"], last["files"]["done"], last["seconds_left"]) == ("done", 2, 0.0)
    assert last == job_of(client, job)
    for _, _, data in told:
        assert_shape(JobResponse, data)
    revisions = [revision for _, revision, _ in told]
    assert revisions == sorted(revisions)  # passages are embedded without a new one
    states = [data["state"] for _, _, data in told]
    order = ["queued", "running", "embedding", "done"]
    assert [order.index(state) for state in states] == sorted(order.index(state) for state in states)


def test_a_finished_job_is_told_at_once(client: TestClient) -> None:
    job = ingest(client, ("a.md", "The lamp."))
    reached(client, job, "done")
    for _ in range(3):
        ((name, _, data),) = events(client, job)
        assert (name, data) == ("finished", job_of(client, job))


def test_progress_is_told_while_passages_are_embedded(library: Library, embedder: SlowEmbedder) -> None:
    with live(app_of(library)) as client:
        embedder.gate.clear()
        job = ingest(client, ("a.md", "The lamp was lit."))
        with client.stream("GET", job["links"]["events"]) as stream:
            lines = stream.iter_lines()
            seen: list[str] = []
            while '"state": "embedding"' not in (line := next(lines)):
                seen.append(line)
            data = json.loads(line.removeprefix("data: "))
            assert data["passages"] == {"stored": 1, "embedded": 0}
            assert (data["passages_per_second"], data["finished"]) == (None, None)
            assert client.get("/v1/documents/a.md").status_code == 200
            embedder.gate.set()
            assert "event: finished" in list(lines)
    assert job["state"] == "queued"


def test_who_stops_following_gives_the_permit_back(library: Library, embedder: SlowEmbedder) -> None:
    with live(app_of(library, max_queue=1)) as client:
        embedder.gate.clear()
        job = ingest(client, ("a.md", "The lamp was lit."))
        reached(client, job, "embedding")
        with client.stream("GET", job["links"]["events"]) as stream:
            lines = stream.iter_lines()
            next(lines)
            assert_error(client.get(job["links"]["events"]), 429, "overloaded")
        embedder.gate.set()
        eventually(lambda: client.get(job["links"]["events"]).status_code == 200)


def test_a_job_tells_its_times_and_sizes(client: TestClient) -> None:
    job = ingest(client, ("a.md", "The lamp."), ("b.md", "Lit."))
    assert_shape(JobResponse, job)
    assert (job["state"], job["bytes"], job["started"], job["finished"]) == ("queued", 13, None, None)
    job = reached(client, job, "done")
    created, started, finished = (
        datetime.fromisoformat(job[at]) for at in ("created", "started", "finished")
    )
    assert created <= started <= finished
    assert job["passages"] == {"stored": 2, "embedded": 2}
    assert job["passages_per_second"] > 0


# Lists


def test_jobs_are_listed_page_by_page(client: TestClient) -> None:
    client.put("/v1/collections/other")
    jobs = [ingest(client, (f"{n}.md", f"The lamp {n}."))["job_id"] for n in range(4)]
    body = {"collection": "other", "documents": [{"document_id": "a", "text": "x"}]}
    jobs.append(client.post("/v1/ingest", json=body).json()["job_id"])
    first = client.get("/v1/jobs?limit=3").json()
    assert_shape(JobList, first)
    assert [one["job_id"] for one in first["jobs"]] == jobs[:1:-1]
    assert first["next"] == jobs[2]
    last = client.get("/v1/jobs", params={"limit": 3, "before": first["next"]}).json()
    assert ([one["job_id"] for one in last["jobs"]], last["next"]) == ([jobs[1], jobs[0]], None)
    others = client.get("/v1/jobs?collection=other").json()
    assert [one["job_id"] for one in others["jobs"]] == jobs[4:]
    assert client.get("/v1/jobs?collection=none").json() == {"jobs": [], "next": None}
    assert client.get("/v1/jobs?before=nope").json() == {"jobs": [], "next": None}


def test_files_of_a_job_are_listed_page_by_page(client: TestClient) -> None:
    job = ingest(client, *((f"{n}.md", "The lamp." if n % 2 else " ") for n in range(5)))
    reached(client, job, "done")
    address = job["links"]["files"]
    first = client.get(address, params={"limit": 3}).json()
    assert_shape(JobFiles, first)
    assert [one["name"] for one in first["files"]] == ["0.md", "1.md", "2.md"]
    last = client.get(address, params={"limit": 3, "after": first["next"]}).json()
    assert ([one["name"] for one in last["files"]], last["next"]) == (["3.md", "4.md"], None)
    refused = client.get(address, params={"state": "refused"}).json()["files"]
    assert [one["name"] for one in refused] == ["0.md", "2.md", "4.md"]
    assert all(one["code"] == "empty_document" and one["links"] == {} for one in refused)
    assert [one["state"] for one in client.get(address, params={"state": "added"}).json()["files"]] == [
        "added"
    ] * 2


@pytest.mark.parametrize(
    "address",
    [
        "/v1/jobs?limit=0",
        "/v1/jobs?limit=101",
        "/v1/jobs?colection=x",
        "/v1/jobs/{}/files?state=expanded",
        "/v1/jobs/{}/files?limit=0",
        "/v1/jobs/{}/files?after=-1",
    ],
)
def test_a_query_that_is_wrong(client: TestClient, address: str) -> None:
    job = ingest(client, ("a.md", "The lamp."))
    assert_error(client.get(address.format(job["job_id"])), 422, "invalid_request")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/files"),
        ("GET", "/events"),
        ("POST", "/cancel"),
        ("POST", "/retry"),
        ("DELETE", ""),
    ],
)
def test_a_job_that_is_not_there(client: TestClient, method: str, path: str) -> None:
    message = assert_error(client.request(method, f"/v1/jobs/nope{path}"), 404, "job_not_found")
    assert "GET /v1/jobs" in message
    # Not a permit is lost by asking.
    for _ in range(3):
        assert_error(client.get("/v1/jobs/nope/events"), 404, "job_not_found")


# To cancel, repeat and forget


def test_a_job_is_cancelled_while_it_is_embedded(library: Library, embedder: SlowEmbedder) -> None:
    with served(library) as client:
        embedder.gate.clear()
        job = ingest(client, ("a.md", "The lamp was lit."))
        reached(client, job, "embedding")
        assert_error(client.delete(job["links"]["self"]), 409, "job_not_finished")
        asked = client.post(f"{job['links']['self']}/cancel")
        assert asked.status_code == 200
        assert_shape(JobResponse, asked.json())
        cancelled = reached(client, job, "cancelled")
        assert (cancelled["files"]["added"], cancelled["files"]["cancelled"]) == (1, 0)
        # What is stored already stays.
        assert client.get("/v1/documents/a.md").status_code == 200
        assert client.post(f"{job['links']['self']}/cancel").json()["state"] == "cancelled"
        embedder.gate.set()
        eventually(lambda: client.get("/v1/documents/a.md").json()["passages"]["embedded"] == 1)


def test_a_queued_job_is_cancelled_and_repeated(client: TestClient, library: Library) -> None:
    folder = library.open("default", create=True).folder
    with FileLock(folder / "write.lock"):  # another process writes there
        first = ingest(client, ("a.md", "The lamp was lit."))
        reached(client, first, "running")
        second = ingest(client, ("b.md", "The oil."))
        cancelled = client.post(f"{second['links']['self']}/cancel").json()
        assert (cancelled["state"], cancelled["files"]["cancelled"]) == ("cancelled", 1)
        assert_shape(JobResponse, cancelled)
    reached(client, first, "done")
    assert client.get("/v1/documents/b.md").status_code == 404
    again = client.post(f"{second['links']['self']}/retry")
    assert again.status_code == 200
    assert_shape(JobResponse, again.json())
    assert reached(client, second, "done")["files"]["added"] == 1
    assert client.get("/v1/documents/b.md").status_code == 200


def test_a_collection_that_another_process_writes_is_waited_for(tmp_path: Path) -> None:
    config = LibraryConfig(lock_seconds=0.05)
    with Library(tmp_path, embedder=GatedEmbedder(), config=config) as library, served(library) as client:
        folder = library.open("default", create=True).folder
        with FileLock(folder / "write.lock"):
            job = ingest(client, ("a.md", "The lamp was lit."))
            reached(client, job, "running")
            sleeping = time.monotonic() + 0.5
            eventually(lambda: time.monotonic() > sleeping)
            assert job_of(client, job)["state"] == "running"
        assert reached(client, job, "done")["files"]["added"] == 1


def test_what_was_refused_is_kept_and_tried_again(client: TestClient, library: Library) -> None:
    job = ingest(client, ("a.md", "The lamp."), ("b.md", " "))
    reached(client, job, "done")
    kept = library.data / "spool" / job["job_id"]
    assert [path.read_bytes() for path in kept.iterdir() if not path.suffix] == [b" "]
    again = client.post(f"{job['links']['self']}/retry").json()
    assert (again["files"]["added"], again["finished"], again["problem"]) == (1, None, "")
    after = reached(client, job, "done")
    assert (after["files"]["added"], after["files"]["refused"], after["files"]["total"]) == (1, 1, 2)
    assert client.get("/v1/documents/a.md").json()["versions"] == 1


def encrypted_folder(client: TestClient, password: str = "") -> dict[str, Any]:
    """The job of a ZIP file with two encrypted members and one that is not, when it is finished."""
    members = [
        encrypted("a.md", b"The lamp was lit.", "sesame"),
        encrypted("b.md", b"The oil was spent.", "kumquat"),
        Member("c.md", b"The dog slept.", b"The dog slept."),
    ]
    files = {"files": ("folder.zip", written(members))}
    job = client.post("/v1/ingest", files=files, data={"password": password} if password else {}).json()
    return reached(client, job, "done")


def states(client: TestClient, job: dict[str, Any]) -> dict[str, str]:
    found = client.get(job["links"]["files"]).json()["files"]
    return {one["name"]: one["code"] or one["state"] for one in found}


def test_what_was_encrypted_is_tried_again_with_its_password(
    client: TestClient, library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    job = encrypted_folder(client, SIMSIM)
    retry = f"{job['links']['self']}/retry"
    closed = {"a.md": "encrypted_document", "b.md": "encrypted_document", "c.md": "added"}
    assert states(client, job) == closed
    told = client.post(retry, json={"password": "sesame"})
    assert told.status_code == 200
    assert_shape(JobResponse, told.json())
    assert reached(client, job, "done")["files"]["refused"] == 1
    assert states(client, job) == {**closed, "a.md": "added"}
    client.post(retry, json={"password": "kumquat"})
    assert reached(client, job, "done")["files"]["refused"] == 0
    assert states(client, job) == dict.fromkeys(closed, "added")
    assert client.get("/v1/documents/b.md/text").text == "The oil was spent."
    eventually(lambda: not (library.data / "spool" / job["job_id"]).exists())
    for path in ("", "/files"):
        shown = client.get(job["links"]["self"] + path).text + str(events(client, job))
        assert not any(word in shown + told.text + caplog.text for word in ("simsim", "sesame", "kumquat"))


def test_no_password_is_kept_once_it_was_tried(library: Library) -> None:
    with served(library) as client:
        job = encrypted_folder(client, SIMSIM)
        client.post(f"{job['links']['self']}/retry", json={"password": "sesame"})
        reached(client, job, "done")
    kept = (library.data / "jobs.sqlite").read_bytes()
    assert job["job_id"].encode() in kept
    assert b"simsim" not in kept
    assert b"sesame" not in kept


@pytest.mark.parametrize("body", [b"", b"{}", b'{"password": ""}'])
def test_a_job_is_tried_again_without_a_password(client: TestClient, body: bytes) -> None:
    job = encrypted_folder(client)
    assert client.post(f"{job['links']['self']}/retry", content=body).status_code == 200
    assert reached(client, job, "done")["files"]["refused"] == 2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "JSON"),
        (b"[]", "body"),
        (b'{"passwort": "sesame"}', "passwort"),
        (b'{"password": 17}', "password"),
        (b'{"password": null}', "password"),
        (b'{"password": "\\ud800sesame"}', "JSON"),
        (b'{"password": "' + b"sesame" * 200 + b'"}', "password.* longer than 1,024 bytes"),
    ],
)
def test_a_password_that_is_none(client: TestClient, body: bytes, words: str) -> None:
    job = encrypted_folder(client)
    message = assert_error(client.post(f"{job['links']['self']}/retry", content=body), 422, "invalid_request")
    assert re.search(words, message), message
    assert "sesame" not in message
    assert job_of(client, job)["state"] == "done"


def test_the_description_tells_of_forms_and_passwords(library: Library) -> None:
    paths = describe(app_of(library))["paths"]
    form = paths["/v1/ingest"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["properties"].keys() == {"files", "metadata", "password"}
    retry = paths["/v1/jobs/{job_id}/retry"]["post"]
    assert retry["requestBody"]["required"] is False
    schema = retry["requestBody"]["content"]["application/json"]["schema"]
    assert (schema["properties"]["password"]["format"], "required" in schema) == ("password", False)
    assert {"409", "413", "422"} <= retry["responses"].keys()
    for example in schema["examples"]:
        RetryRequest.model_validate(example)


def test_a_password_that_nothing_asks_for(library: Library, embedder: SlowEmbedder) -> None:
    with served(library) as client:
        embedder.gate.clear()
        job = ingest(client, ("a.md", "The lamp was lit."), ("b.md", " "))
        reached(client, job, "embedding")
        retry = f"{job['links']['self']}/retry"
        assert_error(client.post(retry, json={"password": "sesame"}), 409, "job_not_finished")
        embedder.gate.set()
        reached(client, job, "done")
        message = assert_error(client.post(retry, json={"password": "sesame"}), 422, "invalid_request")
        assert "Retry without one" in message
        assert job_of(client, job)["state"] == "done"


def test_a_finished_job_is_forgotten_with_its_files(client: TestClient, library: Library) -> None:
    job = ingest(client, ("a.md", "The lamp."), ("b.md", " "))
    reached(client, job, "done")
    assert client.delete(job["links"]["self"]).status_code == 204
    assert_error(client.delete(job["links"]["self"]), 404, "job_not_found")
    assert client.get("/v1/jobs").json()["jobs"] == []
    assert list((library.data / "spool").iterdir()) == []
    assert client.get("/v1/documents/a.md").status_code == 200


def test_a_job_outlives_its_collection(client: TestClient) -> None:
    client.put("/v1/collections/gone")
    body = {"collection": "gone", "documents": [{"document_id": "a", "text": "The lamp."}]}
    job = client.post("/v1/ingest", json=body).json()
    reached(client, job, "done")
    client.delete("/v1/collections/gone")
    assert job_of(client, job)["state"] == "done"
    assert client.get(job["links"]["files"]).json()["files"][0]["state"] == "added"
    assert client.get("/v1/jobs").status_code == 200


def test_jobs_outlive_the_service(library: Library, embedder: SlowEmbedder) -> None:
    with served(library) as client:
        embedder.gate.clear()
        job = ingest(client, ("a.md", "The lamp was lit."))
        reached(client, job, "embedding")
        embedder.gate.set()
    with served(library) as client:
        assert reached(client, job, "done")["passages"] == {"stored": 1, "embedded": 1}
        assert [name for name, _, _ in events(client, job)] == ["finished"]


def test_a_key_is_wanted_for_jobs_too(library: Library) -> None:
    with live(app_of(library, api_key="secret")) as client:
        for method, path in (("POST", "/v1/ingest"), ("GET", "/v1/jobs"), ("GET", "/v1/jobs/x/events")):
            assert_error(client.request(method, path), 401, "unauthorized")
        with_key = httpx.Headers({"authorization": "Bearer secret"})
        assert client.get("/v1/jobs", headers=with_key).status_code == 200


def test_jobs_that_wait_have_a_limit(library: Library) -> None:
    with served(library) as client:
        runtime = client.app.state.runtime  # type: ignore[attr-defined]
        runtime.job_runner.stop()
        for number in range(MAX_JOBS - 2):
            runtime.jobs.add(f"job{number}", "default", [NewItem("url", "http://a.example/")], Access())

        def send(files: dict[str, Any] | None = None) -> Any:
            body = {"documents": [{"document_id": "a.txt", "text": "A."}]}
            return client.post("/v1/ingest", files=files) if files else client.post("/v1/ingest", json=body)

        first, second = send(), send()
        assert (first.status_code, second.status_code) == (202, 202)
        for refused in (send(), send({"files": ("a.txt", b"A.")})):
            assert str(MAX_JOBS) in assert_error(refused, 429, "overloaded")
            assert refused.headers["retry-after"] == "30"
        client.post(f"/v1/jobs/{first.json()['job_id']}/cancel")
        assert send().status_code == 202
        assert_error(client.post(f"/v1/jobs/{first.json()['job_id']}/retry"), 429, "overloaded")
        spooled = [path for path in (library.data / "spool").rglob("*") if path.is_file() and not path.suffix]
        assert len(spooled) == 3


def test_as_many_jobs_as_are_allowed_are_added_at_once(library: Library) -> None:
    with served(library) as client, ThreadPoolExecutor(16) as threads:
        runtime = client.app.state.runtime  # type: ignore[attr-defined]
        runtime.job_runner.stop()

        def add(number: int) -> bool:
            try:
                runtime.jobs.add(f"job{number}", "default", [NewItem("url", "http://a.example/")], Access())
            except Overloaded:
                return False
            return True

        assert sum(threads.map(add, range(MAX_JOBS + 32))) == MAX_JOBS
