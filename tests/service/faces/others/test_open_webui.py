"""Open WebUI's knowledge API: what oikb calls, and oikb itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.faces.others import open_webui
from service.flows.ingest import knowledge
from tests.patience import PATIENCE
from tests.service.http_service import app_of, assert_shape, live
from tests.service.stores import in_each_store
from tests.sizes import size

KB = "/api/v1/knowledge/default"
pytest_generate_tests = in_each_store


def entry(path: str, checksum: str) -> dict[str, Any]:
    folder, _, name = path.rpartition("/")
    return {"filename": name, "path": folder, "checksum": checksum, "size": 1}


def diff(client: TestClient, **files: str) -> dict[str, Any]:
    manifest = [entry(path.replace("__", "/"), checksum) for path, checksum in files.items()]
    response = client.post(f"{KB}/sync/diff", json={"manifest": manifest})
    assert response.status_code == 200, response.text
    assert_shape(open_webui.DiffResponse, response.json())
    found: dict[str, Any] = response.json()
    return found


def upload(client: TestClient, path: str, text: str, checksum: str, status: int = 200) -> Any:
    folder, _, name = path.rpartition("/")
    given = {"knowledge_id": "default", "file_hash": checksum}
    if folder:
        given["directory_id"] = knowledge.encode_id(folder)
    response = client.post(
        "/api/v1/files/", files={"file": (name, text)}, data={"metadata": json.dumps(given)}
    )
    assert response.status_code == status, response.text
    return response.json()


def clean_up(client: TestClient, *file_ids: str, status: int = 200) -> Any:
    response = client.post(f"{KB}/sync/cleanup", json={"file_ids": list(file_ids)})
    assert response.status_code == status, response.text
    return response.json()


def given_for(name: str) -> str:
    return json.dumps({"knowledge_id": name, "file_hash": ""})


def ids(client: TestClient) -> list[str]:
    return [one["document_id"] for one in client.get("/v1/documents?limit=1000").json()["documents"]]


def test_a_knowledge_base_is_filled_changed_and_emptied(client: TestClient) -> None:
    first = diff(client, **{"a.txt": "1", "deep__er__b.txt": "1"})
    assert [one["filename"] for one in first["added"]] == ["a.txt", "b.txt"]
    assert first["mkdir"] == []
    assert first["directory_map"] == {"deep/er": knowledge.encode_id("deep/er")}
    upload(client, "a.txt", "The lamp was lit.", "1")
    made = upload(client, "deep/er/b.txt", "The bell was rung.", "1")
    assert made["id"] == knowledge.encode_id("deep/er/b.txt")
    assert ids(client) == ["a.txt", "deep/er/b.txt"]
    again = diff(client, **{"a.txt": "1", "deep__er__b.txt": "1"})
    assert (again["added"], again["modified"], again["deleted"], again["unmodified_count"]) == ([], [], [], 2)
    changed = diff(client, **{"a.txt": "2"})
    (modified,), (deleted,) = changed["modified"], changed["deleted"]
    assert (modified["filename"], deleted["path"]) == ("a.txt", "deep/er")
    assert clean_up(client, modified["stale_file_id"], deleted["file_id"]) == {"removed": 1}
    assert ids(client) == ["a.txt"]  # until its new version is there
    upload(client, "a.txt", "The lamp was lit at dusk.", "2")
    assert client.get("/v1/documents/a.txt").json()["version"] == 2
    listed = client.get(f"{KB}/files").json()
    assert (listed["total"], listed["items"][0]["hash"]) == (1, "2")
    assert client.get(KB).json()["id"] == "default"
    assert client.post(f"{KB}/reset?include_directories=True").json() == {"removed": 1}
    assert ids(client) == []
    assert client.get("/v1/documents/a.txt/versions").json()["versions"]


def test_a_name_and_a_title_that_a_person_gave_stay(client: TestClient) -> None:
    upload(client, "deep/a.txt", "The lamp was lit.", "1")
    named = {"document_id": "Of lamps.txt", "title": "Lamps"}
    assert client.patch("/v1/documents/deep/a.txt", json=named).status_code == 200
    found = diff(client, deep__a="1", **{"deep__a.txt": "1", "Of lamps.txt": "1"})
    assert (found["deleted"], found["modified"], found["unmodified_count"]) == ([], [], 1)
    assert upload(client, "Of lamps.txt", "Another.", "1", status=409)["code"] == "document_id_taken"
    made = upload(client, "deep/a.txt", "The lamp was lit at dusk.", "2")
    assert made["id"] == knowledge.encode_id("deep/a.txt")
    assert ids(client) == ["Of lamps.txt"]
    assert client.get("/v1/documents/Of lamps.txt").json()["title"] == "Lamps"
    assert clean_up(client, made["id"]) == {"removed": 1}
    upload(client, "deep/a.txt", "The lamp was lit at dusk.", "2")
    assert ids(client) == ["Of lamps.txt"]
    assert client.post(f"{KB}/reset").json() == {"removed": 1}


def test_what_a_manifest_is_answered_with_is_not_far_longer_than_it(client: TestClient) -> None:
    deep = [{"filename": "a/" * 2000 + "b", "path": "a/" * 2000 + str(at), "checksum": ""} for at in range(3)]
    response = client.post(f"{KB}/sync/diff", json={"manifest": deep})
    assert response.status_code == 200
    assert len(response.content) < 10 * len(json.dumps(deep))


def test_a_file_that_comes_back_is_not_embedded_again(client: TestClient) -> None:
    upload(client, "a.txt", "The lamp was lit.", "1")
    client.post(f"{KB}/reset")
    upload(client, "a.txt", "The lamp was lit.", "1")
    assert client.get("/v1/documents/a.txt").json()["retired"] is None


def test_documents_that_came_another_way_stay(client: TestClient) -> None:
    client.put("/v1/documents/a.txt?wait=true", json={"text": "Somebody else put this."})
    found = diff(client, **{"a.txt": "1"})
    assert (len(found["added"]), found["deleted"]) == (1, [])
    refused = upload(client, "a.txt", "Mine.", "1", status=409)
    assert refused["code"] == "document_id_taken"
    assert clean_up(client, knowledge.encode_id("a.txt")) == {"removed": 0}
    assert client.post(f"{KB}/reset").json() == {"removed": 0}
    assert client.get("/v1/documents/a.txt/text").text == "Somebody else put this."


def test_a_large_removal_is_refused_and_a_reset_is_not(client: TestClient) -> None:
    for number in range(12):
        upload(client, f"{number:02}.txt", f"Lamp {number}.", "1")
    gone = [one["file_id"] for one in diff(client, **{"00.txt": "1"})["deleted"]]
    assert len(gone) == 11
    refused = clean_up(client, *gone, status=409)
    assert refused["code"] == "removal_refused"
    assert "reset" in refused["detail"]
    assert len(ids(client)) == 12
    assert clean_up(client, *gone[:3]) == {"removed": 3}
    assert client.post(f"{KB}/reset").json() == {"removed": 9}


@pytest.mark.parametrize("path", ["../a.txt", "/etc/a.txt", "a\nb.txt", "x" * 600 + ".txt", "a/../b.txt"])
def test_names_that_lead_elsewhere_are_refused_and_told(client: TestClient, path: str) -> None:
    found = diff(client, **{path.replace("/", "__"): "1"})
    assert len(found["added"]) == 1  # so that the upload tells what is wrong
    folder, _, name = path.rpartition("/")
    given = {"knowledge_id": "default", "file_hash": "1", "directory_id": knowledge.encode_id(folder)}
    response = client.post(
        "/api/v1/files/", files={"file": (name, "A lamp.")}, data={"metadata": json.dumps(given)}
    )
    assert response.status_code == 422
    assert ids(client) == []


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"json": {}}, 422),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data; boundary=y"}}, 422),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, 422),
        ({"files": {"file": ("a.txt", "A.")}}, 422),
        ({"files": {"file": ("a.txt", "A.")}, "data": {"metadata": "{"}}, 422),
        ({"files": {"other": ("a.txt", "A.")}, "data": {"metadata": "{}"}}, 422),
        ({"files": {"file": ("a.exe", b"\x00")}, "data": {"metadata": given_for("default")}}, 415),
        ({"files": {"file": ("a.txt", "A.")}, "data": {"metadata": given_for("none")}}, 404),
    ],
)  # fmt: skip
def test_uploads_that_cannot_be_are_told_in_open_webuis_shape(
    client: TestClient, request_: dict[str, Any], status: int
) -> None:
    response = client.post("/api/v1/files/", **request_)
    assert response.status_code == status, response.text
    assert response.json()["detail"]


def test_ids_that_nobody_gave_are_refused(client: TestClient) -> None:
    for wrong in ("é", "a", "____", "=="):
        assert clean_up(client, wrong, status=422)["code"] == "invalid_document_id"
    assert client.get("/api/v1/knowledge/none").status_code == 404
    assert client.post("/api/v1/nonsense").json()["detail"]


def test_a_folder_has_an_id_without_being_made(client: TestClient) -> None:
    made = client.post(f"{KB}/dirs/create", json={"name": "deep"}).json()
    below = client.post(f"{KB}/dirs/create", json={"name": "er", "parent_id": made["id"]}).json()
    assert below["id"] == knowledge.encode_id("deep/er")


# oikb itself

_RUN = "from oikb.cli import cli; cli()"


def oikb(folder: Path, url: str, home: Path, *more: str, status: int = 0) -> str:
    """Run oikb, as its users do, without anything changed in it."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("OIKB", "OPEN_WEBUI"))}
    settings = {"OPEN_WEBUI_URL": url, "OPEN_WEBUI_API_KEY": "any", "HOME": str(home), "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-c", _RUN, "sync", str(folder), "--kb-id", "default", *more],
        env={**own, **settings},
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
        check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.processes
