"""An overview of a collection: what its documents are, and what could not be read of them, and why."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from index.errors import DocumentNotFound
from index.history import Archive
from index.records import DocumentRecord
from service.faces.dependencies import Caller, Lookups, ReadyIngestion, in_thread
from service.faces.pages import page
from service.faces.pages.asking.form import KINDS, kinds
from service.faces.pages.context import context_of
from service.faces.pages.errors.refusals import Reason, reason_of
from service.faces.pages.existing import choose_collection, existing_collection
from service.faces.pages.languages import Language
from service.faces.pages.listing import day_and_time
from service.faces.pages.routes.library import PATH as LIBRARY
from service.flows.ingest.jobs.jobs import Jobs
from service.http.links import in_collection
from service.http.request_models import PageQuery
from service.http.route import GuardedRoute
from service.state.identity import Principal, Scope, access
from service.state.jobs.records import SAME_BYTES

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

PATH = f"{LIBRARY}/overview"
_PIECE, _MOST = 500, 5_000
"""Documents that are counted at a time, and at most."""
_READ, _LONGEST = 40, 400_000
"""Documents whose headings are read, and their greatest length."""
_HEADINGS, _OFTEN = 30, 12
_JOBS, _REFUSED = 20, 100
_YEAR = 4


@dataclass(slots=True)
class Overview:
    """The documents of a collection by kind, each counted. ``partly`` are read in part only."""

    documents: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    years: Counter[str] = field(default_factory=Counter)
    headings: Sequence[str] = ()
    partly: list[DocumentRecord] = field(default_factory=list)
    silent: list[DocumentRecord] = field(default_factory=list)
    is_whole: bool = True

    def add(self, one: DocumentRecord) -> None:
        """Count a document."""
        self.documents += 1
        self.kinds[_kind_of(one.media_type)] += 1
        said = one.metadata
        if isinstance(language := said.get("language"), str):
            self.languages[language.split("-")[0]] += 1
        if isinstance(date := said.get("date"), str) and date[:_YEAR].isdigit():
            self.years[date[:_YEAR]] += 1
        if not one.passages:
            self.silent.append(one)
        elif "pages_without_text" in said or "damaged_pages" in said:
            self.partly.append(one)


def overview_of(archive: Archive) -> Overview:
    """Count the documents of a collection; blocks."""
    found, after = Overview(), ""
    while found.documents < _MOST:
        some = archive.documents(limit=_PIECE, after=after)
        for one in some:
            found.add(one)
        if len(some) < _PIECE:
            break
        after = some[-1].id
    else:
        found.is_whole = False
    found.headings = _headings(archive)
    return found


def _kind_of(media_type: str) -> str:
    return next((kind for kind, types in KINDS.items() if media_type in types), "")


def _headings(archive: Archive) -> list[str]:
    """Section titles of some documents, those of several documents first."""
    counted: Counter[str] = Counter()
    for document in archive.documents(limit=_READ):
        if document.length > _LONGEST:
            continue
        try:
            _, _, structure = archive.structured_text(document.id)
        except DocumentNotFound:
            continue  # deleted in the meantime
        own = (" ".join(one.title.split()) for one in structure.blocks if one.kind == "heading")
        counted.update({one for one in list(own)[:_HEADINGS] if one and one != document.title})
    return [title for title, _ in counted.most_common(_HEADINGS)]


@router.get(PATH)
@access(Scope.READ, "documents", "texts", "collections")
@in_thread(Lookups)
def overview(
    request: Request, query: Annotated[PageQuery, Query()], caller: Caller, ingestion: ReadyIngestion
) -> Response:
    """Kinds, dates, languages and section titles of the documents, and what could not be read."""
    choose_collection(request, query, ingestion.collections, caller)
    name, language = query.collection, context_of(request.scope).language
    collection = existing_collection(ingestion.collections, caller, name)
    found = Overview() if collection is None else overview_of(collection.archive)
    names = kinds(language)
    return page(
        request.scope,
        "overview",
        collection=name,
        found=found,
        kinds=[(names.get(one, ""), one, count) for one, count in found.kinds.most_common()],  # type: ignore[call-overload]
        spoken=found.languages.most_common(_OFTEN),
        years=sorted(found.years.items())[-_OFTEN:],
        refused=_refused(ingestion.jobs, caller, name, language) if caller.scope >= Scope.WRITE else [],
        home_query=in_collection("", name),
        in_collection=in_collection,
        day=day_and_time,
    )


def _refused(jobs: Jobs, caller: Principal, name: str, language: Language) -> list[tuple[str, Reason]]:
    """Files that the last jobs could not read, each once, with the reasons."""
    some = [
        one
        for one in jobs.store.jobs(limit=_JOBS, collections=frozenset([name]))
        if one.is_visible_to(caller)
    ]
    items = (
        item
        for job in some
        for item in jobs.store.items(job.id, limit=_REFUSED, outcomes=("refused",))
        if item.code != SAME_BYTES
    )
    return list({item.name: (item.name, reason_of(item, language)) for item in items}.values())[:_REFUSED]
