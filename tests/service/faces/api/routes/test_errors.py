from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from index import errors as library_errors
from index.collection import Collection
from index.embedding import WordEmbedder
from index.errors import LoccitError
from index.library import Library
from service import errors as service_errors
from service.app.application import SHAPES
from service.errors import RETRY_AFTER, STATUS, status_of
from service.faces.pages import ERROR_PAGES
from service.http import error_handlers
from service.http.middleware.telemetry import Telemetry
from service.monitoring.metrics import Metrics
from tests.log_lines import records
from tests.service.http_service import GatedEmbedder, app_of, assert_error, served

EVERY = [
    kind
    for module in (library_errors, service_errors)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, LoccitError)
]
ABSTRACT = (LoccitError, service_errors.ServiceError)


@pytest.mark.parametrize("kind", sorted({*EVERY} - {*ABSTRACT}, key=lambda kind: kind.__name__))
def test_every_error_has_a_status_of_its_own_or_of_its_branch(kind: type[LoccitError]) -> None:
    assert any(base in STATUS for base in kind.__mro__ if base not in ABSTRACT)


def test_codes_are_distinct() -> None:
    codes = [kind.code for kind in {*EVERY}]
    assert len(codes) == len(set(codes))


@pytest.fixture
def raising() -> Iterator[TestClient]:
    app = FastAPI(middleware=[Middleware(Telemetry, instruments=Metrics().instruments)])
    error_handlers.install(app, SHAPES, ERROR_PAGES)

    @app.get("/{name}")
    async def fail(name: str) -> None:
        kind = next(kind for kind in EVERY if kind.__name__ == name)
        raise kind("Half a pair \ud800 is told.")

    with TestClient(app) as client:
        yield client


@pytest.mark.parametrize("kind", EVERY)
def test_every_error_is_the_one_body(raising: TestClient, kind: type[LoccitError]) -> None:
    response = raising.get(f"/{kind.__name__}")
    assert_error(response, status_of(kind), kind.code)
    assert ("retry-after" in response.headers) == (kind in RETRY_AFTER)


def test_an_address_that_is_not_there(client: TestClient) -> None:
    assert "/v1/nothing" in assert_error(client.get("/v1/nothing"), 404, "route_not_found")
    assert_error(client.get("/v1/ask/"), 404, "route_not_found")


def test_a_method_that_is_not_taken(client: TestClient) -> None:
    response = client.get("/v1/ask")
    assert "POST" in assert_error(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("path", "uses"),
    [
        ("/v1/documents", "Use GET or PUT /v1/documents/{document_id}."),
        ("/v1/collections", "Use GET or PUT /v1/collections/{name}."),
        ("/v1/sources", "Use GET or PUT /v1/sources/{source}."),
        ("/v1/documents/x", "Use DELETE, GET, PATCH or PUT."),
        ("/v1/documents/folder/x", "Use DELETE, GET, PATCH or PUT."),
        ("/v1/collections/x", "Use DELETE, GET, PATCH or PUT."),
        ("/v1/sources/x", "Use DELETE or PUT."),
        ("/healthz", "Use GET."),
    ],
)
def test_a_method_that_a_path_does_not_take_is_told_where_it_is_taken(
    client: TestClient, path: str, uses: str
) -> None:
    response = client.post(path, json={})
    message = assert_error(response, 405, "method_not_allowed")
    assert message == f"{path} does not take POST. {uses}"
    allowed = response.headers["allow"].split(", ")
    assert allowed == sorted({*allowed})
    assert all(method in uses for method in allowed if method != "HEAD")
    for method in allowed:
        assert client.request(method, path).status_code != 405


class BrokenLibrary(Library):
    """Fails as nobody foresaw."""

    def open(self, name: str, *, create: bool = False, model: str = "") -> Collection:
        raise RuntimeError(f"secret path of {name}")


def test_what_nobody_foresaw_is_logged_and_not_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with served(BrokenLibrary(tmp_path, embedder=WordEmbedder())) as client:
        response = client.get("/v1/documents", headers={"x-request-id": "it-was-me"})
    assert "secret" not in assert_error(response, 500, "internal_error")
    (record,) = [record for record in records(caplog) if record.exc_info]
    assert "it-was-me" in record.getMessage()
    assert "secret path" in caplog.text


def test_a_model_that_cannot_be_loaded_is_told_by_readiness(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def missing() -> WordEmbedder:
        raise library_errors.ModelNotFound("No model in /secret/folder.")

    with Library(tmp_path, embedder=missing) as library, TestClient(app_of(library)) as client:
        while "loading" in client.get("/readyz").text:
            pass
        for response in (client.get("/readyz"), client.post("/v1/ask", json={"question": "lamp"})):
            message = assert_error(response, 503, "not_ready")
            assert "model_not_found" in message
            assert "secret" not in message
            assert response.headers["retry-after"]
        assert client.get("/healthz").status_code == 200
    assert "/secret/folder" in caplog.text


def test_a_service_that_loads_its_model_is_up_and_not_ready(tmp_path: Path) -> None:
    embedder = GatedEmbedder()
    embedder.gate.clear()
    with Library(tmp_path, embedder=embedder) as library, TestClient(app_of(library)) as client:
        assert client.get("/healthz").json() == {"status": "up"}
        assert_error(client.get("/readyz"), 503, "not_ready")
        assert_error(client.get("/v1/collections"), 503, "not_ready")
        embedder.gate.set()


def test_errors_of_the_caller_are_not_logged_as_ours(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    client.post("/v1/ask", json={"question": ""})
    assert not records(caplog, least=logging.WARNING)
