"""The answer of the page to ask on, and a checked text, as evidence: signed files to download."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from index.citations import find_carried
from index.collection import Collection
from service.errors import InvalidRequest
from service.faces.api.schemas.answering import answered_json
from service.faces.api.schemas.evidence import answer_content, verification_content
from service.faces.api.schemas.values import Json, state_json
from service.faces.api.schemas.verdicts import report_json, verdict_json
from service.faces.client import HttpClient
from service.faces.dependencies import Caller, ReadyAnswering, ReadySigner
from service.faces.pages.asking import HomeQuery
from service.faces.pages.checking import parse_pasted_input, verify_carried
from service.faces.pages.context import context_of
from service.faces.pages.languages import Language
from service.faces.pages.routes.ask import parse_question
from service.faces.pages.routes.check import read_form
from service.flows.answer.finding import find
from service.flows.answer.flow import collect_answer, events
from service.flows.ask.disconnection import WatchedPlace
from service.flows.evidence_packs import documents
from service.flows.evidence_packs.documents import FILES, write_document
from service.flows.evidence_packs.signing import Signer
from service.http.route import GuardedRoute
from service.settings import VERIFY_SECONDS
from service.state.identity import Scope, access

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)


class EvidenceQuery(HomeQuery):
    """The query of the page, and the file that is wanted."""

    form: documents.Form = Field("json", description="The file.")


@router.get("/evidence")
@access(Scope.ASK, "answers")
async def download_evidence(
    request: Request,
    query: Annotated[EvidenceQuery, Query()],
    caller: Caller,
    answering: ReadyAnswering,
    signer: ReadySigner,
) -> Response:
    """The sentences that answer the question of the page, signed, as a file to download."""
    if query.several is not None:
        raise InvalidRequest("also: signed evidence is of one collection. Ask the one that answers best.")
    asked = parse_question(query.model_copy(update={"mode": "", "judged": "1"}), caller, answering)
    found = await find(HttpClient(request), answering, caller, asked)
    told = answered_json(found, await collect_answer(events(found, answering)))
    body = asked.body.model_dump(include={"turns", "filter", "as_of"})
    content = answer_content(told, found.collection, body)
    language = context_of(request.scope).language
    return await answering.pools.lookups.run(_signed_file, signer, content, query.form, language)


@router.post("/check/evidence")
@access(Scope.READ, "texts", "citations")
async def download_checked(
    request: Request, caller: Caller, answering: ReadyAnswering, signer: ReadySigner
) -> Response:
    """The verdicts on the text of the page to check on, signed, as a file to download."""
    async with read_form(request) as (query, _):
        given = parse_pasted_input(query.text, "text")
    if not given.text:
        raise InvalidRequest("There is no text to sign verdicts on. Paste one on the page, and check it.")
    collection = answering.collections.open(caller, query.collection)
    with answering.pools.texts.admit(caller.holder) as place:
        watched = WatchedPlace(HttpClient(request), place)
        most = answering.settings.max_reading_characters
        content = await watched.run(
            _verified, collection, query.collection, given.text, most, stop=lambda: watched.is_left
        )
    language = context_of(request.scope).language
    return await answering.pools.lookups.run(_signed_file, signer, content, query.form, language)


def _verified(collection: Collection, name: str, text: str, most: int, *, stop: Callable[[], bool]) -> Json:
    """What is to be signed of a text that is verified by the citations in it."""
    found = find_carried(text)
    with collection.verification(
        most_characters=most, claims=True, most_seconds=VERIFY_SECONDS, stop=stop
    ) as verification:
        verdicts, report = verify_carried(verification, found)
    marks = range(1, max(found.locators, default=0) + 1)
    cited = [str(found.locators.get(mark, "")) for mark in marks]
    told = {
        "citations": [verdict_json(verdicts[mark], name) for mark in sorted(verdicts)],
        "quotes": [],
        "answer": report_json(text, report, name),
        "index": state_json(collection.state),
    }
    return verification_content(told, name, {"text": text, "citations": cited})


def _signed_file(signer: Signer, content: Json, form: documents.Form, language: Language) -> Response:
    """Signed evidence as a file to download."""
    name, media_type = FILES[form]
    written = write_document(signer.sign(content), form, language.tag, language.t)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-cache"}
    return Response(written, headers=headers, media_type=media_type)
