from __future__ import annotations

from typing import Any
from urllib.parse import quote as percent_encode

import pytest
from starlette.testclient import TestClient

from tests.service.faces.api.routes.documents.versions.lamps import ONE, TWO, diff, versions
from tests.service.http_service import assert_error, put


def test_versions_are_listed_newest_first(client: TestClient, records: list[dict[str, Any]]) -> None:
    listed = versions(client, "house/lamps.md")
    assert [one["version"] for one in listed] == [3, 2, 1]
    assert [one["text_sha256"] for one in listed] == [record["text_sha256"] for record in records[::-1]]
    assert [one["length"] for one in listed] == [record["length"] for record in records[::-1]]
    assert [one["title"] for one in listed] == ["Lamps"] * 3
    newest, middle, oldest = listed
    assert newest["replaced"] is None
    assert oldest["replaced"] == middle["created"] <= middle["replaced"] == newest["created"]


def test_each_version_has_its_own_text(client: TestClient, records: list[dict[str, Any]]) -> None:
    for one in versions(client, "house/lamps.md"):
        text = client.get(one["links"]["text"])
        assert text.headers["x-loccit-text-sha256"] == one["text_sha256"]
        assert text.headers["x-loccit-version"] == str(one["version"])
        assert len(text.text) == one["length"]
        locator = f"house/lamps.md@{one['text_sha256'][:12]}:0-{one['length']}"
        assert client.get(f"/v1/citations/{locator}").json()["quote"] == text.text


def test_a_text_that_came_back_is_a_version_of_its_own(client: TestClient) -> None:
    for text in (ONE, TWO, ONE):
        put(client, "a.md", text)
    first, second, third = versions(client, "a.md")
    assert (first["version"], third["version"]) == (3, 1)
    assert first["text_sha256"] == third["text_sha256"] != second["text_sha256"]


@pytest.mark.parametrize(
    "document_id", ["diff", "versions", "text", "two words?.md", "grüße/日本語#1.md", "a@b:1"]
)
def test_versions_of_ids_with_odd_characters_are_found(client: TestClient, document_id: str) -> None:
    put(client, document_id, ONE)
    put(client, document_id, TWO)
    assert client.get(client.get(f"/v1/documents/{percent_encode(document_id)}").json()["links"]["versions"])
    (_, oldest) = versions(client, document_id)
    assert (
        client.get(oldest["links"]["text"]).text == ONE.strip().replace("# ", "") or document_id[-3:] != ".md"
    )
    assert diff(client, document_id, old=1)["hunks"]


@pytest.mark.parametrize("document_id", ["a/diff", "a/b/versions", "a/text"])
def test_no_document_has_an_id_that_is_an_address_of_another(client: TestClient, document_id: str) -> None:
    response = client.put(f"/v1/documents/{document_id}", json={"text": ONE})
    assert document_id.rpartition("/")[2] in assert_error(response, 422, "invalid_document_id")


def test_links_of_versions_lead_to_their_own_collection(client: TestClient) -> None:
    client.put("/v1/collections/other")
    put(client, "a.txt", "The default one.")
    put(client, "a.txt", "The other one.", collection="other")
    (one,) = versions(client, "a.txt", collection="other")
    assert client.get(one["links"]["text"]).text == "The other one."


@pytest.mark.parametrize("tail", ["versions", "diff?old=1"])
def test_a_document_that_is_not_there_has_no_versions(client: TestClient, tail: str) -> None:
    put(client, "a.txt", ONE)
    assert "b/c.txt" in assert_error(client.get(f"/v1/documents/b/c.txt/{tail}"), 404, "document_not_found")
    sign = "&" if "?" in tail else "?"
    address = f"/v1/documents/a.txt/{tail}{sign}"
    assert_error(client.get(f"{address}collection=nowhere"), 404, "collection_not_found")
    assert_error(client.get(f"{address}colection=default"), 422, "invalid_request")
    client.delete("/v1/documents/a.txt")
    assert_error(client.get(f"/v1/documents/a.txt/{tail}"), 404, "document_not_found")
