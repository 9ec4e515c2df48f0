"""The OpenAPI document: what it says beyond the routes, such as error responses and the API key."""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from starlette.routing import BaseRoute

from index.errors import LoccitError
from service.errors import RETRY_AFTER, error_json, status_of
from service.http.error_shapes import ErrorShape, ErrorShapes, ShownError
from service.http.route import ApiRoute

TAGS = [
    {"name": "ask", "description": "Ask questions. Answers are passages with citations that can be checked."},
    {
        "name": "citations",
        "description": "Look up and verify quotes, also after a document has changed.",
    },
    {"name": "changes", "description": "Follow changes of documents and of citations."},
    {"name": "documents", "description": "Store, read and delete the documents that answer questions."},
    {"name": "jobs", "description": "Ingest many documents in the background."},
    {"name": "collections", "description": "Separate sets of documents."},
    {
        "name": "openai",
        "description": "OpenAI's API, for its client libraries: see docs/integrations/openai.md.",
    },
    {"name": "cohere", "description": "Cohere's Rerank API: see docs/integrations/cohere.md."},
    {"name": "dify", "description": "Dify's external knowledge: see docs/integrations/dify.md."},
    {"name": "anthropic", "description": "Results that Claude cites: see docs/integrations/anthropic.md."},
    {"name": "health", "description": "Health checks for operators."},
]
"""Groups of operations, in the order of the reference. Any other follows, as its module describes it."""
_SCHEMAS = "#/components/schemas/"
_REQUEST_ID = "5f0c1d"
DESCRIPTION = (
    "Ask your documents. Every passage comes with a citation that anyone can check: "
    "`text[start:end] == quote`, in Unicode code points of the text that "
    "`GET /v1/documents/{document_id}/text` returns."
)


_SECURITY_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, or an access token of a provider of OpenID Connect. The roles of an "
        "operation are the least scope that it needs. Where the service has no keys, none is needed.",
    },
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key."},
}


class ErrorDetail(BaseModel):
    """The error."""

    code: str = Field(description="Stable: clients may test it.")
    message: str = Field(description="What happened and what to do, for people. The wording may change.")
    request_id: str = Field(description="Also in the X-Request-ID header and in the service's log.")


class ErrorBody(BaseModel):
    """The body of an error response of Loccit's own interface."""

    error: ErrorDetail


def _error_responses(kinds: Iterable[type[LoccitError]], shape: ErrorShape | None) -> dict[int | str, Any]:
    """Error responses by status, each with its error codes, in a shape; None is Loccit's own."""
    by_status: dict[int, list[type[LoccitError]]] = {}
    for kind in dict.fromkeys(kinds):
        own = status_of(kind)
        by_status.setdefault(own if shape is None else shape.status(own), []).append(kind)
    return {status: _describe_errors(by_status[status], status, shape) for status in sorted(by_status)}


def _describe_errors(
    kinds: Sequence[type[LoccitError]], status: int, shape: ErrorShape | None
) -> dict[str, Any]:
    examples = {kind.code: {"value": _example(kind, status, shape)} for kind in kinds}
    schema = {"$ref": f"{_SCHEMAS}ErrorBody"} if shape is None else dict(shape.schema)
    documented: dict[str, Any] = {
        "description": " ".join(f"`{kind.code}`: {_summary(kind)}" for kind in kinds),
        # Not as `model`: the framework would use the media type of the route's other responses.
        "content": {"application/json": {"schema": schema, "examples": examples}},
    }
    if any(kind in RETRY_AFTER for kind in kinds):
        wait = {"description": "Seconds to wait before the same request.", "schema": {"type": "integer"}}
        documented["headers"] = {"Retry-After": wait}
    return documented


def _example(kind: type[LoccitError], status: int, shape: ErrorShape | None) -> Mapping[str, Any]:
    if shape is None:
        return error_json(kind.code, _summary(kind), _REQUEST_ID)
    return shape.body(ShownError(kind.code, _summary(kind), status, _REQUEST_ID))


def _summary(kind: type[LoccitError]) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


def _described(route: BaseRoute, shapes: ErrorShapes) -> BaseRoute:
    """A route as the document shows it: with its JSON body, and errors in the shape of its address."""
    if not isinstance(route, ApiRoute):
        return route
    shown = copy(route)  # the route itself is part of other applications, too
    shown.responses = {**route.responses, **_error_responses(route.errors, shapes.of(route.path_format))}
    if route.body:
        shown.openapi_extra = {"requestBody": route.body.openapi(), **(route.openapi_extra or {})}
    return shown


def _remove_errors_of_framework(schema: dict[str, Any], shapes: ErrorShapes) -> None:
    """Remove the 422 that the framework adds to routes whose shape of errors has no such status."""
    for path, methods in schema["paths"].items():
        shape = shapes.of(path)
        if shape is not None and shape.status(422) != 422:
            for told in methods.values():
                told["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        schema["components"]["schemas"].pop(name, None)


def _tags(routes: Iterable[BaseRoute]) -> list[dict[str, str]]:
    known = {tag["name"]: tag for tag in TAGS}
    for route in routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            said = (inspect.getdoc(inspect.getmodule(route.endpoint)) or "").partition("\n")[0]
            for name in map(str, route.tags):
                known.setdefault(name, {"name": name, "description": said})
    return list(known.values())


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document. It is built once."""
    if app.openapi_schema is None:
        shapes: ErrorShapes = app.state.error_shapes
        schema = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=[_described(route, shapes) for route in app.routes],
            tags=_tags(app.routes),
        )
        errors = ErrorBody.model_json_schema(ref_template=f"{_SCHEMAS}{{model}}")
        schema["components"]["schemas"] |= {**errors.pop("$defs"), "ErrorBody": errors}
        schema["paths"] = dict(sorted(schema["paths"].items()))
        schema["components"]["securitySchemes"] = _SECURITY_SCHEMES
        _remove_errors_of_framework(schema, shapes)
        app.openapi_schema = schema
    return app.openapi_schema
