"""Changes of a document in the browser: its name, its title, its tags, and who may read it."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from index.errors import InvalidInput
from service.faces.api.requests.documents import PatchRequest
from service.faces.api.routes.documents import change_document
from service.faces.dependencies import Caller, ReadyIngestion, Writes, in_thread
from service.faces.pages import redirect
from service.faces.pages.context import context_of
from service.faces.pages.errors.plain_errors import plain_message
from service.faces.pages.forms import form_values
from service.faces.pages.listing import Value, tag_in_words
from service.faces.pages.routes.documents import PATH, DocumentQuery, render_document
from service.flows.ingest.ingestion import Ingestion
from service.http.links import in_collection
from service.http.parameters import names_of
from service.http.route import GuardedRoute
from service.state.identity import Principal, Scope, access

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

_Fields = Annotated[dict[str, list[str]], form_values(256 * 1024)]


@router.post(f"{PATH}/change")
@access(Scope.WRITE, "documents")
@in_thread(Writes)
def change(
    request: Request,
    query: Annotated[DocumentQuery, Query()],
    caller: Caller,
    ingestion: ReadyIngestion,
    fields: _Fields,
) -> Response:
    """Changes what the form has changed, and shows the document under the name that it has then."""
    try:
        name = _change(ingestion, caller, query, fields)
    except InvalidInput as error:
        problem = plain_message(error, context_of(request.scope).language)
        return render_document(request.scope, ingestion.collections, caller, query, problem=problem)
    address = f"{PATH}?{urlencode({'id': name, 'was': query.id} if name != query.id else {'id': name})}"
    return redirect(request.scope, in_collection(address, query.collection))


def _change(
    ingestion: Ingestion, caller: Principal, query: DocumentQuery, fields: Mapping[str, list[str]]
) -> str:
    opened = ingestion.collections.open(caller, query.collection)
    known = opened.archive.document(query.id)
    wanted = PatchRequest(
        metadata=changed_tags(known.provenance.metadata, fields.get("tag", ()), fields.get("value", ())),
        source=None,
        title=_last(fields, "title", known.title),
        document_id=_last(fields, "name", known.id),
        groups=list(names_of(_last(fields, "groups", ", ".join(known.groups)))),
    )
    found = change_document(opened, query.id, wanted)
    if found.embedded < found.passages:
        ingestion.embedding.notify(query.collection)
    return found.id


def _last(fields: Mapping[str, list[str]], name: str, known: str) -> str:
    return fields[name][-1].strip() if name in fields else known


def changed_tags(
    known: Mapping[str, Value], names: Sequence[str], values: Sequence[str]
) -> dict[str, Value | None]:
    """The changes that the rows of a form make to the tags of a document; None takes one away.

    A tag without a value, and one that has no row any more, is taken away.
    """
    rows = {name.strip(): value.strip() for name, value in zip(names, values, strict=False) if name.strip()}
    changed: dict[str, Value | None] = {
        name: _read(value, known.get(name))
        for name, value in rows.items()
        if value and (name not in known or value != tag_in_words(known[name]))
    }
    return changed | {name: None for name in known if not rows.get(name)}


def _read(value: str, before: Value | None) -> Value:
    """A value as somebody wrote it: of the kind that it was before; a new one is a number if it reads so."""
    if before is not None and not isinstance(before, str | int | float):
        return [one.strip() for one in value.split(",") if one.strip()]
    if isinstance(before, bool) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if before is None or not isinstance(before, str):
        for kind in (int, float):
            try:
                number = kind(value)
            except ValueError:
                continue
            if str(number) == value:  # neither 007 nor 1_000 nor nan
                return number
    return value
