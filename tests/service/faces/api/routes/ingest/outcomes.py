"""What became of the files that were sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from index.library import Library
from service.faces.api.schemas.jobs import JobFiles, JobResponse
from tests.patience import eventually
from tests.service.http_service import assert_shape

LAMP = b"# Lamps\n\nThe lamp was lit at dusk."
MOST = 200_000


def done(client: Any, response: Any) -> dict[str, Any]:
    """The job of an answer, when it is finished."""
    assert response.status_code == 202, response.text
    assert response.headers["location"] == response.json()["links"]["self"]
    assert_shape(JobResponse, response.json())
    address = response.json()["links"]["self"]
    eventually(lambda: client.get(address).json()["finished"])
    job: dict[str, Any] = client.get(address).json()
    assert_shape(JobResponse, job)
    return job


def became(client: Any, job: dict[str, Any]) -> dict[str, str]:
    answer = client.get(job["links"]["files"]).json()
    assert_shape(JobFiles, answer)
    for one in answer["files"]:
        assert (one["state"] == "refused") is bool(one["code"]) is bool(one["message"]), one
        if "document" in one["links"]:
            assert client.get(one["links"]["document"]).status_code == 200, one
    return {one["name"]: one["code"] or one["state"] for one in answer["files"]}


def spooled(library: Library) -> list[Path]:
    """The files in the spool, without those of their checksums."""
    return [path for path in (library.data / "spool").rglob("*") if path.is_file() and not path.suffix]


def assert_nothing_is_left(client: Any, library: Library) -> None:
    """What was refused has left neither job nor file, and the service answers."""
    assert client.get("/v1/jobs").json()["jobs"] == []
    assert list((library.data / "spool").glob("*")) == []
    assert client.put("/v1/documents/after.md", content=LAMP).status_code == 201
