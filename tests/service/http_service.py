"""How the tests start the service, and what they hold every answer against."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.testclient import TestClient

from index.embedding import WordEmbedder
from index.library import Library
from index.types import Vectors
from service.app import create_app
from service.settings import Settings

PATIENCE = 10.0


class GatedEmbedder(WordEmbedder):
    """Answers questions while its gate is open, and remembers in which batches they came.

    The first batch, the service's own at its start, passes at any time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.batches: list[list[str]] = []
        self.failure: Exception | None = None

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        self.batches.append(list(texts))
        assert self.gate.wait(PATIENCE)
        if self.failure is not None:
            raise self.failure
        return super().embed_queries(texts)


def eventually(happens: Any, *, seconds: float = PATIENCE) -> None:
    """Wait until a condition is true."""
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def app_of(library: Library, **settings: Any) -> FastAPI:
    return create_app(Settings(data=Path("unused"), **settings), library=library)


@contextmanager
def served(library: Library, **settings: Any) -> Iterator[TestClient]:
    """A client of the service, which is ready. ``client.app`` is the application."""
    with TestClient(app_of(library, **settings)) as client:
        eventually(lambda: client.get("/readyz").status_code == 200)
        yield client


@contextmanager
def live(app: FastAPI) -> Iterator[httpx.Client]:
    """A client of the service behind a real HTTP server."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False, ws="none")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        eventually(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            eventually(lambda: client.get("/readyz").status_code == 200)
            yield client
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive()


def assert_error(response: Any, status: int, code: str) -> str:
    """The response is the one error body with this status and code; returns its message."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "request_id"}
    assert body["error"]["code"] == code
    assert body["error"]["request_id"] == response.headers["x-request-id"] != ""
    message: str = body["error"]["message"]
    assert message.endswith((".", "?")), message
    assert "Traceback" not in message
    return message


def assert_shape(model: type[BaseModel], value: Any) -> None:
    """The value has the fields of the model, all of them and no others, at every depth."""
    assert _keys(model.model_validate(value).model_dump(mode="json")) == _keys(value)


def _keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _keys(member) for key, member in value.items()}
    return [_keys(member) for member in value] if isinstance(value, list) else None
