"""What routes depend on: the runtime, the caller, and a permit in one of the pools."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from index.errors import DiskFull, ObjectsUnavailable
from service.app.runtime import Runtime
from service.errors import BodyTimeout, MayRaise, NotReady, Overloaded
from service.http.json_body import read_body
from service.state.identity import Principal, caller_of
from service.state.limits.pools import Pool


async def runtime(request: Request) -> Runtime:
    """The application's runtime, ready or not."""
    found: Runtime = request.app.state.runtime
    return found


async def ready_runtime(request: Request) -> Runtime:
    """The application's runtime. Raises :class:`NotReady` while it cannot answer."""
    found = await runtime(request)
    found.readiness.require()
    return found


async def caller(request: Request) -> Principal:
    """Who sent the request."""
    return caller_of(request.scope)


Caller = Annotated[Principal, Depends(caller)]
ReadyRuntime = Annotated[Runtime, Depends(ready_runtime), MayRaise(NotReady)]


async def texts_pool(runtime: ReadyRuntime) -> AsyncIterator[Pool]:
    """The pool that reads whole texts, with a permit. Raises :class:`service.errors.Overloaded`."""
    with runtime.pools.texts.permits.acquire():
        yield runtime.pools.texts


async def drawing_pool(runtime: ReadyRuntime) -> AsyncIterator[Pool]:
    """The pool that draws pages, with a permit. Raises :class:`service.errors.Overloaded`."""
    with runtime.pools.drawing.permits.acquire():
        yield runtime.pools.drawing


async def writes_pool(runtime: ReadyRuntime) -> AsyncIterator[Pool]:
    """The pool that writes, with a permit. Raises :class:`service.errors.Overloaded`."""
    with runtime.pools.writes.permits.acquire():
        yield runtime.pools.writes


async def writes_pool_after_body(request: Request, runtime: ReadyRuntime) -> AsyncIterator[Pool]:
    """The pool that writes, with a permit that is taken once the whole body is here.

    An unfinished body thus keeps nobody out. Raises :class:`service.errors.Overloaded` before the body is
    read where there is no permit then.
    """
    runtime.pools.writes.permits.require()
    await read_body(request)
    with runtime.pools.writes.permits.acquire():
        yield runtime.pools.writes


Texts = Annotated[Pool, Depends(texts_pool, scope="function"), MayRaise(Overloaded)]
Drawing = Annotated[Pool, Depends(drawing_pool, scope="function"), MayRaise(Overloaded)]
WritesAfterBody = Annotated[
    Pool,
    Depends(writes_pool_after_body, scope="function"),
    MayRaise(Overloaded, BodyTimeout, DiskFull, ObjectsUnavailable),
]
Writes = Annotated[
    Pool, Depends(writes_pool, scope="function"), MayRaise(Overloaded, DiskFull, ObjectsUnavailable)
]
