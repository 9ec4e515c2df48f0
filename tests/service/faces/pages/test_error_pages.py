"""Pages that tell errors."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.faces.pages.navigation import is_page
from tests.service.faces.pages.pages import LAMP, page, told, words
from tests.service.http_service import GatedEmbedder, app_of, put, served


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/view/lamps.txt", 422, "invalid_locator"),
        ("/view/", 422, "invalid_locator"),
        ("/view/a.txt@000000000000:0-5", 404, "citation_not_found"),
        ("/view/a.txt@000000000000:0-5?collection=nowhere", 404, "collection_not_found"),
        ("/view/a.txt@000000000000:0-5?collection=No!", 422, "invalid_collection_name"),
        ("/view/a.txt@000000000000:0-5?at=x", 422, "invalid_request"),
        ("/view/a.txt@000000000000:0-5?at=-1", 422, "invalid_request"),
        ("/?collection=nowhere", 404, "collection_not_found"),
        ("/?collection=nowhere&q=lamp", 404, "collection_not_found"),
        ("/?collection=No!", 422, "invalid_collection_name"),
    ],
)
def test_errors_of_pages_are_pages(client: TestClient, address: str, status: int, code: str) -> None:
    put(client, "a.txt", LAMP)
    html = page(client, address, status)
    assert html.xpath("//code[text()=$code]", code=code)
    assert words(html.xpath("//*[@role='alert']")[0]).endswith((".", "?"))
    request_id = client.get(address, headers={"x-request-id": "it-was-me"})
    assert "it-was-me" in request_id.text
    assert html.xpath("//a[@href='/']")


def test_a_page_of_a_service_that_is_not_ready_says_so(library: Library, embedder: GatedEmbedder) -> None:
    embedder.gate.clear()
    with TestClient(app_of(library)) as client:
        for address in ("/", "/?q=lamp", "/view/a.txt@000000000000:0-5"):
            html = page(client, address, 503)
            assert "loading its model" in told(html)
            assert words(html.find(".//h1")) == "Not ready yet"
        assert client.get("/v1/documents").json()["error"]["code"] == "not_ready"
        embedder.gate.set()


def test_only_pages_tell_errors_as_pages(client: TestClient) -> None:
    for address in ("/v1/citations/x", "/v1/nothing", "/nothing", "/viewer", "/v1/documents/a", "/view"):
        response = client.get(address)
        assert response.status_code in {404, 422}
        assert response.headers["content-type"] == "application/json"
    for address in ("/", "/view/a.txt"):
        response = client.post(address)
        assert (response.status_code, response.json()["error"]["code"]) == (405, "method_not_allowed")


def test_addresses_of_pages_are_known() -> None:
    assert all(map(is_page, ("/", "/docs", "/check", "/view/a", "/view/a/b@0:1-2")))
    assert not any(map(is_page, ("/v1/ask", "/checks", "/static/1/base.css", "/view", "//")))


def test_a_busy_service_says_so_on_a_page(library: Library) -> None:
    with served(library, max_queue=1) as client:
        put(client, "a.txt", LAMP)
        app: Any = client.app
        with app.state.runtime.pools.questions.permits.acquire("another"):
            assert "Too many requests" in told(page(client, "/?q=lamp", 429))
        assert page(client, "/?q=lamp") is not None


def test_a_page_that_has_to_wait_says_for_how_long(library: Library) -> None:
    with served(library, max_queue=1) as client:
        put(client, "a.txt", LAMP)
        app: Any = client.app
        with app.state.runtime.pools.questions.permits.acquire("another"):
            api = client.post("/v1/ask", json={"question": "lamp"})
            assert client.get("/?q=lamp").headers.get("retry-after") == api.headers["retry-after"]
