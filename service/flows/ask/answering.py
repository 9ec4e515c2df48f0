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
from index.search import Question, withhold_hits
from service.flows.ask.asking import Asking
from service.flows.ask.batching import Encoded
from service.flows.ask.disconnection import Client, unless_gone
from service.flows.ask.planning import Plan
from service.flows.ask.requests import AskRequest
from service.http.links import with_proof
from service.settings import Settings
from service.state.identity import Principal, Prover, Scope
from service.state.limits.pools import Place

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
        holder = plan.caller.holder
        await unless_gone(client, asking.awaited_changes.wait_for(name, plan.body.at_least_change, holder))
    # Questions as of an earlier change may take long, and must not hold the permits of the others.
    pool = asking.pools.history if plan.body.as_of is not None else asking.pools.questions
    with pool.admit(plan.caller.holder) as place:
        return await unless_gone(client, _answer_in_turns(asking, plan, place, show))


async def _answer_in_turns(asking: Asking, plan: Plan, place: Place, show: Callable[[Answers], T]) -> T:
    """Answer one question after another, so that those of other callers are answered in between."""
    place.plan(len(plan.questions))
    texts = [question.texts for question in plan.questions]
    with place.waiting():
        encoded = await encode(asking, plan.caller, plan.body.collection, texts)
    answering = _Answering(asking, plan, encoded)
    for _ in plan.questions[1:]:
        await place.run(answering.answer_next)
        place.advance()
    return await place.run(answering.finish, show)


class _Answering:
    """The questions of a plan, which are answered one by one, in threads. One call at a time."""

    def __init__(self, asking: Asking, plan: Plan, encoded: EncodedQuestions) -> None:
        self._asking = asking
        self._plan = plan
        self._encoded = encoded
        self._began = 0.0
        self._collection: Collection | None = None
        self._answered: list[Answered] = []

    def answer_next(self) -> None:
        """Answer the next question."""
        collections, caller = self._asking.collections, self._plan.caller
        name = self._plan.body.collection
        if self._collection is None:
            self._began = time.perf_counter()
            self._collection = collections.open_cached(caller, name)
        try:
            self._answer(self._collection, len(self._answered) + 1)
        except CollectionNotFound:
            # Another process may have deleted it, and made it again: all answers are those of one collection.
            count, self._answered = len(self._answered) + 1, []
            self._collection = collections.open(caller, name)
            self._answer(self._collection, count)

    def finish(self, show: Callable[[Answers], T]) -> T:
        """Answer the last question; return what ``show`` makes of all answers."""
        self.answer_next()
        assert self._collection is not None  # noqa: S101 -- it was opened for the first question
        return show(Answers(self._collection, self._answered, self._began))

    def _answer(self, collection: Collection, count: int) -> None:
        """Answer questions until there are so many answers."""
        for at in range(len(self._answered), count):
            question, own = self._plan.questions[at], self._encoded.each[at]
            self._answered.append(Answered(self._answer_one(collection, question, own), own[0]))

    def _answer_one(self, collection: Collection, question: Question, own: Sequence[Encoded]) -> Answer:
        asking, plan = self._asking, self._plan
        vectors = np.stack([one.vector for one in own])
        if question.read and not asking.reading.may_read(asking.pools.questions.permits.taken):
            question = replace(question, read=False)
        answer = collection.questions.answer(question, vectors=vectors, model=self._encoded.model)
        if answer.read:
            asking.reading.note(answer.timings_ms["read"])
        if asking.unanswered is not None and plan.body.as_of is None:
            asking.unanswered.note(plan.body.collection, question.text, answer.answerability)
        answer = withhold_hits(answer, plan.body.min_answerability)
        if plan.caller.scope is Scope.ASK:
            answer = _with_proofs(answer, plan.body.collection, asking.prover.of(plan.caller))
        return answer


def _audit_fields(body: AskRequest, settings: Settings) -> dict[str, object]:
    """Fields of a question for the audit log."""
    questions = [body.question] if body.question is not None else body.questions or []
    asked: dict[str, object] = {"collection": body.collection, "count": len(questions)}
    if body.on_behalf_of is not None:
        asked["on_behalf_of"] = body.on_behalf_of
    return {**asked, "questions": questions} if settings.audit_questions else asked


async def encode(
    asking: Asking, caller: Principal, collection: str, texts: Sequence[Sequence[str]]
) -> EncodedQuestions:
    """Embed the texts of each question by the collection's model. Raises the errors of the question queue."""
    model = asking.collections.model_of(caller, collection)
    queue = asking.questions.of(model)
    together = list(chain.from_iterable(texts))
    known = queue.find_cached(together)
    if known is None:
        known = await queue.encode(together, holder=caller.holder)
    rest = iter(known)
    each = [list(islice(rest, len(one))) for one in texts]
    return EncodedQuestions(each, model or asking.collections.library.models.default_fingerprint)


def _with_proofs(answer: Answer, collection: str, prover: Prover) -> Answer:
    """The answer with links by which a key with the scope ask may look its citations up."""
    hits = [replace(hit, citation=with_proof(hit.citation, collection, prover)) for hit in answer.hits]
    unknown = answer.unknown_language
    if unknown is not None:  # such a key learns nothing of the size of the collection
        unknown = replace(unknown, passages=0, seconds=0.0)
    return replace(answer, hits=tuple(hits), unknown_language=unknown)
