"""The page that checks a text, a quote or a locator against the documents."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.types import Scope as Connection

from index.errors import CitationNotFound, InvalidLimit
from service.api.links import DEFAULT_COLLECTION, base_url, in_collection
from service.api.route import GuardedRoute
from service.browser import page
from service.browser.checking import Checked, Kind, Pasted, Words, checked, pasted
from service.browser.checking.pasted import text_of_file
from service.browser.context import context_of
from service.browser.existing import existing_collection
from service.errors import InvalidRequest, status_of
from service.identity import Scope, access, caller_of
from service.requests.base import PageQuery
from service.runtime import Caller, ReadyRuntime, Runtime

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

PATH = "/check"
_MOST_FIELDS = 8
_SHOWN = (InvalidRequest, InvalidLimit, CitationNotFound)
"""Errors that the form explains, with what was written in it."""


class CheckQuery(PageQuery):
    """What to check: short texts, quotes and locators can be linked."""

    text: str = Field("", description="A text, a quote or a locator.")
    kind: Kind = Field("auto", description="What it is.")


@router.get(PATH)
@access(Scope.READ, "texts", "citations", "collections")
async def check_form(
    request: Request, query: Annotated[CheckQuery, Query()], caller: Caller, runtime: ReadyRuntime
) -> Response:
    """The form; with a text in the query, the verdicts on it too."""
    return await _answered(request, runtime, query, None)


@router.post(PATH)
@access(Scope.READ, "texts", "citations", "collections")
async def check(request: Request, caller: Caller, runtime: ReadyRuntime) -> Response:
    """The verdicts on the text of the form, or of the file in it."""
    try:
        form = await request.form(max_files=1, max_fields=_MOST_FIELDS)
    except HTTPException:
        raise InvalidRequest("The form could not be read. Send it from this page.") from None
    try:
        fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        file = form.get("file")
        own = {"collection": request.query_params.get("collection", DEFAULT_COLLECTION)}
        try:
            query = CheckQuery.model_validate({**own, **fields})
        except ValidationError:
            raise InvalidRequest("The form has a field that this page does not send.") from None
        chosen = file if isinstance(file, UploadFile) and file.filename else None
        return await _answered(request, runtime, query, chosen)
    finally:
        await form.close()


async def _answered(
    request: Request, runtime: Runtime, query: CheckQuery, file: UploadFile | None
) -> Response:
    settings = runtime.settings
    try:
        text = await text_of_file(file, settings) if file else query.text
        given = pasted(text, query.kind, settings)
    except _SHOWN as error:
        shown = Pasted("" if file else query.text[: settings.max_answer_characters])
        return await runtime.pools.lookups.run(_page, request.scope, runtime, query, shown, error=error)
    if not given.text:
        sent = request.method == "POST"
        nothing = InvalidRequest("There is nothing to check. Paste a text or choose a file.")
        return await runtime.pools.lookups.run(
            _page, request.scope, runtime, query, given, error=nothing if sent else None
        )
    with runtime.pools.texts.permits.acquire():
        return await runtime.pools.texts.run(_result, request.scope, runtime, query, given)


def _result(connection: Connection, runtime: Runtime, query: CheckQuery, given: Pasted) -> Response:
    settings = runtime.settings
    collection = runtime.collection(caller_of(connection), query.collection)
    words = Words(
        context_of(connection).language, query.collection, base_url(connection, settings.public_url)
    )
    most = settings.max_reading_characters
    try:
        with collection.verification(most_characters=most, claims=not given.quote) as verification:
            found = checked(verification, given, words, settings)
    except _SHOWN as error:
        return _page(connection, runtime, query, given, error=error)
    return _page(connection, runtime, query, given, found=found)


def _page(
    connection: Connection,
    runtime: Runtime,
    query: CheckQuery,
    given: Pasted,
    *,
    found: Checked | None = None,
    error: InvalidRequest | InvalidLimit | CitationNotFound | None = None,
) -> Response:
    caller = caller_of(connection)
    collection = existing_collection(runtime, caller, query.collection)
    return page(
        connection,
        "check",
        status_code=status_of(type(error)) if error else 200,
        home_query=in_collection("", query.collection),
        text=given.text,
        kind=query.kind,
        most=runtime.settings.max_answer_characters,
        collection=query.collection,
        collections=runtime.names(caller),
        has_documents=collection is not None and collection.archive.counts().documents > 0,
        problem=error.message if error else "",
        found=found,
    )
