"""The OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, Response
from fastapi.routing import APIRoute

from index import errors as library_errors
from index.errors import LoccitError, Unreadable
from index.library import Library
from service import errors as service_errors
from service.app import create_app
from service.app.application import SHAPES
from service.errors import STATUS
from service.faces.api.requests.citations import ChangesRequest, VerifyRequest
from service.faces.api.requests.documents import PatchRequest, PruneRequest
from service.faces.api.schemas.collections import Health
from service.faces.mcp.tools.table import TOOLS
from service.faces.pages import ERROR_PAGES
from service.flows.ask.requests import AskRequest
from service.flows.ingest.requests import DocumentRequest, IngestRequest
from service.http import error_handlers
from service.http.links import OPEN_PATHS
from service.http.openapi import describe
from service.http.route import ApiRoute
from service.state.identity import Scope, access
from tests.service.http_service import app_of


@pytest.fixture
def api(library: Library) -> dict[str, Any]:
    return describe(app_of(library))


def operations(api: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, told) for path, methods in api["paths"].items() for method, told in methods.items()
    ]


def test_every_operation_is_described_and_tells_its_errors(api: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in api["tags"]}
    for _, path, told in operations(api):
        assert told["summary"]
        assert told["description"]
        assert set(told["tags"]) <= tags
        failing = {int(status) for status in told["responses"] if int(status) >= 400}
        shape = SHAPES.of(path)
        assert failing <= {shape.status(one) if shape else one for one in STATUS.values()}
        assert 500 in failing
        assert (401 in failing) == (path not in OPEN_PATHS)
        for status in failing:
            content = told["responses"][str(status)]["content"]["application/json"]
            own = {"$ref": "#/components/schemas/ErrorBody"}
            assert content["schema"] == (own if shape is None else shape.schema)
            assert content["examples"]


def codes(described: dict[str, Any]) -> set[str]:
    """The codes of all errors of an operation."""
    return {
        code
        for status, answer in described["responses"].items()
        if int(status) >= 400
        for code in answer["content"]["application/json"]["examples"]
    }


UNDOCUMENTED = {
    "client_gone": "nobody is there to read it",
    "invalid_settings": "the service does not start",
    "data_mixed": "the service does not start",
    "data_not_writable": "the service does not start",
    "key_not_found": "only commands revoke keys",
    "objects_of_another": "the purge stays pending, and the log tells it",
    "person_not_found": "only pages are about people",
    "sign_in_failed": "only pages sign people in",
    "method_not_allowed": "no route answers it",
    "route_not_found": "no route answers it",
    "source_failed": "a run records it",
    "source_refused": "a run records it",
}


def test_every_error_is_documented_by_some_route(api: dict[str, Any]) -> None:
    kinds = [
        kind
        for module in (library_errors, service_errors)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, LoccitError) and not kind.__subclasses__()
    ]
    documented = set().union(*(codes(described) for *_, described in operations(api)))
    assert {kind.code for kind in kinds} - documented == set(UNDOCUMENTED)


def test_errors_are_those_of_what_a_route_takes(api: dict[str, Any]) -> None:
    def of(method: str, path: str) -> set[str]:
        return codes(api["paths"][path][method])

    before = {
        "internal_error", "unauthorized", "forbidden", "rate_limited", "host_not_allowed", "invalid_request",
        "invalid_group", "not_ready", "provider_unavailable",
    }  # fmt: skip
    collection = {
        "invalid_collection_name", "collection_not_found", "collection_mismatch", "collection_busy",
        "model_not_found", "model_damaged", "model_failed", "too_many_models", "backend_missing",
        "store_damaged", "format_in_use", "unknown_format", "store_unavailable", "engine_unsuitable",
        "keys_lost",
    }  # fmt: skip
    assert of("get", "/healthz") == {"internal_error"}
    assert of("get", "/readyz") == {"internal_error", "not_ready"}
    assert of("get", "/v1/collections") == before
    assert of("get", "/v1/documents") == before | collection
    current = {"document_not_found", "document_retired"}
    assert of("get", "/v1/documents/{document_id}") == before | collection | current
    assert of("get", "/v1/documents/{document_id}/versions") == before | collection | {"document_not_found"}
    assert of("delete", "/v1/documents/{document_id}") == before | collection | {
        "document_not_found", "cross_site_request", "encoded_body", "overloaded", "disk_full",
        "disk_read_only", "objects_unavailable",
    }  # fmt: skip
    assert of("patch", "/v1/documents/{document_id}") == before | collection | current | {
        "cross_site_request", "encoded_body", "overloaded", "body_too_large", "body_timeout",
        "invalid_metadata", "disk_full", "disk_read_only", "objects_unavailable", "invalid_document_id",
        "hash_collision",
    }  # fmt: skip
    assert {"job_not_found", "job_not_finished"} <= of("delete", "/v1/jobs/{job_id}")
    assert "job_not_finished" not in of("get", "/v1/jobs/{job_id}")
    assert {kind.code for kind in Unreadable.__subclasses__()} <= of("put", "/v1/documents/{document_id}")


def test_every_operation_tells_what_it_answers(api: dict[str, Any]) -> None:
    for method, path, told in operations(api):
        fine = {int(status) for status in told["responses"] if int(status) < 400}
        is_job = (method, path) == ("delete", "/v1/jobs/{job_id}")
        expected = 204 if is_job else 202 if path in {"/v1/ingest", "/v1/sources/{source}/sync"} else 200
        assert expected in fine


def test_a_group_that_is_not_listed_is_described_by_its_module() -> None:
    router = APIRouter(tags=["lamps"], route_class=ApiRoute)
    router.get("/v1/lamps", summary="List lamps", response_model=Health)(_lamps)
    app = FastAPI(routes=router.routes)
    error_handlers.install(app, SHAPES, ERROR_PAGES)
    assert describe(app)["tags"][-1] == {"name": "lamps", "description": "The OpenAPI document."}


@access(Scope.READ)
async def _lamps() -> Response:
    """All lamps."""
    raise NotImplementedError


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


def test_the_needed_scope_of_a_key_is_told(api: dict[str, Any]) -> None:
    assert set(api["components"]["securitySchemes"]) == {"bearer", "header"}
    for _, path, told in operations(api):
        assert ("security" in told) == (path not in OPEN_PATHS)
    assert api["paths"]["/v1/ask"]["post"]["security"] == [{"bearer": ["ask"]}, {"header": ["ask"]}]
    assert api["paths"]["/v1/prune"]["post"]["security"] == [{"bearer": ["admin"]}, {"header": ["admin"]}]


def routes(found: Sequence[Any]) -> Iterator[APIRoute]:
    """All routes, those of included routers too."""
    for route in found:
        if isinstance(route, APIRoute):
            yield route
        elif router := getattr(route, "original_router", None):
            yield from routes(router.routes)


OF_PROVIDERS = {
    "/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp",
    "/sign-in/{provider}/start", "/sign-in/{provider}/callback", "/sign-in/{provider}/back-channel",
}  # fmt: skip


def test_routes_are_not_left_out_of_the_description(library: Library, api: dict[str, Any]) -> None:
    app = create_app(app_of(library).state.settings, library=library)
    served = {route.path_format for route in routes(app.routes)}
    assert served - set(api["paths"]) == {
        "/", "/static/{version}/{name}", "/language", "/widget.js", "/view/{locator}", "/check",
        "/check/conflicts",
        "/check/evidence", "/docs", "/docs/{operation}", "/evidence", "/help", "/help/{name}",
        "/library", "/library/upload", "/library/fetch", "/library/document", "/library/document/diff",
        "/library/document/delete", "/library/document/explain", "/library/documents/delete",
        "/library/document/change", "/library/overview", "/library/gaps", "/library/gaps/keep",
        "/library/gaps/stop", "/judge", "/hand-on",
        "/suggestions", "/library/collections/rename",
        "/jobs", "/jobs/{job_id}", "/jobs/{job_id}/retry", "/jobs/{job_id}/cancel", "/jobs/{job_id}/delete",
        "/library/collections", "/library/collections/create", "/library/collections/delete",
        "/keys", "/keys/create", "/keys/{key_id}/revoke", "/status",
        "/people", "/people/person", "/people/groups", "/people/sign-out", "/people/forget",
        "/status/sources",
        "/status/sources/change", "/status/sources/{source}/remove",
        "/status/sources/{source}/sync", "/hooks/sources/{source}",
        "/openapi.json", "/sign-in", "/sign-out", *OF_PROVIDERS,
        "/mcp", "/tools/openapi.json", *(f"/tools/{tool.name}" for tool in TOOLS),
    }  # fmt: skip
