"""Turn exceptions into error responses: in Loccit's JSON body, or in the one of the interface asked."""

import json
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from index.errors import LoccitError
from service.advice import message_with_advice
from service.errors import (
    RETRY_AFTER,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    RouteNotFound,
    ServiceError,
    Unauthorized,
    error_json,
    headers_of,
    status_of,
)
from service.http.error_shapes import ErrorPages, ErrorShapes, ShownError

log = logging.getLogger("loccit.service")

_MOST_PROBLEMS = 5
_CONVERTER = re.compile(r":\w+\}")
_CODE = "error_code"


def request_id_of(scope: Scope) -> str:
    """The request's id; empty outside the telemetry middleware."""
    found: str = scope.get("state", {}).get("request_id", "")
    return found


def error_code_of(scope: Scope) -> str:
    """The code of the error that was sent in response to a request; empty without one."""
    found: str = scope.get("state", {}).get(_CODE, "")
    return found


class _ErrorResponse(Response):
    """Notes the error's code in the request's scope when it is sent, for the metrics."""

    def __init__(self, code: str, *content: Any, **options: Any) -> None:
        super().__init__(*content, **options)
        self._code = code

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})[_CODE] = self._code
        await super().__call__(scope, receive, send)


def error_response(error: LoccitError, scope: Scope) -> Response:
    """The JSON response for an error of a request, in the shape of the errors of its address."""
    shown = shown_error(error, request_id_of(scope))
    shape = _shapes(scope).of(scope["path"])
    if shape is None:
        content: Mapping[str, Any] = error_json(shown.code, shown.message, shown.request_id)
    else:
        shown = replace(shown, status=shape.status(shown.status))
        content = shape.body(shown)
    return _ErrorResponse(
        error.code,
        # A message may quote input, and input may contain lone surrogates.
        json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"),
        status_code=shown.status,
        headers=headers_of(error),
        media_type="application/json",
    )


def shown_error(error: LoccitError, request_id: str) -> ShownError:
    """An error as a client sees it, with its own status."""
    param = error.param if isinstance(error, InvalidRequest) else ""
    return ShownError(error.code, message_with_advice(error), status_of(type(error)), request_id, param)


def render_error(error: LoccitError, scope: Scope) -> Response:
    """The response for an error: an HTML page for addresses of pages, JSON for all others."""
    pages, method = _pages(scope), scope.get("method")
    if (method == "GET" and _wants_page(scope)) or (method == "POST" and pages.is_form(scope["path"])):
        if not isinstance(error, Unauthorized):  # a person who has to sign in is no error to count
            scope.setdefault("state", {})[_CODE] = error.code
        return pages.render(scope, error, request_id_of(scope))
    return error_response(error, scope)


def _wants_page(scope: Scope) -> bool:
    """True if an error of this request is shown as an HTML page."""
    path = scope["path"]
    return _pages(scope).is_page(path) or (_accepts_html(scope) and _is_of_no_program(path, _shapes(scope)))


def _accepts_html(scope: Scope) -> bool:
    """True if the client accepts HTML, as browsers do."""
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return b"text/html" in accepted.lower()


def _is_of_no_program(path: str, shapes: ErrorShapes) -> bool:
    """True if a path belongs to no API; errors of an API are JSON for every client."""
    return shapes.of(path) is None and not path.startswith(("/v1/", "/mcp"))


def install(app: FastAPI, shapes: ErrorShapes, pages: ErrorPages) -> None:
    """Register the exception handlers, and how the errors of each address are shown.

    The middleware, which answers errors outside the handlers, finds the shapes and pages in the state of the
    application.
    """
    app.state.error_shapes = shapes
    app.state.error_pages = pages
    app.add_exception_handler(LoccitError, _handle_error)
    app.add_exception_handler(RequestValidationError, _handle_validation_error)
    app.add_exception_handler(HTTPException, _handle_http_exception)


def _shapes(scope: Scope) -> ErrorShapes:
    shapes: ErrorShapes = scope["app"].state.error_shapes
    return shapes


def _pages(scope: Scope) -> ErrorPages:
    pages: ErrorPages = scope["app"].state.error_pages
    return pages


async def _handle_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, LoccitError)  # noqa: S101 -- registered for nothing else
    request_id = request_id_of(request.scope)
    if status_of(type(error)) >= 500 and type(error) not in RETRY_AFTER:
        log.error("request_id=%s code=%s", request_id, error.code, exc_info=error)
    return render_error(error, request.scope)


async def _handle_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- registered for nothing else
    # The first part of `loc` is "query", "path" or "header".
    problems = [{**one, "loc": one["loc"][1:] or one["loc"]} for one in error.errors()]
    return await _handle_error(request, invalid_request(problems))


async def _handle_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 -- registered for nothing else
    return await _handle_error(request, _translate_framework_error(request, error))


def _translate_framework_error(request: Request, error: HTTPException) -> ServiceError:
    """The service's own error for an exception of the framework."""
    path = request.scope["path"][:200]
    if error.status_code == 404 and _wants_page(request.scope):
        return RouteNotFound("There is no page at this address.")
    if error.status_code == 404:
        return RouteNotFound(f"There is no route {path}. /docs lists the routes.")
    if error.status_code == 405:
        taken = _methods_of(request)
        told = [method for method in taken if method != "HEAD"]
        *others, last = [*told, *_writes_below(request.app, path)] or [""]
        uses = f"{', '.join(others)} or {last}" if others else last
        hint = f" Use {uses}." if uses else ""
        headers = {**(error.headers or {}), **({"Allow": ", ".join(taken)} if taken else {})}
        return MethodNotAllowed(f"{path} does not take {request.method}.{hint}", headers=headers)
    if error.status_code < 500:
        return InvalidRequest("The body could not be read as JSON.")
    return InternalError("The service failed to answer. Its log has the reason under the request id.")


def _methods_of(request: Request) -> list[str]:
    """The methods that a path takes, of all its routes: the framework tells those of one."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    found = [route.methods or () for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return sorted({method for methods in found for method in methods})


def _writes_below(app: FastAPI, path: str) -> list[str]:
    """The routes that write one of what a path lists."""
    routes = [route for route in app.routes if isinstance(route, Route)]
    return [
        f"PUT {_CONVERTER.sub('}', route.path)}"
        for route in routes
        if "PUT" in (route.methods or ()) and re.fullmatch(re.escape(path) + r"/\{\w+(:\w+)?\}", route.path)
    ]


def invalid_request(problems: Iterable[Mapping[str, Any]]) -> InvalidRequest:
    """The error for problems that a validation found; ``param`` is the outermost field of the first."""
    problems = list(problems)
    location = problems[0]["loc"] if problems[0]["type"] != "json_invalid" else ()
    return InvalidRequest(describe_problems(problems), param=str(location[0]) if location else "")


def describe_problems(problems: Iterable[Mapping[str, Any]]) -> str:
    """Validation errors, one sentence each, which names the field."""
    problems = list(problems)
    sentences = [_problem(problem) for problem in problems[:_MOST_PROBLEMS]]
    if len(problems) > _MOST_PROBLEMS:
        sentences.append(f"and {len(problems) - _MOST_PROBLEMS} more.")
    return " ".join(sentences)


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
