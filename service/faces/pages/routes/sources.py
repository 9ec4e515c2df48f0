"""The sources of the collections, their last runs, and a button that runs them, for administrators."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import RedirectResponse
from starlette.types import Scope as Connection

from index.errors import LoccitError
from index.sources.applications import sources_of
from service.faces.api.routes.sources import SourceName, begin_sync
from service.faces.dependencies import Caller, ReadyIngestion
from service.faces.pages import page
from service.faces.pages.context import context_of
from service.faces.pages.listing import day_and_time
from service.faces.pages.routes.status import PATH as STATUS
from service.flows.ingest.ingestion import Ingestion
from service.http.request_models import PageQuery
from service.http.route import GuardedRoute
from service.state.identity import Principal, Scope, access

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

PATH = f"{STATUS}/sources"


@router.get(PATH)
@access(Scope.ADMIN, "collections")
async def sources(request: Request, caller: Caller, ingestion: ReadyIngestion) -> Response:
    """The sources of the collections that the caller administers."""
    return await ingestion.pools.lookups.run(_render_sources, request.scope, ingestion, caller)


def _render_sources(connection: Connection, ingestion: Ingestion, caller: Principal) -> Response:
    rows = [row for name in ingestion.collections.names(caller) for row in _rows(ingestion, name)]
    return page(connection, "sources", sources=rows, day=day_and_time)


def _rows(ingestion: Ingestion, collection: str) -> list[dict[str, Any]]:
    try:
        found = sources_of(ingestion.collections.library.open(collection))
    except LoccitError:  # the page of the state says that it cannot be opened
        return []
    return [{"collection": collection, "source": one} for one in found]


@router.post(f"{PATH}/{{source}}/sync")
@access(Scope.ADMIN, "collections")
async def sync(
    source: SourceName,
    request: Request,
    query: Annotated[PageQuery, Query()],
    caller: Caller,
    ingestion: ReadyIngestion,
) -> Response:
    """Queues the job of a source, and shows it."""
    job = await ingestion.pools.writes.run(begin_sync, ingestion, caller, query.collection, source)
    return RedirectResponse(context_of(request.scope).at(f"/jobs/{job.id}"), status_code=303)
