"""Every method and parameter of the official client passes, or is refused with a reason; as the page says."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI
from openai.resources import Embeddings, Files, Models
from openai.resources.vector_stores import FileBatches, Files as StoreFiles, VectorStores

from index.library import Library
from service.faces.openai.errors import ADDRESSES
from tests.service.faces.openai.conftest import LAMP, filled_store
from tests.service.http_service import app_of, live

PAGE = (Path(__file__).resolve().parents[4] / "docs/integrations/openai.md").read_text()
RESOURCES = {
    "vector_stores": VectorStores,
    "vector_stores.files": StoreFiles,
    "vector_stores.file_batches": FileBatches,
    "files": Files,
    "embeddings": Embeddings,
    "models": Models,
}
OF_EVERY_METHOD = {"self", "extra_headers", "extra_query", "extra_body", "timeout"}
STATIC = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}
CHUNKED = {"chunking_strategy": [{"type": "auto"}]}
NOT_CHUNKED = {"chunking_strategy": [STATIC]}
LISTED = {"after": [], "before": [], "limit": [1, 100], "order": ["asc", "desc"]}
FILTERED = {**LISTED, "filter": ["in_progress", "completed", "failed", "cancelled"]}
EXPIRING = {"anchor": "last_active_at", "days": 7}
SENT = ("lamp.txt", LAMP)


@dataclass(frozen=True)
class Call:
    """What is given always, and values of each parameter that pass or are refused."""

    always: Mapping[str, str] = field(default_factory=dict)
    """Parameters that get something of the place: a store, a file or a batch."""
    passes: Mapping[str, list[Any]] = field(default_factory=dict)
    refused: Mapping[str, list[Any]] = field(default_factory=dict)
    required: Mapping[str, Any] = field(default_factory=dict)


STORE = {"vector_store_id": "store"}
FILE = {"file_id": "file", **STORE}
NEW_FILE = {"file_id": "upload", **STORE}
BATCH = {"batch_id": "batch", **STORE}
ATTRIBUTES = {"attributes": [{"year": 2024, "team": "x", "share": 0.5, "new": True}, {}]}
POLLED = {"poll_interval_ms": [50]}
WAITING = {**POLLED, "max_wait_seconds": [60]}
CALLS = {
    "vector_stores.create": Call(
        passes={
            "name": ["Lamps"],
            "description": ["All lamps"],
            "metadata": [{"a": "b"}],
            "file_ids": ["uploads"],
            **CHUNKED,
        },
        refused={"expires_after": [EXPIRING], **NOT_CHUNKED},
    ),
    "vector_stores.retrieve": Call(STORE),
    "vector_stores.update": Call(
        STORE, {"name": ["Lamps"], "metadata": [{"a": "b"}, None]}, {"expires_after": [EXPIRING]}
    ),
    "vector_stores.list": Call(passes=LISTED),
    "vector_stores.delete": Call(STORE),
    "vector_stores.search": Call(
        STORE,
        {
            "query": ["A lamp?", ["A lamp?", "A ship?"]],
            "filters": [{"type": "eq", "key": "year", "value": 2024}],
            "max_num_results": [1, 50],
            "ranking_options": [{"ranker": "auto", "score_threshold": 0.5}, {"ranker": "default-2024-11-15"}],
            "rewrite_query": [False],
        },
        {"rewrite_query": [True], "ranking_options": [{"ranker": "none"}]},
        {"query": "A lamp?"},
    ),
    "vector_stores.files.create": Call(NEW_FILE, {**ATTRIBUTES, **CHUNKED}, NOT_CHUNKED),
    "vector_stores.files.retrieve": Call(FILE),
    "vector_stores.files.update": Call(FILE, ATTRIBUTES, required={"attributes": {}}),
    "vector_stores.files.list": Call(STORE, FILTERED),
    "vector_stores.files.delete": Call(FILE),
    "vector_stores.files.content": Call(FILE),
    "vector_stores.files.create_and_poll": Call(NEW_FILE, {**ATTRIBUTES, **CHUNKED, **WAITING}, NOT_CHUNKED),
    "vector_stores.files.poll": Call(FILE, WAITING),
    "vector_stores.files.upload": Call(STORE, {"file": [SENT], **CHUNKED}, NOT_CHUNKED, {"file": SENT}),
    "vector_stores.files.upload_and_poll": Call(
        STORE, {"file": [SENT], **ATTRIBUTES, **CHUNKED, **WAITING}, NOT_CHUNKED, {"file": SENT}
    ),
    "vector_stores.file_batches.create": Call(
        {**STORE, "file_ids": "uploads"}, {"files": [], **ATTRIBUTES, **CHUNKED}, NOT_CHUNKED
    ),
    "vector_stores.file_batches.retrieve": Call(BATCH),
    "vector_stores.file_batches.cancel": Call(BATCH),
    "vector_stores.file_batches.create_and_poll": Call(
        {**STORE, "file_ids": "uploads"}, {"files": [], **ATTRIBUTES, **CHUNKED, **POLLED}, NOT_CHUNKED
    ),
    "vector_stores.file_batches.list_files": Call(BATCH, FILTERED),
    "vector_stores.file_batches.poll": Call(BATCH, POLLED),
    "vector_stores.file_batches.upload_and_poll": Call(
        STORE,
        {"files": [[SENT]], "max_concurrency": [2], "file_ids": ["uploads"], **CHUNKED, **POLLED},
        NOT_CHUNKED,
        {"files": [SENT]},
    ),
    "files.create": Call(
        {},
        {"file": [SENT], "purpose": ["assistants", "user_data"]},
        {
            "expires_after": [{"anchor": "created_at", "seconds": 3600}],
            "purpose": ["batch", "fine-tune", "vision", "evals"],
        },
        {"file": SENT, "purpose": "assistants"},
    ),
    "files.retrieve": Call({"file_id": "upload"}),
    "files.list": Call(
        passes={"after": [], "limit": [1, 10_000], "order": ["asc", "desc"], "purpose": ["assistants"]}
    ),
    "files.delete": Call({"file_id": "upload"}),
    "files.content": Call({"file_id": "upload"}),
    "files.retrieve_content": Call({"file_id": "upload"}),
    "files.wait_for_processing": Call({"id": "upload"}, {"poll_interval": [0.1], "max_wait_seconds": [5]}),
    "embeddings.create": Call(
        {},
        {
            "input": ["a lamp", ["a lamp", "a ship"]],
            "model": ["words"],
            "encoding_format": ["float", "base64"],
            "dimensions": [256],
            "user": ["somebody"],
        },
        {"input": [[1, 2], [[1], [2]]], "dimensions": [128]},
        {"input": "a lamp", "model": "words"},
    ),
    "models.retrieve": Call({}, {"model": ["words"]}, required={"model": "words"}),
    "models.list": Call(),
    "models.delete": Call(refused={"model": ["words"]}, required={"model": "words"}),
}
"""Every method of the client."""


def methods() -> dict[str, set[str]]:
    """The methods of the client, with their parameters."""
    return {
        f"{resource}.{name}": inspect.signature(method).parameters.keys() - OF_EVERY_METHOD
        for resource, kind in RESOURCES.items()
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") and "raw_response" not in name
    }


def test_there_is_a_call_of_every_method_and_parameter() -> None:
    called = {
        name: {*call.always, *call.passes, *call.refused, *call.required} for name, call in CALLS.items()
    }
    assert called == methods()


def test_the_page_has_every_method_and_parameter() -> None:
    rows = re.findall(
        r"^\| `((?:vector_stores|files|embeddings|models)\.[\w.]+)` \|(.*)\|(.*)\|$", PAGE, re.MULTILINE
    )
    told = {name: set(re.findall(r"`(\w+)`", taken + refused)) for name, taken, refused in rows}
    for name, parameters in methods().items():
        assert parameters <= told.pop(name), name
    assert told == {}


def test_every_address_of_the_library_has_openai_s_errors() -> None:
    sources = Path(openai.__file__).with_name("resources").rglob("*.py")
    found = {one for path in sources for one in re.findall(r'"(/[a-z_]+)["/]', path.read_text())}
    below_others = {"/projects", "/v1"}
    assert {f"/v1{one}" for one in found - below_others} == set(ADDRESSES)


@pytest.fixture(scope="module")
def service(shared_library: Library) -> Iterator[httpx.Client]:
    with live(app_of(shared_library)) as http:
        yield http


@pytest.fixture
def client(lenient: OpenAI) -> OpenAI:
    return lenient


@pytest.fixture
def own_place(client: OpenAI) -> dict[str, Any]:
    """A place for a call after which it is another."""
    return new_place(client)


@pytest.fixture(scope="module")
def place(service: httpx.Client) -> dict[str, Any]:
    """A store, its first file, a batch, and two files beside them."""
    with OpenAI(base_url=f"{service.base_url}/v1", api_key="unused", max_retries=0) as client:
        return new_place(client)


def new_place(client: OpenAI) -> dict[str, Any]:
    store = filled_store(client)
    (file, *_) = client.vector_stores.files.list(store.id).data
    uploads = [client.files.create(file=SENT, purpose="assistants").id for _ in range(2)]
    batch = client.vector_stores.file_batches.create_and_poll(store.id, file_ids=uploads)
    return {
        "store": store.id,
        "file": file.id,
        "upload": uploads[0],
        "uploads": uploads,
        "batch": batch.id,
    }


def method_of(client: OpenAI, name: str) -> Callable[..., Any]:
    found: Any = client
    for part in name.split("."):
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]


def given(call: Call, place: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call: what is named like something of the place is that."""
    arguments = {**call.required, **{name: place[what] for name, what in call.always.items()}, **extra}
    return {name: place["uploads"] if value == "uploads" else value for name, value in arguments.items()}


