from __future__ import annotations

from typing import Any

import httpx
import openai
import pytest
from fastapi import FastAPI
from openai import OpenAI
from openai.types import VectorStore

from tests.patience import eventually
from tests.service.faces.openai.conftest import LAMP, SHIP

BROKEN = b"%PDF-1.7 this is no PDF"


def sent(client: OpenAI, name: str = "lamp.txt", text: bytes = LAMP) -> str:
    return client.files.create(file=(name, text), purpose="assistants").id


def test_an_attached_file_is_a_document(client: OpenAI, store: VectorStore, service: httpx.Client) -> None:
    listed = client.vector_stores.files.list(store.id, order="asc").data
    documents = service.get("/v1/documents?collection=manuals").json()["documents"]
    assert sorted(one["document_id"] for one in documents) == sorted(
        f"{file.id}/{name}" for file, name in zip(listed, ["lamp.txt", "ship.txt"], strict=True)
    )
    (lamp, _) = listed
    assert lamp == client.vector_stores.files.retrieve(lamp.id, vector_store_id=store.id)
    assert (lamp.status, lamp.last_error, lamp.vector_store_id) == ("completed", None, store.id)
    assert lamp.usage_bytes == len(LAMP)
    assert lamp.chunking_strategy is not None
    assert lamp.chunking_strategy.type == "other"


def test_a_document_put_otherwise_is_a_file(client: OpenAI, service: httpx.Client) -> None:
    body = {"text": LAMP.decode(), "metadata": {"year": 1859, "tags": ["light", "sea"], "new": True}}
    service.put("/v1/documents/papers/lämp.txt?wait=true", json=body)
    (file,) = client.vector_stores.files.list("vs_default").data
    assert file.attributes == {"year": 1859, "tags": "light, sea", "new": True}
    assert client.vector_stores.files.retrieve(file.id, vector_store_id="vs_default") == file
    known = client.files.retrieve(file.id)
    assert (known.filename, known.purpose) == ("papers/lämp.txt", "assistants")
    assert client.files.content(file.id).read() == LAMP
    deleted = client.vector_stores.files.delete(file.id, vector_store_id="vs_default")
    assert deleted.deleted
    assert service.get("/v1/documents").json()["documents"] == []
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file.id)


def test_attributes_are_metadata(client: OpenAI, service: httpx.Client) -> None:
    made = client.vector_stores.create(name="a")
    attributes: dict[str, str | float | bool] = {
        "year": 2024,
        "team": "support",
        "draft": False,
        "share": 0.5,
    }
    file = client.vector_stores.files.create_and_poll(
        sent(client), vector_store_id=made.id, attributes=attributes
    )
    assert file.attributes == attributes
    (document,) = service.get("/v1/documents?collection=a").json()["documents"]
    assert document["metadata"] == attributes
    changed = client.vector_stores.files.update(
        file.id, vector_store_id=made.id, attributes={"year": 2025, "draft": False}
    )
    assert changed.attributes == {"year": 2025, "draft": False}
    assert (
        client.vector_stores.files.update(file.id, vector_store_id=made.id, attributes=None).attributes == {}
    )


def test_a_list_that_is_given_back_stays_a_list(client: OpenAI, service: httpx.Client) -> None:
    body = {"text": LAMP.decode(), "metadata": {"tags": ["light", "sea"], "year": 1}}
    service.put("/v1/documents/a.txt?wait=true", json=body)
    (file,) = client.vector_stores.files.list("vs_default").data
    assert file.attributes is not None
    client.vector_stores.files.update(
        file.id, vector_store_id="vs_default", attributes={**file.attributes, "year": 2}
    )
    assert service.get("/v1/documents/a.txt").json()["metadata"] == {"tags": ["light", "sea"], "year": 2}


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [("a.pdf", BROKEN, "invalid_file"), ("a.exe", b"\x00\x01MZ", "unsupported_file")],
)
def test_a_file_that_cannot_be_read_fails(client: OpenAI, name: str, text: bytes, code: str) -> None:
    made = client.vector_stores.create(name="a")
    file = client.vector_stores.files.upload_and_poll(vector_store_id=made.id, file=(name, text))
    assert file.status == "failed"
    assert file.last_error is not None
    assert file.last_error.code == code
    assert file.last_error.message.endswith(".")
    assert client.vector_stores.files.list(made.id, filter="failed").data == [file]
    assert client.vector_stores.files.list(made.id, filter="completed").data == []
    counts = client.vector_stores.retrieve(made.id).file_counts
    assert (counts.failed, counts.total) == (1, 1)
    client.vector_stores.files.delete(file.id, vector_store_id=made.id)
    assert client.vector_stores.files.list(made.id).data == []


