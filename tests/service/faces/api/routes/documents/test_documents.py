from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.faces.api.schemas.citations import CitationResponse
from service.faces.api.schemas.documents import Document, DocumentList, PutResponse
from tests.patience import eventually
from tests.service.http_service import app_of, assert_error, assert_shape, live, served

TEXT = "== Lamps ==\n\nThe lamp was lit at dusk.\n"


@pytest.fixture
def real(library: Library) -> Iterator[httpx.Client]:
    with live(app_of(library, max_body_bytes=4096)) as client:
        yield client


def test_a_document_is_added_replaced_and_left_alone(client: TestClient) -> None:
    added = client.put("/v1/documents/lamps.txt", content=TEXT, headers={"content-type": "text/plain"})
    assert added.status_code == 201
    assert added.headers["location"] == "/v1/documents/lamps.txt"
    assert_shape(PutResponse, added.json())
    assert added.json()["status"] == "added"
    assert added.json()["source_sha256"] == hashlib.sha256(TEXT.encode()).hexdigest()

    same = client.put("/v1/documents/lamps.txt", content=TEXT, headers={"content-type": "text/plain"})
    assert (same.status_code, same.json()["status"]) == (200, "unchanged")

    replaced = client.put(
        "/v1/documents/lamps.txt", content="Another text.", headers={"content-type": "text/plain"}
    )
    assert (replaced.status_code, replaced.json()["status"]) == (200, "replaced")
    assert (replaced.json()["version"], replaced.json()["versions"]) == (2, 2)

    known = client.get("/v1/documents/lamps.txt")
    assert_shape(Document, known.json())
    assert known.json()["version"] == 2


def test_a_document_as_json_says_more_of_itself(client: TestClient) -> None:
    given = {"text": TEXT, "title": "Of lamps", "source": "https://example.org/l", "metadata": {"year": 1859}}
    record = client.put("/v1/documents/lamps", json=given).json()
    assert {key: record[key] for key in ("title", "source", "metadata", "media_type")} == {
        "title": "Of lamps",
        "source": "https://example.org/l",
        "metadata": {"year": 1859},
        "media_type": "text/plain",
    }


@pytest.mark.parametrize(
    "content_type", [None, "application/octet-stream", "application/x-www-form-urlencoded"]
)
def test_without_a_content_type_the_ending_decides(client: TestClient, content_type: str | None) -> None:
    headers = {"content-type": content_type} if content_type else {}
    page = b"<html><body><p>The lamp was lit.</p></body></html>"
    record = client.put("/v1/documents/a.html?title=T&source=S", content=page, headers=headers).json()
    assert (record["media_type"], record["title"], record["source"]) == ("text/html", "T", "S")


def test_a_document_is_embedded_soon_and_with_wait_at_once(client: TestClient) -> None:
    waited = client.put("/v1/documents/a.txt?wait=true", content=TEXT).json()
    assert waited["passages"]["embedded"] == waited["passages"]["total"] > 0
    client.put("/v1/documents/b.txt", content="The dog sleeps.")

    def embedded() -> bool:
        passages = client.get("/v1/documents/b.txt").json()["passages"]
        return bool(passages["embedded"] == passages["total"] > 0)

    eventually(embedded)


def test_the_text_is_what_the_hash_says(client: TestClient) -> None:
    client.put("/v1/documents/a.txt", content="Cafe\u0301 – 👩‍🚒\r\nline")
    client.put("/v1/documents/a.txt", content="Newer.")
    old = client.get("/v1/documents/a.txt/text?version=1")
    assert old.text == "Café – 👩‍🚒\nline"
    assert old.headers["content-type"] == "text/plain; charset=utf-8"
    assert old.headers["x-loccit-version"] == "1"
    assert old.headers["x-loccit-text-sha256"] == hashlib.sha256(old.content).hexdigest()
    assert client.get("/v1/documents/a.txt/text").text == "Newer."


