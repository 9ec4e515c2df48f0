"""The viewer: shows a citation in its document."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field
from starlette.types import Scope as Connection

from index.citations import Locator, Resolution, Resolved
from index.errors import InvalidLocator
from index.protocols import Snapshot
from index.records import Structure, VersionRecord
from index.text import Span
from service.errors import InvalidRequest
from service.faces.api.requests.cited_spans import ASK_AROUND, check_locator, check_proof
from service.faces.api.schemas.values import moment
from service.faces.dependencies import Caller, ReadyAsking, Texts, in_thread
from service.faces.pages import page, redirect
from service.faces.pages.context import context_of
from service.faces.pages.document import DocumentPage, document_page
from service.faces.pages.drawn_pages import DrawnPages, Shown, drawn_pages, has_pages
from service.faces.pages.languages import Language
from service.faces.pages.marks import Marking
from service.faces.pages.standings import ShownStanding, describe_standing
from service.faces.pages.wording import (
    cells_in_words,
    code_language,
    is_mail,
    page_in_words,
    pages_in_words,
)
from service.flows.ask.asking import Asking
from service.http.links import (
    CitedWith,
    comparison_address,
    document_page_address,
    in_version_address,
    original_address,
    reading_address,
    view_address,
    with_links,
    with_proof,
)
from service.http.request_models import PageQuery
from service.http.route import GuardedRoute
from service.state.collections import Collections
from service.state.identity import Principal, Scope, access

# The versions of a document around the one that the viewer shows, with the addresses of all.


@dataclass(frozen=True, slots=True)
class VersionSteps:
    """A version with its days, and where its neighbours, its document and its differences are shown.

    Addresses are empty where there is no such version. ``until`` is empty for the newest.
    """

    number: int
    newest: int
    since: str
    until: str
    earlier: str
    later: str
    latest: str
    document: str
    comparison: str


def version_steps(
    snapshot: Snapshot, version: VersionRecord, locator: str, collection: str, *, mark: bool
) -> VersionSteps:
    """The steps from a version. With ``mark`` they lead to the words of the citation."""
    numbers = [one.number for one in snapshot.versions(version.document_id)]
    place = numbers.index(version.number)

    def address(at: int) -> str:
        if not 0 <= at < len(numbers):
            return ""
        return in_version_address(locator, numbers[at], collection, mark=mark)

    is_newest = place == 0
    return VersionSteps(
        version.number,
        numbers[0],
        moment(version.created)[:10],
        "" if version.replaced is None else moment(version.replaced)[:10],
        address(place + 1),
        address(place - 1),
        "" if is_newest else address(0),
        document_page_address(version.document_id, collection),
        "" if is_newest else comparison_address(version.document_id, version.number, numbers[0], collection),
    )


router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

_MOST = 100


class ViewQuery(PageQuery):
    """Options of the viewer."""

    of: list[str] = Field(default_factory=list, max_length=_MOST)
    at: int | None = Field(None, ge=0, le=2**40)
    page: int | None = Field(None, ge=1, le=2**31)
    version: int | None = Field(None, ge=1, le=2**31 - 1)
    mark: bool = True
    proof: str = ""


@router.get("/view/{locator:path}")
@access(Scope.ASK, "citations")
@in_thread(Texts)
def view(
    request: Request,
    locator: Annotated[str, Path()],
    query: Annotated[ViewQuery, Query()],
    caller: Caller,
    asking: ReadyAsking,
) -> Response:
    """The document as a page, scrolled to the quote.

    `of` has the locators of an answer, each with its evidence (`locator|start-end`), which is highlighted;
    the page links to the previous and the next of them. `at` selects another part of a long document, `page`
    another page of a PDF file, whose pages are drawn. `version` leads to the same words in another version,
    and without `mark` the document is shown from its start. A key with the scope ask sees the quote and
    the words around it.
    """
    wanted = check_locator(locator)
    if caller.scope is Scope.ASK:
        check_proof(asking.prover, query.collection, locator, query.proof)
        own = [one for one in query.of if one.startswith(f"{locator}|")]
        query = query.model_copy(update={"of": own, "at": None, "page": None, "version": None, "mark": True})
    if query.version is not None:
        return _redirect_to_version(request.scope, asking.collections, caller, wanted, query)
    return _render_view(request.scope, asking, caller, (locator, wanted), query)


def _redirect_to_version(
    connection: Connection,
    collections: Collections,
    caller: Principal,
    locator: Locator,
    query: ViewQuery,
) -> Response:
    """Lead to the words of a citation in another version; to its start where they are not in it."""
    name = query.collection
    with collections.open(caller, name).archive.resolution() as resolution:
        citation = resolution.cite(locator)
        version = resolution.moment.version(citation.document_id, query.version)
        there = resolution.today(citation, version).citation if query.mark else None
        address = reading_address(version, name) if there is None else view_address(there.locator, (), name)
    address = address or document_page_address(version.document_id, name)
    return redirect(connection, address)


@dataclass(frozen=True, slots=True)
class _Viewed:
    """A citation to show. ``place`` is its index in ``cited``, the citations of its answer.

    ``whole``: the caller may read the document, not only the quote and the words around it.
    """

    locator: str
    query: ViewQuery
    cited: Sequence[CitedWith]
    place: int | None
    language: Language
    whole: bool

    @property
    def evidence(self) -> Sequence[Span]:
        """The sentences that answer, to highlight."""
        return () if self.place is None else self.cited[self.place].evidence

    def address(self, *, at: int | None = None, page: int | None = None) -> str:
        """The address of another part of the document."""
        address = view_address(self.locator, self.cited, self.query.collection, at=at, page=page)
        return address if self.query.mark else f"{address}&mark=false"


@dataclass(frozen=True, slots=True)
class _Found:
    """The document of a citation, read in one snapshot of the record."""

    resolved: Resolved
    marking: Marking
    structure: Structure
    drawn: DrawnPages | None
    standing: ShownStanding | None
    steps: VersionSteps
    has_original: bool


def _render_view(
    connection: Connection, asking: Asking, caller: Principal, named: tuple[str, Locator], query: ViewQuery
) -> Response:
    locator, wanted = named
    name, cited = query.collection, _parse_cited(query.of)
    place = next((at for at, one in enumerate(cited) if one.locator == locator), None)
    language = context_of(connection).language
    viewed = _Viewed(locator, query, cited, place, language, whole=caller.scope is not Scope.ASK)
    with asking.collections.open(caller, name).archive.resolution() as resolution:
        found = _read(resolution, wanted, viewed)
    citation, version = found.resolved.citation, found.resolved.version
    around, is_cut = _surroundings(found, viewed)
    if not viewed.whole:
        citation = with_proof(citation, name, asking.prover.of(caller))
    values: dict[str, Any] = _neighbour_links(place, cited, name, language)
    return page(
        connection,
        "view",
        citation=citation,
        version=version,
        versions=found.steps,
        whole=viewed.whole,
        mark=query.mark,
        around=around,
        drawn=found.drawn,
        code_language=code_language(version.document_id, version.media_type),
        page_in_words=lambda number: page_in_words(version, number, language),
        lacks_original=viewed.whole and found.drawn is None and has_pages(version, found.structure),
        page_address=lambda number: viewed.address(page=number),
        pages=pages_in_words(citation, language) if query.mark else "",
        cells=cells_in_words(found.resolved.cells, language) if query.mark else "",
        original=original_address(version.document_id, version.number, name) if found.has_original else "",
        source=citation.links.get("source", ""),
        links=with_links(citation, name).links,
        standing=found.standing,
        superseded=[
            (id_, document_page_address(id_, name)) for id_ in found.resolved.superseded_by if viewed.whole
        ],
        was="" if wanted.document_id == citation.document_id else wanted.document_id,
        retired="" if version.retired is None else moment(version.retired)[:10],
        is_excerpt=any(is_cut),
        is_cut=is_cut,
        to_quote="#quote" if around.has_quote else view_address(locator, cited, name),
        earlier=viewed.address(at=around.before),
        later=viewed.address(at=around.after),
        **values,
    )


def _read(resolution: Resolution, wanted: Locator, viewed: _Viewed) -> _Found:
    """Resolve a citation, and read what the page shows of its document."""
    query, whole = viewed.query, viewed.whole
    found, record = resolution.resolve(wanted, around=0), resolution.moment
    citation, version = found.citation, found.version
    structure = record.structure(version)
    quote = (citation.start, citation.end) if query.mark else (0, 0)
    shown = Shown(quote, viewed.evidence, query.page, query.collection)
    standing = None
    if whole and query.mark and _is_outdated(found):
        standing = describe_standing(resolution, citation, found.today, query.collection, viewed.language)
    return _Found(
        found,
        Marking(record.text(version.text_sha256), quote, viewed.evidence),
        structure,
        drawn_pages(record, citation, version, structure, shown) if whole else None,
        standing,
        version_steps(record, version, viewed.locator, query.collection, mark=query.mark),
        has_original=whole and bool(record.originals([version.source_sha256])),
    )


def _surroundings(found: _Found, viewed: _Viewed) -> tuple[DocumentPage, tuple[bool, ...]]:
    """The part of the document to show; for an excerpt, also whether text before and after is left out."""
    citation, within = found.resolved.citation, None if found.drawn is None else found.drawn.span
    if not viewed.whole:
        within = (citation.start - ASK_AROUND, citation.end + ASK_AROUND)
    at = viewed.query.at
    around = document_page(
        found.marking,
        found.structure,
        at=citation.start if at is None else min(at, len(found.marking.text)),
        within=within,
        is_mail=is_mail(found.resolved.version.media_type),
    )
    is_cut = () if viewed.whole else (around.before is not None, around.after is not None)
    return (around if within is None else replace(around, before=None, after=None)), is_cut


def _is_outdated(found: Resolved) -> bool:
    """True if the shown version is not the newest, or the document is retired."""
    return found.version.number != found.today.version or found.today.standing.since is not None


def _parse_cited(written: Sequence[str]) -> list[CitedWith]:
    try:
        return [CitedWith.parse(one) for one in written]
    except InvalidLocator as error:
        raise InvalidRequest(f"of: {error.message}") from None


def _neighbour_links(
    place: int | None, cited: Sequence[CitedWith], collection: str, language: Language
) -> dict[str, str]:
    """Links to the previous and the next citation of the same answer."""
    if place is None:
        return {"previous": "", "following": "", "place": ""}

    def address(at: int) -> str:
        return view_address(cited[at].locator, cited, collection) if 0 <= at < len(cited) else ""

    place_in_words = language.t("{place} of {all}", place=place + 1, all=len(cited))
    return {"previous": address(place - 1), "following": address(place + 1), "place": place_in_words}
