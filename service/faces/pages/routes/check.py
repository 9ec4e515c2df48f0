"""The page that checks a text, a quote or a locator against the documents."""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse
from starlette.types import Scope as Connection

from index.citations import Claim, Verification, find_carried, sentences_of
from index.collection import Collection
from index.errors import CitationNotFound, InvalidLimit, LoccitError, Unreadable
from index.library import Library
from index.readers import MEDIA_TYPES
from index.types import Extract
from service.errors import InvalidRequest, status_of
from service.faces.client import HttpClient
from service.faces.dependencies import Caller, ReadyCollections, ReadyPools, ReadySettings
from service.faces.pages import page
from service.faces.pages.checking import Checked, Kind, Pasted, Words, check_pasted_input, parse_pasted_input
from service.faces.pages.checking.example import example_of
from service.faces.pages.checking.sentences import CERTAIN
from service.faces.pages.context import context_of
from service.faces.pages.errors.plain_errors import plain_message
from service.faces.pages.existing import existing_collection
from service.faces.pages.rendering import HEADERS
from service.flows.ask.disconnection import WatchedPlace
from service.flows.evidence_packs.documents import Form
from service.http.links import DEFAULT_COLLECTION, base_url, in_collection
from service.http.request_models import PageQuery
from service.http.route import GuardedRoute
from service.settings import MAX_ANSWER_CHARACTERS, VERIFY_SECONDS, Settings
from service.state.collections import Collections
from service.state.identity import Scope, access, caller_of
from service.state.limits.pools import Pools

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

PATH = "/check"
_MOST_FIELDS = 8
_MOST_HTML = 2_000_000
_SHOWN = (InvalidRequest, InvalidLimit, CitationNotFound, Unreadable)
"""Errors that the form explains, with what was written in it."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """Result of a form: the verdicts, or why there are none, and other collections that have more."""

    found: Checked | None = None
    error: LoccitError | None = None
    elsewhere: Sequence[str] = ()


class CheckQuery(PageQuery):
    """The text to check: short texts, quotes and locators can be linked."""

    text: str = Field("", description="A text, a quote or a locator.")
    kind: Kind = Field("auto", description="What it is.")
    form: Form = Field("json", description="The file of signed evidence that is wanted.")


@router.get(PATH)
@access(Scope.READ, "texts", "citations", "collections")
async def check_form(
    request: Request,
    query: Annotated[CheckQuery, Query()],
    caller: Caller,
    collections: ReadyCollections,
    pools: ReadyPools,
    settings: ReadySettings,
) -> Response:
    """The form; with a text in the query, the verdicts on it too."""
    return await _render_check(request, collections, pools, settings, query, None)


@router.post(PATH)
@access(Scope.READ, "texts", "citations", "collections")
async def check(
    request: Request,
    caller: Caller,
    collections: ReadyCollections,
    pools: ReadyPools,
    settings: ReadySettings,
) -> Response:
    """The verdicts on the text of the form, or of the file in it."""
    async with read_form(request) as (query, file):
        if query.collection != named_collection(request):
            # The browser sends the form again, to the address that names the collection.
            address = context_of(request.scope).at(in_collection(PATH, query.collection))
            return RedirectResponse(address, status_code=307, headers=HEADERS)
        return await _render_check(request, collections, pools, settings, query, file)


@asynccontextmanager
async def read_form(request: Request) -> AsyncIterator[tuple[CheckQuery, UploadFile | None]]:
    """The fields of the page's form, and the file in it."""
    try:
        form = await request.form(max_files=1, max_fields=_MOST_FIELDS)
    except HTTPException:
        raise InvalidRequest("The form could not be read. Send it from this page.") from None
    try:
        fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        file = form.get("file")
        wanted = fields.pop("instead", "") or fields.get("collection", named_collection(request))
        try:
            query = CheckQuery.model_validate({**fields, "collection": wanted})
        except ValidationError:
            raise InvalidRequest("The form has a field that this page does not send.") from None
        yield query, file if isinstance(file, UploadFile) and file.filename else None
    finally:
        await form.close()


def named_collection(request: Request) -> str:
    """The collection that the address names."""
    return request.query_params.get("collection", DEFAULT_COLLECTION)


