"""List, add, synchronize and remove the sources of collections."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from index import errors
from index.sources.applications import (
    Source,
    all_sources,
    put_source,
    remove_source,
    require_connector,
    retire_documents,
    source_of,
    sources_of,
    validate_source,
)
from service.advice import message_with_advice
from service.errors import MayRaise
from service.faces.api.requests.sources import SourceRequest
from service.faces.api.routes.jobs import current_json
from service.faces.api.schemas.jobs import JobResponse
from service.faces.api.schemas.sources import RemovedSource, Source as SourceShape, SourceList
from service.faces.dependencies import Caller, Lookups, ReadyIngestion, ReadySecrets, Writes, in_thread
from service.flows.ingest.ingestion import Ingestion
from service.flows.ingest.jobs.syncing import queue_sync
from service.flows.sources.describing import source_json
from service.flows.sources.secrets import Secrets
from service.http.json_body import JsonBody
from service.http.links import job_path
from service.http.replies import json_reply
from service.http.request_models import CollectionQuery
from service.http.route import ApiRoute
from service.state.identity import Principal, Scope, access, require_whole_administrator
from service.state.jobs.records import Job

router = APIRouter(tags=["sources"], route_class=ApiRoute)

NewSourceName = Annotated[str, Path(description="1 to 63 of a-z, 0-9 and -.", examples=["manuals"])]
SourceName = Annotated[str, Path(description="The source's name."), MayRaise(errors.SourceNotFound)]


class RemovalQuery(CollectionQuery):
    """The collection of a source, and the end of its documents."""

    retire: bool = Field(False, description="Also retire its documents; their citations still resolve.")


@dataclass(frozen=True, slots=True)
class SourceParts:
    """Collections, and the secrets of their sources."""

    ingestion: Ingestion
    secrets: Secrets


async def source_parts(ingestion: ReadyIngestion, secrets: ReadySecrets) -> SourceParts:
    """The parts that change sources."""
    return SourceParts(ingestion, secrets)


ChangingSources = Annotated[SourceParts, Depends(source_parts)]


@router.get("/v1/sources", summary="List sources", response_model=SourceList)
@access(Scope.ADMIN, "collections")
@in_thread(Lookups)
def list_sources(
    query: Annotated[CollectionQuery, Query()], caller: Caller, ingestion: ReadyIngestion
) -> Response:
    """The sources of a collection, each with its last run. Of one that cannot be read it has the error."""
    ingestion.collections.require(caller, query.collection)
    readable, unreadable = all_sources(ingestion.collections.library.open(query.collection))
    found = [source_json(one) for one in readable]
    found += [
        {"name": name, "error": {"code": error.code, "message": message_with_advice(error)}}
        for name, error in unreadable.items()
    ]
    return json_reply({"sources": found})


@router.put("/v1/sources/{source}", summary="Add or replace a source", response_model=SourceShape)
@access(Scope.ADMIN, "collections")
@in_thread(Writes)
def put_source_of_collection(
    source: NewSourceName,
    query: Annotated[CollectionQuery, Query()],
    request: Request,
    caller: Caller,
    sources: ChangingSources,
    body: Annotated[SourceRequest, Depends(JsonBody(SourceRequest))],
) -> Response:
    """Adds a source, or replaces the one of this name. For administrators of all collections and groups.

    A secret that was given before is used with the same address alone.
    """
    request.scope["state"]["audit"] = {"collection": query.collection, "source": source}
    stored = change_source(sources, caller, query.collection, source, body)
    return json_reply(source_json(stored))


def change_source(
    sources: SourceParts, caller: Principal, collection: str, name: str, body: SourceRequest
) -> Source:
    """Add or replace a source, with its secret sealed; blocks. Returns it as it is stored.

    Raises :class:`service.errors.Forbidden`, :class:`index.errors.InvalidSource`.
    """
    sources.ingestion.collections.require(caller, collection)
    require_whole_administrator(caller)
    opened = sources.ingestion.collections.library.open(collection)
    source = validate_source(body.source(name))
    kind = require_connector(source)
    known = next((one for one in sources_of(opened) if one.name == name), None)
    keeps = known is not None and known.address == source.address
    if body.secret is not None:
        sealed = sources.secrets.seal(collection, source, body.secret.get_secret_value())
        source = replace(source, sealed=sealed)
    elif kind.needs_secret and not keeps:
        raise errors.InvalidSource(
            f"A source of {source.kind} needs a secret. Give it"
            + (" again: it was for the address that the source had." if known else ".")
        )
    return put_source(opened, source)


@router.delete("/v1/sources/{source}", summary="Remove a source", response_model=RemovedSource)
@access(Scope.ADMIN, "collections")
@in_thread(Writes)
def delete_source(
    source: SourceName,
    query: Annotated[RemovalQuery, Query()],
    request: Request,
    caller: Caller,
    ingestion: ReadyIngestion,
) -> Response:
    """Forgets a source and its secret. Its documents stay, unless `retire` is true.

    For administrators of all collections and groups.
    """
    request.scope["state"]["audit"] = {"collection": query.collection, "source": source}
    retired = forget_source(ingestion, caller, query.collection, source, retires=query.retire)
    return json_reply({"name": source, "retired": retired})


def forget_source(
    ingestion: Ingestion, caller: Principal, collection: str, name: str, *, retires: bool
) -> int:
    """Remove a source; blocks. Returns how many of its documents were retired.

    Raises :class:`service.errors.Forbidden`, :class:`index.errors.SourceNotFound`.
    """
    ingestion.collections.require(caller, collection)
    require_whole_administrator(caller)
    opened = ingestion.collections.library.open(collection)
    remove_source(opened, name)
    return retire_documents(opened, name) if retires else 0


@router.post(
    "/v1/sources/{source}/sync",
    summary="Synchronize a source",
    status_code=202,
    response_model=JobResponse,
)
@access(Scope.ADMIN, "collections")
@in_thread(Writes)
def sync_source(
    source: Annotated[SourceName, MayRaise(errors.InvalidSource)],
    query: Annotated[CollectionQuery, Query()],
    request: Request,
    caller: Caller,
    ingestion: ReadyIngestion,
) -> Response:
    """Makes the collection equal to the source, as a job; where one is under way, the reply has that."""
    request.scope["state"]["audit"] = {"collection": query.collection, "source": source}
    job = begin_sync(ingestion, caller, query.collection, source)
    shown = current_json(ingestion.collections, ingestion.jobs, job)
    return json_reply(shown, status_code=202, headers={"Location": job_path(job.id)})


def begin_sync(ingestion: Ingestion, caller: Principal, collection: str, source: str) -> Job:
    """Queue the job of a source, and start it; blocks.

    Raises :class:`index.errors.SourceNotFound`, :class:`index.errors.InvalidSource`,
    :class:`service.errors.Overloaded`.
    """
    ingestion.collections.require(caller, collection)
    source_of(ingestion.collections.library.open(collection), source)
    ingestion.jobs.require_room()
    job = queue_sync(ingestion.jobs.store, collection, source)
    ingestion.jobs.runner.wake()
    return job
