"""The tools: search and fetch as ChatGPT's connectors call them, ask, verify, cite and list_documents."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_json

from index.answers import Answer, Citation, Hit
from index.citations import AnswerReport, Claim, StatementVerdict, Verdict
from index.collection import Collection
from index.search.extraction import first_sentence, introduction_in_passage
from service.errors import InvalidRequest
from service.faces.api.requests.citations import ToVerify
from service.faces.api.routes.verify import check_request
from service.faces.api.schemas.answers import computed_json, notes_json
from service.faces.api.schemas.values import Json
from service.faces.mcp.tools import arguments, reading, results
from service.faces.mcp.tools.arguments import VerifyArguments
from service.faces.mcp.tools.backend import Backend
from service.faces.mcp.tools.names import document_uri, result_id, web_address
from service.faces.mcp.tools.results import FactConflict, VerifiedQuote, VerifiedSentence, VerifyResult
from service.flows.ask.requests import AskRequest
from service.http.json_body import read_json
from service.http.json_schema import schema_of
from service.http.request_models import Request
from service.settings import VERIFY_SECONDS
from service.state.identity import Rule, Scope, Tells

# The tool that verifies citations, quotes and answers.


async def verify(backend: Backend, given: VerifyArguments) -> VerifyResult:
    """Verify quotes and citations, and each sentence of an answer."""
    collection = given.collection or backend.collection
    answer = {"text": given.answer, "citations": given.citations} if given.answer else None
    body = ToVerify.model_validate(
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


ArgumentsT = TypeVar("ArgumentsT", bound=Request)
_SEARCH_RESULTS = 10


@dataclass(frozen=True, slots=True)
class Tool(Generic[ArgumentsT]):
    """A tool: what clients are told of it, the rule of access, and the function that answers a call."""

    name: str
    title: str
    description: str
    scope: Scope
    tells: Sequence[Tells]
    arguments: type[ArgumentsT]
    result: type[BaseModel]
    function: Callable[[Backend, ArgumentsT], Awaitable[BaseModel]]

    @property
    def rule(self) -> Rule:
        """The scope that it needs, and what it can tell."""
        return Rule(self.scope, frozenset(self.tells))

    async def call(self, backend: Backend, given: Mapping[str, Any] | None) -> BaseModel:
        """The result of a call.

        Raises :class:`service.errors.Forbidden`, :class:`service.errors.InvalidRequest`, and what the
        function raises.
        """
        try:
            written = to_json(given or {})
        except PydanticSerializationError:
            raise InvalidRequest(
                "The arguments have halves of surrogate pairs. Send valid Unicode."
            ) from None
        return await self.call_json(backend, written)

    async def call_json(self, backend: Backend, given: bytes) -> BaseModel:
        """The result of a call whose arguments are JSON. Raises as :meth:`call`."""
        self.rule.require_of(backend.caller)
        return await self.function(backend, read_json(self.arguments, given or b"{}"))


async def search(backend: Backend, given: arguments.SearchArguments) -> results.SearchResults:
    """Find passages, as results with an address each."""
    asked = AskRequest.model_validate(
        {"question": given.query, "collection": backend.collection, "k": _SEARCH_RESULTS}
    )

    def make_result(answers: Sequence[Answer]) -> results.SearchResults:
        (answer,) = answers
        return results.SearchResults(
            results=[
                results.SearchResult(
                    id=result_id(hit.citation, backend.collection, backend),
                    title=hit.citation.title,
                    url=web_address(hit.citation, backend.collection, backend),
                    text=hit.text,
                )
                for hit in _hits_by_probability(answer)
            ]
        )

    return await backend.ask(asked, make_result)


async def ask(backend: Backend, given: arguments.AskArguments) -> results.AskResult:
    """Find the passages that answer a question."""
    collection = given.collection or backend.collection
    if given.collections is not None and given.collection:
        raise InvalidRequest("Give either collection or collections.", param="collections")
    where = {"collection": collection} if given.collections is None else {"collections": given.collections}
    asked = AskRequest.model_validate(
        {
            **where,
            "question": given.question,
            "k": given.k,
            "filter": given.filter,
            "in_force": given.in_force,
            "as_of": given.as_of,
            "turns": [one.model_dump() for one in given.turns],
        }
    )

    def make_result(answers: Sequence[Answer]) -> results.AskResult:
        (answer,) = answers
        first = first_sentence(answer)
        return results.AskResult(
            question=answer.question,
            answerability=answer.answerability,
            missing=list(answer.missing),
            first_sentence=""
            if first is None
            else f"{introduction_in_passage(first)}\n{first.text}".lstrip("\n"),
            notes=[one["message"] for one in notes_json(answer, collection)],
            passages=[
                _answering_passage(number, hit, collection, backend)
                for number, hit in enumerate(_hits_by_probability(answer), 1)
            ],
            computed=computed_json(answer.reading, collection),  # type: ignore[arg-type]
        )

    return await backend.ask(asked, make_result)


def _hits_by_probability(answer: Answer) -> list[Hit]:
    return sorted(answer.hits, key=lambda hit: -hit.probability)


def _answering_passage(number: int, hit: Hit, collection: str, backend: Backend) -> results.AnsweringPassage:
    citation, start = hit.citation, hit.citation.start
    return results.AnsweringPassage(
        number=number,
        text=hit.text,
        answering_sentences=[hit.text[one.start - start : one.end - start] for one in hit.evidence],
        probability=hit.probability,
        locator=result_id(citation, collection, backend),
        collection=citation.collection or collection,
        title=citation.title,
        document_id=citation.document_id,
        section=list(citation.section),
        pages=citation.pages,
        printed_pages=citation.printed_pages,
        url=web_address(citation, collection, backend),
        metadata=hit.metadata,  # type: ignore[arg-type]
        says_of_itself=hit.provenance.says_of_itself,  # type: ignore[arg-type]
    )


async def list_documents(backend: Backend, given: arguments.ListArguments) -> results.DocumentList:
    """List the documents of a collection."""
    collection = given.collection or backend.collection

    def list_page(opened: Collection) -> results.DocumentList:
        # One more than asked for shows whether there is another page.
        found = opened.archive.documents(limit=given.limit + 1, after=given.after, prefix=given.prefix)
        page = found[: given.limit]
        return results.DocumentList(
            collection=collection,
            documents=[
                results.ListedDocument(
                    document_id=one.id,
                    title=one.title or one.id,
                    source=one.source,
                    media_type=one.media_type,
                    length=one.length,
                    uri=document_uri(collection, one.id),
                    metadata=one.provenance.metadata,  # type: ignore[arg-type]
                    says_of_itself=one.provenance.says_of_itself,  # type: ignore[arg-type]
                )
                for one in page
            ],
            next=page[-1].id if len(found) > len(page) else None,
            collections=names,
        )

    names = await backend.names()
    return await backend.look_up(collection, list_page)


TOOLS: Sequence[Tool[Any]] = (
    Tool(
        "search",
        "Search the documents",
        "Find passages in the documents by meaning and by words. Returns at most ten passages with title and "
        "url, most probable first. Use fetch with an id to read more of the document.",
        Scope.ASK,
        ("answers",),
        arguments.SearchArguments,
        results.SearchResults,
        search,
    ),
    Tool(
        "fetch",
        "Read a document",
        "Read the text of a document, or the part of a long one around a passage, by the id of a search "
        "result. metadata.next is the id of the part that follows.",
        Scope.ASK,
        ("texts", "citations"),
        arguments.FetchArguments,
        results.FetchedText,
        reading.fetch,
    ),
    Tool(
        "ask",
        "Ask the documents",
        "Find the passages of the documents that answer a question, each with a citation that can be "
        "checked. Answer from these passages only, cite them as [1], [2] and so on, and quote word for word. "
        "If answerability is low, say that the documents do not answer it.",
        Scope.ASK,
        ("answers",),
        arguments.AskArguments,
        results.AskResult,
        ask,
    ),
    Tool(
        "verify",
        "Verify quotes and claims",
        "Check an answer, quotes or citations against the documents: whether each quote is there word for "
        "word, and whether the words and facts of each sentence match the cited passages, differ in a fact, "
        "or are not found. Use it before you show an answer that cites the documents.",
        Scope.READ,
        ("texts", "citations"),
        arguments.VerifyArguments,
        results.VerifyResult,
        verify,
    ),
    Tool(
        "cite",
        "Look up a citation",
        "Look up a citation by its locator: the exact quote, the text around it, its page and address, "
        "whether it still stands in the newest version, and the citation in formats such as BibTeX.",
        Scope.ASK,
        ("citations",),
        arguments.CiteArguments,
        results.CiteResult,
        reading.cite,
    ),
    Tool(
        "list_documents",
        "List the documents",
        "List the documents of a collection in the order of their ids, page by page, and the collections.",
        Scope.READ,
        ("documents", "collections"),
        arguments.ListArguments,
        results.DocumentList,
        list_documents,
    ),
)
"""All tools, in the order in which clients list them."""
BY_NAME = {tool.name: tool for tool in TOOLS}


def json_schema(model: type[BaseModel]) -> Json:
    """A model's JSON Schema without references, and without the titles that repeat names."""

    def without_titles(part: Any) -> Any:
        if isinstance(part, dict):
            return {
                key: without_titles(value)
                for key, value in part.items()
                if not (key == "title" and isinstance(value, str))
            }
        return [without_titles(value) for value in part] if isinstance(part, list) else part

    schema: Json = without_titles(schema_of(model))
    return schema
