"""The viewer: a citation shown in its document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from index.errors import InvalidLocator
from index.resolution import Resolved
from service.cited_spans import check_locator
from service.document_page import document_page
from service.errors import InvalidRequest
from service.links import CitedWith, in_collection, view_address
from service.pages import page, pages_in_words
from service.requests.base import CollectionQuery
from service.runtime import ReadyRuntime, Runtime

router = APIRouter(include_in_schema=False)

_MOST = 100


class ViewQuery(CollectionQuery):
    """What the viewer shows beside the quote."""

    of: list[str] = Field(default_factory=list, max_length=_MOST)
    at: int | None = Field(None, ge=0, le=2**40)


@router.get("/view/{locator:path}")
async def view(
    locator: Annotated[str, Path()], query: Annotated[ViewQuery, Query()], runtime: ReadyRuntime
) -> Response:
    """The document as a page, scrolled to the quote.

    `of` are the locators of an answer, each with the evidence in it (`locator|start-end`), which is marked
    more strongly; the page leads to the one before and the one after. `at` shows another part of a long
    document.
    """
    check_locator(locator, runtime.settings)
    return await runtime.examine(_view, runtime, locator, query)


def _view(runtime: Runtime, locator: str, query: ViewQuery) -> Response:
    name, cited = query.collection, _cited(query.of)
    collection = runtime.library.open(name)
    found = collection.resolution().resolve(locator, around=0)
    citation, version = found.citation, found.version
    place = next((at for at, one in enumerate(cited) if one.locator == locator), None)
    _, text = collection.text(version.document_id, version.number)
    around = document_page(
        text,
        collection.structure(version),
        quote=(citation.start, citation.end),
        evidence=() if place is None else cited[place].evidence,
        at=citation.start if query.at is None else min(query.at, len(text)),
    )
    here = any(part.first for block in around.blocks for line in block.lines for part in line)
    values: dict[str, Any] = _steps(place, cited, name)
    return page(
        "view",
        citation=citation,
        version=version,
        around=around,
        pages=pages_in_words(citation.pages),
        source=citation.links.get("source", ""),
        links={key: in_collection(link, name) for key, link in citation.links.items()},
        banner=_banner(found, name),
        to_quote="#quote" if here else view_address(locator, cited, name),
        earlier=view_address(locator, cited, name, at=around.before),
        later=view_address(locator, cited, name, at=around.after),
        home_query=in_collection("", name),
        **values,
    )


def _cited(written: Sequence[str]) -> list[CitedWith]:
    try:
        return [CitedWith.parse(one) for one in written]
    except InvalidLocator as error:
        raise InvalidRequest(f"of: {error.message}") from None


def _steps(place: int | None, cited: Sequence[CitedWith], collection: str) -> dict[str, str]:
    """Links to the citations before and after this one in the same answer."""
    if place is None:
        return {"previous": "", "following": "", "place": ""}

    def address(at: int) -> str:
        return view_address(cited[at].locator, cited, collection) if 0 <= at < len(cited) else ""

    place_in_words = f"{place + 1} of {len(cited)}"
    return {"previous": address(place - 1), "following": address(place + 1), "place": place_in_words}


def _banner(found: Resolved, collection: str) -> dict[str, Any] | None:
    """What is said of a citation that is not of the newest version."""
    today = found.today
    if found.version.number == today.version:
        return None
    standing, now = today.standing, today.citation
    words = {
        "current": "has the same words at the same place",
        "moved": "has the same words at another place",
        "changed": "has other words here",
        "gone": "has nothing like these words any more",
    }[standing.status]
    return {
        "tone": "bad" if standing.status in {"changed", "gone"} else "",
        "words": f"This is an older version. The newest, version {today.version}, {words}.",
        "address": view_address(now.locator, (), collection) if now is not None else "",
        "link": "Read it there.",
        "edits": standing.edits,
    }
