from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from index.library import Library
from service.app import create_app
from service.errors import STATUS
from service.openapi import OPEN_PATHS, describe
from service.requests.asking import AskRequest
from service.requests.citations import ChangesRequest, VerifyRequest
from service.requests.documents import DocumentRequest, PatchRequest, PruneRequest
from service.requests.jobs import IngestRequest
from tests.service.http_service import app_of


@pytest.fixture
def api(library: Library) -> dict[str, Any]:
    return describe(app_of(library), key_required=False)


def operations(api: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, told) for path, methods in api["paths"].items() for method, told in methods.items()
    ]


def test_the_addresses_are_the_documented_ones(api: dict[str, Any]) -> None:
    assert sorted(f"{method.upper()} {path}" for method, path, _ in operations(api)) == [
        "DELETE /v1/collections/{name}",
        "DELETE /v1/documents/{document_id}",
        "DELETE /v1/jobs/{job_id}",
        "GET /healthz",
        "GET /readyz",
        "GET /v1/changes",
        "GET /v1/citations/{locator}",
        "GET /v1/collections",
        "GET /v1/collections/{name}",
        "GET /v1/documents",
        "GET /v1/documents/{document_id}",
        "GET /v1/documents/{document_id}/diff",
        "GET /v1/documents/{document_id}/text",
        "GET /v1/documents/{document_id}/versions",
        "GET /v1/jobs",
        "GET /v1/jobs/{job_id}",
        "GET /v1/jobs/{job_id}/events",
        "GET /v1/jobs/{job_id}/files",
        "PATCH /v1/documents/{document_id}",
        "POST /v1/ask",
        "POST /v1/changes",
        "POST /v1/ingest",
        "POST /v1/jobs/{job_id}/cancel",
        "POST /v1/jobs/{job_id}/retry",
        "POST /v1/prune",
        "POST /v1/verify",
        "PUT /v1/collections/{name}",
        "PUT /v1/documents/{document_id}",
    ]


def test_every_operation_is_described_and_tells_its_errors(api: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in api["tags"]}
    for _, path, told in operations(api):
        assert told["summary"]
        assert told["description"]
        assert set(told["tags"]) <= tags
        failing = {int(status) for status in told["responses"] if int(status) >= 400}
        assert failing <= set(STATUS.values())
        assert 500 in failing
        assert (401 in failing) == (path not in OPEN_PATHS)
        for status in failing:
            content = told["responses"][str(status)]["content"]["application/json"]
            assert content["schema"] == {"$ref": "#/components/schemas/ErrorBody"}
            assert content["examples"]


def test_every_operation_tells_what_it_answers(api: dict[str, Any]) -> None:
    for method, path, told in operations(api):
        fine = {int(status) for status in told["responses"] if int(status) < 400}
        expected = 204 if method == "delete" else 202 if path == "/v1/ingest" else 200
        assert expected in fine


def test_every_reference_is_there(api: dict[str, Any]) -> None:
    for reference in re.findall(r"'\$ref': '#/([^']+)'", str(api)):
        at: Any = api
        for part in reference.split("/"):
            at = at[part]
        assert at
    assert "HTTPValidationError" not in api["components"]["schemas"]


def test_examples_are_accepted() -> None:
    asked = (
        AskRequest,
        ChangesRequest,
        DocumentRequest,
        IngestRequest,
        PatchRequest,
        PruneRequest,
        VerifyRequest,
    )
    for model in asked:
        for example in model.model_json_schema()["examples"]:
            model.model_validate(example)


def test_a_key_is_told_of_when_it_is_needed(library: Library) -> None:
    api = describe(app_of(library, api_key="k"), key_required=True)
    assert set(api["components"]["securitySchemes"]) == {"bearer", "header"}
    for _, path, told in operations(api):
        assert ("security" in told) == (path not in OPEN_PATHS)


def test_the_reference_is_served_and_loads_nothing_from_elsewhere(client: TestClient) -> None:
    assert client.get("/openapi.json").json()["info"]["title"] == "Loccit"
    page = client.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", page.text)
    assert "innerHTML" not in page.text


def routes(found: Sequence[Any]) -> Iterator[APIRoute]:
    """All routes, those of included routers too."""
    for route in found:
        if isinstance(route, APIRoute):
            yield route
        elif router := getattr(route, "original_router", None):
            yield from routes(router.routes)


def test_routes_are_not_left_out_of_the_description(library: Library, api: dict[str, Any]) -> None:
    app = create_app(app_of(library).state.settings, library=library)
    served = {route.path_format for route in routes(app.routes)}
    assert served - set(api["paths"]) == {"/", "/style.css", "/view/{locator}"}
