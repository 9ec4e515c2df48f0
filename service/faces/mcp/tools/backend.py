"""Backends of tools and resources: the service, or a library in this process."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol, TypeVar

import anyio.to_thread
from fastapi import Request

from index.answers import Answer
from index.collection import Collection
from index.library import Library
from index.search import Question, merge_answers, withhold_hits
from service.faces.client import HttpClient
from service.flows.ask.answering import answer_all
from service.flows.ask.asking import Asking
from service.flows.ask.disconnection import WatchedPlace
from service.flows.ask.planning import nothing_to_ask, plan_request, validate_count, validate_request
from service.flows.ask.requests import AskRequest
from service.http.links import base_url
from service.settings import Settings
from service.state.identity import ANYONE, Principal, Prover, caller_of
from service.state.limits.pools import Place

T = TypeVar("T")


class Backend(Protocol):
    """Answers for one caller. ``collection`` is used where a call names none, ``base`` begins links.

    ``prover`` makes proofs for a caller who may look up the citations of its answers only; where there is
    none, no caller is restricted.
    """

    settings: Settings
    caller: Principal
    collection: str
    base: str
    prover: Prover | None

    @property
    def is_left(self) -> bool:
        """Whether nobody waits for what is read any more. May be asked in the thread that reads."""

    async def ask(self, body: AskRequest, show: Callable[[Sequence[Answer]], T]) -> T:
        """Answer a request; return what ``show`` makes of the answers. Raises as ``POST /v1/ask``."""

    async def read(self, collection: str, function: Callable[[Collection], T]) -> T:
        """The result of a function that reads whole texts of a collection."""

    async def look_up(self, collection: str, function: Callable[[Collection], T]) -> T:
        """The result of a function that reads a few records of a collection."""

    async def names(self) -> list[str]:
        """The collections that the caller may use, in order."""


class ServiceBackend:
    """Answers from the service for the caller of a request. Implements :class:`Backend`."""

    def __init__(self, request: Request, asking: Asking, *, collection: str) -> None:
        self._client = HttpClient(request)
        self._asking = asking
        self.settings = asking.settings
        self.caller = caller_of(request.scope)
        self.collection = collection
        self.base = base_url(request.scope, asking.settings.public_url)
        self.prover: Prover | None = asking.prover.of(self.caller)
        self._place: Place | None = None

    @property
    def is_left(self) -> bool:
        return self._place is not None and self._place.is_left

    async def ask(self, body: AskRequest, show: Callable[[Sequence[Answer]], T]) -> T:
        plan = plan_request(body, self.caller, self._asking)
        return await answer_all(
            self._client, self._asking, plan, lambda answers: show([one.answer for one in answers.each])
        )

    async def read(self, collection: str, function: Callable[[Collection], T]) -> T:
        with self._asking.pools.texts.admit(self.caller.holder) as place:
            self._place = place
            watched = WatchedPlace(self._client, place)
            return await watched.run(lambda: function(self._asking.collections.open(self.caller, collection)))

    async def look_up(self, collection: str, function: Callable[[Collection], T]) -> T:
        return await self._asking.pools.lookups.run(
            lambda: function(self._asking.collections.open(self.caller, collection))
        )

    async def names(self) -> list[str]:
        return await self._asking.pools.lookups.run(self._asking.collections.names, self.caller)


class LibraryBackend:
    """Answers from a library in this process, whose user may read all of it. Implements :class:`Backend`."""

    def __init__(self, library: Library, settings: Settings, *, collection: str) -> None:
        self._library = library
        self.settings = settings
        self.caller = ANYONE
        self.collection = collection
        self.base = settings.public_url
        self.prover: Prover | None = None

    @property
    def is_left(self) -> bool:
        return False

    async def ask(self, body: AskRequest, show: Callable[[Sequence[Answer]], T]) -> T:
        plan = validate_request(body, self.caller)
        names = await self.names() if plan.names is None else plan.names
        if not names:
            raise nothing_to_ask()
        validate_count(len(names))

        def answer_questions() -> T:
            opened = {name: self._open_refreshed(name) for name in names}
            answers = [_answer(opened, body, question) for question in plan.questions]
            return show([withhold_hits(one, body.min_answerability) for one in answers])

        return await anyio.to_thread.run_sync(answer_questions)

    async def read(self, collection: str, function: Callable[[Collection], T]) -> T:
        return await anyio.to_thread.run_sync(lambda: function(self._open_refreshed(collection)))

    async def look_up(self, collection: str, function: Callable[[Collection], T]) -> T:
        return await self.read(collection, function)

    async def names(self) -> list[str]:
        return await anyio.to_thread.run_sync(self._library.names)

    def _open_refreshed(self, name: str) -> Collection:
        opened = self._library.open(name)
        opened.refresh()  # another process may have written since
        return opened


def _answer(opened: Mapping[str, Collection], body: AskRequest, question: Question) -> Answer:
    found = {
        name: collection.questions.answer(_as_of(body, collection, question))
        for name, collection in opened.items()
    }
    return found[body.collection] if body.collections is None else merge_answers(found, k=question.k)


def _as_of(body: AskRequest, collection: Collection, question: Question) -> Question:
    """The question as of the change that a collection had at the time which was asked for."""
    if not isinstance(body.as_of, datetime):
        return question
    return replace(question, as_of=collection.archive.change_at(body.as_of.timestamp()))
