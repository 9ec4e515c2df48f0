from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from index.embedding import WordEmbedder
from index.library import Library
from service.faces.api.schemas.answers import AskResponse
from service.faces.api.schemas.collections import Collection, CollectionList, Readiness
from tests.opening import held_by_another_process
from tests.patience import eventually
from tests.service.http_service import assert_error, assert_shape, served


def test_a_collection_is_made_once(client: TestClient) -> None:
    made = client.put("/v1/collections/manuals")
    assert made.status_code == 201
    assert_shape(Collection, made.json())
    again = client.put("/v1/collections/manuals")
    assert (again.status_code, again.json()) == (200, made.json())
    assert client.get("/v1/collections/manuals").json() == made.json()


def test_a_collection_counts_what_it_holds(client: TestClient) -> None:
    client.put("/v1/documents/a.txt?wait=true", content="The lamp was lit.")
    found = client.get("/v1/collections/default").json()
    assert (found["documents"], found["passages"]) == (1, {"total": 1, "embedded": 1})
    assert found["characters"] == len("The lamp was lit.")


def test_all_collections_are_listed(client: TestClient) -> None:
    for name in ("b", "a"):
        client.put(f"/v1/collections/{name}")
    listed = client.get("/v1/collections").json()
    assert_shape(CollectionList, listed)
    assert [one["name"] for one in listed["collections"]] == ["a", "b"]


def test_a_deleted_collection_is_gone(client: TestClient) -> None:
    client.put("/v1/documents/a.txt", content="The lamp was lit.")
    assert client.delete("/v1/collections/default").json() == {"name": "default", "purged": "done"}
    assert_error(client.get("/v1/collections/default"), 404, "collection_not_found")
    assert_error(client.delete("/v1/collections/default"), 404, "collection_not_found")
    assert_error(client.post("/v1/ask", json={"question": "lamp"}), 404, "collection_not_found")
    assert_error(client.get("/v1/documents"), 404, "collection_not_found")


@pytest.mark.parametrize("name", ["Upper", "a.b", "-a", "a" * 64, "%2e%2e"])
def test_a_name_that_cannot_be_a_folder_is_refused(client: TestClient, name: str) -> None:
    assert_error(client.put(f"/v1/collections/{name}"), 422, "invalid_collection_name")


def test_one_that_cannot_be_opened_does_not_keep_the_others_from_being_served(tmp_path: Path) -> None:
    with Library(tmp_path, embedder=WordEmbedder(dimension=64)) as before:
        before.open("old", create=True)
    with Library(tmp_path, embedder=WordEmbedder()) as library, served(library) as client:
        client.put("/v1/documents/a.txt", content="The lamp was lit.")
        assert client.post("/v1/ask", json={"question": "lamp"}).json()["passages"]
        assert client.get("/readyz").json()["status"] == "degraded"
        response = client.post("/v1/ask", json={"question": "lamp", "collection": "old"})
        message = assert_error(response, 409, "collection_mismatch")
        listed = client.get("/v1/collections").json()
        assert_shape(CollectionList, listed)
        assert listed["collections"][1] == {
            "name": "old",
            "error": {"code": "collection_mismatch", "message": message},
        }


def test_a_failed_index_is_told_until_it_is_made_anew(library: Library, client: TestClient) -> None:
    client.put("/v1/documents/a.txt?wait=true", content="The lamp was lit.")
    library.close()
    folder = library.open("default").folder
    with held_by_another_process(folder):
        # Nothing is repaired while another process writes.
        for suffix in ("idx", "term", "fast"):
            for path in (folder / "lexical").glob(f"segments-*/*.{suffix}"):
                path.write_bytes(bytes(path.stat().st_size))
        answer = client.post("/v1/ask", json={"question": "lamp"}).json()
        assert_shape(AskResponse, answer)
        assert answer["index"]["degraded"] == ["lexical"]
        assert [one["citation"]["document_id"] for one in answer["passages"]] == ["a.txt"]
        ready = client.get("/readyz").json()
        assert_shape(Readiness, ready)
        assert (ready["status"], ready["unavailable"]) == ("degraded", 0)
        assert [one["index"] for one in ready["failed_indexes"]] == ["lexical"]
        assert "being repaired" in client.get("/", params={"q": "lamp"}).text
        quote = {"quotes": [{"quote": "Somebody else has lit the lamp."}]}
        assert_error(client.post("/v1/verify", json=quote), 503, "index_unavailable")
    eventually(lambda: client.get("/readyz").json()["status"] == "ready")
    answer = client.post("/v1/ask", json={"question": "lamp"}).json()
    assert (answer["index"]["degraded"], answer["passages"][0]["explain"]["lexical"]["rank"]) == ([], 1)


def test_what_another_process_writes_is_seen(library: Library, client: TestClient) -> None:
    client.put("/v1/documents/a.txt", content="The lamp was lit.")
    # Another opening of the same folder shares nothing with the service's own but the disk.
    with Library((library.data / "collections").parent, embedder=WordEmbedder()) as other:
        other.open("default").editor.delete("a.txt")
    eventually(lambda: client.post("/v1/ask", json={"question": "lamp"}).json()["passages"] == [])
