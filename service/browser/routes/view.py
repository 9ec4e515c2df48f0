"""The viewer: shows a citation in its document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field
from starlette.types import Scope as Connection

from index.citations import Locator, Resolved
from index.errors import InvalidLocator
from service.api.links import CitedWith, linked, proven, view_address
from service.api.route import GuardedRoute
from service.browser import page
from service.browser.document import document_page
from service.browser.drawn_pages import Shown, drawn_pages, has_pages
from service.browser.marks import Marking
from service.browser.wording import code_language, is_mail, is_presentation, pages_in_words
from service.errors import InvalidRequest
from service.identity import Principal, Scope, access
from service.requests.base import PageQuery
from service.requests.cited_spans import ASK_AROUND, check_locator, check_proof
from service.runtime import Caller, ReadyRuntime, Runtime, Texts
from service.schemas.values import moment

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

_MOST = 100


class ViewQuery(PageQuery):
    """What the viewer shows in addition to the quote."""

    of: list[str] = Field(default_factory=list, max_length=_MOST)
    at: int | None = Field(None, ge=0, le=2**40)
    page: int | None = Field(None, ge=1, le=2**31)
    proof: str = ""


@router.get("/view/{locator:path}")
@access(Scope.ASK, "citations")
async def view(
    request: Request,
    locator: Annotated[str, Path()],
    query: Annotated[ViewQuery, Query()],
    caller: Caller,
    runtime: ReadyRuntime,
    texts: Texts,
) -> Response:
    """The document as a page, scrolled to the quote.

    `of` has the locators of an answer, each with its evidence (`locator|start-end`), which is highlighted;
    the page links to the previous and the next of them. `at` selects another part of a long document, `page`
    another page of a PDF file, whose pages are drawn. A key with the scope ask sees the quote and the words
    around it.
    """
    wanted = check_locator(locator, runtime.settings)
    if caller.scope is Scope.ASK:
        check_proof(runtime.prover, query.collection, locator, query.proof)
        own = [one for one in query.of if one.startswith(f"{locator}|")]
        query = query.model_copy(update={"of": own, "at": None, "page": None})
    return await texts.run(_view, request.scope, runtime, caller, (locator, wanted), query)


def _view(
    connection: Connection,
    runtime: Runtime,
    caller: Principal,
    named: tuple[str, Locator],
    query: ViewQuery,
) -> Response:
    locator, wanted = named
    name, cited = query.collection, _cited(query.of)
    whole = caller.scope is not Scope.ASK
    collection = runtime.collection(caller, name)
    with collection.archive.resolution() as resolution:
        found = resolution.resolve(wanted, around=0)
        citation, version = found.citation, found.version
        text = resolution.moment.text(version.text_sha256)
        structure = resolution.moment.structure(version)
        place = next((at for at, one in enumerate(cited) if one.locator == locator), None)
        quote = (citation.start, citation.end)
        evidence = () if place is None else cited[place].evidence
        shown = Shown(quote, evidence, query.page, name)
        drawn = drawn_pages(resolution.moment, citation, version, structure, shown) if whole else None
    within = None if drawn is None else drawn.span
    if not whole:
        within = (citation.start - ASK_AROUND, citation.end + ASK_AROUND)
    around = document_page(
        Marking(text, quote, evidence),
        structure,
        at=citation.start if query.at is None else min(query.at, len(text)),
        within=within,
        is_mail=is_mail(version.media_type),
    )
    if within is not None:
        around = replace(around, before=None, after=None)
    if not whole:
        citation = proven(citation, name, runtime.prover.of(caller))
    values: dict[str, Any] = _steps(place, cited, name)
    return page(
        connection,
        "view",
        citation=citation,
        version=version,
        around=around,
        drawn=drawn,
        code_language=code_language(version.document_id, version.media_type),
        has_slides=is_presentation(version.media_type),
        lacks_original=whole and drawn is None and has_pages(version, structure),
        page_address=lambda number: view_address(locator, cited, name, page=number),
        pages=pages_in_words(citation.pages),
        source=citation.links.get("source", ""),
        links=linked(citation, name).links,
        banner=_banner(found, name) if whole else None,
        to_quote="#quote" if around.has_quote else view_address(locator, cited, name),
        earlier=view_address(locator, cited, name, at=around.before),
        later=view_address(locator, cited, name, at=around.after),
        **values,
    )


def _cited(written: Sequence[str]) -> list[CitedWith]:
    try:
        return [CitedWith.parse(one) for one in written]
    except InvalidLocator as error:
        raise InvalidRequest(f"of: {error.message}") from None


def _steps(place: int | None, cited: Sequence[CitedWith], collection: str) -> dict[str, str]:
    """Links to the previous and the next citation of the same answer."""
    if place is None:
        return {"previous": "", "following": "", "place": ""}

    def address(at: int) -> str:
        return view_address(cited[at].locator, cited, collection) if 0 <= at < len(cited) else ""

    place_in_words = f"{place + 1} of {len(cited)}"
    return {"previous": address(place - 1), "following": address(place + 1), "place": place_in_words}


def _banner(found: Resolved, collection: str) -> dict[str, Any] | None:
    """The note about a citation whose version is not the newest."""
    today = found.today
    if today.standing.since is not None:
        day = moment(today.standing.since)[:10]
        words = f"This document is retired since {day}: where it came from, it is no longer."
        return {"tone": "bad", "words": words, "address": "", "link": "", "edits": ()}
    if found.version.number == today.version:
        return None
    standing, now = today.standing, today.citation
    words = {
        "current": "has the same words at the same place",
        "moved": "has the same words at another place",
        "reformatted": "has the same words in other typography",
        "changed": "has other words here",
        "gone": "no longer has anything like these words",
    }[standing.status]
    return {
        "tone": "bad" if standing.status in {"changed", "gone"} else "",
        "words": f"This is an older version. The newest, version {today.version}, {words}.",
        "address": view_address(now.locator, (), collection) if now is not None else "",
        "link": "Read it there.",
        "edits": standing.edits,
    }
