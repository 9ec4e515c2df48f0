"""The questions that found no answer, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.responses import RedirectResponse
from starlette.types import Scope as Connection

from service.faces.dependencies import Caller, ReadyAsking
from service.faces.pages import page
from service.faces.pages.context import context_of
from service.faces.pages.listing import day_and_time
from service.faces.pages.routes.status import PATH as STATUS
from service.flows.ask.asking import Asking
from service.http.links import in_collection
from service.http.request_models import PageQuery
from service.http.route import GuardedRoute
from service.state.identity import Principal, Scope, access

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

PATH = f"{STATUS}/unanswered"
_PAGE = 100


class UnansweredQuery(PageQuery):
    """Which questions are shown."""

    before: int | None = Field(None, ge=1, le=2**53, description="The last number of the page before.")


@router.get(PATH)
@access(Scope.ADMIN)
async def unanswered(
    request: Request, query: Annotated[UnansweredQuery, Query()], caller: Caller, asking: ReadyAsking
) -> Response:
    """The questions, the newest first, of the collections that the caller administers."""
    return await asking.pools.lookups.run(_render_questions, request.scope, asking, caller, query.before)


def _render_questions(
    connection: Connection, asking: Asking, caller: Principal, before: int | None
) -> Response:
    kept = asking.unanswered
    found = []
    if kept is not None:
        found = kept.store.newest(limit=_PAGE + 1, before=before, collections=caller.collections)
    return page(
        connection,
        "unanswered",
        is_on=kept is not None,
        days=kept.keep_days if kept is not None else 0,
        questions=found[:_PAGE],
        following=found[_PAGE - 1].number if len(found) > _PAGE else None,
        before=before,
        day=day_and_time,
        in_collection=in_collection,
    )


@router.post(f"{PATH}/clear")
@access(Scope.ADMIN)
async def clear(request: Request, caller: Caller, asking: ReadyAsking) -> Response:
    """Erases the questions of the collections that the caller administers."""
    kept = asking.unanswered
    if kept is not None:
        await asking.pools.writes.run(kept.store.clear, caller.collections)
    return RedirectResponse(context_of(request.scope).at(PATH), status_code=303)
