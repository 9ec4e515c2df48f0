"""Dependencies of routes: parts of the application, the caller, and a permit in one of the pools."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import wraps
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from index.errors import DiskFull, DiskReadOnly, ObjectsUnavailable
from service.errors import BodyTimeout, ClientGone, MayRaise, NotReady, Overloaded
from service.faces.client import HttpClient
from service.flows.answer.answering import Answering
from service.flows.ask.asking import Asking
from service.flows.ask.disconnection import WatchedPlace
from service.flows.evidence_packs.signing import Signer
from service.flows.ingest.background.erasing import Erasing
from service.flows.ingest.ingestion import Ingestion
from service.flows.ingest.jobs.jobs import Jobs
from service.flows.sources.secrets import Secrets
from service.flows.suggesting import Suggestions
from service.flows.upkeep.readiness import Readiness
from service.http.json_body import read_body
from service.http.parts import Parts, parts_of
from service.settings import Settings
from service.state.collections import Collections
from service.state.credentials import Credentials
from service.state.files import Titles
from service.state.identity import Principal, caller_of
from service.state.inventory import Inventory
from service.state.limits.pools import Place, Pool, Pools

T = TypeVar("T")

_TURNS = 2
"""Of the event loop, until it has noticed that a connection is closed whose request it has just read."""


def ready(connection: HTTPConnection, kind: type[T]) -> T:
    """A part of the application. Raises :class:`NotReady` while the service cannot answer.

    Routes that are asked most call this themselves: as a dependency, it would take the framework longer.
    """
    return _ready_parts(connection)[kind]


def _ready_parts(connection: HTTPConnection) -> Parts:
    parts = parts_of(connection)
    parts[Readiness].require()
    return parts


async def ready_parts(request: Request) -> Parts:
    """All parts of the application. Raises :class:`NotReady` while the service cannot answer."""
    return _ready_parts(request)


def provide(kind: type[Any]) -> Any:
    """The dependency on a part of the application that is ready, which is checked once for a request."""

    async def find(parts: Annotated[Any, Depends(ready_parts)]) -> Any:
        return parts[kind]

    return Depends(find)


async def caller(request: Request) -> Principal:
    """The sender of the request."""
    return caller_of(request.scope)


NOT_READY = MayRaise(NotReady)
Caller = Annotated[Principal, Depends(caller)]
ReadyAnswering = Annotated[Answering, provide(Answering), NOT_READY]
ReadyAsking = Annotated[Asking, provide(Asking), NOT_READY]
ReadyCollections = Annotated[Collections, provide(Collections), NOT_READY]
ReadyCredentials = Annotated[Credentials, provide(Credentials), NOT_READY]
ReadyErasing = Annotated[Erasing, provide(Erasing), NOT_READY]
ReadyIngestion = Annotated[Ingestion, provide(Ingestion), NOT_READY]
ReadyInventory = Annotated[Inventory, provide(Inventory), NOT_READY]
ReadyJobs = Annotated[Jobs, provide(Jobs), NOT_READY]
ReadyPools = Annotated[Pools, provide(Pools), NOT_READY]
ReadySecrets = Annotated[Secrets, provide(Secrets), NOT_READY]
ReadyReadiness = Annotated[Readiness, provide(Readiness), NOT_READY]
ReadySettings = Annotated[Settings, provide(Settings), NOT_READY]
ReadySuggestions = Annotated[Suggestions, provide(Suggestions), NOT_READY]
ReadyTitles = Annotated[Titles, provide(Titles), NOT_READY]
ReadySigner = Annotated[Signer, provide(Signer), NOT_READY]


async def lookups_pool(pools: ReadyPools) -> Pool:
    """The threads that look up records."""
    return pools.lookups


async def writes_pool(pools: ReadyPools) -> Pool:
    """The threads that write. Without a place there: for what is short and never refused."""
    return pools.writes


async def texts_place(request: Request, pools: ReadyPools) -> AsyncIterator[WatchedPlace]:
    """A place in the pool that reads whole texts. Raises :class:`service.errors.Overloaded`."""
    with pools.texts.admit(caller_of(request.scope).holder) as place:
        yield WatchedPlace(HttpClient(request), place)


async def drawing_place(request: Request, pools: ReadyPools) -> AsyncIterator[WatchedPlace]:
    """A place in the pool that draws pages. Raises :class:`service.errors.Overloaded`."""
    with pools.drawing.admit(caller_of(request.scope).holder) as place:
        yield WatchedPlace(HttpClient(request), place)


async def writes_place(request: Request, pools: ReadyPools) -> AsyncIterator[Place]:
    """A place in the pool that writes. Raises :class:`service.errors.Overloaded`."""
    if request.method == "DELETE":
        await _require_client(request)
    with pools.writes.admit(caller_of(request.scope).holder) as place:
        yield place


async def writes_place_after_body(request: Request, pools: ReadyPools) -> AsyncIterator[Place]:
    """A place in the pool that writes, which is taken once the whole body is here.

    An unfinished body thus keeps nobody out. Raises :class:`service.errors.Overloaded` before the body is
    read where there is no permit then.
    """
    holder = caller_of(request.scope).holder
    pools.writes.permits.require(holder)
    await _require_client(request)
    with pools.writes.admit(holder) as place:
        yield place


async def _require_client(request: Request) -> None:
    """Read the body. Raises :class:`service.errors.ClientGone` also if nobody waits for the reply any more.

    A process that stood still finds requests that were given up, and maybe sent elsewhere with another text.
    """
    await read_body(request)
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    if await request.is_disconnected():
        raise ClientGone("The client disconnected before anything was done.")


Lookups = Annotated[Pool, Depends(lookups_pool), NOT_READY]
Changes = Annotated[Pool, Depends(writes_pool), NOT_READY]
Texts = Annotated[WatchedPlace, Depends(texts_place, scope="function"), MayRaise(Overloaded)]
Drawing = Annotated[WatchedPlace, Depends(drawing_place, scope="function"), MayRaise(Overloaded)]
WritesAfterBody = Annotated[
    Place,
    Depends(writes_place_after_body, scope="function"),
    MayRaise(Overloaded, BodyTimeout, DiskFull, DiskReadOnly, ObjectsUnavailable),
]
Writes = Annotated[
    Place,
    Depends(writes_place, scope="function"),
    MayRaise(Overloaded, DiskFull, DiskReadOnly, ObjectsUnavailable),
]


def in_thread(threads: Any) -> Callable[[Callable[..., T]], Callable[..., Coroutine[Any, Any, T]]]:
    """Run the function of a route in a thread, for it blocks. It stands between the rule and the function.

    ``threads`` are those of :data:`Lookups` or :data:`Changes`, or a dependency that takes a place in others.
    """

    def declare(function: Callable[..., T]) -> Callable[..., Coroutine[Any, Any, T]]:
        @wraps(function)
        async def run(*, threads: Any, **values: Any) -> T:
            result: T = await threads.run(function, **values)
            return result

        # The framework gives what the signature names. The place is taken last, when all else is there.
        own = inspect.signature(function, eval_str=True)
        place = inspect.Parameter("threads", inspect.Parameter.KEYWORD_ONLY, annotation=threads)
        run.__signature__ = own.replace(parameters=[*own.parameters.values(), place])  # type: ignore[attr-defined]
        return run

    return declare
