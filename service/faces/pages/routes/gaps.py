"""Gaps: what people asked that the documents do not answer well, week by week, for administrators."""

from collections.abc import Sequence
from contextlib import nullcontext, suppress
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from index.errors import CollectionNotFound
from service.faces.client import HttpClient
from service.faces.dependencies import Caller, Changes, ReadyAsking, in_thread
from service.faces.pages import page, redirect
from service.faces.pages.existing import choose_collection
from service.faces.pages.forms import form_fields, local_address
from service.faces.pages.listing import day_and_time
from service.faces.pages.routes.library import PATH as LIBRARY
from service.flows.ask.planning import MAX_QUESTION_CHARACTERS
from service.flows.gaps import Gap, Kept, find_gaps, note_verdict
from service.http.links import DEFAULT_COLLECTION, in_collection, view_address
from service.http.request_models import PageQuery
from service.http.route import GuardedRoute
from service.state.identity import Scope, access

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

PATH = f"{LIBRARY}/gaps"
_MOST_WEEKS = 8
_Fields = Annotated[dict[str, str], form_fields(16_384)]


class GapsQuery(PageQuery):
    """The week that is shown."""

    week: int = Field(0, ge=0, lt=_MOST_WEEKS, description="How many weeks ago it was.")


@router.get(PATH)
@access(Scope.ADMIN, "answers", "documents", "collections")
async def gaps(
    request: Request, query: Annotated[GapsQuery, Query()], caller: Caller, asking: ReadyAsking
) -> Response:
    """The questions of a week in groups, and the stale sources of answers."""
    await asking.pools.lookups.run(choose_collection, request, query, asking.collections, caller)
    asking.collections.require(caller, query.collection)
    name, kept = query.collection, Kept()
    found: Sequence[Gap] = ()
    not_yet = suppress(CollectionNotFound) if name == DEFAULT_COLLECTION else nullcontext()
    with not_yet:  # no document was added
        kept, found = await find_gaps(HttpClient(request), asking, caller, name, query.week)
    return await asking.pools.lookups.run(
        lambda: page(
            request.scope,
            "gaps",
            collection=name,
            kept=kept,
            is_for_all=asking.kept.is_for_all,
            days=round(asking.kept.days) or 1,
            week=query.week,
            weeks=range(min(_MOST_WEEKS, 1 + int(asking.kept.days) // 7)),
            gaps=found,
            view=lambda citation: view_address(citation.locator, (), name),
            home_query=in_collection("", name),
            in_collection=in_collection,
            day=day_and_time,
        )
    )


@router.post(f"{PATH}/keep")
@access(Scope.ADMIN, "collections")
@in_thread(Changes)
def keep(
    request: Request, query: Annotated[PageQuery, Query()], caller: Caller, asking: ReadyAsking
) -> Response:
    """Keeps the questions of a collection from now on."""
    asking.collections.open(caller, query.collection)
    asking.kept.keep(query.collection)
    return redirect(request.scope, in_collection(PATH, query.collection))


@router.post(f"{PATH}/stop")
@access(Scope.ADMIN, "collections")
@in_thread(Changes)
def stop(
    request: Request, query: Annotated[PageQuery, Query()], caller: Caller, asking: ReadyAsking
) -> Response:
    """Keeps no more questions of a collection, and erases those that were kept."""
    asking.collections.require(caller, query.collection)
    asking.kept.forget(query.collection)
    return redirect(request.scope, in_collection(PATH, query.collection))


@router.post("/judge")
@access(Scope.ASK)
async def judge(
    request: Request,
    query: Annotated[PageQuery, Query()],
    caller: Caller,
    asking: ReadyAsking,
    fields: _Fields,
) -> Response:
    """Keeps what somebody says of an answer, and leads back to it."""
    asking.collections.require(caller, query.collection)
    question = fields.get("q", "").strip()[:MAX_QUESTION_CHARACTERS]
    if question and (verdict := fields.get("verdict", "")) in {"up", "down"}:
        note_verdict(asking, caller, query.collection, (question, verdict, fields.get("reason", "")))
    return redirect(request.scope, local_address(fields.get("next", "/")))
