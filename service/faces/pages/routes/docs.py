"""The reference of the API: an index of the operations, and a page for each."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field
from starlette.datastructures import State
from starlette.responses import JSONResponse

from service.errors import RouteNotFound
from service.faces.pages import page
from service.faces.pages.reference import Reference, reference_of, with_code
from service.http.links import base_url
from service.http.openapi import describe
from service.http.request_models import PageQuery
from service.http.route import GuardedRoute
from service.state.identity import Scope, access

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

PATH = "/docs"


class DocsQuery(PageQuery):
    """Query of the index."""

    q: str = Field("", max_length=200, description="Words that the operations must have.")


@router.get("/openapi.json")
@access(Scope.ASK)
async def description(request: Request) -> Response:
    """The OpenAPI document."""
    return JSONResponse(describe(request.app))


@router.get(PATH)
@access(Scope.ASK)
async def index(request: Request, query: Annotated[DocsQuery, Query()]) -> Response:
    """All operations, or those that have the words of the query."""
    reference = _reference(request)
    return page(
        request.scope,
        "docs",
        reference=reference,
        sections=reference.search(query.q),
        words=query.q,
        base=base_url(request.scope, request.app.state.settings.public_url),
        with_code=with_code,
    )


@router.get(f"{PATH}/{{operation}}")
@access(Scope.ASK)
async def operation(request: Request, operation: Annotated[str, Path()]) -> Response:
    """One operation. Raises :class:`RouteNotFound` for none."""
    reference = _reference(request)
    found = reference.operation(operation)
    if found is None:
        raise RouteNotFound("The API has no such operation. /docs lists them.")
    base = base_url(request.scope, request.app.state.settings.public_url)
    return page(
        request.scope, "operation", reference=reference, operation=found, base=base, with_code=with_code
    )


def _reference(request: Request) -> Reference:
    """The reference of the application, which is read once."""
    state: State = request.app.state
    if not hasattr(state, "reference"):
        state.reference = reference_of(describe(request.app))
    found: Reference = state.reference
    return found
