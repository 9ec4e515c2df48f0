"""Collections in the browser: how much each holds, a new one, and the deletion of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.types import Scope as Connection

from index.errors import CollectionNotFound, InvalidCollectionName, LoccitError
from index.records import Counts
from service.errors import InvalidRequest
from service.faces.dependencies import (
    Caller,
    Lookups,
    ReadyCollections,
    ReadyIngestion,
    ReadyTitles,
    Writes,
    in_thread,
)
from service.faces.pages import page, redirect
from service.faces.pages.context import context_of
from service.faces.pages.errors.plain_errors import plain_message, plain_problem
from service.faces.pages.forms import form_fields
from service.faces.pages.languages import Language
from service.faces.pages.listing import per_cent, size_in_words
from service.faces.pages.routes.library import PATH
from service.http.links import in_collection
from service.http.request_models import PageQuery
from service.http.route import GuardedRoute
from service.state.collections import Collections
from service.state.files import Titles, free_name, validate_title
from service.state.identity import Principal, Scope, access

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

_PATH = f"{PATH}/collections"
_Fields = Annotated[dict[str, str], form_fields(8192)]


@dataclass(frozen=True, slots=True)
class ShownCollection:
    """A collection with its size, or with the reason why it cannot be opened."""

    name: str
    model: str = ""
    counts: Counts | None = None
    problem: str = ""

    @property
    def embedded(self) -> str:
        """Share of its passages that can be found by meaning; a dash where there are none."""
        if self.counts is None or not self.counts.passages:
            return "–"
        return f"{per_cent(self.counts.embedded, self.counts.passages)} %"

    @property
    def size(self) -> str:
        """Size of its originals."""
        return size_in_words(self.counts.original_bytes) if self.counts else ""


def show_collections(
    collections: Collections, caller: Principal, language: Language
) -> list[ShownCollection]:
    """The collections that a caller may use; blocks."""
    found = (_show_collection(collections, caller, name, language) for name in collections.names(caller))
    return [one for one in found if one is not None]


def _show_collection(
    collections: Collections, caller: Principal, name: str, language: Language
) -> ShownCollection | None:
    try:
        collection = collections.open(caller, name)
        return ShownCollection(name, collection.description.model_name, collection.archive.counts())
    except CollectionNotFound:
        return None  # deleted after it was listed
    except LoccitError as error:
        return ShownCollection(name, problem=plain_problem(error, language))


@router.get(_PATH)
@access(Scope.ADMIN, "collections")
@in_thread(Lookups)
def collections(request: Request, caller: Caller, collections: ReadyCollections) -> Response:
    """The collections, with a form for a new one."""
    return _render_collections(request.scope, collections, caller, {})


def _render_collections(
    connection: Connection, collections: Collections, caller: Principal, again: Mapping[str, str]
) -> Response:
    """The page; ``again`` has the fields of a form that was refused, and the problem."""
    return page(
        connection,
        "collections",
        status_code=422 if again else 200,
        collections=show_collections(collections, caller, context_of(connection).language),
        in_collection=in_collection,
        **{"name": "", "title": "", "problem": "", **again},
    )


@router.post(f"{_PATH}/create")
@access(Scope.ADMIN, "collections")
@in_thread(Writes)
def create(
    request: Request,
    caller: Caller,
    collections: ReadyCollections,
    titles: ReadyTitles,
    fields: _Fields,
) -> Response:
    """Creates a collection with the model of the settings, and shows its library."""
    name, title = fields.get("name", "").strip(), fields.get("title", "").strip()
    try:
        name = _create(collections, titles, caller, (name, title))
    except (InvalidCollectionName, InvalidRequest) as error:
        problem = plain_message(error, context_of(request.scope).language)
        again = {"name": name, "title": title, "problem": problem}
        return _render_collections(request.scope, collections, caller, again)
    return redirect(request.scope, in_collection(PATH, name))


def _create(collections: Collections, titles: Titles, caller: Principal, called: tuple[str, str]) -> str:
    """Create a collection by its name and title, or by one of them; returns its name."""
    name, title = called
    title = validate_title(title)
    with collections.naming:
        name = name or (free_name(title, collections.library.names()) if title else "")
        opened = collections.open(caller, name, create=True)
    if title:
        titles.change(opened, title)
    return name


@router.post(f"{_PATH}/rename")
@access(Scope.ADMIN, "collections")
@in_thread(Writes)
def rename(
    request: Request,
    query: Annotated[PageQuery, Query()],
    caller: Caller,
    collections: ReadyCollections,
    titles: ReadyTitles,
    fields: _Fields,
) -> Response:
    """Gives a collection another title. Its name stays, and with it addresses, keys and locators."""
    titles.change(collections.open(caller, query.collection), fields.get("title", ""))
    return redirect(request.scope, _PATH)


@router.get(f"{_PATH}/delete")
@access(Scope.ADMIN, "collections")
@in_thread(Lookups)
def confirm_deletion(
    request: Request,
    query: Annotated[PageQuery, Query()],
    caller: Caller,
    collections: ReadyCollections,
) -> Response:
    """Says what the deletion of a collection breaks, and asks."""
    return _render_confirmation(request.scope, collections, caller, query)


def _render_confirmation(
    connection: Connection, collections: Collections, caller: Principal, query: PageQuery
) -> Response:
    counts = collections.open(caller, query.collection).archive.counts()
    is_narrowed = caller.groups is not None
    return page(
        connection, "delete_collection", name=query.collection, counts=counts, is_narrowed=is_narrowed
    )


@router.post(f"{_PATH}/delete")
@access(Scope.ADMIN, "collections")
@in_thread(Writes)
def delete(
    request: Request,
    query: Annotated[PageQuery, Query()],
    caller: Caller,
    ingestion: ReadyIngestion,
    fields: _Fields,
) -> Response:
    """Erases a collection with all its documents. The form repeats its name."""
    if fields.get("name", "").strip() != query.collection:
        return _render_confirmation(request.scope, ingestion.collections, caller, query)
    ingestion.collections.require(caller, query.collection)
    ingestion.erasing.delete_collection(query.collection)
    return redirect(request.scope, _PATH)
