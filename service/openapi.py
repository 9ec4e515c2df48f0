"""What the OpenAPI description says beyond the routes: error answers, and the API key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field

from index.errors import LoccitError
from service.errors import EVERYWHERE, RETRY_AFTER, error_json, status_of

OPEN_PATHS = ("/healthz", "/readyz")
"""The health checks, which need no key: whoever restarts the service has none."""

TAGS = [
    {"name": "ask", "description": "Questions, answered with passages that can be checked."},
    {"name": "citations", "description": "What a locator names, today and after the document has changed."},
    {"name": "changes", "description": "What happened to documents, and what that did to citations."},
    {"name": "documents", "description": "The texts that questions are answered from."},
    {"name": "jobs", "description": "Many documents at once, taken in while questions are answered."},
    {"name": "collections", "description": "Sets of documents that are asked, kept and deleted apart."},
    {"name": "health", "description": "For whoever runs the service."},
]
_SCHEMAS = "#/components/schemas/"
DESCRIPTION = (
    "Ask your documents. Every passage comes with a citation that anyone can check: "
    "`text[start:end] == quote`, in Unicode code points of the text that "
    "`GET /v1/documents/{document_id}/text` returns."
)


class ErrorDetail(BaseModel):
    """What went wrong."""

    code: str = Field(description="Stable: test this.")
    message: str = Field(description="What happened and what to do, for people. Its words may change.")
    request_id: str = Field(description="Also in the X-Request-ID header and in the service's log.")


class ErrorBody(BaseModel):
    """The one body of all errors."""

    error: ErrorDetail


def responses(*kinds: type[LoccitError], everywhere: bool = True) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route: each status with the codes that come with it."""
    by_status: dict[int, list[type[LoccitError]]] = {}
    for kind in dict.fromkeys((*kinds, *(EVERYWHERE if everywhere else ()))):
        by_status.setdefault(status_of(kind), []).append(kind)
    return {status: _documented(by_status[status]) for status in sorted(by_status)}


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """A model's JSON Schema with the models in it written out: for bodies that routes read themselves."""
    schema = model.model_json_schema()
    inner = schema.pop("$defs", {})

    def written_out(part: Any) -> Any:
        if isinstance(part, dict):
            if "$ref" in part:
                return written_out(inner[part["$ref"].rpartition("/")[2]])
            return {key: written_out(value) for key, value in part.items()}
        return [written_out(value) for value in part] if isinstance(part, list) else part

    written: dict[str, Any] = written_out(schema)
    return written


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON body of a route that reads it itself, for its ``openapi_extra``."""
    content = {"application/json": {"schema": schema_of(model)}}
    return {"requestBody": {"required": True, "content": content}}


def _documented(kinds: Sequence[type[LoccitError]]) -> dict[str, Any]:
    examples = {kind.code: {"value": error_json(kind.code, _summary(kind), "5f0c1d")} for kind in kinds}
    documented: dict[str, Any] = {
        "description": " ".join(f"`{kind.code}`: {_summary(kind)}" for kind in kinds),
        # Not as `model`: the framework would say it of the media type of the route's other answers.
        "content": {"application/json": {"schema": {"$ref": f"{_SCHEMAS}ErrorBody"}, "examples": examples}},
    }
    if any(kind in RETRY_AFTER for kind in kinds):
        wait = {"description": "Seconds to wait before the same request.", "schema": {"type": "integer"}}
        documented["headers"] = {"Retry-After": wait}
    return documented


def _summary(kind: type[LoccitError]) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


def describe(app: FastAPI, *, key_required: bool) -> dict[str, Any]:
    """The OpenAPI document, made once."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
            tags=TAGS,
        )
        errors = ErrorBody.model_json_schema(ref_template=f"{_SCHEMAS}{{model}}")
        schema["components"]["schemas"] |= {**errors.pop("$defs"), "ErrorBody": errors}
        if key_required:
            _require_key(schema)
        app.openapi_schema = schema
    return app.openapi_schema


def _require_key(schema: dict[str, Any]) -> None:
    schema["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }
    for path, operations in schema["paths"].items():
        if path not in OPEN_PATHS:
            for operation in operations.values():
                operation["security"] = [{"bearer": []}, {"header": []}]
