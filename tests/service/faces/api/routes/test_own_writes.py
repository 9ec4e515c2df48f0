"""Questions that ask for the change that the reply to a write has told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.collection import Collection
from index.embedding import WordEmbedder
from index.errors import StoreUnavailable
from index.ingest import Source
from index.library import Library
from index.types import Vectors
from tests.patience import PATIENCE, eventually
from tests.service.http_service import assert_error, served
from tests.service.replicas import two_services


def put(client: TestClient, document_id: str, text: str, **query: Any) -> int:
    response = client.put(f"/v1/documents/{document_id}", json={"text": text}, params=query)
    assert response.is_success, response.text
    change: int = response.json()["change"]
    return change


def found(client: TestClient, question: str, change: int) -> list[str]:
    """The documents of an answer with a change."""
    response = client.post("/v1/ask", json={"question": question, "at_least_change": change})
    assert response.status_code == 200, response.text
    assert response.json()["index"]["change"] >= change
    return [one["citation"]["document_id"] for one in response.json()["passages"]]


def last(client: TestClient) -> int:
    change: int = client.get("/v1/collections/default").json()["change"]
    return change


def put_again(client: TestClient) -> Any:
    return client.put("/v1/documents/lamp.txt", json={"text": "The lamp is dark."})


def put_and_wait(client: TestClient) -> Any:
    return client.put("/v1/documents/lamp.txt?wait=true", json={"text": "The lamp is dark."})


WRITES: dict[str, Callable[[TestClient], Any]] = {
    "replaced": put_again,
    "embedded": put_and_wait,
    "described": lambda client: client.patch("/v1/documents/lamp.txt", json={"metadata": {"year": 1859}}),
    "pruned": lambda client: client.post("/v1/prune", json={"keep_versions": 1, "dry_run": False}),
    "deleted": lambda client: client.delete("/v1/documents/lamp.txt"),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_the_reply_to_a_write_has_a_change_with_it(
    client: TestClient, write: Callable[[TestClient], Any]
) -> None:
    put(client, "lamp.txt", "The lamp was lit.", wait=True)
    put(client, "lamp.txt", "The lamp was lit at dusk.", wait=True)
    before = last(client)
    response = write(client)
    assert response.status_code == 200, response.text
    change = response.json()["change"]
    assert before < change <= last(client)
    assert found(client, "lamp", change) == ([] if write is WRITES["deleted"] else ["lamp.txt"])


def test_a_document_that_is_unchanged_is_in_the_change_of_the_reply(client: TestClient) -> None:
    change = put(client, "lamp.txt", "The lamp was lit.", wait=True)
    assert put(client, "lamp.txt", "The lamp was lit.") == change == last(client)


def test_a_job_has_a_change_with_all_that_it_stored(client: TestClient) -> None:
    documents = [{"document_id": f"{one}.txt", "text": f"The {one} is old."} for one in ("lamp", "wick")]
    job = client.post("/v1/ingest", json={"documents": documents}).json()
    done = eventually(
        lambda: (now := client.get(f"/v1/jobs/{job['job_id']}").json())["state"] == "done" and now
    )
    assert set(found(client, "What is old?", done["change"])) == {"lamp.txt", "wick.txt"}


def test_a_job_that_has_stored_nothing_has_no_change(client: TestClient) -> None:
    body = {"documents": [{"document_id": "empty.txt", "text": " "}]}
    job = client.post("/v1/ingest", json=body).json()
    done = eventually(
        lambda: (now := client.get(f"/v1/jobs/{job['job_id']}").json())["state"] == "done" and now
    )
    assert done["files"]["refused"] == 1
    assert done["change"] is None


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/answer"])
def test_a_change_that_there_is_not_is_not_waited_for(client: TestClient, path: str) -> None:
    change = put(client, "lamp.txt", "The lamp was lit.", wait=True)
    response = client.post(path, json={"question": "lamp", "at_least_change": change + 1})
    assert f"at change {change}" in assert_error(response, 404, "change_not_found")


@pytest.mark.parametrize("value", [-1, True, 1.5, "1", 2**60])
def test_a_value_that_is_no_change_number_is_refused(client: TestClient, value: object) -> None:
    response = client.post("/v1/ask", json={"question": "lamp", "at_least_change": value})
    assert "at_least_change" in assert_error(response, 422, "invalid_request")


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/answer"])
def test_the_least_change_and_an_earlier_one_exclude_each_other(client: TestClient, path: str) -> None:
    put(client, "lamp.txt", "The lamp was lit.")
    response = client.post(path, json={"question": "lamp", "at_least_change": 1, "as_of": 1})
    assert "not allowed with as_of" in assert_error(response, 422, "invalid_request")


def test_what_another_process_of_this_machine_wrote_is_waited_for(
    client: TestClient, library: Library
) -> None:
    put(client, "lamp.txt", "The lamp was lit.")
    with Library(library.data, embedder=WordEmbedder()) as other:
        for number in range(5):
            name = f"kettle-{number}.txt"
            other.open("default").put(Source(name, f"The kettle {number} boils.".encode()))
            assert name in found(client, f"kettle {number}", other.open("default").last_change())


class HeldEmbedder(WordEmbedder):
    """Embeds passages while its gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.is_held = False

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.is_held = not self.gate.is_set()
        assert self.gate.wait(PATIENCE)
        return super().embed_passages(texts)


