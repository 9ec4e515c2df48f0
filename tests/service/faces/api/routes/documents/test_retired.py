"""Retired documents and refused mirrors over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from index.library import Library
from index.records import RefusedMirror
from index.sources import FolderIngest, FolderOptions
from service.faces.api.schemas.changes import ChangesResponse
from service.faces.api.schemas.citations import CitationResponse
from service.faces.api.schemas.collections import Collection, Readiness
from service.faces.api.schemas.documents import Document, DocumentList, PruneResponse, VersionList
from service.state.identity import KeyOptions, Scope, new_key
from tests.patience import eventually
from tests.service.http_service import assert_error, assert_shape, served

TEXT = "The lamp was lit at dusk."


def put(client: TestClient, document_id: str = "lamps.txt", text: str = TEXT) -> str:
    """Put a document; returns the locator of all of it."""
    response = client.put(f"/v1/documents/{document_id}?wait=true", json={"text": text})
    assert response.status_code == 201, response.text
    return f"{document_id}@{response.json()['text_sha256'][:12]}:0-{len(text)}"


def retire(library: Library, document_id: str = "lamps.txt") -> None:
    library.open("default").editor.retire([document_id])


def got(client: TestClient, path: str, shape: Any = None, **params: Any) -> dict[str, Any]:
    response = client.get(path, params=params)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    if shape is not None:
        assert_shape(shape, told)
    return told


def test_the_newest_text_of_a_retired_document_is_gone(client: TestClient, library: Library) -> None:
    put(client)
    retire(library)
    for path in ("", "/text", "/diff?old=1"):
        response = client.get(f"/v1/documents/lamps.txt{path}")
        message = assert_error(response, 410, "document_retired")
        assert "is retired since 20" in message
        assert "GET /v1/documents/{document_id}/versions" in message
    patched = client.patch("/v1/documents/lamps.txt", json={"metadata": {"year": 1859}})
    assert_error(patched, 410, "document_retired")


def test_a_citation_of_a_retired_document_resolves_and_can_be_checked(
    client: TestClient, library: Library
) -> None:
    locator = put(client)
    put(client, "other.txt", "Nothing else is here.")
    retire(library)
    answer = client.post("/v1/ask", json={"question": "When was the lamp lit?"}).json()
    assert [one["citation"]["document_id"] for one in answer["passages"]] == ["other.txt"]
    citation = got(client, f"/v1/citations/{locator}", CitationResponse)
    standing = citation["standing"]
    assert (standing["status"], standing["citation"], standing["version"]) == ("gone", None, 1)
    versions = got(client, "/v1/documents/lamps.txt/versions", VersionList)
    assert standing["since"] == versions["retired"] == versions["versions"][0]["replaced"]
    text = client.get(citation["links"]["text"]).text
    assert text[citation["start"] : citation["end"]] == citation["quote"] == TEXT
    (verdict,) = client.post("/v1/verify", json={"citations": [locator]}).json()["citations"]
    assert (verdict["status"], verdict["standing"]["since"]) == ("verified", standing["since"])
    page = client.get(f"/view/{locator}").text
    assert f"gone since {standing['since'][:10]}: the document is retired" in page


def test_a_retired_document_is_listed_only_when_asked_for(client: TestClient, library: Library) -> None:
    put(client)
    put(client, "other.txt")
    retire(library)
    listed = got(client, "/v1/documents", DocumentList)["documents"]
    assert [(one["document_id"], one["retired"]) for one in listed] == [("other.txt", None)]
    both = got(client, "/v1/documents", DocumentList, retired="true")["documents"]
    assert [one["document_id"] for one in both] == ["lamps.txt", "other.txt"]
    assert both[0]["retired"] is not None
    assert got(client, "/v1/collections/default", Collection)["documents"] == 1


def test_the_feed_tells_of_retiring_and_restoring(client: TestClient, library: Library) -> None:
    locator = put(client)
    retire(library)
    put(client)
    assert got(client, "/v1/documents/lamps.txt", Document)["version"] == 2
    told = got(client, "/v1/changes", ChangesResponse)
    events = [(one["kind"], one["change"]) for one in told["documents"]]
    assert [kind for kind, _ in events] == ["added", "retired", "restored"]
    change = events[1][1]
    then = client.post("/v1/changes", json={"until": change, "citations": [locator]}).json()
    assert_shape(ChangesResponse, then)
    (status,) = then["citations"]
    assert status["status"] == status["standing"]["status"] == "gone"
    assert status["standing"]["since"] is not None
    now = client.post("/v1/changes", json={"citations": [locator]}).json()["citations"]
    assert [(one["status"], one["standing"]["since"]) for one in now] == [("current", None)]
    asked = {"question": "When was the lamp lit?", "as_of": change - 1}
    assert len(client.post("/v1/ask", json=asked).json()["passages"]) == 1


def test_deleting_a_retired_document_erases_it(client: TestClient, library: Library) -> None:
    locator = put(client)
    retire(library)
    assert client.delete("/v1/documents/lamps.txt").status_code == 200
    assert_error(client.get(f"/v1/citations/{locator}"), 404, "citation_not_found")
    assert_error(client.get("/v1/documents/lamps.txt"), 404, "document_not_found")


def test_pruning_erases_retired_documents(client: TestClient, library: Library) -> None:
    locator = put(client)
    retire(library)
    assert client.post("/v1/prune", json={}).json()["retired"] == []  # kept for 30 days
    body = {"keep_retired_days": 0, "citations": [locator]}
    plan = client.post("/v1/prune", json=body).json()
    assert_shape(PruneResponse, plan)
    assert [one["document_id"] for one in plan["retired"]] == ["lamps.txt"]
    assert (plan["versions"], plan["broken"]) == ([], [locator])
    assert client.get(f"/v1/citations/{locator}").status_code == 200
    done = client.post("/v1/prune", json={**body, "dry_run": False}).json()
    assert done.pop("purged") in {"pending", "done"}
    assert done.pop("change") > plan.pop("change")
    assert {**done, "purged": plan["purged"]} == {**plan, "done": True}
    assert_error(client.get(f"/v1/citations/{locator}"), 404, "citation_not_found")


def test_the_service_erases_retired_documents_by_itself(library: Library) -> None:
    with served(library, keep_retired_days=None) as client:
        assert client.app.state.runtime.retention.looks == 0  # type: ignore[attr-defined]
    with served(library) as client:
        eventually(lambda: client.app.state.runtime.retention.looks == 1)  # type: ignore[attr-defined]


def test_a_refused_mirror_degrades_readiness(client: TestClient, library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.txt").write_text(TEXT)
    ready = got(client, "/readyz", Readiness)
    assert (ready["status"], ready["refused_mirrors"]) == ("ready", [])
    with Library(library.data, embedder=library.embedder) as other:  # as another process

        def mirror() -> None:
            FolderIngest(other.open("default", create=True), FolderOptions(mirror=True)).run([folder])

        mirror()
        folder.rename(tmp_path / "away")
        mirror()
        degraded = got(client, "/readyz", Readiness)
        assert degraded["status"] == "degraded"
        (refused,) = degraded["refused_mirrors"]
        assert got(client, "/v1/collections/default", Collection)["refused_mirrors"] == [refused]
        assert (refused["collection"], refused["folder"]) == ("default", str(folder))
        assert "does not exist" in refused["reason"]
        (tmp_path / "away").rename(folder)
        mirror()
    assert got(client, "/readyz", Readiness)["status"] == "ready"


def test_only_admins_see_which_folders_were_refused(
    client: TestClient, library: Library, tmp_path: Path
) -> None:
    put(client)
    refused = [RefusedMirror("/srv/share", "/srv/share does not exist.", 1.0)]
    library.open("default").editor.set_refused_mirrors(lambda known: refused)
    keyring = client.app.state.runtime.keyring  # type: ignore[attr-defined]
    for scope, count in ((Scope.READ, 0), (Scope.ADMIN, 1)):
        token, key = new_key("a program", scope, KeyOptions())
        keyring.add(key)
        headers = {"Authorization": f"Bearer {token}"}
        for path in ("/v1/collections/default", "/v1/collections", "/readyz"):
            response = client.get(path, headers=headers)
            assert response.status_code == 200
            assert response.text.count("/srv/share does not exist.") == count
