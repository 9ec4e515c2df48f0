"""Every reply has all fields of the official client's own types, and none of a wrong type."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from openai import types
from openai.types import vector_stores as store_types
from pydantic import BaseModel, TypeAdapter

from tests.service.faces.openai.conftest import LAMP

UNSET: dict[str, set[str]] = {}
"""Fields of the client's types that are for what does not exist here."""


def assert_complete(kind: type[BaseModel], value: Any) -> None:
    """The value validates strictly, and lacks no field at any depth."""
    TypeAdapter(kind).validate_python(value, strict=True)
    for model, found in _parts(kind, value):
        missing = {field.alias or name for name, field in model.model_fields.items()} - found.keys()
        assert missing == UNSET.get(model.__name__, set()), f"{model.__name__} lacks {missing}"


def _parts(kind: Any, value: Any) -> Iterator[tuple[type[BaseModel], dict[str, Any]]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind, value
        for name, field in kind.model_fields.items():
            yield from _parts(field.annotation, value.get(field.alias or name))
    elif isinstance(value, list):
        for member in value:
            yield from _parts(typing.get_args(kind)[0] if typing.get_args(kind) else None, member)
    elif isinstance(value, dict):
        for part in typing.get_args(kind):
            if isinstance(part, type) and issubclass(part, BaseModel):
                try:
                    part.model_validate(value, strict=True)
                except ValueError:
                    continue
                yield from _parts(part, value)


@pytest.fixture
def filled(service: httpx.Client, store: Any) -> tuple[httpx.Client, str]:
    body = {"text": LAMP.decode(), "metadata": {"year": 1859, "tags": ["a", "b"], "new": True, "x": 0.5}}
    service.put("/v1/documents/a.txt?wait=true&collection=manuals", json=body)
    bad = service.post(
        "/v1/files", files={"file": ("a.pdf", b"%PDF no")}, data={"purpose": "user_data"}
    ).json()
    service.post(f"/v1/vector_stores/{store.id}/files", json={"file_id": bad["id"]})
    return service, store.id


def test_replies(filled: tuple[httpx.Client, str]) -> None:
    service, store = filled
    address = f"/v1/vector_stores/{store}"

    def get(path: str) -> Any:
        response = service.get(path)
        assert response.status_code == 200, response.text
        return response.json()

    def each(path: str, kind: type[BaseModel]) -> list[dict[str, Any]]:
        listed = get(path)
        assert listed["object"] == "list"
        assert listed["data"]
        for one in listed["data"]:
            assert_complete(kind, one)
        if kind is not types.Model:
            assert listed["first_id"] == listed["data"][0]["id"]
            assert listed["last_id"] == listed["data"][-1]["id"]
            assert listed["has_more"] is False
        found: list[dict[str, Any]] = listed["data"]
        return found

    each("/v1/vector_stores", types.VectorStore)
    assert_complete(types.VectorStore, get(address))
    files = each(f"{address}/files", store_types.VectorStoreFile)
    assert len(files) == 4
    uploads = each("/v1/files", types.FileObject)
    assert_complete(types.FileObject, get(f"/v1/files/{uploads[0]['id']}"))
    each("/v1/models", types.Model)
    content = get(f"{address}/files/{files[-1]['id']}/content")
    assert content["object"] == "vector_store.file_content.page"
    for one in content["data"]:
        assert_complete(store_types.FileContentResponse, one)
    batch = service.post(f"{address}/file_batches", json={"file_ids": [uploads[-1]["id"]]}).json()
    assert_complete(store_types.VectorStoreFileBatch, batch)
    found = service.post(f"{address}/search", json={"query": "the lamp"}).json()
    assert found["data"]
    for one in found["data"]:
        assert_complete(types.VectorStoreSearchResponse, one)
    embedded = service.post("/v1/embeddings", json={"input": "a lamp", "model": "words"}).json()
    assert_complete(types.CreateEmbeddingResponse, embedded)


def test_deletions(filled: tuple[httpx.Client, str]) -> None:
    service, store = filled
    address = f"/v1/vector_stores/{store}"
    (*_, file) = service.get(f"{address}/files").json()["data"]
    deleted = service.delete(f"{address}/files/{file['id']}").json()
    assert_complete(store_types.VectorStoreFileDeleted, deleted)
    assert_complete(types.FileDeleted, service.delete(f"/v1/files/{file['id']}").json())
    assert_complete(types.VectorStoreDeleted, service.delete(address).json())
