"""The sources of the collections, their last runs, and forms that add, run and remove them."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.types import Scope as Connection

from index.errors import InvalidInput, LoccitError
from index.sources.applications import CONNECTORS, Source, all_sources
from service.errors import InvalidRequest
from service.faces.api.requests.sources import SourceRequest
from service.faces.api.routes.sources import (
    ChangingSources,
    SourceName,
    begin_sync,
    change_source,
    forget_source,
)
from service.faces.dependencies import Caller, Changes, Lookups, ReadyIngestion, Writes, in_thread
from service.faces.pages import page, redirect
from service.faces.pages.context import context_of
from service.faces.pages.errors.plain_errors import plain_message
from service.faces.pages.forms import form_fields
from service.faces.pages.listing import day_and_time
from service.faces.pages.routes.status import PATH as STATUS
from service.flows.ingest.ingestion import Ingestion
from service.http.json_body import read_json
from service.http.parameters import names_of
from service.http.request_models import PageQuery
from service.http.route import GuardedRoute
from service.state.identity import Principal, Scope, access

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

PATH = f"{STATUS}/sources"
_Fields = Annotated[dict[str, str], form_fields(64 * 1024)]
_MINUTE = 60
_FIELDS = (
    *("name", "collection", "kind", "place", "url", "user", "options", "prefix", "groups", "group_prefixes"),
    *("takes_readers", "owner", "every", "erases", "problem"),
)
"""Fields of the form that are shown again; the secret is not among them."""


class SourceQuery(PageQuery):
    """The source that the form shows; without one it is for a new one."""

    source: str = ""


@router.get(PATH)
@access(Scope.ADMIN, "collections")
@in_thread(Lookups)
def sources(
    request: Request, query: Annotated[SourceQuery, Query()], caller: Caller, ingestion: ReadyIngestion
) -> Response:
    """The sources of the collections that the caller administers, and a form for a new one or for one."""
    shown = (query.collection, query.source)
    return _render_sources(request.scope, ingestion, caller, shown)


def _render_sources(
    connection: Connection,
    ingestion: Ingestion,
    caller: Principal,
    shown: tuple[str, str],
    again: Mapping[str, str] | None = None,
) -> Response:
    """The page; ``shown`` is the source that the form has, ``again`` what was refused, with the problem."""
    names = ingestion.collections.names(caller)
    rows = [row for name in names for row in _rows(ingestion, name)]
    known = [one["source"] for one in rows if (one["collection"], one["source"].name) == shown]
    fields = {"collection": shown[0], **(_fields_of(known[0]) if known else {}), **(again or {})}
    return page(
        connection,
        "sources",
        status_code=422 if again else 200,
        sources=rows,
        day=day_and_time,
        collections=names,
        kinds=list(CONNECTORS),
        may_change=caller.collections is None and caller.groups is None,
        fields={**dict.fromkeys(_FIELDS, ""), **fields},
    )


def _fields_of(source: Source) -> dict[str, str]:
    """The fields of the form for a source; its secret is in none."""
    return {
        "name": source.name,
        "kind": source.kind,
        "place": source.place,
        "url": source.url,
        "user": source.user,
        "options": _lines(source.options),
        "prefix": source.prefix,
        "groups": ", ".join(source.groups or ()),
        "group_prefixes": _lines({path: ", ".join(groups) for path, groups in source.group_prefixes.items()}),
        "takes_readers": "on" * source.takes_readers,
        "owner": source.owner,
        "every": f"{source.every / _MINUTE:g}" if source.every else "",
        "erases": "on" * source.erases,
    }


def _lines(values: Mapping[str, str]) -> str:
    return "\n".join(f"{name} = {value}" for name, value in values.items())


def _rows(ingestion: Ingestion, collection: str) -> list[dict[str, Any]]:
    try:
        found, unreadable = all_sources(ingestion.collections.library.open(collection))
    except LoccitError:  # the page of the state says that it cannot be opened
        return []
    told = [(one, "") for one in found]
    told += [(Source(name, ""), error.message) for name, error in unreadable.items()]
    return [{"collection": collection, "source": one, "problem": problem} for one, problem in told]


@router.post(f"{PATH}/change")
@access(Scope.ADMIN, "collections")
@in_thread(Writes)
def change(request: Request, caller: Caller, sources: ChangingSources, fields: _Fields) -> Response:
    """Adds a source, or replaces the one of this name, and shows all."""
    collection, name = fields.get("collection", ""), fields.get("name", "").strip()
    request.scope["state"]["audit"] = {"collection": collection, "source": name}
    try:
        change_source(sources, caller, collection, name, _body(fields))
    except (InvalidInput, InvalidRequest) as error:
        again = {key: value for key, value in fields.items() if key in _FIELDS}
        again["problem"] = plain_message(error, context_of(request.scope).language)
        return _render_sources(request.scope, sources.ingestion, caller, (collection, ""), again)
    return redirect(request.scope, PATH)


def _body(fields: Mapping[str, str]) -> SourceRequest:
    """The source that a form describes. Raises :class:`service.errors.InvalidRequest`."""
    given: dict[str, Any] = {
        name: fields.get(name, "").strip() for name in ("kind", "place", "url", "user", "prefix", "owner")
    }
    prefixes = _pairs(fields.get("group_prefixes", ""), "group_prefixes")
    given |= {
        "options": _pairs(fields.get("options", ""), "options"),
        "groups": names_of(fields.get("groups", "")) or None,
        "group_prefixes": {path: names_of(groups) for path, groups in prefixes.items()},
        "takes_readers": fields.get("takes_readers") == "on",
        "erases": fields.get("erases") == "on",
        "every_seconds": _seconds(fields.get("every", "").strip()),
        "secret": fields.get("secret", "").strip() or None,
    }
    return read_json(SourceRequest, json.dumps(given).encode())


def _pairs(written: str, field: str) -> dict[str, str]:
    pairs = [line.partition("=") for line in written.splitlines() if line.strip()]
    if not all(name.strip() and value.strip() for name, _, value in pairs):
        raise InvalidRequest(f"{field}: write each on a line of its own, like NAME = VALUE.", param=field)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _seconds(written: str) -> float:
    if not written:
        return 0.0
    if not written.isascii() or not written.isdigit():
        raise InvalidRequest("every: write a number of minutes.", param="every")
    return float(written[:9]) * _MINUTE


@router.post(f"{PATH}/{{source}}/remove")
@access(Scope.ADMIN, "collections")
@in_thread(Changes)
def remove(
    source: SourceName,
    request: Request,
    query: Annotated[PageQuery, Query()],
    caller: Caller,
    ingestion: ReadyIngestion,
) -> Response:
    """Forgets a source and its secret; its documents stay."""
    request.scope["state"]["audit"] = {"collection": query.collection, "source": source}
    forget_source(ingestion, caller, query.collection, source, retires=False)
    return redirect(request.scope, PATH)


@router.post(f"{PATH}/{{source}}/sync")
@access(Scope.ADMIN, "collections")
@in_thread(Changes)
def sync(
    source: SourceName,
    request: Request,
    query: Annotated[PageQuery, Query()],
    caller: Caller,
    ingestion: ReadyIngestion,
) -> Response:
    """Queues the job of a source, and shows it."""
    job = begin_sync(ingestion, caller, query.collection, source)
    return redirect(request.scope, f"/jobs/{job.id}")