@pytest.mark.skipif(find_spec("oikb") is None, reason="oikb is not installed")
def test_oikb_synchronizes_a_folder_and_sends_no_file_again(library: Library, tmp_path: Path) -> None:
    folder, files = tmp_path / "docs", size(300)
    for number in range(files):
        path = folder / f"part{number % 7}" / f"{number:03}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# Lamp {number}\n\nLamp {number} was lit in {1800 + number}.")
    (folder / 'Grüße "vom" 100%.md').write_text("# Greetings\n\nA name that forms escape.")
    with live(app_of(library)) as client:
        url = str(client.base_url).rstrip("/")
        assert f"{files + 1} added" in oikb(folder, url, tmp_path)
        assert library.counts("default").documents == files + 1
        change = library.open("default").last_change()
        said = oikb(folder, url, tmp_path)
        assert f"{files + 1} unchanged" in said
        assert "added" not in said
        (folder / "part3" / "003.md").write_text("# Lamp 3\n\nLamp 3 went out.")
        (folder / "part4" / "004.md").unlink()
        (folder / "new.md").write_text("# New\n\nA new lamp.")
        said = oikb(folder, url, tmp_path, "--concurrency", "4")
        assert all(part in said for part in ("1 added", "1 modified", "1 deleted", f"{files - 1} unchanged"))
        opened = library.open("default")
        assert opened.archive.document("part3/003.md").version == 2
        assert opened.archive.find_document("part4/004.md") is None
        assert opened.archive.versions("part4/004.md")
        assert opened.last_change() > change
