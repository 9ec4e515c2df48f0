"""Errors as answers: whatever a route raises becomes the one error body."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from index.errors import LoccitError
from service.errors import (
    RETRY_AFTER,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    RouteNotFound,
    ServiceError,
    error_json,
    headers_of,
    status_of,
)
from service.pages import error_page, is_page

log = logging.getLogger("loccit.service")

_MOST_PROBLEMS = 5


def request_id_of(scope: Scope) -> str:
    """The id of the request, empty outside of the application's own middleware."""
    found: str = scope.get("state", {}).get("request_id", "")
    return found


def error_response(error: LoccitError, request_id: str) -> Response:
    """The answer that tells an error."""
    body = json.dumps(error_json(error.code, error.message, request_id), ensure_ascii=False)
    return Response(
        # A message may quote what came in, which may hold halves of surrogate pairs.
        body.encode("utf-8", "replace"),
        status_code=status_of(type(error)),
        headers=headers_of(error),
        media_type="application/json",
    )


def told(error: LoccitError, scope: Scope) -> Response:
    """The answer that tells an error: a page where people look, else the one body."""
    request_id = request_id_of(scope)
    if scope.get("method") == "GET" and is_page(scope["path"]):
        return error_page(error, request_id)
    return error_response(error, request_id)


def install(app: FastAPI) -> None:
    """Make every error that a route raises an answer with the one body."""
    app.add_exception_handler(LoccitError, _on_own)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)


async def _on_own(request: Request, error: Exception) -> Response:
    assert isinstance(error, LoccitError)  # noqa: S101 -- registered for nothing else
    request_id = request_id_of(request.scope)
    if status_of(type(error)) >= 500 and type(error) not in RETRY_AFTER:
        log.error("request_id=%s code=%s", request_id, error.code, exc_info=error)
    return told(error, request.scope)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- registered for nothing else
    # The first part of a place says whether it is the query, a header or the path.
    problems = [{**one, "loc": one["loc"][1:] or one["loc"]} for one in error.errors()]
    return await _on_own(request, InvalidRequest(explained(problems)))


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 -- registered for nothing else
    return await _on_own(request, _own(request, error))


def _own(request: Request, error: HTTPException) -> ServiceError:
    """Our error for one that the framework raises."""
    path = request.scope["path"][:200]
    if error.status_code == 404:
        return RouteNotFound(f"There is no address {path} here. /docs lists those there are.")
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        hint = f" Use {allowed}." if allowed else ""
        return MethodNotAllowed(f"{path} does not take {request.method}.{hint}", headers=error.headers)
    if error.status_code < 500:
        return InvalidRequest("The body could not be read as JSON.")
    return InternalError("The service failed to answer. Its log has the reason under the request id.")


def explained(problems: Iterable[Mapping[str, Any]]) -> str:
    """Validation errors in one sentence each, naming the field."""
    problems = list(problems)
    told = [_problem(problem) for problem in problems[:_MOST_PROBLEMS]]
    if len(problems) > _MOST_PROBLEMS:
        told.append(f"and {len(problems) - _MOST_PROBLEMS} more.")
    return " ".join(told)


def _problem(problem: Mapping[str, Any]) -> str:
    kind, location = problem["type"], list(problem["loc"])
    if kind == "json_invalid":
        reason = problem.get("ctx", {}).get("error", "")
        at = f" at character {location[-1]}" if location and isinstance(location[-1], int) else ""
        return f"The body is not JSON: {reason}{at}."
    where = ".".join(str(part) for part in location) or "body"
    if kind == "extra_forbidden":
        return f"{where}: there is no such field here. Check its spelling."
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}{'' if message.endswith('.') else '.'}"
