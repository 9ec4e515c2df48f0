"""Answer a question with sentences of a data folder's documents, as the service does."""

from collections.abc import Callable
from dataclasses import replace

from cli.instances import Json, Question
from index.answers import Answer
from index.collection import Collection
from index.search.extraction import divide_question, extract_answer, follow_each_other
from service.faces.api.schemas.answering import answered_json
from service.flows.answer.extractive import extractive_events
from service.flows.answer.finding import Asked, Found
from service.flows.answer.flow import Whole
from service.flows.ask.requests import AskRequest
from service.state.identity import ANYONE

_SENTENCES = 3


def answer(
    collection: Collection, question: Question, ask: Callable[[Question], Answer], *, least: float
) -> Json:
    """The answer as ``POST /v1/answer`` gives it. ``least`` is the answerability below which it declines."""
    parts = divide_question(question.text)
    each = [ask(question)]
    if len(parts) > 1:
        for part, before in follow_each_other(parts):
            turns = (*question.turns, *({"role": "user", "text": text} for text in before))
            each.append(ask(replace(question, text=part.query, turns=turns)))
    with collection.archive.resolution() as resolution:
        extract = extract_answer(resolution, parts, each, most=_SENTENCES, least=least)
    body = AskRequest.model_validate({"question": question.text, "collection": collection.name})
    hits = each[0].hits
    found = Found(
        collection=collection.name,
        asked=Asked(body, "extractive", least, _SENTENCES),
        caller=ANYONE,
        parts=parts,
        answer=each[0],
        extract=extract,
        declines=extract.declines,
        turns=(),
        given=len(hits),
        sources=[one.citation for one in (hits if extract.declines else extract.sentences)],
        shown=lambda citation: citation,
    )
    made = Whole()
    for event in extractive_events(found, for_people=False):
        made.add(event)
    return answered_json(found, made)
