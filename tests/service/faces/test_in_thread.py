"""Functions of routes that run in a thread."""

import threading
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.testclient import TestClient

from service.faces.dependencies import in_thread
from service.state.limits.pools import Pool


def test_the_function_runs_in_the_thread_that_a_dependency_gives_once_all_else_is_there() -> None:
    app, pool, order = FastAPI(), Pool("lookups", 1), []

    async def place() -> AsyncIterator[Pool]:
        order.append("place")
        yield pool

    async def body(request: Request) -> bytes:
        order.append("body")
        return await request.body()

    @app.post("/{name}")
    @in_thread(Annotated[Pool, Depends(place)])
    def tell(name: str, sent: Annotated[bytes, Depends(body)], times: int = 1) -> list[str]:
        """What was sent."""
        return [threading.current_thread().name, name, sent.decode() * times]

    try:
        reply = TestClient(app).post("/lamp?times=2", content=b"on").json()
    finally:
        pool.close()
    assert reply == ["loccit-lookups_0", "lamp", "onon"]
    assert order == ["body", "place"]
    assert app.openapi()["paths"]["/{name}"]["post"]["description"] == "What was sent."
