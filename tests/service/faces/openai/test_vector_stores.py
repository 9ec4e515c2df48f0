from __future__ import annotations

import httpx
import openai
import pytest
from fastapi import FastAPI
from openai import OpenAI

from tests.service.faces.openai.conftest import LAMP, SHIP


def test_a_vector_store_is_a_collection(client: OpenAI, service: httpx.Client) -> None:
    made = client.vector_stores.create(name="My Manuals!", metadata={"team": "support"}, description="All")
    assert made.id == "vs_my-manuals"
    assert (made.name, made.metadata, made.status) == ("My Manuals!", {"team": "support"}, "completed")
    assert made.file_counts.total == 0
    assert made.created_at > 1_700_000_000
    assert [one["name"] for one in service.get("/v1/collections").json()["collections"]] == ["my-manuals"]
    assert client.vector_stores.retrieve(made.id) == made


def test_each_vector_store_is_a_new_one(client: OpenAI) -> None:
    first, second = (client.vector_stores.create(name="Notes") for _ in range(2))
    assert first.id == "vs_notes"
    assert second.id.startswith("vs_notes-")
    unnamed = [client.vector_stores.create().id for _ in range(2)]
    assert len({first.id, second.id, *unnamed}) == 4
    assert client.vector_stores.create(name="Überblick").id == "vs_uberblick"
    assert client.vector_stores.create(name="手册").id.startswith("vs_store-")


def test_a_collection_made_otherwise_is_a_vector_store(client: OpenAI, service: httpx.Client) -> None:
    service.put("/v1/documents/papers/lamp.txt?wait=true", content=LAMP)
    service.put("/v1/documents/papers/ship.txt?wait=true", content=SHIP)
    found = client.vector_stores.retrieve("vs_default")
    assert (found.name, found.metadata) == ("default", {})
    assert found.file_counts.completed == found.file_counts.total == 2
    assert found.usage_bytes == len(LAMP) + len(SHIP)
    assert found.created_at > 1_700_000_000


def test_name_and_metadata_are_updated(client: OpenAI, store: openai.types.VectorStore) -> None:
    changed = client.vector_stores.update(store.id, name="Second edition")
    assert (changed.id, changed.name, changed.metadata) == (store.id, "Second edition", {})
    changed = client.vector_stores.update(store.id, metadata={"a": "b"})
    assert (changed.name, changed.metadata) == ("Second edition", {"a": "b"})
    assert client.vector_stores.update(store.id, metadata=None).metadata == {}
    assert client.vector_stores.retrieve(store.id).name == "Second edition"


def test_files_are_attached_at_creation(client: OpenAI) -> None:
    sent = [client.files.create(file=(f"{n}.txt", LAMP), purpose="assistants").id for n in range(3)]
    made = client.vector_stores.create(name="With files", file_ids=sent)
    assert made.file_counts.total == 3
    for file_id in sent:
        assert client.vector_stores.files.poll(file_id, vector_store_id=made.id).status == "completed"
    found = client.vector_stores.retrieve(made.id)
    assert (found.file_counts.completed, found.status) == (3, "completed")


def test_nothing_is_created_for_a_file_that_does_not_exist(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="There is no file 'file-nothing'"):
        client.vector_stores.create(name="Never", file_ids=["file-nothing"])
    assert client.vector_stores.list().data == []


def test_lists_are_paged_in_both_directions(client: OpenAI) -> None:
    made = [client.vector_stores.create(name=f"s{number}").id for number in range(5)]
    assert [one.id for one in client.vector_stores.list(limit=2, order="asc")] == made
    newest = client.vector_stores.list(limit=2)
    assert [one.id for one in newest.data] == made[:2:-1]
    assert newest.has_more
    page = client.vector_stores.list(order="asc", before=made[3], limit=2)
    assert [one.id for one in page.data] == made[1:3]
    assert page.has_more
    between = client.vector_stores.list(order="asc", after=made[0], before=made[3])
    assert [one.id for one in between.data] == made[1:3]
    assert not between.has_more
    with pytest.raises(openai.BadRequestError, match="is not in this list") as raised:
        client.vector_stores.list(after="vs_nothing")
    assert raised.value.param == "after"


def test_deletion_erases_the_collection_and_keeps_uploads(
    client: OpenAI, store: openai.types.VectorStore, service: httpx.Client
) -> None:
    deleted = client.vector_stores.delete(store.id)
    assert (deleted.id, deleted.deleted, deleted.object) == (store.id, True, "vector_store.deleted")
    assert service.get("/v1/collections/manuals").status_code == 404
    assert len(client.files.list().data) == 2
    for gone in (client.vector_stores.retrieve, client.vector_stores.delete):
        with pytest.raises(openai.NotFoundError):
            gone(store.id)
    again = client.vector_stores.create(name="Manuals")
    assert (again.id, again.file_counts.total, again.metadata) == (store.id, 0, {})


@pytest.mark.parametrize("id_", ["vs_", "vs_nothing", "vs_UPPER", "manuals", "vs_a%2Fb", "x" * 300])
def test_what_is_no_vector_store(client: OpenAI, id_: str) -> None:
    with pytest.raises(openai.NotFoundError) as raised:
        client.vector_stores.retrieve(id_)
    assert raised.value.code == "collection_not_found"
    assert raised.value.type == "not_found_error"
    assert raised.value.request_id


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"expires_after": {"anchor": "last_active_at", "days": 7}}, "expires_after"),
        (
            {
                "chunking_strategy": {
                    "type": "static",
                    "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400},
                }
            },
            "chunking_strategy",
        ),
        ({"metadata": {"k": "x" * 513}}, "metadata"),
        ({"extra_body": {"colour": "red"}}, "colour"),
    ],
)
def test_what_has_no_counterpart_is_refused(client: OpenAI, wrong: dict[str, object], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client.vector_stores.create(name="x", **wrong)  # type: ignore[arg-type]
    assert raised.value.code == "invalid_request"
    assert raised.value.param == param
    assert raised.value.type == "invalid_request_error"
    assert client.vector_stores.list().data == []


def test_the_one_chunking_strategy_is_accepted(client: OpenAI) -> None:
    assert client.vector_stores.create(name="x", chunking_strategy={"type": "auto"}).id == "vs_x"


@pytest.mark.parametrize("route", ["/v1/vector_stores/vs_a", "/v1/collections/a"])
def test_a_new_store_gets_no_files_of_a_deleted_one(
    client: OpenAI, app: FastAPI, service: httpx.Client, route: str
) -> None:
    """Their job would fill whichever collection has the name when it runs."""
    jobs = app.state.runtime.jobs
    jobs.runner.stop()
    made = client.vector_stores.create(name="a")
    file = client.files.create(file=("lamp.txt", LAMP), purpose="assistants")
    client.vector_stores.files.create(file_id=file.id, vector_store_id=made.id)
    assert service.delete(route).status_code == 200
    again = client.vector_stores.create(name="a")
    assert again.id == made.id
    assert [one.state for one in jobs.store.jobs(limit=10)] == ["cancelled"]
    assert client.vector_stores.files.list(again.id).data == []