async def _render_check(
    request: Request,
    collections: Collections,
    pools: Pools,
    settings: Settings,
    query: CheckQuery,
    file: UploadFile | None,
) -> Response:
    try:
        given = parse_pasted_input(
            await _submitted_text(request, collections, pools, settings, query, file), query.kind
        )
    except _SHOWN as error:
        shown = Pasted("" if file else query.text[:MAX_ANSWER_CHARACTERS])
        outcome = _Outcome(error=error)
        return await pools.lookups.run(_render_page, request.scope, collections, query, shown, outcome)
    if not given.text:
        sent = request.method == "POST"
        nothing = InvalidRequest("There is nothing to check. Paste a text or choose a file.")
        return await pools.lookups.run(
            _render_page,
            request.scope,
            collections,
            query,
            given,
            _Outcome(error=nothing if sent else None),
        )
    with pools.texts.admit(caller_of(request.scope).holder) as place:
        watched = WatchedPlace(HttpClient(request), place)
        return await watched.run(
            _check_and_render,
            request.scope,
            collections,
            settings,
            query,
            given,
            stop=lambda: watched.is_left,
        )


async def _submitted_text(
    request: Request,
    collections: Collections,
    pools: Pools,
    settings: Settings,
    query: CheckQuery,
    file: UploadFile | None,
) -> str:
    """The text of the form, or of the file in it."""
    holder = caller_of(request.scope).holder
    if file is not None:
        name = file.filename or ""
        data = await file.read(most_bytes(name, settings) + 1)
        with pools.writes.admit(holder) as place:  # the threads that wait for readers
            return await place.run(text_of, data, name, collections.library, settings)
    if query.kind != "quote" and len(query.text) <= _MOST_HTML and is_html(query.text):
        with pools.writes.admit(holder) as place:
            return await place.run(text_of_html, query.text, collections.library)
    return query.text


def _check_and_render(
    connection: Connection,
    collections: Collections,
    settings: Settings,
    query: CheckQuery,
    given: Pasted,
    *,
    stop: Callable[[], bool],
) -> Response:
    collection = collections.open(caller_of(connection), query.collection)
    words = Words(
        context_of(connection).language, query.collection, base_url(connection, settings.public_url)
    )
    most = settings.max_reading_characters
    try:
        with collection.verification(
            most_characters=most, claims=not given.quote, most_seconds=VERIFY_SECONDS, stop=stop
        ) as verification:
            found = check_pasted_input(verification, given, words)
    except _SHOWN as error:
        others = (
            _other_collections_with(connection, collections, settings, query, given)
            if isinstance(error, CitationNotFound)
            else []
        )
        return _render_page(connection, collections, query, given, _Outcome(error=error, elsewhere=others))
    others = (
        [] if found.is_found else _other_collections_with(connection, collections, settings, query, given)
    )
    return _render_page(connection, collections, query, given, _Outcome(found, elsewhere=others))


def _other_collections_with(
    connection: Connection, collections: Collections, settings: Settings, query: CheckQuery, given: Pasted
) -> list[str]:
    """The other collections of the caller that have something like what was pasted."""
    caller = caller_of(connection)
    names = [name for name in collections.names(caller) if name != query.collection]
    return collections_with(given, names, lambda name: collections.open(caller, name), settings)


def _render_page(
    connection: Connection,
    collections: Collections,
    query: CheckQuery,
    given: Pasted,
    outcome: _Outcome,
) -> Response:
    caller = caller_of(connection)
    error = outcome.error
    collection = existing_collection(collections, caller, query.collection)
    return page(
        connection,
        "check",
        status_code=status_of(type(error)) if error else 200,
        home_query=in_collection("", query.collection),
        text=given.text,
        kind=query.kind,
        most=MAX_ANSWER_CHARACTERS,
        collection=query.collection,
        collections=collections.names(caller),
        has_documents=collection is not None and collection.archive.counts().documents > 0,
        example=None
        if collection is None or given.text or error
        else example_of(collection.archive, query.collection),
        problem=plain_message(error, context_of(connection).language) if error else "",
        elsewhere=outcome.elsewhere,
        suffixes=SUFFIXES,
        found=outcome.found,
    )


# Other collections that hold what one does not.


_MOST_COLLECTIONS = 8
_MOST_SENTENCES = 4
_MOST_SECONDS = 1.0
"""For each of them."""
_LONGEST = 1000
"""Code points of a text that are looked for."""