def test_a_file_is_in_progress_until_it_is_embedded(client: OpenAI, app: FastAPI) -> None:
    made = client.vector_stores.create(name="a")
    app.state.runtime.worker.stop()
    batch = client.vector_stores.file_batches.create(made.id, file_ids=[sent(client)])
    (file,) = client.vector_stores.files.list(made.id).data
    job = app.state.runtime.jobs.store
    eventually(lambda: job.job(batch.id.removeprefix("vsfb_")).state == "embedding")
    (file,) = client.vector_stores.files.list(made.id, filter="in_progress").data
    assert file.usage_bytes == len(LAMP)
    found = client.vector_stores.retrieve(made.id)
    assert (found.status, found.file_counts.in_progress, found.file_counts.total) == ("in_progress", 1, 1)
    waiting = client.vector_stores.file_batches.retrieve(batch.id, vector_store_id=made.id)
    assert (waiting.status, waiting.file_counts.in_progress) == ("in_progress", 1)


def test_a_file_is_found_at_every_moment(client: OpenAI) -> None:
    made = client.vector_stores.create(name="a")
    files = client.vector_stores.files
    for number in range(12):
        file = files.create(file_id=sent(client, f"{number}.txt"), vector_store_id=made.id)
        while file.status != "completed":
            file = files.retrieve(file.id, vector_store_id=made.id)
            listed = [one.id for one in files.list(made.id, limit=1).data]
            assert listed == [file.id]


def test_a_file_that_waits_for_its_job(client: OpenAI, app: FastAPI) -> None:
    made = client.vector_stores.create(name="a")
    app.state.runtime.job_runner.stop()
    file = client.vector_stores.files.create(
        file_id=sent(client), vector_store_id=made.id, attributes={"n": 1}
    )
    assert (file.status, file.attributes) == ("in_progress", {"n": 1})
    assert client.vector_stores.files.list(made.id).data == [file]
    assert client.vector_stores.retrieve(made.id).file_counts.in_progress == 1
    # It would become a document after its deletion.
    for delete in (
        lambda: client.vector_stores.files.delete(file.id, vector_store_id=made.id),
        lambda: client.files.delete(file.id),
    ):
        with pytest.raises(openai.BadRequestError, match="being taken in") as raised:
            delete()
        assert raised.value.code == "job_not_finished"
    with pytest.raises(openai.NotFoundError):
        client.vector_stores.files.update(file.id, vector_store_id=made.id, attributes={})
    with pytest.raises(openai.NotFoundError):
        client.vector_stores.files.content(file.id, vector_store_id=made.id)


def test_a_file_in_two_stores_is_two_documents(client: OpenAI, service: httpx.Client) -> None:
    first, second = (client.vector_stores.create(name=name).id for name in ("a", "b"))
    file_id = sent(client)
    for store_id in (first, second):
        client.vector_stores.files.create_and_poll(file_id, vector_store_id=store_id)
    assert len(service.get("/v1/documents?collection=a").json()["documents"]) == 1
    client.vector_stores.files.delete(file_id, vector_store_id=first)
    assert service.get("/v1/documents?collection=a").json()["documents"] == []
    assert client.vector_stores.files.retrieve(file_id, vector_store_id=second).status == "completed"
    assert client.files.retrieve(file_id).id == file_id
    # It can be attached again.
    again = client.vector_stores.files.create_and_poll(file_id, vector_store_id=first)
    assert again.status == "completed"
    client.files.delete(file_id)
    for store_id in (first, second):
        assert client.vector_stores.files.list(store_id).data == []


def test_the_text_of_a_file(client: OpenAI, store: VectorStore) -> None:
    (file, _) = client.vector_stores.files.list(store.id, order="asc").data
    (page,) = client.vector_stores.files.content(file.id, vector_store_id=store.id).data
    assert (page.type, page.text) == ("text", LAMP.decode())


def test_files_are_listed_page_by_page(client: OpenAI, store: VectorStore) -> None:
    everything = [one.id for one in client.vector_stores.files.list(store.id, order="asc")]
    assert len(everything) == 2
    assert [one.id for one in client.vector_stores.files.list(store.id, limit=1)] == everything[::-1]
    page = client.vector_stores.files.list(store.id, order="asc", after=everything[0])
    assert [one.id for one in page.data] == everything[1:]
    page = client.vector_stores.files.list(store.id, order="asc", before=everything[1])
    assert [one.id for one in page.data] == everything[:1]


def test_upload_helpers(client: OpenAI) -> None:
    made = client.vector_stores.create(name="a")
    file = client.vector_stores.files.upload(vector_store_id=made.id, file=("ship.txt", SHIP))
    assert client.vector_stores.files.poll(file.id, vector_store_id=made.id).status == "completed"


@pytest.mark.parametrize(
    "wrong",
    [
        {"file_id": "file-nothing"},
        {"file_id": "file-0123456789abcdef01234567"},
        {"file_id": "file-doc-ZGVmYXVsdC9hLnR4dA"},
    ],
)
def test_what_cannot_be_attached(client: OpenAI, wrong: dict[str, Any]) -> None:
    made = client.vector_stores.create(name="a")
    with pytest.raises(openai.APIStatusError) as raised:
        client.vector_stores.files.create(vector_store_id=made.id, **wrong)
    assert raised.value.status_code in (400, 404)
    assert client.vector_stores.files.list(made.id).data == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"chunking_strategy": {"type": "static", "static": {}}}, "setting of the service"),
        ({"attributes": {"title": "x"}}, "reserved"),
        ({"attributes": {"a": ["x"]}}, "attributes"),
    ],
)
def test_how_it_cannot_be_attached(client: OpenAI, wrong: dict[str, Any], message: str) -> None:
    made = client.vector_stores.create(name="a")
    with pytest.raises(openai.BadRequestError, match=message):
        client.vector_stores.files.create(file_id=sent(client), vector_store_id=made.id, **wrong)


