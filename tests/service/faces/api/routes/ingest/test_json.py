from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from index.library import Library
from tests.service.faces.api.routes.ingest.outcomes import assert_nothing_is_left, became, done
from tests.service.http_service import assert_error


def test_texts_with_all_that_is_known_of_them(client: TestClient) -> None:
    documents = [
        {
            "document_id": "lamp.md",
            "text": "# Lamps\n\nLit.",
            "title": "T",
            "source": "S",
            "metadata": {"y": 1},
        },
        {"document_id": "plain", "text": "Plain words."},
        {"document_id": "page", "text": "<p>Words.</p>", "media_type": "text/html"},
    ]
    job = done(client, client.post("/v1/ingest?prefix=p", json={"documents": documents}))
    assert became(client, job) == {"p/lamp.md": "added", "p/plain": "added", "p/page": "added"}
    lamp = client.get("/v1/documents/p/lamp.md").json()
    assert (lamp["title"], lamp["source"], lamp["metadata"]) == ("T", "S", {"y": 1})
    assert lamp["media_type"] == "text/markdown"
    assert client.get("/v1/documents/p/plain").json()["media_type"] == "text/plain"
    assert client.get("/v1/documents/p/page/text").text == "Words."


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("plan.pdf", "text/plain"),
        ("plan.DOCX", "text/plain"),
        ("mail.eml", "text/plain"),
        ("plan", "text/plain"),
        ("plan.md", "text/markdown"),
        ("page.HTM", "text/html"),
        ("table.csv", "text/csv"),
        ("lamp.py", "text/x-source-code"),
        ("lamp.json", "application/json"),
        ("lamp.jsonl", "application/jsonl"),
        ("lamp.srt", "application/x-subrip"),
    ],
)
def test_a_text_is_no_binary_file_whatever_its_name(client: TestClient, name: str, media_type: str) -> None:
    texts = {
        "application/json": '{"a": "The lamp."}',
        "application/jsonl": '{"a": "The lamp."}\n',
        "application/x-subrip": "1\n00:00:01,000 --> 00:00:02,000\nThe lamp.\n",
        "text/csv": "a,b\nThe lamp.,2\n",
    }
    document = {"document_id": name, "text": texts.get(media_type, "The lamp.")}
    job = done(client, client.post("/v1/ingest", json={"documents": [document]}))
    assert became(client, job) == {name: "added"}
    assert client.get(f"/v1/documents/{name}").json()["media_type"] == media_type
    assert "The lamp." in client.get(f"/v1/documents/{name}/text").text


def test_addresses_of_this_machine_are_not_fetched(client: TestClient) -> None:
    body = {
        "urls": ["http://127.0.0.1/x", "http://127.0.0.1:1/y", "http://127.0.0.1/x"],
        "sitemaps": ["http://[::1]/sitemap.xml"],
        "crawls": [{"url": "http://localhost/"}],
        "metadata": {"y": 1},
    }
    job = done(client, client.post("/v1/ingest", json=body))
    assert became(client, job) == {
        "http://127.0.0.1/x": "address_refused",
        "http://127.0.0.1:1/y": "address_refused",
        "http://[::1]/sitemap.xml": "address_refused",
        "http://localhost/": "address_refused",
    }


def test_the_collection_may_stand_in_the_body(client: TestClient) -> None:
    client.put("/v1/collections/lamps")
    body = {"collection": "lamps", "documents": [{"document_id": "a", "text": "Lit."}]}
    assert done(client, client.post("/v1/ingest", json=body))["collection"] == "lamps"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_request"),
        ({"documents": []}, "invalid_request"),
        ({"documents": [{"text": "x"}]}, "invalid_request"),
        ({"documents": [{"document_id": "a", "text": "x", "titel": "y"}]}, "invalid_request"),
        ({"documents": [{"document_id": "a//b", "text": "x"}]}, "invalid_document_id"),
        ({"documents": [{"document_id": "a", "text": "x", "metadata": {"a": {}}}]}, "invalid_metadata"),
        ({"urls": ["ftp://example.org/"]}, "invalid_url"),
        ({"urls": ["http://user:secret@example.org/"]}, "invalid_url"),
        ({"sitemaps": ["x"]}, "invalid_url"),
        ({"crawls": [{"url": "http://example.org/", "max_pages": 0}]}, "invalid_request"),
        ({"urls": ["http://example.org/"], "metadata": {"title": "x"}}, "invalid_metadata"),
        ({"collection": "No Such"}, "invalid_request"),
        ([], "invalid_request"),
    ],
)
def test_json_that_is_wrong(client: TestClient, library: Library, body: Any, code: str) -> None:
    assert_error(client.post("/v1/ingest", json=body), 422, code)
    assert_nothing_is_left(client, library)


@pytest.mark.parametrize("content", [b"", b"{", b'{"documents": [{"document_id": "a", "text": "\\ud800"}]}'])
def test_what_is_no_json(client: TestClient, library: Library, content: bytes) -> None:
    assert_error(client.post("/v1/ingest", content=content), 422, "invalid_request")
    assert_nothing_is_left(client, library)
