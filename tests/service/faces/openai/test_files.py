from __future__ import annotations

from typing import Any

import httpx
import openai
import pytest
from fastapi import FastAPI
from openai import OpenAI

from index.library import Library
from tests.patience import eventually
from tests.residue import residue
from tests.service.faces.openai.conftest import LAMP
from tests.service.http_service import app_of, live

FORM = "multipart/form-data; boundary=x"
ONLY_PURPOSE = b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n--x--\r\n'
SECRET = b"The zqsecretx lamp was lit at dusk."


def test_a_file_is_kept_until_it_is_deleted(client: OpenAI) -> None:
    made = client.files.create(file=("lamp.txt", LAMP), purpose="assistants")
    assert (made.filename, made.bytes, made.purpose, made.status) == (
        "lamp.txt",
        len(LAMP),
        "assistants",
        "processed",
    )
    assert made.created_at > 1_700_000_000
    assert client.files.retrieve(made.id) == made
    assert client.files.content(made.id).read() == LAMP
    deleted = client.files.delete(made.id)
    assert (deleted.id, deleted.deleted, deleted.object) == (made.id, True, "file")
    for gone in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError) as raised:
            gone(made.id)
        assert raised.value.code == "file_not_found"


def test_a_file_that_is_attached_to_nothing_survives_a_restart(library: Library) -> None:
    with (
        live(app_of(library)) as http,
        OpenAI(base_url=f"{http.base_url}/v1", api_key="x", max_retries=0) as client,
    ):
        made = client.files.create(file=("lamp.txt", LAMP), purpose="user_data")
        store = client.vector_stores.create(name="a", metadata={"k": "v"})
    with (
        live(app_of(library)) as http,
        OpenAI(base_url=f"{http.base_url}/v1", api_key="x", max_retries=0) as client,
    ):
        assert client.files.retrieve(made.id) == made
        assert client.files.content(made.id).read() == LAMP
        assert client.vector_stores.retrieve(store.id) == store


def test_files_are_listed_page_by_page(client: OpenAI) -> None:
    made = [client.files.create(file=(f"{n}.txt", LAMP), purpose="assistants").id for n in range(4)]
    other = client.files.create(file=("o.txt", LAMP), purpose="user_data").id
    assert [one.id for one in client.files.list(limit=2, order="asc")] == [*made, other]
    assert [one.id for one in client.files.list()] == [other, *made[::-1]]
    assert [one.id for one in client.files.list(purpose="user_data")] == [other]
    page = client.files.list(after=made[1], order="asc", limit=1)
    assert [one.id for one in page.data] == [made[2]]
    assert page.has_more


@pytest.mark.parametrize("purpose", ["batch", "fine-tune", "vision", "evals", "nothing"])
def test_purposes_without_counterpart_are_refused(client: OpenAI, purpose: Any) -> None:
    with pytest.raises(openai.BadRequestError, match="no counterpart") as raised:
        client.files.create(file=("a.txt", LAMP), purpose=purpose)
    assert raised.value.param == "purpose"
    assert client.files.list().data == []


def test_nothing_expires(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="nothing expires"):
        client.files.create(
            file=("a.txt", LAMP),
            purpose="assistants",
            expires_after={"anchor": "created_at", "seconds": 3600},
        )


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"json": {"purpose": "assistants"}}, "Send a form"),
        ({"files": {"file": ("a.txt", b"x")}}, "purpose"),
        ({"content": ONLY_PURPOSE, "headers": {"content-type": FORM}}, "there is none"),
        ({"data": {"purpose": "assistants", "colour": "red"}, "files": {"file": ("a", b"x")}}, "colour"),
        ({"data": {"purpose": "assistants"}, "files": {"file": ("../a", b"x")}}, "document id"),
        (
            {"data": {"purpose": "assistants"}, "files": [("file", ("a", b"x")), ("file", ("b", b"x"))]},
            "at most 1",
        ),
    ],
)
def test_forms_that_are_wrong(service: httpx.Client, request_: dict[str, Any], message: str) -> None:
    response = service.post("/v1/files", **request_)
    assert response.status_code == 400, response.text
    assert message in response.json()["error"]["message"]
    assert service.get("/v1/files").json()["data"] == []


