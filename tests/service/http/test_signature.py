"""Annotations are evaluated here, not kept as strings: routes in a test are local functions."""

from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import Field

from index.errors import Damaged, InvalidFilter, InvalidLimit, InvalidMetadata, StoreDamaged, UnknownFormat
from service.errors import BodyTimeout, BodyTooLarge, MayRaise, NotReady, Overloaded
from service.http.json_body import JsonBody
from service.http.request_models import Request as RequestModel
from service.http.route import Signature

Count = Annotated[int, MayRaise(InvalidLimit)]


class Inner(RequestModel):
    names: dict[str, Annotated[str, MayRaise(InvalidMetadata)]]


class Body(RequestModel):
    count: Count = Field(1, ge=0)
    inner: list[Inner] | None = None


class PageQuery(RequestModel):
    limit: Count | None = None
    after: str = ""


def plain(request: Request, name: str) -> None: ...


def test_a_function_that_declares_nothing() -> None:
    found = Signature(plain)
    assert (found.query_names, found.body, found.errors) == (set(), None, [])


def test_query_parameters_are_those_of_models_and_single_ones() -> None:
    def route(
        page: Annotated[PageQuery, Query()],
        single: Annotated[int, Query()] = 0,
        other: Annotated[str, Query(alias="q")] = "",
    ) -> None: ...

    found = Signature(route)
    assert found.query_names == {"limit", "after", "single", "q"}
    assert found.errors == [InvalidLimit]


def test_a_body_is_found_as_a_dependency_and_on_the_request() -> None:
    body = JsonBody(Body)

    def injected(body: Annotated[Body, Depends(body)]) -> None: ...
    def by_hand(request: Annotated[Request, body]) -> None: ...

    for route in (injected, by_hand):
        found = Signature(route)
        assert found.body is body
        assert set(found.errors) == {BodyTimeout, BodyTooLarge, InvalidLimit, InvalidMetadata, Overloaded}


def test_dependencies_declare_for_the_routes_that_use_them() -> None:
    def first(name: Annotated[str, Query(), MayRaise(InvalidFilter)]) -> str:
        return name

    def second(first: Annotated[str, Depends(first), MayRaise(NotReady)]) -> str:
        return first

    def route(value: Annotated[str, Depends(second), MayRaise(Overloaded)]) -> None: ...

    found = Signature(route)
    assert found.query_names == {"name"}
    assert set(found.errors) == {InvalidFilter, NotReady, Overloaded}


def test_the_root_of_a_branch_stands_for_all_its_errors() -> None:
    assert MayRaise(Damaged).kinds == (StoreDamaged, UnknownFormat)