def collections_with(
    given: Pasted, names: Sequence[str], opened: Callable[[str], Collection], settings: Settings
) -> list[str]:
    """The first few of the named collections that hold a locator or quote, or match a sentence of a text."""
    found = []
    for name in names[:_MOST_COLLECTIONS]:
        try:
            with opened(name).verification(
                most_characters=settings.max_reading_characters,
                claims=not given.quote,
                most_seconds=_MOST_SECONDS,
            ) as verification:
                if _is_there(verification, given):
                    found.append(name)
        except LoccitError:
            continue  # one that cannot be opened or read now has nothing to offer
    return found


def _is_there(verification: Verification, given: Pasted) -> bool:
    if given.locator is not None:
        return verification.citation(given.locator).citation is not None
    if given.quote:
        return verification.quote(Claim(given.quote)).status in CERTAIN
    locators = find_carried(given.text[: 4 * _LONGEST]).locators.values()
    if any(verification.citation(one).citation for one in list(locators)[:_MOST_SENTENCES]):
        return True
    report = verification.answer(_first_sentences(given.text), {})
    statuses = [one.status for _, one in report.quotes] + [one.status for one in report.statements if one]
    return not {"verified", "repaired", "supported"}.isdisjoint(statuses)


def _first_sentences(text: str) -> str:
    """The first sentences of a text, whole."""
    ends = [one.end for one in sentences_of(find_carried(text).text[:_LONGEST])][:_MOST_SENTENCES]
    return text[: ends[-1]] if ends else ""


# The text of an uploaded file, or of pasted HTML: read by the readers of documents, in their processes.


SUFFIXES = ",".join(sorted(MEDIA_TYPES))
"""The names of files that can be read end in one of these."""
_AS_WRITTEN = (".txt", ".text", ".md", ".markdown")
"""Their marks are part of the text to check: a reader would leave out footnotes and links."""
_HTML = re.compile(
    r"\s*<(?:!doctype html|html|head|body|article|section|main|div|p|h[1-6]|ul|ol|table|blockquote)\b[^>]*>",
    re.IGNORECASE,
)
_CLOSED = re.compile(r"</(?:html|body|article|section|main|div|p|h[1-6]|ul|ol|table|blockquote)\s*>")
_BYTES_PER_CHARACTER = 4


def is_html(text: str) -> bool:
    """Whether a text is HTML, such as the copy that the page itself offers."""
    return bool(_HTML.match(text) and _CLOSED.search(text))


def most_bytes(name: str, settings: Settings) -> int:
    """Longest file of a name that is read."""
    if _suffix(name) in _AS_WRITTEN:
        return _BYTES_PER_CHARACTER * MAX_ANSWER_CHARACTERS
    return settings.library_config().ingest.max_document_bytes


def text_of(data: bytes, name: str, library: Library, settings: Settings) -> str:
    """The text of a file; blocks. ``data`` may be longer than what is read, to tell that it is.

    Raises :class:`InvalidRequest`, :class:`index.errors.InvalidLimit`, :class:`index.errors.Unreadable`.
    """
    suffix = _suffix(name)
    if suffix not in MEDIA_TYPES:
        raise InvalidRequest(f"{name[:200]!r} is no file of a kind that can be read.")
    if len(data) > most_bytes(name, settings):
        raise InvalidLimit("The file is too long. Check it in parts.")
    if suffix not in _AS_WRITTEN:
        return _with_headings(library.read(data, name=name[-200:]))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidRequest(f"{name[:200]!r} is not in UTF-8. Save it as UTF-8 text.") from None


def text_of_html(text: str, library: Library) -> str:
    """The text of pasted HTML; blocks. Raises :class:`index.errors.Unreadable`."""
    return _with_headings(library.read(text.encode("utf-8", "replace"), name="pasted.html"))


def _with_headings(extract: Extract) -> str:
    """The text with Markdown's signs before headings, which are not sentences."""
    text = extract.text
    for block in reversed(extract.blocks):
        if block.kind == "heading":
            heading = " ".join(text[block.start : block.end].split())
            text = f"{text[: block.start]}{'#' * max(1, min(6, block.level))} {heading}{text[block.end :]}"
    return text


def _suffix(name: str) -> str:
    return PurePosixPath(name.lower()).suffix
