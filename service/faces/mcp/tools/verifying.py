"""The tool that verifies citations, quotes and answers."""

from __future__ import annotations

from index.answers import Citation
from index.citations import AnswerReport, Claim, StatementVerdict, Verdict
from index.collection import Collection
from service.faces.api.requests.citations import VerifyRequest
from service.faces.api.routes.verify import check_request
from service.faces.mcp.tools.arguments import VerifyArguments
from service.faces.mcp.tools.backend import Backend
from service.faces.mcp.tools.names import web_address
from service.faces.mcp.tools.results import FactConflict, VerifiedQuote, VerifiedSentence, VerifyResult
from service.settings import VERIFY_SECONDS


async def verify(backend: Backend, given: VerifyArguments) -> VerifyResult:
    """Verify quotes and citations, and each sentence of an answer."""
    collection = given.collection or backend.collection
    answer = {"text": given.answer, "citations": given.citations} if given.answer else None
    body = VerifyRequest.model_validate(
        {
            "collection": collection,
            "citations": given.citations,
            "quotes": given.quotes,
            "answer": answer,
        }
    )
    locators, passages = check_request(body)
    most = backend.settings.max_reading_characters

    def make_result(opened: Collection) -> VerifyResult:
        shown = _VerdictResults(collection, backend)
        with opened.verification(
            most_characters=most,
            claims=answer is not None,
            most_seconds=VERIFY_SECONDS,
            stop=lambda: backend.is_left,
        ) as verification:
            report = None if answer is None else verification.answer(given.answer, passages)
            return VerifyResult(
                citations=[shown.quote(verification.citation(one)) for one in locators],
                quotes=[shown.quote(verification.quote(Claim(one))) for one in given.quotes],
                answer_quotes=[shown.quote(verdict) for _, verdict in report.quotes] if report else [],
                answer_sentences=shown.sentences(given.answer, report) if report else [],
                unknown_marks=list(report.unknown_marks) if report else [],
            )

    return await backend.read(collection, make_result)


class _VerdictResults:
    """Verdicts on a collection as the tool returns them."""

    def __init__(self, collection: str, backend: Backend) -> None:
        self._collection = collection
        self._backend = backend

    def quote(self, verdict: Verdict) -> VerifiedQuote:
        return VerifiedQuote(
            quote=verdict.quote,
            status=verdict.status,
            reason=verdict.reason,
            found=verdict.citation.quote if verdict.citation else "",
            locator=verdict.citation.locator if verdict.citation else "",
            url=self._address(verdict.citation),
        )

    def sentences(self, answer: str, report: AnswerReport) -> list[VerifiedSentence]:
        return [
            self._sentence(answer[one.start : one.end], verdict)
            for one, verdict in zip(report.sentences, report.statements, strict=True)
        ]

    def _sentence(self, text: str, verdict: StatementVerdict | None) -> VerifiedSentence:
        citation = verdict.citation if verdict else None
        return VerifiedSentence(
            text=text,
            status=verdict.status if verdict else "not_judged",
            reason=verdict.reason if verdict else "",
            conflicts=[
                FactConflict(kind=one.kind, claimed=one.claimed, stated=one.stated)
                for one in (verdict.conflicts if verdict else ())
            ],
            found=citation.quote if citation else "",
            locator=citation.locator if citation else "",
            url=self._address(citation),
        )

    def _address(self, citation: Citation | None) -> str:
        return "" if citation is None else web_address(citation, self._collection, self._backend)
