"""Documents about lamps, and what the routes of versions answer about them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote as percent_encode

from starlette.testclient import TestClient

from service.faces.api.schemas.changes import ChangesResponse
from service.faces.api.schemas.documents import Diff, PruneResponse, VersionList
from tests.service.http_service import success

ONE = "# Lamps\n\nThe lamp was lit at dusk.\n\nOil lamps need a wick.\n"
TWO = "# Lamps\n\nThe lamp was lit at dawn.\n\nOil lamps need a wick.\n"
THREE = "# Lamps\n\nIt is never lit.\n\nNothing is needed for that.\n"


def versions(client: TestClient, document_id: str, **params: Any) -> list[dict[str, Any]]:
    response = client.get(f"/v1/documents/{percent_encode(document_id)}/versions", params=params)
    found = success(response, VersionList)
    assert found["document_id"] == document_id
    listed: list[dict[str, Any]] = found["versions"]
    return listed


def diff(client: TestClient, document_id: str, **params: Any) -> dict[str, Any]:
    return success(client.get(f"/v1/documents/{percent_encode(document_id)}/diff", params=params), Diff)


def prune(client: TestClient, **body: Any) -> dict[str, Any]:
    return success(client.post("/v1/prune", json=body), PruneResponse)


def going(pruned: dict[str, Any]) -> list[tuple[str, int]]:
    return [(one["document_id"], one["version"]) for one in pruned["versions"]]


def changes(client: TestClient, **params: Any) -> dict[str, Any]:
    return success(client.get("/v1/changes", params=params), ChangesResponse)


def follow(client: TestClient, **body: Any) -> dict[str, Any]:
    return success(client.post("/v1/changes", json=body), ChangesResponse)


def change(client: TestClient) -> int:
    number: int = client.get("/v1/changes").json()["index"]["change"]
    return number


def whole(record: dict[str, Any]) -> str:
    """The locator of all of a document's text."""
    return f"{record['document_id']}@{record['text_sha256'][:12]}:0-{record['length']}"
