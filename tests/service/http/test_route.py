"""Annotations are evaluated here, not kept as strings: routes in a test are local functions."""

from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, Query, Request, Response
from starlette.testclient import TestClient

from service.faces.api.routes import ask
from service.flows.ask.requests import AskRequest
from service.http.json_body import JsonBody
from service.http.route import GuardedRoute
from service.state.identity import Scope, access


async def alone(request: Request) -> Response:
    return Response(request.headers["x-said"])


async def marked(request: Annotated[Request, JsonBody(AskRequest)]) -> Response:
    return Response()


async def with_a_query(request: Request, q: Annotated[str, Query()]) -> Response:
    return Response(q)


async def with_a_dependency(request: Request, said: Annotated[None, Depends(lambda: None)]) -> Response:
    return Response()


async def with_a_model(request: Request) -> dict[str, int]:
    return {"answer": 42}


def in_a_thread(request: Request) -> Response:
    return Response()


async def without_a_request() -> Response:
    return Response()


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (alone, True),
        (marked, True),
        (with_a_query, False),
        (with_a_dependency, False),
        (with_a_model, False),
        (in_a_thread, False),
        (without_a_request, False),
    ],
)
def test_a_function_is_called_by_itself_if_it_takes_the_request_alone(
    function: Any, *, expected: bool
) -> None:
    assert GuardedRoute("/x", access(Scope.NONE)(function)).takes_request_alone is expected


def test_questions_are_answered_without_the_framework() -> None:
    (route,) = ask.router.routes
    assert isinstance(route, GuardedRoute)
    assert route.takes_request_alone


def test_both_kinds_answer() -> None:
    app = FastAPI()
    for path, function in (("/alone", alone), ("/query", with_a_query), ("/model", with_a_model)):
        app.router.routes.append(GuardedRoute(path, access(Scope.NONE)(function)))
    with TestClient(app) as client:
        assert client.get("/alone", headers={"x-said": "yes"}).text == "yes"
        assert client.get("/query?q=a").text == "a"
        assert client.get("/query").status_code == 422
        assert client.get("/model").json() == {"answer": 42}
