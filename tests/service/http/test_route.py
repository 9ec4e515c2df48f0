"""Annotations are evaluated here, not kept as strings: routes in a test are local functions."""

from typing import Annotated

import pytest
from fastapi import FastAPI, Query, Request, Response
from starlette.testclient import TestClient

from service.http.route import GuardedRoute
from service.state.identity import Scope, access


async def alone(request: Request) -> Response:
    return Response(request.headers["x-said"])


async def with_a_query(request: Request, q: Annotated[str, Query()]) -> Response:
    return Response(q)


async def with_a_model(request: Request) -> dict[str, int]:
    return {"answer": 42}


def test_routes_answer_with_responses_and_models() -> None:
    app = FastAPI()
    for path, function in (("/alone", alone), ("/query", with_a_query), ("/model", with_a_model)):
        app.router.routes.append(GuardedRoute(path, access(Scope.NONE)(function)))
    with TestClient(app) as client:
        assert client.get("/alone", headers={"x-said": "yes"}).text == "yes"
        assert client.get("/query?q=a").text == "a"
        assert client.get("/query").status_code == 422
        assert client.get("/model").json() == {"answer": 42}


def test_a_function_without_a_rule_of_access_is_no_route() -> None:
    async def open_to_all(request: Request) -> Response:
        return Response()

    with pytest.raises(TypeError, match="open_to_all has no rule of access"):
        GuardedRoute("/x", open_to_all)
