"""Jobs: what was uploaded and fetched, how far it is, and what was refused and why."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from service.faces.api.requests.jobs import JobFilesQuery, JobsQuery, RetryRequest
from service.faces.api.routes.jobs import current_json, delete_job_of, item_page, job_page
from service.faces.dependencies import (
    Caller,
    Changes,
    Lookups,
    ReadyCollections,
    ReadyIngestion,
    ReadyJobs,
    in_thread,
)
from service.faces.pages import page, redirect
from service.faces.pages.context import context_of
from service.faces.pages.errors.refusals import can_be_retried, reason_of
from service.faces.pages.forms import form_fields
from service.faces.pages.listing import day_and_time
from service.faces.pages.progress import job_progress
from service.flows.ingest.jobs.jobs import Jobs
from service.http.links import in_collection
from service.http.request_models import PageQuery
from service.http.route import GuardedRoute
from service.state.identity import Principal, Scope, access
from service.state.jobs.records import Job

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

PATH = "/jobs"
_PAGE = 20
_ITEMS = 200
_Fields = Annotated[dict[str, str], form_fields(8192)]
_STATES = ("waiting", "added", "replaced", "unchanged", "refused", "cancelled")


class JobPageQuery(PageQuery):
    """Which files of a job are shown."""

    state: str = Field("", description="Only files with this outcome.")
    after: int = Field(0, ge=0, le=2**31, description="The last number of the page before.")
    left_out: int = Field(0, ge=0, le=2**31 - 1, description="How many hidden files were just left out.")


class JobListQuery(PageQuery):
    """Which jobs are shown."""

    before: str = Field("", description="The last job of the page before.")


@router.get(PATH)
@access(Scope.WRITE, "jobs")
@in_thread(Lookups)
def jobs(
    request: Request,
    query: Annotated[JobListQuery, Query()],
    caller: Caller,
    collections: ReadyCollections,
    jobs: ReadyJobs,
) -> Response:
    """The jobs of all collections that the caller may use, the newest first."""
    found, following = job_page(jobs, caller, JobsQuery(collection="", limit=_PAGE, before=query.before))
    shown = [current_json(collections, jobs, job) for job in found]
    return page(
        request.scope,
        "jobs",
        jobs=shown,
        following=following,
        before=query.before,
        days={job.id: day_and_time(job.created) for job in found},
    )


@router.get(f"{PATH}/{{job_id}}")
@access(Scope.WRITE, "jobs")
@in_thread(Lookups)
def job(
    request: Request,
    job_id: Annotated[str, Path()],
    query: Annotated[JobPageQuery, Query()],
    caller: Caller,
    ingestion: ReadyIngestion,
) -> Response:
    """A job with its files."""
    only = query.state if query.state in _STATES else None
    wanted = JobFilesQuery.model_validate({"state": only, "limit": _ITEMS, "after": query.after})
    found, items, following = item_page(ingestion.collections, ingestion.jobs, caller, job_id, wanted)
    progress = job_progress(ingestion.collections, ingestion.jobs, found)
    codes, language = {one.code for one in progress["refused"]}, context_of(request.scope).language
    return page(
        request.scope,
        "job",
        **progress,
        home_query=in_collection("", found.collection),
        items=[(one, reason_of(one, language)) for one in items],
        left_out=query.left_out,
        only=only or "",
        states=_STATES,
        following=following,
        can_have_password="encrypted_document" in codes,
        can_retry=found.counts.outcomes.get("cancelled", 0) > 0 or any(map(can_be_retried, codes)),
        has_unknown_kind="unsupported_format" in codes,
        in_collection=in_collection,
    )


@router.post(f"{PATH}/{{job_id}}/retry")
@access(Scope.WRITE, "jobs")
@in_thread(Changes)
def retry(
    request: Request, job_id: Annotated[str, Path()], caller: Caller, jobs: ReadyJobs, fields: _Fields
) -> Response:
    """Queues a job again for its refused and cancelled files."""
    wanted = {"password": fields.get("password", ""), "same_bytes": fields.get("same_bytes") == "keep"}
    body = RetryRequest.model_validate(wanted)
    jobs.require_room()
    password = body.password.get_secret_value()
    again = partial(jobs.store.retry, password=password, same_bytes=body.same_bytes)
    return _change_job(request, jobs, caller, again, job_id)


@router.post(f"{PATH}/{{job_id}}/cancel")
@access(Scope.WRITE, "jobs")
@in_thread(Changes)
def cancel(request: Request, job_id: Annotated[str, Path()], caller: Caller, jobs: ReadyJobs) -> Response:
    """Cancels the files that are not done yet."""
    return _change_job(request, jobs, caller, jobs.store.cancel, job_id)


def _change_job(
    request: Request, jobs: Jobs, caller: Principal, move: Callable[[str], Job], job_id: str
) -> Response:
    move(jobs.get(caller, job_id).id)
    jobs.runner.wake()
    return redirect(request.scope, f"{PATH}/{job_id}")


@router.post(f"{PATH}/{{job_id}}/delete")
@access(Scope.WRITE, "jobs")
@in_thread(Changes)
def delete(request: Request, job_id: Annotated[str, Path()], caller: Caller, jobs: ReadyJobs) -> Response:
    """Deletes a finished job from the list. Documents that it stored are kept."""
    delete_job_of(jobs, caller, job_id)
    return redirect(request.scope, PATH)
