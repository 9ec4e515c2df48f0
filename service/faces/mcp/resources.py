"""Resources: the text of each document, and citations by template."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence

from mcp import types
from pydantic_core import from_json

from index.collection import Collection
from index.records import DocumentRecord
from service.errors import InvalidRequest
from service.faces.mcp.tools import reading
from service.faces.mcp.tools.arguments import CiteArguments
from service.faces.mcp.tools.backend import Backend
from service.faces.mcp.tools.names import CITATION_TEMPLATE, DOCUMENT_TEMPLATE, document_uri, parse_uri
from service.monitoring.reads import note_read
from service.state.identity import Rule, Scope

PAGE = 100
"""Resources of a page."""
_DOCUMENTS = Rule(Scope.READ, frozenset({"documents", "collections"}))
_TEXTS = Rule(Scope.READ, frozenset({"texts", "citations"}))
TEMPLATES = (
    types.ResourceTemplate(
        name="document",
        title="Document",
        uri_template=DOCUMENT_TEMPLATE,
        description="The text of a document, to which the offsets of citations refer.",
        mime_type="text/plain",
    ),
    types.ResourceTemplate(
        name="citation",
        title="Citation",
        uri_template=CITATION_TEMPLATE,
        description="A quote by its locator, the text around it, and its status in the newest version.",
        mime_type="application/json",
    ),
)


async def list_resources(backend: Backend, cursor: str | None) -> types.ListResourcesResult:
    """A page of the documents of all collections that the caller may read.

    Raises :class:`service.errors.Forbidden`, and :class:`InvalidRequest` for a cursor of no earlier page.
    """
    _DOCUMENTS.require_of(backend.caller)
    first, after = ("", "") if cursor is None else _decode_cursor(cursor)
    found: list[types.Resource] = []
    for name in [name for name in await backend.names() if name >= first]:
        page = await backend.look_up(
            name, _documents_after(after if name == first else "", PAGE + 1 - len(found))
        )
        found += [_resource(name, one) for one in page]
        if len(found) > PAGE:
            # The last of the page before the extra one is where the next page begins.
            last = parse_uri(found[PAGE - 1].uri)
            return types.ListResourcesResult(resources=found[:PAGE], next_cursor=_encode_cursor(last))
    return types.ListResourcesResult(resources=found)


def _documents_after(after: str, limit: int) -> Callable[[Collection], Sequence[DocumentRecord]]:
    def documents(opened: Collection) -> Sequence[DocumentRecord]:
        return opened.archive.documents(limit=limit, after=after)

    return documents


def _resource(collection: str, record: DocumentRecord) -> types.Resource:
    return types.Resource(
        name=record.id,
        title=record.title or record.id,
        uri=document_uri(collection, record.id),
        description=f"In the collection {collection}, from {record.source or record.id}.",
        mime_type="text/plain",
    )


async def read_resource(backend: Backend, uri: str) -> types.ReadResourceResult:
    """The contents of a resource.

    Raises :class:`InvalidRequest` for a URI of none, and what reading raises.
    """
    _TEXTS.require_of(backend.caller)
    parsed = parse_uri(uri)
    if parsed is None:
        raise InvalidRequest(
            f"{uri[:200]!r} is not the URI of a resource here. They are {DOCUMENT_TEMPLATE} and "
            f"{CITATION_TEMPLATE}."
        )
    kind, collection, name = parsed
    if kind == "documents":
        text = await backend.read(collection, lambda opened: opened.archive.text(name)[1])
        note_read(collection, name)
        return _text_contents(uri, text, "text/plain")
    given = CiteArguments.model_validate({"locator": name, "collection": collection})
    cited = await reading.cite(backend, given)
    return _text_contents(uri, cited.model_dump_json(), "application/json")


def _text_contents(uri: str, text: str, mime_type: str) -> types.ReadResourceResult:
    return types.ReadResourceResult(
        contents=[types.TextResourceContents(uri=uri, text=text, mime_type=mime_type)]
    )


def _encode_cursor(position: tuple[str, str, str] | None) -> str | None:
    if position is None:
        return None
    return base64.urlsafe_b64encode(json.dumps(position[1:]).encode()).decode()


def _decode_cursor(cursor: str) -> tuple[str, str]:
    """The collection and the document after which a page begins. Raises :class:`InvalidRequest`."""
    try:
        # Unlike the standard library, it refuses halves of surrogate pairs, and has an error for deep lists.
        position = from_json(base64.urlsafe_b64decode(cursor))
    except ValueError:
        position = None
    match position:
        case [str(collection), str(after)]:
            return collection, after
    raise InvalidRequest("The cursor is not that of a page. Begin without one.")
