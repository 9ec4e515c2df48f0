from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from index.library import Library
from tests.patience import eventually
from tests.service.faces.api.routes.ingest.outcomes import LAMP, assert_nothing_is_left, became, done, spooled
from tests.service.http_service import assert_error
from tests.service.state.jobs.zip_files import (
    DEFLATED,
    Member,
    deflated,
    encrypted,
    end,
    end64,
    written,
    zipped,
)


@pytest.mark.parametrize(
    "media_type", ["application/zip", "application/x-zip-compressed; a=b", "Application/ZIP"]
)
def test_a_folder_as_the_body(client: TestClient, library: Library, media_type: str) -> None:
    folder = zipped({"a/one.md": "One.", "two.md": "Two."})
    headers = {"content-type": media_type}
    job = done(client, client.post("/v1/ingest?prefix=/p/", content=folder, headers=headers))
    assert became(client, job) == {"p/a/one.md": "added", "p/two.md": "added"}
    eventually(lambda: spooled(library) == [])


def test_a_body_that_is_no_folder_is_told_in_its_job(client: TestClient) -> None:
    headers = {"content-type": "application/zip"}
    job = done(client, client.post("/v1/ingest", content=b"zzz", headers=headers))
    assert became(client, job) == {"the ZIP file": "corrupt_document"}
    assert client.get(job["links"]["files"]).json()["files"][0]["message"].startswith("Not a ZIP file")


BOMB = [
    Member(name, deflated(bytes(1_000_000)), method=DEFLATED, size=4_000_000_000) for name in ("a.md", "b.md")
]
HOSTILE = {
    "a bomb": (written(BOMB), {"the ZIP file": "document_too_large"}),
    "a bomb that lies": (
        written([Member("a.md", deflated(bytes(9_000_000)), method=DEFLATED, size=10, crc=0)]),
        {"a.md": "corrupt_document"},
    ),
    "names that lead elsewhere": (
        zipped(dict.fromkeys(("../a.md", "/etc/b.md", "x/../../c.md", "C:\\d.md"), "Evil.")),
        {
            "../a.md": "invalid_document_id",
            "/etc/b.md": "invalid_document_id",
            "x/../../c.md": "invalid_document_id",
            "C:\\d.md": "added",
        },
    ),
    "a list without end": (
        bytes(1000) + end64(1, 2**40, 0, 1000) + end(1, 0xFFFFFFFF, 0xFFFFFFFF),
        {"the ZIP file": "corrupt_document"},
    ),
    "encrypted": (written([encrypted("a.md", LAMP, "dusk")]), {"a.md": "encrypted_document"}),
    "metadata that breaks": (
        zipped({"a.md": "Lit.", "a.md.meta.yaml": "metadata: {n: 0x" + "f" * 9000 + "}"}),
        {"a.md": "invalid_metadata"},
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_folders_are_told_in_their_job(client: TestClient, library: Library, kind: str) -> None:
    data, outcome = HOSTILE[kind]
    response = client.post("/v1/ingest", content=data, headers={"content-type": "application/zip"})
    job = done(client, response)
    assert job["state"] == "done"
    got = became(client, job)
    if kind == "a list without end":  # where it is refused depends on what is looked at first
        assert got.keys() == {"the ZIP file"}
        assert got["the ZIP file"] in ("corrupt_document", "document_too_large")
    else:
        assert got == outcome
    assert not (library.data.parent / "a.md").exists()
    assert client.delete(job["links"]["self"]).status_code == 204
    assert_nothing_is_left(client, library)


@pytest.mark.parametrize("prefix", ["..", "a//b", "a/../b", "x" * 600])
def test_a_prefix_that_cannot_begin_an_id(client: TestClient, library: Library, prefix: str) -> None:
    folder = zipped({"a.md": "Lit."})
    headers = {"content-type": "application/zip"}
    response = client.post("/v1/ingest", params={"prefix": prefix}, content=folder, headers=headers)
    assert_error(response, 422, "invalid_document_id")
    for name in ("folder.zip", "a.md"):
        files = {"files": (name, folder)}
        response = client.post("/v1/ingest", params={"prefix": prefix}, files=files)
        assert_error(response, 422, "invalid_document_id")
    assert_nothing_is_left(client, library)