def test_a_text_that_is_known_is_not_sent_again(client: TestClient) -> None:
    client.put("/v1/documents/a.txt", content=TEXT)
    tag = client.get("/v1/documents/a.txt/text").headers["etag"]
    again = client.get("/v1/documents/a.txt/text", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_documents_are_listed_page_by_page(client: TestClient) -> None:
    for name in ("a/1.txt", "a/2.txt", "a/3.txt", "b.txt"):
        client.put(f"/v1/documents/{name}", content=f"This is {name}.")
    first = client.get("/v1/documents?limit=2&prefix=a/").json()
    assert_shape(DocumentList, first)
    assert [one["document_id"] for one in first["documents"]] == ["a/1.txt", "a/2.txt"]
    last = client.get("/v1/documents", params={"limit": 2, "prefix": "a/", "after": first["next"]}).json()
    assert [one["document_id"] for one in last["documents"]] == ["a/3.txt"]
    assert last["next"] is None
    assert len(client.get("/v1/documents?limit=4").json()["documents"]) == 4
    assert client.get("/v1/documents?limit=4").json()["next"] is None


def test_a_deleted_document_is_gone_with_its_citations(client: TestClient) -> None:
    client.put("/v1/documents/a.txt?wait=true", content=TEXT)
    (passage,) = client.post("/v1/ask", json={"question": "lamp"}).json()["passages"]
    deleted = client.delete("/v1/documents/a.txt")
    assert deleted.status_code == 200
    change = client.get("/v1/collections/default").json()["change"]
    expected = {"document_id": "a.txt", "versions": 1, "passages": 1, "change": change, "purged": "pending"}
    assert deleted.json() == expected
    assert_error(client.get("/v1/documents/a.txt"), 404, "document_not_found")
    assert_error(client.get("/v1/documents/a.txt/text"), 404, "document_not_found")
    assert_error(client.delete("/v1/documents/a.txt"), 404, "document_not_found")
    assert_error(client.get(passage["citation"]["links"]["citation"]), 404, "citation_not_found")
    assert client.post("/v1/ask", json={"question": "lamp"}).json()["passages"] == []


def test_a_citation_outlives_the_version_that_it_is_of(client: TestClient) -> None:
    client.put("/v1/documents/a.txt?wait=true", content=TEXT)
    (passage,) = client.post("/v1/ask", json={"question": "lamp"}).json()["passages"]
    client.put("/v1/documents/a.txt?wait=true", content="Now it is of dogs.")
    cited = client.get(passage["citation"]["links"]["citation"]).json()
    assert_shape(CitationResponse, cited)
    assert cited["quote"] == passage["text"]
    text = client.get(cited["links"]["text"]).text
    assert text[cited["start"] : cited["end"]] == cited["quote"]


def test_only_the_default_collection_comes_by_itself(client: TestClient) -> None:
    message = assert_error(
        client.put("/v1/documents/a.txt?collection=other", content=TEXT), 404, "collection_not_found"
    )
    assert "PUT /v1/collections/other" in message
    assert client.put("/v1/collections/other").status_code == 201
    assert client.put("/v1/documents/a.txt?collection=other", content=TEXT).status_code == 201
    assert client.get("/v1/documents/a.txt?collection=other").status_code == 200


@pytest.mark.parametrize(
    "document_id",
    [
        "a#b.txt",
        "what?.txt",
        "100%.txt",
        "100%25.txt",
        "two words.txt",
        "grüße/日本語/👩‍🚒.txt",
        "user@example.org:8080/x.txt",
        "a@9f2c41aab3de:1-2",
        "a+b&c=d;e,f.txt",
        "https://example.org/page?id=1#top".replace("//", "/"),
        "text",
        "'\"<>\\.txt",
    ],
)
def test_an_id_with_odd_characters_comes_back_as_it_was(real: httpx.Client, document_id: str) -> None:
    address = f"/v1/documents/{quote(document_id)}"
    put = real.put(f"{address}?wait=true", json={"text": "The lamp was lit at dusk."})
    assert put.status_code == 201, put.text
    assert put.json()["document_id"] == document_id
    assert real.get(put.headers["location"]).json()["document_id"] == document_id
    assert real.get(put.json()["links"]["text"]).text == "The lamp was lit at dusk."
    (passage,) = real.post("/v1/ask", json={"question": "Who lit the lamp?"}).json()["passages"]
    citation = passage["citation"]
    assert citation["document_id"] == document_id
    for address_of_it in (citation["links"]["citation"], f"/v1/citations/{quote(citation['locator'])}"):
        found = real.get(address_of_it).json()
        assert {name: found[name] for name in citation} == citation
        assert found["standing"]["status"] == "current"
    assert real.get(citation["links"]["view"]).status_code == 200
    assert real.get(citation["links"]["text"]).text == "The lamp was lit at dusk."
    assert real.delete(address).status_code == 200


@pytest.mark.parametrize("address", ["cafe%CC%81.txt", "caf%C3%A9.txt", "%E2%84%AA.txt"])
def test_a_document_is_found_under_the_id_that_it_was_put_with(client: TestClient, address: str) -> None:
    place = f"/v1/documents/{address}"
    assert client.put(place, content="A lamp.").status_code == 201
    for path in (place, f"{place}/text", f"{place}/versions"):
        assert client.get(path).status_code == 200
    assert client.patch(place, json={"metadata": {"year": 1859}}).status_code == 200
    assert client.delete(place).status_code == 200


@pytest.mark.parametrize(
    "address", ["a.txt%0A", "%0Aa.txt", "a%00.txt", "a%FF.txt", "a%E2%80%A8.txt", "a%C2%85"]
)
def test_an_address_that_could_be_taken_for_another_is_refused(real: httpx.Client, address: str) -> None:
    real.put("/v1/documents/a.txt", json={"text": TEXT})
    assert_error(real.put(f"/v1/documents/{address}", json={"text": "x"}), 422, "invalid_request")
    assert_error(real.delete(f"/v1/documents/{address}"), 422, "invalid_request")
    assert real.get("/v1/documents/a.txt/text").text == TEXT


@pytest.mark.parametrize("document_id", ["a//b", "/a", "a/", "%20a", "a/text", "a" * 600, ""])
def test_an_id_that_cannot_be_is_refused(real: httpx.Client, document_id: str) -> None:
    assert_error(real.put(f"/v1/documents/{document_id}", json={"text": "x"}), 422, "invalid_document_id")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"text": ""}, "empty_document"),
        ({"text": " \n "}, "empty_document"),
        ({"text": "a", "metadata": {"a": {"b": 1}}}, "invalid_metadata"),
        ({"text": "a", "metadata": {"title": "b"}}, "invalid_metadata"),
        ({"text": "a", "media": "b"}, "invalid_request"),
        ({"title": "a"}, "invalid_request"),
        ([], "invalid_request"),
    ],
)
def test_a_document_that_cannot_be_stored_is_refused(client: TestClient, body: Any, code: str) -> None:
    assert_error(client.put("/v1/documents/a.txt", json=body), 422, code)
    assert client.get("/v1/collections/default").json()["documents"] == 0


