"""Sidecars in the form of an ingest describe the files that they were sent with."""

from __future__ import annotations

import json
from typing import Any

from starlette.testclient import TestClient

from index.library import Library
from tests.patience import eventually


def ingested(client: TestClient, files: dict[str, str], **fields: Any) -> dict[str, Any]:
    """The outcome of each file of a job."""
    parts = [("files", (name, text.encode())) for name, text in files.items()]
    job = client.post("/v1/ingest?prefix=p", files=parts, data=fields).json()
    eventually(lambda: client.get(job["links"]["self"]).json()["state"] == "done")
    listed = client.get(job["links"]["files"]).json()["files"]
    return {one["name"]: one for one in listed}


def test_a_sidecar_describes_the_file_it_was_sent_with(client: TestClient) -> None:
    sidecar = {"title": "Of lamps", "source": "S", "metadata": {"year": 1859, "by": "sidecar"}}
    files = {"a/lamp.md": "The lamp.", "a/lamp.md.meta.json": json.dumps(sidecar), "b.md": "Oil."}
    outcome = ingested(client, files, metadata='{"by": "form", "kind": "note"}')
    assert outcome.keys() == {"p/a/lamp.md", "p/b.md"}
    lamp = client.get("/v1/documents/p/a/lamp.md").json()
    assert (lamp["title"], lamp["source"]) == ("Of lamps", "S")
    assert lamp["metadata"] == {"year": 1859, "by": "sidecar", "kind": "note"}
    assert client.get("/v1/documents/p/b.md").json()["metadata"] == {"by": "form", "kind": "note"}


def test_a_sidecar_is_not_kept(client: TestClient, library: Library) -> None:
    ingested(client, {"empty.md": "", "empty.md.meta.json": '{"title": "T"}'})
    spooled = [path for path in (library.data / "spool").rglob("*") if path.is_file() and not path.suffix]
    assert [path.stat().st_size for path in spooled] == [0]  # the refused file, which can be retried


def test_a_broken_sidecar_refuses_its_file_alone(client: TestClient) -> None:
    outcome = ingested(client, {"a.md": "A.", "a.md.META.YML": "[", "b.md": "B."})
    assert (outcome["p/a.md"]["state"], outcome["p/a.md"]["code"]) == ("refused", "invalid_metadata")
    assert outcome["p/b.md"]["state"] == "added"


def test_a_sidecar_of_no_file_is_a_document(client: TestClient) -> None:
    outcome = ingested(client, {"other.md.meta.json": '{"title": "T"}', "b.md": "B."})
    assert outcome.keys() == {"p/other.md.meta.json", "p/b.md"}
