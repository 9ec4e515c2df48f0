"""A document's page: what it is, its versions and their differences, and its deletion."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.types import Scope as Connection

from index.errors import DocumentNotFound
from index.records import DocumentRecord, VersionRecord
from service.faces.dependencies import Caller, Lookups, ReadyCollections, Texts, Writes, in_thread
from service.faces.pages import page, redirect
from service.faces.pages.listing import tag_in_words
from service.faces.pages.routes.library import PATH as LIBRARY, WORDS, deleted_path
from service.http.links import document_path, in_collection, reading_address, text_path
from service.http.request_models import PageQuery
from service.http.route import GuardedRoute
from service.state.collections import Collections
from service.state.identity import Principal, Scope, access

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

PATH = f"{LIBRARY}/document"
_MOST_HUNKS = 200


class DocumentQuery(PageQuery):
    """Which document is shown."""

    id: str = Field("", description="The document's id.")
    was: str = Field("", max_length=1024, description="The id that led here, of a document that was renamed.")


class VersionsQuery(DocumentQuery):
    """Which versions are compared."""

    old: int = Field(1, ge=1, le=2**31 - 1)
    new: int = Field(1, ge=1, le=2**31 - 1)


@router.get(PATH)
@access(Scope.READ, "documents", "versions")
@in_thread(Lookups)
def document(
    request: Request,
    query: Annotated[DocumentQuery, Query()],
    caller: Caller,
    collections: ReadyCollections,
) -> Response:
    """A document, with its versions and metadata; retired ones too. A former id leads to it."""
    try:
        return render_document(request.scope, collections, caller, query)
    except DocumentNotFound:
        today = collections.open(caller, query.collection).archive.renamed_to(query.id)
        if today is None:
            raise
        address = in_collection(f"{PATH}?{urlencode({'id': today, 'was': query.id})}", query.collection)
        return redirect(request.scope, address)


def find_document(
    collections: Collections, caller: Principal, query: DocumentQuery
) -> tuple[DocumentRecord, list[VersionRecord]]:
    """A document, retired or not, and its versions. Raises :class:`index.errors.DocumentNotFound`."""
    archive = collections.open(caller, query.collection).archive
    record = archive.find_document(query.id, retired=True)
    if record is None:
        raise DocumentNotFound(f"There is no document {query.id!r}.")
    return record, archive.versions(query.id)


def render_document(
    connection: Connection,
    collections: Collections,
    caller: Principal,
    query: DocumentQuery,
    *,
    problem: str = "",
) -> Response:
    """The page of a document; with a problem, that of a change that was refused."""
    record, versions = find_document(collections, caller, query)
    archive = collections.open(caller, query.collection).archive
    newest = next((one for one in versions if one.number == record.version), None)
    return page(
        connection,
        "document",
        status_code=422 if problem else 200,
        problem=problem,
        was=query.was if archive.renamed_to(query.was) == record.id else "",
        tags=[(name, tag_in_words(value)) for name, value in sorted(record.provenance.metadata.items())],
        document=record,
        versions=versions,
        collection=query.collection,
        view=reading_address(newest, query.collection) if newest else "",
        read=lambda version: reading_address(version, query.collection),
        text=lambda number: in_collection(text_path(record.id, number), query.collection),
        original=in_collection(f"{document_path(record.id)}/original", query.collection),
        has_original=archive.keeps_original(record.source_sha256),
        is_link=record.source.startswith(("http://", "https://")),
        may_write=caller.scope >= Scope.WRITE,
        **WORDS,
    )


@router.get(f"{PATH}/diff")
@access(Scope.READ, "versions")
@in_thread(Texts)
def diff(
    request: Request,
    query: Annotated[VersionsQuery, Query()],
    caller: Caller,
    collections: ReadyCollections,
) -> Response:
    """The differences between two versions."""
    archive = collections.open(caller, query.collection).archive
    old, new, hunks = archive.diff(query.id, query.old, query.new)
    return page(
        request.scope,
        "versions",
        id=query.id,
        old=old,
        new=new,
        hunks=hunks[:_MOST_HUNKS],
        more=max(0, len(hunks) - _MOST_HUNKS),
        versions=archive.versions(query.id),
        collection=query.collection,
        **WORDS,
    )


@router.get(f"{PATH}/delete")
@access(Scope.WRITE, "documents", "versions")
@in_thread(Lookups)
def confirm_deletion(
    request: Request,
    query: Annotated[DocumentQuery, Query()],
    caller: Caller,
    collections: ReadyCollections,
) -> Response:
    """Says what the deletion of a document breaks, and asks."""
    record, _ = find_document(collections, caller, query)
    return page(request.scope, "delete_document", document=record, collection=query.collection, **WORDS)


@router.post(f"{PATH}/delete")
@access(Scope.WRITE, "documents")
@in_thread(Writes)
def delete(
    request: Request,
    query: Annotated[DocumentQuery, Query()],
    caller: Caller,
    collections: ReadyCollections,
) -> Response:
    """Erases a document with all its versions."""
    collections.open(caller, query.collection).editor.delete(query.id)
    address = deleted_path(query.collection, 1)
    return redirect(request.scope, address)
