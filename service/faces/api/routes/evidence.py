"""Sign answers and verdicts, so that they can be checked without the service."""

from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from index.errors import DiskFull, DiskReadOnly
from service.errors import Forbidden, MayRaise, Overloaded, WriterFailed, WriterTimeout
from service.faces.api.requests.evidence import EvidenceRequest
from service.faces.api.routes.answer import answer_whole
from service.faces.api.routes.verify import verify_with
from service.faces.api.schemas.evidence import (
    EvidencePack,
    PublicKeys,
    answer_content,
    public_key_json,
    verification_content,
)
from service.faces.api.schemas.values import Json
from service.faces.dependencies import (
    Caller,
    Lookups,
    ReadyAnswering,
    ReadySigner,
    in_thread,
    texts_place,
)
from service.flows.evidence_packs.documents import FILES, Form, write_document
from service.flows.evidence_packs.signing import Signer
from service.http.json_body import JsonBody
from service.http.parameters import STORED
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.state.identity import Principal, Scope, access

router = APIRouter(tags=["citations"], route_class=ApiRoute)
_MAY_RAISE = MayRaise(Overloaded, WriterFailed, WriterTimeout, DiskFull, DiskReadOnly)
_DOCUMENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The pack; with `format`, a document that carries it.",
        "content": {
            FILES["word"][1]: {"schema": {"type": "string", "format": "binary"}},
            "text/html": {"schema": {"type": "string"}},
        },
    }
}


@router.post(
    "/v1/evidence",
    summary="Sign an answer, or a verification of a text",
    response_model=EvidencePack,
    responses=_DOCUMENTS,
)
@access(Scope.ASK, "answers", "citations", "texts")
async def make_evidence(
    request: Request,
    caller: Caller,
    answering: Annotated[ReadyAnswering, _MAY_RAISE],
    signer: ReadySigner,
    body: Annotated[EvidenceRequest, Depends(JsonBody(EvidenceRequest))],
) -> Response:
    """Returns an evidence pack: what `/v1/answer` or `/v1/verify` says, with all quotes, signed.

    The body is that of `/v1/answer`, without `stream`, or that of `/v1/verify`, which needs a key with the
    scope read. Keep the reply as it is: anybody can verify it, without this service. `format` asks for a
    document to read, which carries the pack.
    """
    if body.asks:
        told = await answer_whole(request, answering, body)
        asked = body.model_dump(include={"turns", "filter", "as_of"})
        if isinstance(body.as_of, datetime):
            asked["as_of"] = told["index"]["change"]
        content = answer_content(told, body.collection, asked)
    else:
        content = await _verify(request, caller, answering, body)
    return await answering.pools.lookups.run(_sign, signer, content, body.format)


def _sign(signer: Signer, content: Json, form: Form) -> Response:
    """The signed pack, or a document that carries it."""
    pack = signer.sign(content)
    if form == "json":
        return json_reply(pack)
    name, media_type = FILES[form]
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(write_document(pack, form), headers=headers, media_type=media_type)


async def _verify(
    request: Request, caller: Principal, answering: ReadyAnswering, body: EvidenceRequest
) -> Json:
    if caller.scope < Scope.READ:
        raise Forbidden("A text is verified with a key of the scope read; the scope of this key is ask.")
    verified = None if body.answer is None else body.answer.model_dump()
    async with asynccontextmanager(texts_place)(request, answering.pools) as texts:
        return await verify_with(
            caller, answering, body, texts, lambda told: verification_content(told, body.collection, verified)
        )


@router.get("/v1/evidence/keys", summary="List the keys that sign evidence", response_model=PublicKeys)
@access(Scope.ASK)
@in_thread(Lookups)
def list_evidence_keys(signer: Annotated[ReadySigner, STORED]) -> Response:
    """Returns the public keys of this installation, oldest first. What retired ones have signed is valid."""
    keys = signer.published()
    return json_reply({"keys": [public_key_json(key) for key in keys]})
