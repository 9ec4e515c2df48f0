"""Runs of sources as jobs: on demand, when they are due, cancelled, and of a process that ended."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from starlette.testclient import TestClient

from index.library import Library
from index.sources.applications import Run, Source, put_source, source_of
from tests.index.sources.applications.fakes import SECRET, FakeNextcloud
from tests.index.sources.applications.serving import served as serving
from tests.patience import PATIENCE, eventually
from tests.service.faces.pages.pages import page, told
from tests.service.http_service import served
from tests.service.stores import in_each_store

pytest.importorskip("oikb")
pytest_generate_tests = in_each_store


@pytest.fixture
def fake() -> FakeNextcloud:
    return FakeNextcloud()


@pytest.fixture
def source(fake: FakeNextcloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    monkeypatch.setenv("LOCCIT_SOURCE_SECRET_THINGS", SECRET)
    with serving(fake) as url:
        yield replace(fake.source, url=url)


@pytest.fixture
def client(library: Library, source: Source) -> Iterator[TestClient]:
    with served(library, web_networks="127.0.0.1/32") as client:
        client.put("/v1/collections/default")
        put_source(library.open("default"), source)
        yield client


def sync(client: TestClient) -> str:
    response = client.post("/v1/sources/things/sync")
    assert response.status_code == 202, response.text
    job: str = response.json()["job_id"]
    return job


def ended(client: TestClient, job: str) -> dict[str, object]:
    eventually(
        lambda: client.get(f"/v1/jobs/{job}").json()["state"] in {"done", "failed", "cancelled"},
    )
    found: dict[str, object] = client.get(f"/v1/jobs/{job}").json()
    return found


def test_a_source_is_synchronized_as_a_job(client: TestClient) -> None:
    done = ended(client, sync(client))
    assert (done["kind"], done["state"], done["problem"]) == ("sync", "done", "")
    assert done["sync"]["result"]["counts"]["added"] == 10  # type: ignore[index]
    assert len(client.get("/v1/documents").json()["documents"]) == 10
    (listed,) = client.get("/v1/sources").json()["sources"]
    assert (listed["name"], listed["last"]["is_complete"]) == ("things", True)
    assert SECRET not in client.get("/v1/sources").text
    again = ended(client, sync(client))
    assert again["sync"]["result"]["counts"]["unchanged"] == 10  # type: ignore[index]


def test_a_failed_run_says_why(client: TestClient, fake: FakeNextcloud) -> None:
    fake.secret = "another"  # noqa: S105
    failed = ended(client, sync(client))
    assert failed["state"] == "failed"
    assert "refuses the credentials" in str(failed["problem"])
    assert "refuses the credentials" in client.get("/v1/sources").json()["sources"][0]["last"]["problem"]


def test_two_wishes_are_one_job(client: TestClient, fake: FakeNextcloud) -> None:
    gate = threading.Event()

    def wait(request: httpx.Request) -> None:
        assert gate.wait(PATIENCE)

    fake.answer = wait  # type: ignore[assignment]
    first = sync(client)
    assert sync(client) == first
    gate.set()
    assert ended(client, first)["state"] == "done"


def test_a_job_is_cancelled_between_two_requests(client: TestClient, fake: FakeNextcloud) -> None:
    gate, reached = threading.Event(), threading.Event()

    def wait(request: httpx.Request) -> None:
        if fake.is_reading(request):
            reached.set()
            assert gate.wait(PATIENCE)

    fake.answer = wait  # type: ignore[assignment]
    job = sync(client)
    assert reached.wait(PATIENCE)
    client.post(f"/v1/jobs/{job}/cancel")
    gate.set()
    assert ended(client, job)["state"] == "cancelled"
    assert len([one for one in fake.requests if fake.is_reading(one)]) == 1
    fake.answer = lambda request: None
    assert ended(client, sync(client))["state"] == "done"
    assert len(client.get("/v1/documents").json()["documents"]) == 10


def test_a_job_of_a_process_that_ended_goes_on(library: Library, source: Source, fake: FakeNextcloud) -> None:
    gate, reached = threading.Event(), threading.Event()

    def wait(request: httpx.Request) -> None:
        if fake.is_reading(request) and len([one for one in fake.requests if fake.is_reading(one)]) == 4:
            reached.set()
            gate.wait(PATIENCE)

    with served(library, web_networks="127.0.0.1/32") as client:
        client.put("/v1/collections/default")
        put_source(library.open("default"), source)
        fake.answer = wait  # type: ignore[assignment]
        job = sync(client)
        assert reached.wait(PATIENCE)
        threading.Timer(0.2, gate.set).start()
    fake.answer = lambda request: None
    with served(library, web_networks="127.0.0.1/32") as client:
        assert ended(client, job)["state"] == "done"
        assert len(client.get("/v1/documents").json()["documents"]) == 10


def test_a_schedule_runs_what_is_due(library: Library, source: Source) -> None:
    with served(library, web_networks="127.0.0.1/32") as client:
        client.put("/v1/collections/default")
        put_source(library.open("default"), replace(source, every=3600.0))
        eventually(lambda: len(client.get("/v1/documents").json()["documents"]) == 10, seconds=4 * PATIENCE)
        job = ended(client, client.get("/v1/jobs").json()["jobs"][0]["job_id"])
        assert job["kind"] == "sync"
        assert client.get("/v1/sources").json()["sources"][0]["next"] > str(job["created"])


def test_what_is_due() -> None:
    source = Source("a", "github", "org/manual", every=3600.0)
    assert source.is_due(1000.0)
    ran = replace(source, last=Run(1000.0, 5.0))
    assert [ran.is_due(one) for one in (1000.0, 4599.0, 4600.0)] == [False, False, True]
    assert not replace(ran, every=0.0).is_due(1e9)


def test_unknown_sources_are_told(client: TestClient) -> None:
    for path in ("/v1/sources/none/sync", "/v1/sources/things/sync?collection=none"):
        assert client.post(path).status_code == 404
    assert client.get("/v1/sources?collection=none").status_code == 404


def test_the_page_lists_sources_and_runs_them(
    client: TestClient, library: Library, fake: FakeNextcloud
) -> None:
    html = page(client, "/status/sources")
    assert "nextcloud /Shared" in told(html)
    assert "never" in told(html)
    (address,) = html.xpath("//main//form/@action[contains(., '/sync')]")
    shown = client.post(address)
    assert "Synchronization of things with the collection default" in shown.text
    eventually(lambda: source_of(library.open("default"), "things").last is not None)
    job = ended(client, str(shown.url).rpartition("/")[2])
    done = told(page(client, f"/jobs/{job['job_id']}"))
    assert "10 added" in done
    assert "nothing was new" not in done
    assert "10 of 10" in told(page(client, "/jobs"))
    assert "10 added, 0 replaced, 0 retired, 0 unchanged" in told(page(client, "/status/sources"))
    fake.secret = "another"  # noqa: S105
    ended(client, sync(client))
    assert "refuses the credentials" in told(page(client, "/status/sources"))