def test_a_deleted_file_is_in_no_byte_of_the_data_folder(client: OpenAI, library: Library) -> None:
    store = client.vector_stores.create(name="a")
    file = client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=("zqnamex.txt", SECRET))
    assert residue(library.data, ["zqsecretx"])
    client.files.delete(file.id)
    # The id of the document, with the name, stays in the change feed.
    assert residue(library.data / "files", ["zqsecretx"]) == []
    eventually(lambda: residue(library.data, ["zqsecretx"]) == [])


def test_a_file_that_failed_is_deleted_with_what_its_job_keeps(client: OpenAI, library: Library) -> None:
    store = client.vector_stores.create(name="a")
    for erase in (
        lambda file: client.files.delete(file.id),
        lambda file: client.vector_stores.files.delete(file.id, vector_store_id=store.id),
    ):
        file = client.vector_stores.files.upload_and_poll(
            vector_store_id=store.id, file=("zqnamex.pdf", b"%PDF-1.7 zqsecretx is no PDF")
        )
        assert file.status == "failed"
        assert residue(library.data / "spool", ["zqsecretx"])
        erase(file)
        assert residue(library.data / "spool", ["zqsecretx"]) == []


def test_a_detached_upload_stays_when_its_document_is_purged(client: OpenAI, service: httpx.Client) -> None:
    store = client.vector_stores.create(name="a")
    file = client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=("lamp.txt", LAMP))
    client.vector_stores.files.delete(file.id, vector_store_id=store.id)
    eventually(lambda: service.get("/v1/collections/a").json()["purged"] == "done")
    assert client.files.content(file.id).read() == LAMP


def test_an_erased_document_takes_its_upload_with_it(
    client: OpenAI, library: Library, service: httpx.Client
) -> None:
    store = client.vector_stores.create(name="a")
    file = client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=("zqnamex.txt", SECRET))
    erased = service.delete(f"/v1/documents/{file.id}/zqnamex.txt?collection=a&wait=true")
    assert erased.json()["purged"] == "done"
    assert residue(library.data, ["zqsecretx"]) == []
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file.id)


def test_an_erased_collection_takes_its_uploads_with_it(
    client: OpenAI, library: Library, service: httpx.Client
) -> None:
    store = client.vector_stores.create(name="a", metadata={"zqkeyx": "zqvaluex"})
    file = client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=("zqnamex.txt", SECRET))
    other = client.vector_stores.create(name="b")
    both = client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=("both.txt", LAMP))
    client.vector_stores.files.create_and_poll(both.id, vector_store_id=other.id)
    assert service.delete("/v1/collections/a").json()["purged"] == "done"
    assert residue(library.data, ["zqsecretx", "zqnamex", "zqkeyx", "zqvaluex"]) == []
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file.id)
    assert client.files.content(both.id).read() == LAMP


def test_a_deleted_file_leaves_no_document_that_it_was_detached_from(
    client: OpenAI, service: httpx.Client, app: FastAPI
) -> None:
    """As a process leaves it that is killed between the detachment and the erasure."""
    store = client.vector_stores.create(name="a")
    file = client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=("lamp.txt", LAMP))
    files = app.state.runtime.files.store
    files.detach(files.attachments(file_id=file.id))
    assert client.files.delete(file.id).deleted
    assert service.get("/v1/documents?collection=a").json()["documents"] == []


def test_a_form_of_several_files_or_a_long_purpose_is_refused(client: OpenAI, service: httpx.Client) -> None:
    two = [("file", ("a.txt", LAMP)), ("file", ("b.txt", LAMP))]
    for files, purpose, says in (
        (two, "assistants", "at most 1 in one form. Send a form for each"),
        (two[:1], "x" * 101, "purpose: more than 100 bytes"),
    ):
        answer = service.post("/v1/files", files=files, data={"purpose": purpose})
        assert answer.status_code == 400
        assert says in answer.json()["error"]["message"]
    assert client.files.list().data == []
