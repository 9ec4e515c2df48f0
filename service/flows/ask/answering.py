"""Answer the questions of a request, for every route that asks a collection."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TypeVar

import numpy as np

from index.answers import Answer
from index.collection import Collection
from index.errors import CollectionNotFound
from index.search import withhold_hits
from service.flows.ask.asking import Asking
from service.flows.ask.batching import Encoded
from service.flows.ask.client import Client
from service.flows.ask.disconnection import unless_gone
from service.flows.ask.planning import Plan
from service.flows.ask.requests import AskRequest
from service.http.links import with_proof
from service.settings import Settings
from service.state.identity import Principal, Prover, Scope

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EncodedQuestions:
    """The vectors of each question's texts, and the fingerprint of the model that made them."""

    each: Sequence[Sequence[Encoded]]
    model: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, and how its question was encoded."""

    answer: Answer
    encoded: Encoded


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of a collection to the questions of a request, in their order.

    ``began`` is when the search began, by :func:`time.perf_counter`.
    """

    collection: Collection
    each: Sequence[Answered]
    began: float


async def answer_all(client: Client, asking: Asking, plan: Plan, show: Callable[[Answers], T]) -> T:
    """Answer a plan's questions; return what ``show`` makes of the answers, in the thread that searches.

    Raises :class:`ClientGone`, :class:`service.errors.Overloaded` and what the collection raises.
    """
    client.audit(_audit_fields(plan.body, asking.settings))
    if plan.body.at_least_change is not None:
        # Wait before taking a permit.
        name = plan.body.collection
        asking.collections.require(plan.caller, name)
        await unless_gone(client, asking.awaited_changes.wait_for(name, plan.body.at_least_change))
    # Questions as of an earlier change may take long, and must not hold the permits of the others.
    pool = asking.pools.history if plan.body.as_of is not None else asking.pools.questions
    with pool.permits.acquire():
        texts = [question.texts for question in plan.questions]
        with pool.permits.waiting():
            encoded = await encode_unless_gone(client, asking, plan.caller, plan.body.collection, texts)
        return await pool.run(_search_and_show, asking, plan, encoded, show)


def _search_and_show(
    asking: Asking, plan: Plan, encoded: EncodedQuestions, show: Callable[[Answers], T]
) -> T:
    began = time.perf_counter()
    name = plan.body.collection
    collection = asking.collections.open_cached(plan.caller, name)
    try:
        results = _answer_each(asking, plan, encoded, collection)
    except CollectionNotFound:
        # Another process may have deleted it, and made it again.
        collection = asking.collections.open(plan.caller, name)
        results = _answer_each(asking, plan, encoded, collection)
    return show(Answers(collection, results, began))


def _answer_each(
    asking: Asking, plan: Plan, encoded: EncodedQuestions, collection: Collection
) -> list[Answered]:
    body = plan.body
    results = []
    for question, own in zip(plan.questions, encoded.each, strict=True):
        vectors = np.stack([one.vector for one in own])
        answer = collection.questions.answer(question, vectors=vectors, model=encoded.model)
        if asking.unanswered is not None and body.as_of is None:
            asking.unanswered.note(body.collection, question.text, answer.answerability)
        answer = withhold_hits(answer, body.min_answerability)
        if plan.caller.scope is Scope.ASK:
            answer = _with_proofs(answer, body.collection, asking.prover.of(plan.caller))
        results.append(Answered(answer, own[0]))
    return results


def _audit_fields(body: AskRequest, settings: Settings) -> dict[str, object]:
    """Fields of a question for the audit log."""
    questions = [body.question] if body.question is not None else body.questions or []
    asked: dict[str, object] = {"collection": body.collection, "count": len(questions)}
    if body.on_behalf_of is not None:
        asked["on_behalf_of"] = body.on_behalf_of
    return {**asked, "questions": questions} if settings.audit_questions else asked


async def encode_unless_gone(
    client: Client, asking: Asking, caller: Principal, collection: str, texts: Sequence[Sequence[str]]
) -> EncodedQuestions:
    """Embed the texts of each question by the collection's model; cancel it when the client disconnects.

    Raises :class:`ClientGone` and the errors of the question queue.
    """
    model = asking.collections.model_of(caller, collection)
    queue = asking.questions.of(model)
    together = list(chain.from_iterable(texts))
    known = queue.find_cached(together)
    if known is None:
        known = await unless_gone(client, queue.encode(together))
    rest = iter(known)
    each = [list(islice(rest, len(one))) for one in texts]
    return EncodedQuestions(each, model or asking.collections.library.models.default_fingerprint)


def _with_proofs(answer: Answer, collection: str, prover: Prover) -> Answer:
    """The answer with links by which a key with the scope ask may look its citations up."""
    hits = [replace(hit, citation=with_proof(hit.citation, collection, prover)) for hit in answer.hits]
    return replace(answer, hits=tuple(hits))
