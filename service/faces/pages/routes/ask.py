"""The page on which people ask questions."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.types import Scope as Connection

from index.answers import Extent
from index.citations import parse_locator
from index.errors import (
    CitationNotFound,
    CollectionNotFound,
    EmptyQuestion,
    InvalidFilter,
    InvalidLimit,
    LoccitError,
    QuestionTooLong,
)
from index.history import Archive
from service.errors import InvalidRequest, WriterFailed, WriterTimeout
from service.faces.client import HttpClient
from service.faces.dependencies import Caller, ReadyAnswering
from service.faces.pages import page, redirect
from service.faces.pages.asking import HomeQuery, ShownAnswer, shown_answer
from service.faces.pages.asking.earlier import lost_passages, time_of
from service.faces.pages.asking.form import extents, kinds, languages
from service.faces.pages.context import context_of
from service.faces.pages.disagreeing import ShownConflict, shown_conflicts
from service.faces.pages.errors.plain_errors import plain_message
from service.faces.pages.existing import choose_collection, existing_collection
from service.faces.pages.navigation import is_page
from service.flows.answer.answering import Answering
from service.flows.answer.events import Mode
from service.flows.answer.finding import Asked, Found, find
from service.flows.answer.flow import Whole, collect_answer, events
from service.flows.ask.disconnection import unless_gone
from service.flows.ask.planning import MAX_COLLECTIONS, MAX_QUESTION_CHARACTERS, validate_question
from service.flows.suggesting import Suggestions
from service.http.links import DEFAULT_COLLECTION, in_collection
from service.http.parts import parts_of
from service.http.route import GuardedRoute
from service.state.collections import Collections
from service.state.identity import Principal, Scope, access, caller_of

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

_SENTENCES = 3
_LIBRARY = "/library"


@router.get("/")
@access(Scope.ASK, "answers", "collections")
async def home(
    request: Request, query: Annotated[HomeQuery, Query()], caller: Caller, answering: ReadyAnswering
) -> Response:
    """A form, and the answer to the submitted question: sentences with citations, and the passages."""
    lookups, scope = answering.pools.lookups, request.scope
    if query.question and "" in request.query_params.values():
        # A form sends its empty fields, too, where no script takes them out.
        address = query.address(mode=query.mode, was=list(filter(None, query.was)))
        return redirect(scope, address)
    await lookups.run(choose_collection, request, query, answering.collections, caller)
    if not query.question:
        return await lookups.run(_render_page, scope, answering, query)
    try:
        found = await find(HttpClient(request), answering, caller, parse_question(query, caller, answering))
    except (EmptyQuestion, QuestionTooLong, InvalidFilter, InvalidLimit, InvalidRequest) as error:
        return await lookups.run(
            _render_page,
            scope,
            answering,
            query,
            problem=plain_message(error, context_of(scope).language),
            status_code=422,
        )
    except CollectionNotFound:
        if query.collection != DEFAULT_COLLECTION or query.several is not None:
            raise
        return await lookups.run(_render_page, scope, answering, query)  # which says what to do
    made, problem = None, ""
    if found.asked.mode == "written" and not found.declines:
        try:
            made = await unless_gone(HttpClient(request), collect_answer(events(found, answering)))
        except (WriterFailed, WriterTimeout) as error:
            problem = plain_message(error, context_of(scope).language)
    pool = lookups if query.as_of is None and not query.was else answering.pools.texts
    return await pool.run(_render_answer, scope, answering, query, found, made, problem)


def parse_question(query: HomeQuery, caller: Principal, answering: Answering) -> Asked:
    """The question of the form. Raises the errors of questions, and of filters."""
    question = validate_question(query.question)
    may_write = answering.writer is not None and query.several is None
    mode: Mode = "written" if query.mode == "written" and may_write else "extractive"
    return Asked(
        query.ask_request(question, _allowed_extent(query, caller)),
        mode,
        answering.settings.min_answerability,
        _SENTENCES,
        is_new=not query.judged,
    )


def _allowed_extent(query: HomeQuery, caller: Principal) -> Extent:
    """The extent asked for, if the form offers it to the caller."""
    return "passage" if query.extent == "section" and caller.scope is Scope.ASK else query.extent


def _render_answer(
    connection: Connection,
    answering: Answering,
    query: HomeQuery,
    found: Found,
    made: Whole | None,
    problem: str,
) -> Response:
    language, prover = context_of(connection).language, answering.prover.of(found.caller)
    names = [one.collection for one in found.answer.searched] or [found.collection]
    archives = [answering.collections.open(found.caller, name).archive for name in names]
    show = partial(shown_answer, found, prover=prover, language=language, made=made)
    if query.several is not None or (query.as_of is None and not query.was):
        answer = replace(show(None), conflicts=_conflicts(answering, found, query))
        return _render_page(connection, answering, query, answer=answer, problem=problem)
    with archives[0].resolution() as resolution:
        if query.as_of is not None:
            answer = replace(show(resolution), time=time_of(resolution, query.as_of))
        else:
            was = query.was if found.caller.scope is not Scope.ASK else ()
            lost = tuple(lost_passages(resolution, was, found.collection, language))
            answer = replace(show(None), lost=lost)
    return _render_page(connection, answering, query, answer=answer, problem=problem)


def _conflicts(answering: Answering, found: Found, query: HomeQuery) -> list[ShownConflict]:
    """Find what other documents say against the sentences of an answer from one collection.

    None for a key with the scope ask, which learns nothing but answers.
    """
    if found.caller.scope is Scope.ASK or query.several is not None or query.moment or not found.answer.hits:
        return []
    collection = answering.collections.open(found.caller, found.collection)
    cited = [parse_locator(one.citation.locator) for one in found.extract.sentences]
    with suppress(CitationNotFound):  # erased since
        return shown_conflicts(collection.conflicts.of_citations(cited).conflicts, found.collection)
    return []


def _render_page(
    connection: Connection,
    answering: Answering,
    query: HomeQuery,
    *,
    answer: ShownAnswer | None = None,
    problem: str = "",
    status_code: int = 200,
) -> Response:
    here, caller = context_of(connection), caller_of(connection)
    # Each collection counts its own changes: no number names a moment of several.
    lasting = answer if query.several is None else None
    permanent = query.address(as_of=lasting.change) if lasting and caller.scope > Scope.ASK else ""
    return page(
        connection,
        "ask",
        status_code=status_code,
        query=query,
        longest=MAX_QUESTION_CHARACTERS,
        collections=answering.collections.names(caller),
        home_query=in_collection("", query.collection),
        extents=extents(caller, here.language),
        extent=_allowed_extent(query, caller),
        kinds=kinds(here.language),
        filter_languages=languages(query.language, here.language),
        problem=problem,
        answer=answer,
        folders=_folders(answering.collections, caller, query.collection),
        to_write=_writing_request(query, answering) if answer else None,
        permanent=permanent,
        evidence=f"/evidence{(permanent or query.address()).removeprefix('/')}" if lasting else "",
        hand_on=f"/hand-on{query.address().removeprefix('/')}"
        if answer and answer.sources and caller.scope > Scope.ASK
        else "",
        most_collections=MAX_COLLECTIONS,
        judged=bool(query.judged),
        may_judge=query.several is None and answering.kept.is_kept(query.collection),
        start=None
        if answer or problem
        else _start_context(connection, answering.collections, query.collection),
        may_write=caller.scope >= Scope.WRITE,
        may_look_back=caller.scope > Scope.ASK,
        library=_LIBRARY if is_page(_LIBRARY) else "",
    )


def _writing_request(query: HomeQuery, answering: Answering) -> dict[str, Any] | None:
    """The request by which a script lets the model write; None without a model, or if it has written."""
    if answering.writer is None or query.mode or query.several is not None:
        return None
    body = query.ask_request(query.question, "passage").model_dump(mode="json", exclude_unset=True)
    del body["extent"]  # what a model is given are passages
    return {**body, "mode": "written", "stream": True}


def _folders(collections: Collections, caller: Principal, name: str) -> list[str]:
    """The folders that the form offers; none to a key with the scope ask."""
    collection = None if caller.scope is Scope.ASK else existing_collection(collections, caller, name)
    return [] if collection is None else folders_of(collection.archive)


def _start_context(connection: Connection, collections: Collections, name: str) -> dict[str, Any]:
    """Context of an empty form: the number of documents, questions that they answer, and another collection.

    The questions are None while they are to be found, which takes a moment. A key with the scope ask
    learns neither numbers nor words of documents before it has asked.
    """
    caller = caller_of(connection)
    collection = existing_collection(collections, caller, name)
    count = collection.archive.counts().documents if collection else 0
    if collection is None or not count:
        return {
            "documents": 0,
            "questions": [],
            "other": _other_collection_with_documents(collections, caller, name),
        }
    if caller.scope is Scope.ASK:
        return {"documents": None, "questions": [], "other": ""}
    known = parts_of(connection)[Suggestions].known(caller, collection)
    return {"documents": count, "questions": known, "other": ""}


def _other_collection_with_documents(collections: Collections, caller: Principal, name: str) -> str:
    """The first other collection that the caller may use and that has documents; empty if none has."""
    for other in collections.names(caller):
        with suppress(LoccitError):  # one that was deleted meanwhile, or cannot be opened
            if other != name and collections.open(caller, other).archive.counts().documents:
                return other
    return ""


# The folders that documents are in, for the filter of the form.


MOST = 40
"""Folders that are offered."""
_DEPTH = 2
_PIECE = 100
_MOST_LOOKS = 30
_MOST_PIECES = 4
"""Looks at files without a folder that are taken: each takes as long as ten others, and every page waits."""


def folders_of(archive: Archive) -> list[str]:
    """Folders by name, those inside others too, as far as they are found with few looks at the record."""
    return list(islice(dict.fromkeys(_folder_paths(archive)), MOST))


def _folder_paths(archive: Archive) -> Iterator[str]:
    after, limit, pieces = "", 1, 0
    for _ in range(_MOST_LOOKS):
        if (pieces := pieces + (limit > 1)) > _MOST_PIECES:
            return
        found = archive.documents(limit=limit, after=after)
        if not found:
            return
        for one in found:
            parts = one.id.split("/")[:-1][:_DEPTH]
            yield from ("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))
            if len(parts) == _DEPTH:  # its other documents say nothing new: go on behind all of them
                after, limit = f"{'/'.join(parts)}/\U0010ffff", 1
                break
            after, limit = one.id, _PIECE
