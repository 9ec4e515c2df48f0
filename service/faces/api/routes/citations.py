"""Look up citations by their locators."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from index.citations import Format, Resolved, format_citation
from service.errors import Forbidden
from service.faces.api.requests.citations import CitationQuery
from service.faces.api.requests.cited_spans import ASK_AROUND, check_locator, check_proof
from service.faces.api.schemas.citations import CitationResponse, resolved_json
from service.faces.dependencies import Caller, ReadyAsking, Texts, in_thread
from service.http.links import base_url, with_absolute_links, with_links, with_proof
from service.http.parameters import LocatorPath
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.state.identity import Prover, Scope, access

router = APIRouter(tags=["citations"], route_class=ApiRoute)

_MEDIA_TYPES: dict[Format, str] = {
    "bibtex": "application/x-bibtex; charset=utf-8",
    "csl_json": "application/vnd.citationstyles.csl+json",
    "markdown_footnote": "text/markdown; charset=utf-8",
    "plain": "text/plain; charset=utf-8",
    "ris": "application/x-research-info-systems; charset=utf-8",
    "w3c_annotation": 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"',
}
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The citation; with `format`, only in that format.",
        "content": {
            kind.partition(";")[0]: {"schema": {"type": "string" if kind.startswith("text/") else "object"}}
            for kind in _MEDIA_TYPES.values()
        },
    }
}


@router.get(
    "/v1/citations/{locator:path}",
    summary="Look up a citation",
    response_model=CitationResponse,
    responses=_ANSWER,
)
@access(Scope.ASK, "citations")
@in_thread(Texts)
def get_citation(
    locator: LocatorPath,
    query: Annotated[CitationQuery, Query()],
    request: Request,
    caller: Caller,
    asking: ReadyAsking,
) -> Response:
    """Returns the quote as it was cited, the text around it, and its status in the newest version.

    The quote is read from the stored text of the version that the locator names. A key with the scope ask
    looks up the citations of its answers, by their links.
    """
    wanted = check_locator(locator)
    if caller.scope is Scope.ASK:
        check_proof(asking.prover, query.collection, locator, query.proof)
        if query.around > ASK_AROUND:
            raise Forbidden(f"around: a key with the scope ask may read {ASK_AROUND} characters of context.")
    base = base_url(request.scope, asking.settings.public_url) if query.format else ""
    collection = asking.collections.open(caller, query.collection)
    with collection.archive.resolution() as resolution:
        found = resolution.resolve(wanted, around=query.around)
    if caller.scope is Scope.ASK:
        found = _with_proofs(found, query.collection, asking.prover.of(caller))
    if query.format is None:
        return json_reply(resolved_json(found, collection.state, query.collection))
    citation = with_absolute_links(with_links(found.citation, query.collection), base)
    shape = format_citation(
        citation,
        query.format,
        provenance=found.version.provenance,
        accessed=datetime.now(UTC).date(),
        news=found.news,
    )
    media_type = _MEDIA_TYPES.get(query.format, "application/json")
    if isinstance(shape, str):
        return Response(shape, media_type=media_type)
    return json_reply(shape, media_type=media_type)


def _with_proofs(found: Resolved, collection: str, prover: Prover) -> Resolved:
    """The citation, and the one that stands for it today, with links that carry a proof."""
    now = found.today.citation
    today = found.today if now is None else replace(found.today, citation=with_proof(now, collection, prover))
    return replace(found, citation=with_proof(found.citation, collection, prover), today=today)
