"""The page that says why a document was found or not."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from index.errors import EmptyQuestion, QuestionTooLong
from index.search import Question
from service.faces.client import HttpClient
from service.faces.dependencies import Caller, ReadyAsking
from service.faces.pages import page
from service.faces.pages.routes.documents import DocumentQuery, find_document
from service.faces.pages.routes.library import PATH, WORDS
from service.flows.ask.explaining import explain
from service.flows.ask.planning import validate_question
from service.http.links import in_collection, view_path
from service.http.route import GuardedRoute
from service.state.identity import Scope, access

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)


class ExplainQuery(DocumentQuery):
    """A question and the document that was expected."""

    q: str = Field("", description="The question.")


@router.get(f"{PATH}/document/explain")
@access(Scope.READ, "answers", "documents")
async def explain_document(
    request: Request, query: Annotated[ExplainQuery, Query()], caller: Caller, asking: ReadyAsking
) -> Response:
    """A form for the question, and what keeps the document from its answer."""
    record, _ = await asking.pools.lookups.run(find_document, asking.collections, caller, query)
    found, problem = None, ""
    if query.q.strip():
        try:
            question = Question(validate_question(query.q))
            found = await explain(HttpClient(request), asking, caller, (query.collection, query.id), question)
        except (EmptyQuestion, QuestionTooLong) as error:
            problem = error.message
    return page(
        request.scope,
        "explain",
        status_code=422 if problem else 200,
        document=record,
        collection=query.collection,
        question=query.q.strip(),
        found=found,
        problem=problem,
        view=lambda locator: in_collection(f"{view_path(locator)}#quote", query.collection),
        **WORDS,
    )
