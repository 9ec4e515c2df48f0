"""List the sources of collections, and synchronize them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from index import errors
from index.sources.applications import source_of, sources_of
from service.errors import MayRaise
from service.faces.api.routes.jobs import current_json
from service.faces.api.schemas.jobs import JobResponse
from service.faces.api.schemas.sources import SourceList
from service.faces.dependencies import Caller, ReadyIngestion, Writes
from service.flows.ingest.ingestion import Ingestion
from service.flows.sources.describing import source_json
from service.flows.sources.jobs import queue_sync
from service.http.links import job_path
from service.http.replies import json_reply
from service.http.request_models import CollectionQuery
from service.http.route import ApiRoute
from service.state.identity import Principal, Scope, access
from service.state.jobs.records import Job

router = APIRouter(tags=["sources"], route_class=ApiRoute)

SourceName = Annotated[str, Path(description="The source's name."), MayRaise(errors.SourceNotFound)]


@router.get("/v1/sources", summary="List sources", response_model=SourceList)
@access(Scope.ADMIN, "collections")
async def list_sources(
    query: Annotated[CollectionQuery, Query()], caller: Caller, ingestion: ReadyIngestion
) -> Response:
    """The sources of a collection, each with its last run. Commands add and remove them."""
    return await ingestion.pools.lookups.run(_list_sources, ingestion, caller, query.collection)


def _list_sources(ingestion: Ingestion, caller: Principal, name: str) -> Response:
    ingestion.collections.require(caller, name)
    found = sources_of(ingestion.collections.library.open(name))
    return json_reply({"sources": [source_json(one) for one in found]})


@router.post(
    "/v1/sources/{source}/sync",
    summary="Synchronize a source",
    status_code=202,
    response_model=JobResponse,
)
@access(Scope.ADMIN, "collections")
async def sync_source(
    source: SourceName,
    query: Annotated[CollectionQuery, Query()],
    request: Request,
    caller: Caller,
    ingestion: ReadyIngestion,
    writes: Writes,
) -> Response:
    """Makes the collection equal to the source, as a job; where one is under way, the reply has that."""
    request.scope["state"]["audit"] = {"collection": query.collection, "source": source}
    return await writes.run(_queue, ingestion, caller, query.collection, source)


def _queue(ingestion: Ingestion, caller: Principal, collection: str, source: str) -> Response:
    job = begin_sync(ingestion, caller, collection, source)
    shown = current_json(ingestion.collections, ingestion.jobs, job)
    return json_reply(shown, status_code=202, headers={"Location": job_path(job.id)})


def begin_sync(ingestion: Ingestion, caller: Principal, collection: str, source: str) -> Job:
    """Queue the job of a source, and start it; blocks.

    Raises :class:`index.errors.SourceNotFound`, :class:`service.errors.Overloaded`.
    """
    ingestion.collections.require(caller, collection)
    source_of(ingestion.collections.library.open(collection), source)
    ingestion.jobs.require_room()
    job = queue_sync(ingestion.jobs.store, collection, source)
    ingestion.jobs.runner.wake()
    return job
