"""The asynchronous client, keys, and the example of the page."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from index.library import Library
from service.state.identity import KeyOptions, Scope, new_key
from tests.service.faces.openai.conftest import LAMP, SHIP
from tests.service.faces.openai.test_sdk import PAGE
from tests.service.http_service import app_of, live


@pytest.mark.anyio
async def test_the_asynchronous_client(address: str) -> None:
    async with AsyncOpenAI(
        base_url=address, api_key="unused", max_retries=0, _strict_response_validation=True
    ) as client:
        store = await client.vector_stores.create(name="Manuals")
        file = await client.vector_stores.files.upload_and_poll(
            vector_store_id=store.id, file=("lamp.txt", LAMP), attributes={"year": 1859}
        )
        assert (file.status, file.attributes) == ("completed", {"year": 1859})
        batch = await client.vector_stores.file_batches.upload_and_poll(
            store.id, files=[("ship.txt", SHIP), ("lamp2.txt", LAMP)]
        )
        assert batch.file_counts.completed == 2
        found = await client.vector_stores.search(store.id, query="When was the lamp lit?")
        assert found.data[0].content[0].text == LAMP.decode()
        assert [one.id async for one in client.vector_stores.files.list(store.id, limit=1)]
        embedded = await client.embeddings.create(
            model="loccit:manuals", input=["a lamp"], encoding_format="float"
        )
        assert len(embedded.data[0].embedding) == 256
        assert [one.id async for one in client.models.list()] == ["loccit:manuals", "words"]
        with pytest.raises(openai.NotFoundError):
            await client.vector_stores.retrieve("vs_nothing")


@pytest.fixture
def keyed(library: Library) -> Iterator[Any]:
    """Makes clients with keys; without a scope, with a wrong one."""
    app = app_of(library, api_key="secret")
    with live(app) as http, ExitStack() as stack:

        def client(scope: Scope | None, **options: Any) -> OpenAI:
            token, key = new_key("a program", scope or Scope.ASK, KeyOptions(**options))
            if scope is not None:
                app.state.runtime.keyring.add(key)
            return stack.enter_context(OpenAI(base_url=f"{http.base_url}/v1", api_key=token, max_retries=0))

        yield client


def test_errors_of_keys_are_the_client_s_own(keyed: Any) -> None:
    with pytest.raises(openai.AuthenticationError) as raised:
        keyed(None).vector_stores.list()
    assert (raised.value.code, raised.value.type) == ("unauthorized", "authentication_error")
    asking = keyed(Scope.ASK)
    with pytest.raises(openai.PermissionDeniedError, match="scope read") as refused:
        asking.vector_stores.list()
    assert refused.value.request_id
    limited = keyed(Scope.READ, rate="1:1")
    limited.models.list()
    with pytest.raises(openai.RateLimitError) as over:
        limited.models.list()
    assert int(over.value.response.headers["retry-after"]) >= 1
    assert over.value.type == "rate_limit_error"


def test_each_scope_does_its_part(keyed: Any) -> None:
    admin, writing, reading, asking = (
        keyed(scope) for scope in (Scope.ADMIN, Scope.WRITE, Scope.READ, Scope.ASK)
    )
    store = admin.vector_stores.create(name="a")
    with pytest.raises(openai.PermissionDeniedError):
        writing.vector_stores.create(name="b")
    file = writing.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=("lamp.txt", LAMP))
    assert file.status == "completed"
    assert [one.id for one in reading.vector_stores.files.list(store.id)] == [file.id]
    (hit,) = asking.vector_stores.search(store.id, query="When was the lamp lit?").data
    assert set(hit.citation["links"]) == {"citation", "view"}
    assert "proof=" in hit.citation["links"]["view"]
    assert [one.id for one in asking.models.list()] == ["loccit:a", "words"]
    with pytest.raises(openai.PermissionDeniedError):
        asking.files.content(file.id)


def test_a_key_asks_for_as_many_hits_as_it_may(keyed: Any) -> None:
    store = keyed(Scope.ADMIN).vector_stores.create(name="a")
    asking = keyed(Scope.ASK)
    assert asking.vector_stores.search(store.id, query="lamp", max_num_results=10).data == []
    with pytest.raises(openai.BadRequestError):
        asking.vector_stores.search(store.id, query="lamp", max_num_results=11)


def test_a_key_of_some_collections(keyed: Any) -> None:
    admin = keyed(Scope.ADMIN)
    admin.vector_stores.create(name="a")
    limited = keyed(Scope.ADMIN, collections=["b", "c"])
    assert limited.vector_stores.create(name="b").id == "vs_b"
    assert [one.id for one in limited.vector_stores.list()] == ["vs_b"]
    for name in ("a", "b", "x"):
        with pytest.raises(openai.PermissionDeniedError, match="named for it"):
            limited.vector_stores.create(name=name)
    with pytest.raises(openai.NotFoundError):
        limited.vector_stores.search("vs_a", query="lamp")
    assert [one.id for one in limited.models.list()] == ["loccit:b", "words"]
    with pytest.raises(openai.NotFoundError):
        limited.embeddings.create(model="loccit:a", input="lamp")


def test_uploads_belong_to_the_key_that_sent_them(keyed: Any) -> None:
    admin, mine, other = keyed(Scope.ADMIN), keyed(Scope.WRITE), keyed(Scope.WRITE)
    store = admin.vector_stores.create(name="a")
    file = mine.files.create(file=("lamp.txt", LAMP), purpose="assistants")
    for use in (other.files.retrieve, other.files.content, other.files.delete):
        with pytest.raises(openai.NotFoundError):
            use(file.id)
    with pytest.raises(openai.NotFoundError):
        other.vector_stores.files.create(store.id, file_id=file.id)
    assert other.files.list().data == []
    assert [one.id for one in mine.files.list()] == [one.id for one in admin.files.list()] == [file.id]
    # Who may read the document sees its file. Who is not its owner erases the document only.
    mine.vector_stores.files.create_and_poll(file.id, vector_store_id=store.id)
    assert other.files.retrieve(file.id).filename == "lamp.txt"
    elsewhere = keyed(Scope.WRITE, collections=["b"])
    with pytest.raises(openai.NotFoundError):
        elsewhere.files.retrieve(file.id)
    assert other.files.delete(file.id).deleted
    assert mine.vector_stores.files.list(store.id).data == []
    assert mine.files.content(file.id).read() == LAMP
    assert mine.files.delete(file.id).deleted
    assert admin.files.list().data == []


@pytest.mark.processes
def test_the_example_of_the_page_runs(address: str) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    script = example.replace("http://127.0.0.1:8000/v1", address)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "lamps.md: The lamp is lit at dusk" in done.stdout
    assert f"{address.removesuffix('/v1')}/view/" in done.stdout
