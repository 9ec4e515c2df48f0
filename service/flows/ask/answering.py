"""Answer the questions of a request, for every route that asks a collection."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, islice
from typing import TypeVar

import numpy as np

from index.answers import Answer
from index.collection import Collection
from index.errors import CollectionNotFound
from index.search import Question, merge_answers, withhold_hits
from index.search.question import is_courtesy
from service.flows.ask.asking import Asking
from service.flows.ask.batching import Encoded
from service.flows.ask.disconnection import Client, unless_gone
from service.flows.ask.planning import Plan, nothing_to_ask, validate_count
from service.flows.ask.requests import AskRequest
from service.http.links import with_proof
from service.settings import Settings
from service.state.identity import Principal, Prover, Scope
from service.state.limits.pools import Place
from service.state.questions import UNCERTAIN, AskedQuestion, GivenAnswer

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
    """The answers to the questions of a request, in their order, and the collections that gave them, by name.

    ``began`` is when the search began, by :func:`time.perf_counter`.
    """

    collections: Mapping[str, Collection]
    each: Sequence[Answered]
    began: float


async def answer_all(client: Client, asking: Asking, plan: Plan, show: Callable[[Answers], T]) -> T:
    """Answer a plan's questions; return what ``show`` makes of the answers, in the thread that searches.

    Raises :class:`ClientGone`, :class:`service.errors.Overloaded` and what the collections raise.
    """
    asking.collections.library.require_answers()  # before work that would be in vain
    if plan.is_kept:
        client.audit(_audit_fields(plan.body, asking.settings))
    if plan.body.at_least_change is not None:
        # Wait before taking a permit.
        name = plan.body.collection
        asking.collections.require(plan.caller, name)
        holder = plan.caller.holder
        await unless_gone(client, asking.awaited_changes.wait_for(name, plan.body.at_least_change, holder))
    names = await _names(asking, plan)
    # Questions as of an earlier change may take long, and must not hold the permits of the others.
    pool = asking.pools.history if plan.body.as_of is not None else asking.pools.questions
    with pool.admit(plan.caller.holder) as place:
        return await unless_gone(client, _answer_in_turns(asking, plan, names, place, show))


async def _names(asking: Asking, plan: Plan) -> Sequence[str]:
    """The collections to ask, each of which counts as a question by the caller's rate limit.

    Raises :class:`CollectionNotFound`, :class:`index.errors.InvalidLimit`, :class:`RateLimited`.
    """
    if (names := plan.names) is None:
        names = await asking.pools.lookups.run(asking.collections.names, plan.caller)
        if not names:
            raise nothing_to_ask()
        validate_count(len(names))
    for name in names:
        asking.collections.require(plan.caller, name)
    if len(names) > 1:
        count = len(plan.questions)
        asking.rates.charge(plan.caller, count * (len(names) - 1), charged=count)
    return names


async def _answer_in_turns(
    asking: Asking, plan: Plan, names: Sequence[str], place: Place, show: Callable[[Answers], T]
) -> T:
    """Answer one question after another, so that those of other callers are answered in between.

    A collection is searched when the one before has answered all of them.
    """
    place.plan(len(plan.questions) * len(names))
    with place.waiting():
        encoded = await _encode_for(asking, plan, names)
    searches = [_Answering(asking, plan, name, encoded[name]) for name in names]
    steps = [one.answer_next for one in searches for _ in plan.questions]
    for answer_next in steps[:-1]:
        await place.run(answer_next)
        place.advance()

    def finish() -> T:
        steps[-1]()
        return show(_make_answers(asking, plan, searches))

    return await place.run(finish)


class _Answering:
    """The questions of a plan to one collection, answered one by one, in threads. One call at a time."""

    def __init__(self, asking: Asking, plan: Plan, name: str, encoded: EncodedQuestions) -> None:
        self._asking = asking
        self._plan = plan
        self.name = name
        self.encoded = encoded
        self.began = 0.0
        self.collection: Collection | None = None
        self.answers: list[Answer] = []
        self._as_of: int | None = None
        """The change at the time that the questions name; None before it was looked up, and without one."""
        self.is_gone = False
        """True if it was deleted while all collections were asked; the others answer then."""

    def answer_next(self) -> None:
        """Answer the next question."""
        if self.is_gone:
            return
        try:
            self._answer_next()
        except CollectionNotFound:
            if self._plan.names is not None:
                raise
            self.is_gone = True

    def _answer_next(self) -> None:
        collections, caller = self._asking.collections, self._plan.caller
        if self.collection is None:
            self.began = time.perf_counter()
            self.collection = collections.open_cached(caller, self.name)
        try:
            self._answer(self.collection, len(self.answers) + 1)
        except CollectionNotFound:
            # Another process may have deleted it, and made it again: all answers are those of one collection.
            count, self.answers, self._as_of = len(self.answers) + 1, [], None
            self.collection = collections.open(caller, self.name)
            self._answer(self.collection, count)

    def _answer(self, collection: Collection, count: int) -> None:
        """Answer questions until there are so many answers."""
        for at in range(len(self.answers), count):
            question, own = self._plan.questions[at], self.encoded.each[at]
            self.answers.append(self._answer_one(collection, question, own))

    def _answer_one(self, collection: Collection, question: Question, own: Sequence[Encoded]) -> Answer:
        asking = self._asking
        vectors = np.stack([one.vector for one in own])
        if isinstance(time_ := self._plan.body.as_of, datetime):
            if self._as_of is None:
                self._as_of = collection.archive.change_at(time_.timestamp())
            question = replace(question, as_of=self._as_of)
        if question.read and not asking.reading.may_read(asking.pools.questions.permits.taken):
            question = replace(question, read=False)
        answer = collection.questions.answer(question, vectors=vectors, model=self.encoded.model)
        if answer.read:
            asking.reading.note(answer.timings_ms["read"])
        return answer


def _make_answers(asking: Asking, plan: Plan, searches: Sequence[_Answering]) -> Answers:
    """The answers of all collections that were searched; of several, merged."""
    there = [one for one in searches if not one.is_gone]
    if not there:
        raise nothing_to_ask()
    each: list[Answered] = []
    for at, question in enumerate(plan.questions):
        found = {one.name: one.answers[at] for one in there}
        answer = (
            merge_answers(found, k=question.k)
            if plan.body.collections is not None
            else found[plan.body.collection]
        )
        each.append(Answered(_finished(asking, plan, answer, question.text), there[0].encoded.each[at][0]))
    collections = {one.name: one.collection for one in there if one.collection is not None}
    return Answers(collections, each, there[0].began)


def _finished(asking: Asking, plan: Plan, answer: Answer, question: str) -> Answer:
    """An answer as the caller may see it. Keeps the question if nothing answers."""
    collection = plan.body.collection
    if plan.body.as_of is None and plan.is_kept and plan.is_new:
        nearest = max(answer.searched, key=lambda one: one.answerability, default=None)
        asked = collection if nearest is None else nearest.collection
        groups = plan.caller.groups
        _note(
            asking, AskedQuestion(time.time(), asked, question, answer.answerability, groups=groups), answer
        )
    answer = withhold_hits(answer, plan.body.min_answerability)
    if plan.caller.scope is Scope.ASK:
        answer = _with_proofs(answer, collection, asking.prover.of(plan.caller))
    return answer


def _note(asking: Asking, question: AskedQuestion, answer: Answer) -> None:
    """Keep a question that is not answered well, or count its answer, where somebody wants that."""
    if is_courtesy(question.question):
        return
    if question.probability < UNCERTAIN:
        asking.kept.note(question)
    elif answer.hits:
        # Not always the first: what amends a passage stands before it.
        best = max(answer.hits, key=lambda hit: hit.match).citation
        name = best.collection or question.collection
        asking.kept.note_answer(GivenAnswer(question.asked, name, best.document_id))


def _audit_fields(body: AskRequest, settings: Settings) -> dict[str, object]:
    """Fields of a question for the audit log."""
    questions = [body.question] if body.question is not None else body.questions or []
    named = {"collection": body.collection} if body.collections is None else {"collections": body.collections}
    asked: dict[str, object] = {**named, "count": len(questions)}
    if body.on_behalf_of is not None:
        asked["on_behalf_of"] = body.on_behalf_of
    return {**asked, "questions": questions} if settings.audit_questions else asked


async def _encode_for(asking: Asking, plan: Plan, names: Sequence[str]) -> dict[str, EncodedQuestions]:
    """Embed the questions of a plan for each collection, once by each model."""
    texts = [question.texts for question in plan.questions]
    by_model: dict[str, EncodedQuestions] = {}
    found: dict[str, EncodedQuestions] = {}
    for name in names:
        model = asking.collections.model_of(plan.caller, name)
        if model not in by_model:
            by_model[model] = await encode(asking, plan.caller, name, texts)
        found[name] = by_model[model]
    return found


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
