"""Hooks: other applications say that a source has changed."""

import hashlib
import hmac

from fastapi import APIRouter, Request, Response

from index.errors import LoccitError
from index.sources.applications import want_run
from service.errors import Unauthorized
from service.faces.dependencies import ReadyIngestion
from service.flows.ingest.ingestion import Ingestion
from service.http.json_body import read_body
from service.http.links import HOOKS
from service.http.request_models import CollectionQuery
from service.http.route import GuardedRoute
from service.settings import hook_secret
from service.state.identity import Scope, access

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

_SIGNATURES = ("x-hub-signature-256", "x-hub-signature")
_ALGORITHM = "sha256="


@router.post(f"{HOOKS}{{source}}")
@access(Scope.NONE)
async def changed(source: str, request: Request, ingestion: ReadyIngestion) -> Response:
    """Takes note that a source has changed; it is synchronized once a minute at most.

    The body counts for its signature alone, HMAC with SHA-256, as GitHub, Jira and Confluence send it.
    """
    body = await read_body(request)
    name = request.query_params.get("collection", CollectionQuery().collection)
    if not _is_signed(source, body, request):
        raise _refused()
    await ingestion.pools.writes.run(_note, ingestion, name, source)
    return Response(status_code=202)


def _is_signed(source: str, body: bytes, request: Request) -> bool:
    secret = hook_secret(source)
    given = next((request.headers[name] for name in _SIGNATURES if name in request.headers), "")
    expected = _ALGORITHM + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(given.encode(), expected.encode()) and bool(secret)


def _note(ingestion: Ingestion, collection: str, source: str) -> None:
    try:
        want_run(ingestion.collections.library.open(collection), source)
    except LoccitError:
        raise _refused() from None


def _refused() -> Unauthorized:
    """One error for a wrong signature and for what there is not, so that nobody learns which there are."""
    error = Unauthorized("There is no such source, or the signature does not fit its secret.")
    error.asks_for_key = False
    return error
