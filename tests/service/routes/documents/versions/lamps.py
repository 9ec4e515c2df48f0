"""Documents about lamps, and what the routes of versions answer about them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote as percent_encode

from starlette.testclient import TestClient

from service.schemas.changes import ChangesResponse
from service.schemas.documents import Diff, PruneResponse, VersionList
from tests.service.http_service import assert_shape

ONE = "# Lamps\n\nThe lamp was lit at dusk.\n\nOil lamps need a wick.\n"
TWO = "# Lamps\n\nThe lamp was lit at dawn.\n\nOil lamps need a wick.\n"
THREE = "# Lamps\n\nIt is never lit.\n\nNothing is needed for that.\n"


def versions(client: TestClient, document_id: str, **params: Any) -> list[dict[str, Any]]:
    response = client.get(f"/v1/documents/{percent_encode(document_id)}/versions", params=params)
    assert response.status_code == 200, response.text
    told = response.json()
    assert_shape(VersionList, told)
    assert told["document_id"] == document_id
    listed: list[dict[str, Any]] = told["versions"]
    return listed


def diff(client: TestClient, document_id: str, **params: Any) -> dict[str, Any]:
    response = client.get(f"/v1/documents/{percent_encode(document_id)}/diff", params=params)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    assert_shape(Diff, told)
    return told


def prune(client: TestClient, **body: Any) -> dict[str, Any]:
    response = client.post("/v1/prune", json=body)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    assert_shape(PruneResponse, told)
    return told


def going(told: dict[str, Any]) -> list[tuple[str, int]]:
    return [(one["document_id"], one["version"]) for one in told["versions"]]


def changes(client: TestClient, **params: Any) -> dict[str, Any]:
    response = client.get("/v1/changes", params=params)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    assert_shape(ChangesResponse, told)
    return told


def follow(client: TestClient, **body: Any) -> dict[str, Any]:
    response = client.post("/v1/changes", json=body)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    assert_shape(ChangesResponse, told)
    return told


def change(client: TestClient) -> int:
    number: int = client.get("/v1/changes").json()["index"]["change"]
    return number


def whole(record: dict[str, Any]) -> str:
    """The locator of all of a document's text."""
    return f"{record['document_id']}@{record['text_sha256'][:12]}:0-{record['length']}"