def pass_with_each_parameter(client: OpenAI, place: dict[str, Any], name: str) -> None:
    call, method = CALLS[name], method_of(client, name)
    passing = [{key: value} for key, values in call.passes.items() for value in values]
    for extra in passing:
        method(**given(call, place, extra))
    method(**given(call, place, {}))


@pytest.mark.parametrize("name", [name for name in CALLS if not name.endswith((".delete", ".cancel"))])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_method_passes_with_each_of_its_parameters(
    client: OpenAI, place: dict[str, Any], name: str
) -> None:
    pass_with_each_parameter(client, place, name)


@pytest.mark.parametrize("name", ["vector_stores.files.delete", "vector_stores.delete", "files.delete"])
def test_a_method_that_deletes_passes(client: OpenAI, own_place: dict[str, Any], name: str) -> None:
    pass_with_each_parameter(client, own_place, name)


def test_a_batch_that_has_ended_is_cancelled_without_an_error(
    client: OpenAI, own_place: dict[str, Any]
) -> None:
    pass_with_each_parameter(client, own_place, "vector_stores.file_batches.cancel")


@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if call.refused])
def test_what_is_refused_is_refused_with_a_reason(client: OpenAI, place: dict[str, Any], name: str) -> None:
    call, method = CALLS[name], method_of(client, name)
    for key, values in call.refused.items():
        for value in values:
            with pytest.raises(openai.APIStatusError) as raised:
                method(**given(call, place, {key: value}))
            assert raised.value.status_code in (400, 405)
            body = raised.value.body
            assert isinstance(body, dict)
            assert {"message", "type", "param", "code", "request_id"} == body.keys()
            assert key in body["message"] or raised.value.status_code == 405


def test_pages_and_files_by_their_ids(client: OpenAI, own_place: dict[str, Any]) -> None:
    files = client.vector_stores.files.list(own_place["store"], order="asc").data
    after = client.vector_stores.files.list(own_place["store"], order="asc", after=files[0].id)
    before = client.vector_stores.files.list(own_place["store"], order="asc", before=files[-1].id)
    assert [*after] == files[1:]
    assert [*before.data] == files[:-1]
    batches = client.vector_stores.file_batches
    of_batch = batches.list_files(own_place["batch"], vector_store_id=own_place["store"]).data
    rest = batches.list_files(
        own_place["batch"], vector_store_id=own_place["store"], after=of_batch[0].id
    ).data
    first = batches.list_files(
        own_place["batch"], vector_store_id=own_place["store"], before=of_batch[-1].id
    ).data
    assert rest == of_batch[1:]
    assert first == of_batch[:-1]
    each = [{"file_id": one, "attributes": {"n": 1}} for one in own_place["uploads"]]
    assert batches.create_and_poll(own_place["store"], files=each).file_counts.completed == 2  # type: ignore[arg-type]