def test_a_collection_is_followed_while_another_is_embedded(tmp_path: Path) -> None:
    embedder = HeldEmbedder()
    with Library(tmp_path, embedder=embedder) as library, served(library) as client:
        put(client, "lamp.txt", "The lamp was lit.", wait=True)
        embedder.gate.clear()
        library.open("busy", create=True)
        put(client, "clock.txt", "The clock ticks.", collection="busy")
        eventually(lambda: embedder.is_held)
        with Library(tmp_path, embedder=WordEmbedder()) as other:
            collection = other.open("default")
            collection.put(Source("kettle.txt", b"The kettle boils."))
            change = collection.last_change()
        assert found(client, "kettle", change)[0] == "kettle.txt"
        embedder.gate.set()


class HeldLibrary(Library):
    """Holds back what opens a collection while its gate is shut, as a database that does not answer."""

    def __init__(self, data: Path) -> None:
        super().__init__(data, embedder=WordEmbedder())
        self.gate = threading.Event()
        self.gate.set()

    def open(self, name: str, *, create: bool = False, model: str = "") -> Collection:
        assert self.gate.wait(PATIENCE)
        return super().open(name, create=create, model=model)


def test_nothing_else_waits_for_questions_that_wait(tmp_path: Path) -> None:
    with HeldLibrary(tmp_path) as library, served(library) as client, ThreadPoolExecutor() as threads:
        reached = put(client, "lamp.txt", "The lamp was lit.", wait=True)
        asked = {"question": "lamp", "at_least_change": reached + 1}
        library.gate.clear()
        try:
            waiting = [threads.submit(client.post, "/v1/ask", json=asked) for _ in range(5)]
            assert client.get("/v1/models").status_code == 200
            for one in waiting:
                message = assert_error(one.result(PATIENCE), 503, "change_not_reached")
                assert f"have reached change {reached} here, and change {reached + 1} is asked" in message
                assert "Without at_least_change" in message
                assert one.result().headers["retry-after"] == "1"
        finally:
            library.gate.set()


class Leaderless(Collection):
    """A collection whose record tells nothing about changes."""

    def last_change(self) -> int:
        raise StoreUnavailable("The leader is gone.")


class LeaderlessLibrary(Library):
    """Opens such collections once it has lost the leader."""

    has_lost_it = False

    def open(self, name: str, *, create: bool = False, model: str = "") -> Collection:
        found = super().open(name, create=create, model=model)
        if not self.has_lost_it:
            return found
        lost = Leaderless.__new__(Leaderless)
        vars(lost).update(vars(found))
        return lost


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_write_that_is_committed_is_acknowledged_whatever_is_lost_then(
    tmp_path: Path, write: Callable[[TestClient], Any]
) -> None:
    with LeaderlessLibrary(tmp_path, embedder=WordEmbedder()) as library, served(library) as client:
        put(client, "lamp.txt", "The lamp was lit.", wait=True)
        put(client, "lamp.txt", "The lamp was lit at dusk.", wait=True)
        before = last(client)
        library.has_lost_it = True
        response = write(client)
        assert response.status_code == 200, response.text
        library.has_lost_it = False
        assert before < response.json()["change"] <= last(client)


@pytest.fixture
def replicas(tmp_path: Path, postgresql_url: str) -> Iterator[tuple[TestClient, TestClient]]:
    with two_services(tmp_path, postgresql_url) as clients:
        yield clients


def test_what_is_written_through_one_replica_is_found_by_the_other(
    replicas: tuple[TestClient, TestClient],
) -> None:
    writer, reader = replicas
    for number in range(5):
        name = f"kettle-{number}.txt"
        change = put(writer, name, f"The kettle {number} boils.")
        assert name in found(reader, f"kettle {number}", change)
        assert put(reader, name, f"The kettle {number} boils.") >= change  # unchanged
    change = writer.delete("/v1/documents/kettle-0.txt").json()["change"]
    assert "kettle-0.txt" not in found(reader, "kettle 0", change)
