"""The shapes of errors: what an address has, and that each application has shapes of its own."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.testclient import TestClient

from service.app.application import SHAPES
from service.faces.api.routes import health
from service.faces.openai import models
from service.faces.pages import ERROR_PAGES
from service.http import error_handlers
from service.http.error_shapes import ErrorShape, ErrorShapes
from service.http.openapi import describe

SHORT = ErrorShape(lambda error: {"said": error.code}, {"type": "object"}, {404: 410})
LONG = ErrorShape(lambda error: {"told": error.code}, {"type": "object"})


def test_the_longest_beginning_decides() -> None:
    shapes = ErrorShapes({"/a": SHORT, "/a/b": LONG})
    assert [shapes.of(path) for path in ("/a", "/a/", "/a/c", "/a/bc")] == [SHORT] * 4
    assert [shapes.of(path) for path in ("/a/b", "/a/b/c")] == [LONG] * 2
    assert [shapes.of(path) for path in ("", "/", "/ab", "/b")] == [None] * 4


def application(shapes: ErrorShapes) -> FastAPI:
    app = FastAPI()
    error_handlers.install(app, shapes, ERROR_PAGES)
    for routes in (models, health):
        app.router.routes.extend(routes.router.routes)
    return app


def test_applications_of_one_process_have_shapes_of_their_own() -> None:
    one, other = application(ErrorShapes({"/a": SHORT})), application(ErrorShapes({"/a": LONG}))
    for _ in range(2):
        response = TestClient(one).get("/a")
        assert (response.status_code, response.json()) == (410, {"said": "route_not_found"})
        response = TestClient(other).get("/a")
        assert (response.status_code, response.json()) == (404, {"told": "route_not_found"})


def test_the_document_of_an_application_has_its_shapes() -> None:
    def schema(app: FastAPI) -> object:
        told = describe(app)["paths"]["/v1/models"]["get"]["responses"]
        return told["401"]["content"]["application/json"]["schema"]

    own = {"$ref": "#/components/schemas/ErrorBody"}
    assert schema(application(ErrorShapes({}))) == own
    assert schema(application(SHAPES)) != own
    assert schema(application(ErrorShapes({}))) == own
