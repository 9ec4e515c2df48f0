"""The library: documents by name, files and addresses to add, and the deletion of a document."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.types import Scope as Connection

from index.filters import NameContains
from index.readers import MEDIA_TYPES
from service.errors import InvalidRequest, JobNotFound
from service.faces.client import body_of
from service.faces.dependencies import Caller, Lookups, ReadyIngestion, in_thread
from service.faces.pages import page, redirect
from service.faces.pages.asking.form import KINDS, kinds
from service.faces.pages.context import context_of
from service.faces.pages.existing import choose_collection, existing_collection
from service.faces.pages.forms import form_fields
from service.faces.pages.languages import Language
from service.faces.pages.listing import day_and_time, format_name, per_cent, size_in_words
from service.faces.pages.progress import job_progress
from service.flows.ingest.forms import MAX_FILES
from service.flows.ingest.jobs.jobs import Jobs
from service.flows.ingest.receiving import receive_addresses, receive_files
from service.flows.ingest.requests import Crawl, IngestQuery, IngestRequest
from service.http.links import in_collection
from service.http.parameters import names_of
from service.http.request_models import PageQuery
from service.http.route import GuardedRoute
from service.state.collections import Collections
from service.state.identity import Principal, Scope, access
from service.state.jobs.records import Job

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

PATH = "/library"
_PAGE = 50
_Fields = Annotated[dict[str, str], form_fields(256 * 1024)]
_MOST_ADDRESSES = 1000


class LibraryQuery(PageQuery):
    """Which documents are listed."""

    q: str = Field("", max_length=200, description="Words of the id, the title or the type.")
    after: str = Field("", description="The last id of the page before.")
    job: str = Field("", max_length=64, description="A job whose progress is shown.")
    left_out: int = Field(0, ge=0, le=2**31 - 1, description="How many hidden files were just left out.")
    deleted: int | None = Field(None, ge=0, le=10_000, description="How many documents were just deleted.")


def deleted_path(collection: str, count: int) -> str:
    """Path and query of the library after a deletion, which it confirms."""
    return in_collection(f"{PATH}?deleted={count}", collection)


@router.get(PATH)
@access(Scope.READ, "documents", "collections")
@in_thread(Lookups)
def library(
    request: Request,
    query: Annotated[LibraryQuery, Query()],
    caller: Caller,
    ingestion: ReadyIngestion,
) -> Response:
    """The documents of a collection, with a form to add some."""
    choose_collection(request, query, ingestion.collections, caller)
    collection, words = existing_collection(ingestion.collections, caller, query.collection), query.q.strip()
    found, counts, may_write = [], None, caller.scope >= Scope.WRITE
    if collection is not None:
        counts = collection.archive.counts()
        found = collection.archive.documents(
            limit=_PAGE + 1, after=query.after, where=NameContains(words) if words else None
        )
    return page(
        request.scope,
        "library",
        collection=query.collection,
        collections=ingestion.collections.names(caller),
        words=words,
        after=query.after,
        deleted=query.deleted,
        left_out=query.left_out,
        followed=_job_progress(ingestion.collections, ingestion.jobs, caller, query.job),
        readable=readable_kinds(context_of(request.scope).language) if may_write else [],
        most_files=MAX_FILES,
        most_bytes=size_in_words(ingestion.settings.library_config().ingest.max_document_bytes),
        documents=found[:_PAGE],
        following=found[_PAGE - 1].id if len(found) > _PAGE else "",
        counts=counts,
        embedded=per_cent(counts.embedded, counts.passages) if counts else 100,
        may_write=may_write,
        may_administer=caller.scope >= Scope.ADMIN,
        **WORDS,
    )


def _job_progress(
    collections: Collections, jobs: Jobs, caller: Principal, job_id: str
) -> dict[str, Any] | None:
    """The progress of the job that the page follows; None without one that the caller may see."""
    if not job_id or caller.scope < Scope.WRITE:
        return None
    try:
        return job_progress(collections, jobs, jobs.get(caller, job_id))
    except JobNotFound:  # removed from the list
        return None


WORDS: dict[str, Any] = {"day": day_and_time, "format": format_name, "in_collection": in_collection}
"""Functions for the templates of the library."""


@router.post(f"{PATH}/upload")
@access(Scope.WRITE, "jobs")
async def upload(
    request: Request, query: Annotated[PageQuery, Query()], caller: Caller, ingestion: ReadyIngestion
) -> Response:
    """Takes the files of a form, and shows the job that reads them."""
    where = IngestQuery(collection=query.collection, prefix="", groups=None, same_bytes="keep")
    job, left_out = await receive_files(ingestion, caller, where, body_of(request))
    return _redirect_to_job(request.scope, job, left_out)


@router.post(f"{PATH}/fetch")
@access(Scope.WRITE, "jobs")
async def fetch(
    request: Request,
    query: Annotated[PageQuery, Query()],
    caller: Caller,
    ingestion: ReadyIngestion,
    fields: _Fields,
) -> Response:
    """Takes addresses to fetch, one a line, and shows the job that fetches them."""
    addresses = list(filter(None, map(str.strip, fields.get("addresses", "").splitlines())))
    if len(addresses) > _MOST_ADDRESSES:
        raise InvalidRequest(f"There are {len(addresses):,} addresses; at most {_MOST_ADDRESSES:,} at once.")
    how, groups = fields.get("how", "pages"), fields.get("groups", "")
    wanted = IngestRequest(
        collection=query.collection,
        on_behalf_of=None,
        urls=addresses if how == "pages" else [],
        sitemaps=addresses if how == "sitemaps" else [],
        crawls=[Crawl(url=one, max_pages=100, max_depth=3) for one in addresses] if how == "sites" else [],
        groups=list(names_of(groups)) if groups.strip() else None,
    )
    return _redirect_to_job(request.scope, await receive_addresses(ingestion, caller, wanted))


def _redirect_to_job(connection: Connection, job: Job, left_out: int = 0) -> Response:
    query = f"?left_out={left_out}" if left_out else ""
    return redirect(connection, f"/jobs/{job.id}{query}")


# The kinds of files that can be read, by the registry of the readers.


def readable_kinds(language: Language) -> list[tuple[str, str]]:
    """Names of kinds of files, each with its suffixes."""
    shown = [(label, _suffixes(*KINDS[kind])) for kind, label in kinds(language).items() if kind]
    known = {media_type for each in KINDS.values() for media_type in each}
    others = _suffixes(*(set(MEDIA_TYPES.values()) - known))
    return [*shown, (language.t("Subtitles and others"), others), (language.t("Folders as one file"), ".zip")]


def _suffixes(*media_types: str) -> str:
    return " ".join(suffix for suffix, media_type in MEDIA_TYPES.items() if media_type in media_types)
