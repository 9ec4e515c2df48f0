"""Errors of routes and of the middleware have the shape of the address that was asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from index.embedding import WordEmbedder
from index.library import Library
from service.app.application import BY_BEGINNING, SHAPES
from service.errors import STATUS
from service.faces.openai.errors import ADDRESSES, SHAPE
from service.state.identity import KeyOptions, Keyring, Scope, new_key
from tests.service.http_service import assert_error, served

OPENAI = "/v1/vector_stores"
OWN = "/v1/documents"
FOREIGN = {"openai", "cohere", "dify", "open_webui"}
"""Tags of the routes whose errors have another shape."""


@pytest.fixture
def guarded(library: Library) -> Iterator[TestClient]:
    with served(library, api_key="secret") as client:
        yield client


def test_an_address_has_the_shape_of_its_beginning() -> None:
    for address in ADDRESSES:
        for path in (address, f"{address}/", f"{address}/x/y"):
            assert SHAPES.of(path) is SHAPE
        assert SHAPES.of(f"{address}x") is None
    for path in ("", "/", "/v1", "/v1/ask", OWN, "/v1/vector", "/filesystem"):
        assert SHAPES.of(path) is None


def test_the_table_has_addresses_that_loccit_itself_does_not_use(client: TestClient) -> None:
    served_ = client.get("/openapi.json").json()["paths"]
    own = [path for path, methods in served_.items() if not FOREIGN & _tags(methods)]
    assert [path for path in own if SHAPES.of(path)] == []
    assert all(beginning.startswith("/") and not beginning.endswith("/") for beginning in BY_BEGINNING)


def _tags(methods: dict[str, dict[str, list[str]]]) -> set[str]:
    return {tag for told in methods.values() for tag in told["tags"]}


def test_every_status_is_one_that_openai_s_clients_take() -> None:
    # They raise InternalServerError from 500 on, and repeat a 408, 409 or 429 by themselves.
    shown = {SHAPE.status(one) for one in STATUS.values()}
    assert {one for one in shown if one < 499} == {400, 401, 403, 404, 405, 408, 413, 416, 429}


@pytest.mark.parametrize("path", [OPENAI, "/v1/files/x", "/v1/images/generations"])
def test_without_a_key(guarded: TestClient, path: str) -> None:
    response = guarded.get(path)
    assert "API key" in assert_error(response, 401, "unauthorized")
    assert response.json()["error"]["type"] == "authentication_error"
    assert response.json()["error"]["param"] is None
    assert response.headers["www-authenticate"]


def test_a_key_that_does_not_suffice(guarded: TestClient) -> None:
    keyring: Keyring = guarded.app.state.runtime.keyring  # type: ignore[attr-defined]
    token, key = new_key("a program", Scope.ASK, KeyOptions(origins=["https://www.example.org"]))
    keyring.add(key)
    headers = {"authorization": f"Bearer {token}", "origin": "https://elsewhere.example.org"}
    response = guarded.get(OPENAI, headers=headers)
    assert_error(response, 403, "forbidden")
    assert response.json()["error"]["type"] == "permission_error"


def test_beyond_the_rate_limit(guarded: TestClient) -> None:
    keyring: Keyring = guarded.app.state.runtime.keyring  # type: ignore[attr-defined]
    token, key = new_key("a program", Scope.READ, KeyOptions(rate="1:1"))
    keyring.add(key)
    headers = {"authorization": f"Bearer {token}"}
    guarded.get("/v1/collections", headers=headers)
    response = guarded.get("/v1/models", headers=headers)
    assert_error(response, 429, "rate_limited")
    assert response.json()["error"]["type"] == "rate_limit_error"
    assert int(response.headers["retry-after"]) >= 1


def test_an_address_without_a_route(client: TestClient) -> None:
    for path in ("/v1/images/generations", "/v1/files/a/b/c/d", "/v1/threads"):
        response = client.get(path)
        assert path in assert_error(response, 404, "route_not_found")
        assert response.json()["error"]["type"] == "not_found_error"


def test_a_body_that_is_too_large(tmp_path: Path) -> None:
    embedder = WordEmbedder()
    with Library(tmp_path, embedder=embedder) as library, served(library) as client:
        response = client.post("/v1/embeddings", content=b"x" * (3 * 1024 * 1024))
        assert_error(response, 413, "body_too_large")
        assert response.json()["error"]["type"] == "invalid_request_error"


def test_a_path_that_is_not_clean(client: TestClient) -> None:
    response = client.get("/v1/files/a%0a")
    assert_error(response, 422, "invalid_request")
    assert response.status_code == 400


def test_a_page_of_another_site(client: TestClient) -> None:
    response = client.post("/v1/files", headers={"sec-fetch-site": "cross-site"})
    assert_error(response, 403, "cross_site_request")


def test_an_unknown_host(client: TestClient) -> None:
    assert_error(client.get("/v1/models", headers={"host": "evil.example.org"}), 403, "host_not_allowed")


def test_loccit_s_own_addresses_keep_their_shape(guarded: TestClient) -> None:
    assert set(guarded.get(OWN).json()["error"]) == {"code", "message", "request_id"}