def test_a_form_is_refused_with_advice(client: TestClient) -> None:
    response = client.put("/v1/documents/a.txt", files={"file": b"text"})
    assert "curl -T" in assert_error(response, 415, "unsupported_format")


def test_bytes_that_are_no_text_are_refused(client: TestClient) -> None:
    response = client.put(
        "/v1/documents/a.txt", content=b"\xff\xfe\x00\xd8", headers={"content-type": "text/plain"}
    )
    assert_error(response, 422, "undecodable_text")


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=x", "colection=default", "collection=No%20Such", "after=a&befor=b"],
)
def test_a_query_that_is_not_known_is_refused(client: TestClient, query: str) -> None:
    code = "invalid_collection_name" if "No" in query else "invalid_request"
    assert_error(client.get(f"/v1/documents?{query}"), 422, code)


@pytest.mark.parametrize("version", ["2", "2147483647"])
def test_a_version_that_is_not_there(client: TestClient, version: str) -> None:
    client.put("/v1/documents/a.txt", content=TEXT)
    assert_error(client.get(f"/v1/documents/a.txt/text?version={version}"), 404, "version_not_found")
    assert_error(client.get("/v1/documents/a.txt/text?version=0"), 422, "invalid_request")
    assert_error(
        client.get("/v1/documents/a.txt/text?version=9999999999999999999999"), 422, "invalid_request"
    )


@pytest.mark.parametrize("locator", ["a.txt", "a.txt@9f2c41aab3de:2-1", "a.txt@9F2C41AAB3DE:1-2", "x" * 3000])
def test_what_is_no_locator_is_refused(client: TestClient, locator: str) -> None:
    client.put("/v1/collections/default")
    assert_error(client.get(f"/v1/citations/{locator}"), 422, "invalid_locator")


def test_a_locator_past_the_text_names_nothing(client: TestClient) -> None:
    record = client.put("/v1/documents/a.txt", content=TEXT).json()
    locator = f"a.txt@{record['text_sha256'][:12]}:0-{record['length'] + 1}"
    assert_error(client.get(f"/v1/citations/{locator}"), 404, "citation_not_found")
    assert_error(client.get(f"/v1/citations/{locator}?collection=nowhere"), 404, "collection_not_found")


def test_a_body_over_the_limit_is_refused_however_it_comes(real: httpx.Client) -> None:
    content_length = real.put("/v1/documents/a.txt", content=b"a" * 5000)
    assert "4,096" in assert_error(content_length, 413, "body_too_large")
    streamed = real.put("/v1/documents/a.txt", content=iter([b"a" * 1000] * 5))
    assert_error(streamed, 413, "body_too_large")
    assert real.put("/v1/documents/a.txt", content=iter([b"a " * 500] * 4)).status_code == 201


def test_questions_have_a_limit_of_their_own(library: Library) -> None:
    with served(library) as client:
        response = client.post("/v1/ask", content=b" " * 2_000_000)
        assert_error(response, 413, "body_too_large")
