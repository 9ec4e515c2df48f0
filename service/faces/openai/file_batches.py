"""Batches of files that are attached together: jobs."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from service.errors import JobNotFound, MayRaise, SpoolFull, UploadNotFound
from service.faces.api.schemas.values import Json
from service.faces.dependencies import Caller, Lookups, Writes, in_thread
from service.faces.openai import file_states, ids
from service.faces.openai.attaching import attach
from service.faces.openai.paging import page_of
from service.faces.openai.replies import (
    FileBatch,
    Status,
    StoreFileList,
    counts_json,
    page_json,
    polling_reply,
)
from service.faces.openai.requests import BatchId, NewBatch, StoreFilesQuery, VectorStoreId
from service.faces.openai.stores import ReadyStores, Stores
from service.flows.ingest.jobs.jobs import Jobs
from service.http.json_body import JsonBody
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.state.identity import Principal, Scope, access
from service.state.jobs.records import Item, Job, JobState

router = APIRouter(tags=["openai"], route_class=ApiRoute)
_BATCHES = "/v1/vector_stores/{vector_store_id}/file_batches"
_BATCH = f"{_BATCHES}/{{batch_id}}"
_STATUS: dict[JobState, Status] = {"done": "completed", "cancelled": "cancelled", "failed": "failed"}
_AT_ONCE = 1000


@router.post(_BATCHES, summary="Attach files", response_model=FileBatch)
@access(Scope.WRITE, "jobs")
@in_thread(Writes)
def create(
    vector_store_id: VectorStoreId,
    caller: Caller,
    stores: ReadyStores,
    body: Annotated[NewBatch, Depends(JsonBody(NewBatch)), MayRaise(UploadNotFound, SpoolFull)],
) -> Response:
    """Makes documents of uploaded files, in the background: all of them, or none if one does not exist."""
    return polling_reply(_batch_json(attach(stores, caller, ids.collection_of(vector_store_id), body.each())))


@router.get(_BATCH, summary="Look up a batch", response_model=FileBatch)
@access(Scope.WRITE, "jobs")
@in_thread(Lookups)
def retrieve(
    vector_store_id: VectorStoreId,
    batch_id: BatchId,
    caller: Caller,
    stores: ReadyStores,
) -> Response:
    """How many of its files are taken in. It can be looked up for seven days after its end."""
    name = ids.collection_of(vector_store_id)
    return polling_reply(_batch_json(_job_of_batch(stores, caller, name, batch_id)))


@router.post(f"{_BATCH}/cancel", summary="Cancel a batch", response_model=FileBatch)
@access(Scope.WRITE, "jobs")
@in_thread(Writes)
def cancel(
    vector_store_id: VectorStoreId, batch_id: BatchId, caller: Caller, stores: ReadyStores
) -> Response:
    """Cancels the files that are not taken in yet. Those that are stay attached."""
    job = _job_of_batch(stores, caller, ids.collection_of(vector_store_id), batch_id)
    cancelled = stores.jobs.store.cancel(job.id)
    stores.jobs.runner.wake()
    return polling_reply(_batch_json(cancelled))


@router.get(f"{_BATCH}/files", summary="List the files of a batch", response_model=StoreFileList)
@access(Scope.WRITE, "jobs")
@in_thread(Lookups)
def list_files(
    vector_store_id: VectorStoreId,
    batch_id: BatchId,
    query: Annotated[StoreFilesQuery, Query()],
    caller: Caller,
    stores: ReadyStores,
) -> Response:
    """Those of its files that are attached, wait, failed or were cancelled."""
    name = ids.collection_of(vector_store_id)
    documents = {
        item.document or item.name
        for item in _all_items(stores.jobs, _job_of_batch(stores, caller, name, batch_id))
    }
    states = file_states.states_of_files(stores, caller, name, documents)
    found = [one for one in states if query.filter in (None, one.status)]
    page, has_more = page_of(
        found, lambda one: one.id, query.order, after=query.after, before=query.before, limit=query.limit
    )
    return json_reply(page_json([file_states.state_json(one, name) for one in page], has_more=has_more))


def _job_of_batch(stores: Stores, caller: Principal, name: str, batch_id: str) -> Job:
    """The job that a batch of a collection is. Raises :class:`service.errors.JobNotFound`."""
    stores.collections.require(caller, name)
    job = stores.jobs.get(caller, ids.job_of(batch_id)) if ids.job_of(batch_id) else None
    if job is None or job.collection != name or job.kind != "ingest":
        raise JobNotFound(f"There is no batch {batch_id!r} of this vector store.")
    return job


def _all_items(jobs: Jobs, job: Job) -> list[Item]:
    found: list[Item] = []
    while part := jobs.store.items(job.id, limit=_AT_ONCE, after=found[-1].number if found else 0):
        found += part
    return found


def _batch_json(job: Job) -> Json:
    """A job as :class:`FileBatch`."""
    counts = Counter[Status]()
    for outcome, number in job.counts.outcomes.items():
        if outcome != "expanded":
            counts[file_states.item_status(outcome, job)] += number
    return {
        "id": ids.batch_id(job.id),
        "object": "vector_store.files_batch",
        "created_at": int(job.created),
        "vector_store_id": ids.store_id(job.collection),
        "status": _STATUS.get(job.state, "in_progress"),
        "file_counts": counts_json(dict(counts)),
    }
