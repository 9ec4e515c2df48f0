"""What is known of a document, changed over HTTP; and texts under ids of all kinds."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote as percent_encode

import pytest
from starlette.testclient import TestClient

from index.library import Library
from tests.service.http_service import assert_error

TEXT = "The lamp was lit at dusk."


@pytest.fixture
def record(client: TestClient) -> dict[str, Any]:
    body = {"text": TEXT, "metadata": {"year": 1859, "draft": True}, "source": "https://a.example/x"}
    found: dict[str, Any] = client.put("/v1/documents/house/lamps.md?wait=true", json=body).json()
    return found


def test_entries_are_set_and_taken_away_and_the_text_stays(
    client: TestClient, record: dict[str, Any]
) -> None:
    body = {"metadata": {"year": 1860, "draft": None, "keeper": "Ann"}}
    response = client.patch("/v1/documents/house/lamps.md", json=body)
    assert response.status_code == 200
    told = response.json()
    assert told["metadata"] == {"year": 1860, "keeper": "Ann"}
    same = ("document_id", "version", "text_sha256", "source", "title")
    assert [told[key] for key in same] == [record[key] for key in same]
    assert {**client.get("/v1/documents/house/lamps.md").json(), "change": told["change"]} == told
    events = client.get("/v1/changes").json()["documents"]
    assert [event["kind"] for event in events] == ["added", "updated"]


def test_filters_see_what_was_said(client: TestClient, record: dict[str, Any]) -> None:
    client.patch("/v1/documents/house/lamps.md", json={"metadata": {"year": 1860}})
    for year, count in ((1859, 0), (1860, 1)):
        where = {"type": "eq", "key": "year", "value": year}
        answer = client.post("/v1/ask", json={"question": "lamp", "filter": where}).json()
        assert len(answer["passages"]) == count


def test_the_source_is_changed_alone(client: TestClient, record: dict[str, Any]) -> None:
    told = client.patch("/v1/documents/house/lamps.md", json={"source": "https://b.example/y"}).json()
    assert (told["source"], told["metadata"]) == ("https://b.example/y", {"year": 1859, "draft": True})


def test_what_cannot_be_said_is_refused(client: TestClient, record: dict[str, Any]) -> None:
    address = "/v1/documents/house/lamps.md"
    wrong = {"metadata": {"a": {"b": "c"}}}
    assert client.patch(address, json=wrong).status_code == 422
    message = assert_error(client.patch(address, json={"titles": "x"}), 422, "invalid_request")
    assert message.startswith("titles: there is no such field here")
    assert_error(client.patch("/v1/documents/nope", json={"metadata": {}}), 404, "document_not_found")
    assert client.get(address).json()["metadata"] == {"year": 1859, "draft": True}


@pytest.mark.parametrize(
    "wrong",
    [
        {"document_id": "taken.md", "title": "Other lamps", "metadata": {"year": 1999}},
        {"document_id": "free.md", "title": "x" * 501},
        {"document_id": "free.md", "metadata": {"a" * 65: 1}},
        {"document_id": "free.md", "groups": ["a,b"]},
        {"document_id": "../free.md", "title": "Other lamps"},
    ],
)
def test_of_changes_that_are_refused_none_is_made(
    client: TestClient, record: dict[str, Any], wrong: dict[str, Any]
) -> None:
    client.put("/v1/documents/taken.md?wait=true", json={"text": "The bell was rung."})
    before = client.get("/v1/documents/house/lamps.md").json()
    assert client.patch("/v1/documents/house/lamps.md", json=wrong).status_code == 422
    assert client.get("/v1/documents/house/lamps.md").json() == before
    assert [one["document_id"] for one in client.get("/v1/documents").json()["documents"]] == [
        "house/lamps.md",
        "taken.md",
    ]


def test_locators_of_an_old_id_resolve_over_http(
    client: TestClient, library: Library, record: dict[str, Any]
) -> None:
    collection = library.open("default")
    old = f"house/lamps.md@{record['text_sha256'][:12]}:4-8"

    def named(locator: str) -> tuple[str, str]:
        found = client.get(f"/v1/citations/{percent_encode(locator)}")
        assert found.status_code == 200, found.text
        return found.json()["document_id"], found.json()["quote"]

    collection.editor.rename("house/lamps.md", "lamps.md")
    assert named(old) == ("lamps.md", "lamp")
    assert client.get("/v1/changes").json()["documents"][-1]["was"] == "house/lamps.md"
    client.put("/v1/documents/house/lamps.md", json={"text": "Another text."})
    assert named(old) == ("lamps.md", "lamp")
    client.delete("/v1/documents/house/lamps.md")
    collection.editor.rename("lamps.md", "house/lamps.md")
    assert named(old) == ("house/lamps.md", "lamp")
    assert named(old.replace("house/", "")) == ("house/lamps.md", "lamp")


@pytest.mark.parametrize(
    ("document_id", "media_type"),
    [
        ("plan.pdf", "text/plain"),
        ("plan.DOCX", "text/plain"),
        ("plan.eml", "text/plain"),
        ("plan.epub", "text/plain"),
        ("plan", "text/plain"),
        ("plan.unknown", "text/plain"),
        ("plan.md", "text/markdown"),
        ("plan.html", "text/html"),
        ("plan.rst", "text/x-rst"),
    ],
)
def test_text_that_comes_as_json_is_text_whatever_the_id_ends_in(
    client: TestClient, document_id: str, media_type: str
) -> None:
    response = client.put(f"/v1/documents/{document_id}", json={"text": TEXT})
    assert response.status_code == 201, response.text
    assert response.json()["media_type"] == media_type
    assert client.get(f"/v1/documents/{document_id}/text").text.strip() == TEXT


def test_json_that_says_it_is_a_pdf_file_is_none(client: TestClient) -> None:
    response = client.put("/v1/documents/a.txt", json={"text": TEXT, "media_type": "application/pdf"})
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "corrupt_document"