def test_a_file_of_another_store_is_not_found(client: OpenAI, store: VectorStore) -> None:
    other = client.vector_stores.create(name="other")
    (file, _) = client.vector_stores.files.list(store.id).data
    files = client.vector_stores.files
    for ask in (files.retrieve, files.delete, files.content):
        with pytest.raises(openai.NotFoundError):
            ask(file.id, vector_store_id=other.id)
    with pytest.raises(openai.NotFoundError):
        files.update(file.id, vector_store_id=other.id, attributes={})


def test_batches(client: OpenAI, service: httpx.Client) -> None:
    made = client.vector_stores.create(name="a")
    texts = {"lamp.txt": LAMP, "ship.txt": SHIP, "bad.pdf": BROKEN}
    sent_ = {name: sent(client, name, text) for name, text in texts.items()}
    batches = client.vector_stores.file_batches
    batch = batches.create_and_poll(made.id, file_ids=list(sent_.values()), attributes={"year": 2024})
    assert batch.status == "completed"
    counts = batch.file_counts
    assert (counts.completed, counts.failed, counts.in_progress, counts.total) == (2, 1, 0, 3)
    assert batches.retrieve(batch.id, vector_store_id=made.id) == batch
    files = batches.list_files(batch.id, vector_store_id=made.id).data
    assert {one.id for one in files} == set(sent_.values())
    (failed,) = batches.list_files(batch.id, vector_store_id=made.id, filter="failed").data
    assert failed.id == sent_["bad.pdf"]
    assert all(one.attributes == {"year": 2024} for one in files)
    assert batches.cancel(batch.id, vector_store_id=made.id).status == "completed"
    # An ingest job is a batch, too.
    body = {"documents": [{"document_id": "b.txt", "text": "Salt."}], "collection": "a"}
    job = service.post("/v1/ingest", json=body).json()["job_id"]
    eventually(lambda: service.get(f"/v1/jobs/{job}").json()["state"] == "done")
    assert batches.retrieve(f"vsfb_{job}", vector_store_id=made.id).file_counts.completed == 1


def test_a_batch_with_attributes_for_each_file(client: OpenAI) -> None:
    made = client.vector_stores.create(name="a")
    files = [{"file_id": sent(client), "attributes": {"n": n}} for n in range(2)]
    batch = client.vector_stores.file_batches.create(made.id, files=files)  # type: ignore[arg-type]
    done = client.vector_stores.file_batches.poll(batch.id, vector_store_id=made.id)
    assert done.file_counts.completed == 2
    found = client.vector_stores.files.list(made.id, order="asc").data
    assert sorted(one.attributes["n"] for one in found if one.attributes) == [0, 1]


def test_a_batch_of_uploads(client: OpenAI) -> None:
    made = client.vector_stores.create(name="a")
    batch = client.vector_stores.file_batches.upload_and_poll(
        made.id, files=[("lamp.txt", LAMP), ("ship.txt", SHIP)]
    )
    assert (batch.status, batch.file_counts.completed) == ("completed", 2)


def test_a_batch_that_is_cancelled(client: OpenAI, app: FastAPI) -> None:
    made = client.vector_stores.create(name="a")
    app.state.runtime.job_runner.stop()
    batches = client.vector_stores.file_batches
    batch = batches.create(made.id, file_ids=[sent(client) for _ in range(3)])
    assert (batch.status, batch.file_counts.in_progress) == ("in_progress", 3)
    cancelled = batches.cancel(batch.id, vector_store_id=made.id)
    assert (cancelled.status, cancelled.file_counts.cancelled) == ("cancelled", 3)
    files = client.vector_stores.files.list(made.id, filter="cancelled").data
    assert len(files) == 3
    assert client.vector_stores.files.delete(files[0].id, vector_store_id=made.id).deleted


def test_what_is_no_batch(client: OpenAI, store: VectorStore) -> None:
    other = client.vector_stores.create(name="other")
    batch = client.vector_stores.file_batches.create(other.id, file_ids=[sent(client)])
    batches = client.vector_stores.file_batches
    for batch_id, store_id in ((batch.id, store.id), ("vsfb_x", store.id), (batch.id[5:], other.id)):
        for ask in (batches.retrieve, batches.cancel, batches.list_files):
            with pytest.raises(openai.NotFoundError):
                ask(batch_id, vector_store_id=store_id)
    for wrong in ({}, {"file_ids": ["a"], "files": [{"file_id": "a"}]}, {"file_ids": []}):
        with pytest.raises(openai.BadRequestError):
            batches.create(store.id, **wrong)  # type: ignore[arg-type]
