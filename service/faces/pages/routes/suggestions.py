"""Questions worth asking of a collection, which its documents answer."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service.faces.client import HttpClient
from service.faces.dependencies import Caller, ReadyAnswering, ReadySuggestions
from service.faces.pages import page
from service.faces.pages.asking.form import HomeQuery
from service.faces.pages.asking.suggestions import MOST, shipped_drafts
from service.faces.pages.existing import choose_collection, existing_collection
from service.http.links import in_collection
from service.http.request_models import PageQuery
from service.http.route import GuardedRoute
from service.state.identity import Scope, access

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)


@router.get("/suggestions")
@access(Scope.READ, "texts", "collections")
async def suggestions(
    request: Request,
    query: Annotated[PageQuery, Query()],
    caller: Caller,
    answering: ReadyAnswering,
    known: ReadySuggestions,
) -> Response:
    """The questions: each was asked, and the documents answered it with the words that it was made from."""
    lookups = answering.pools.lookups
    await lookups.run(choose_collection, request, query, answering.collections, caller)
    opened = await lookups.run(existing_collection, answering.collections, caller, query.collection)
    found = [] if opened is None else await lookups.run(known.known, caller, opened)
    if opened is not None and found is None:
        first = await lookups.run(lambda: list(shipped_drafts(opened.archive)))
        client = HttpClient(request)
        found = await known.find(client, answering, caller, opened, first=first, most=MOST)
    name = query.collection
    return await lookups.run(
        lambda: page(
            request.scope,
            "suggestions",
            query=HomeQuery.model_validate({"collection": name}),
            questions=found,
            home_query=in_collection("", name),
        )
    )
