"""A stand-in for a model: a server that speaks OpenAI's chat completions, and misbehaves as it is told."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.patience import PATIENCE, eventually


@dataclass(frozen=True)
class Delta:
    """A chunk with these fields of a delta."""

    fields: dict[str, Any]


@dataclass(frozen=True)
class Raw:
    """Bytes of the stream as they are."""

    data: bytes


class Wait:
    """Say nothing until the server stops."""


@dataclass(frozen=True)
class Again:
    """These bytes of the stream again and again, until the client hangs up."""

    data: bytes


class Break:
    """Close the connection in the middle."""


Step = str | Delta | Raw | Again | Wait | Break
USAGE = {"prompt_tokens": 111, "completion_tokens": 22, "total_tokens": 133}


@dataclass
class StandIn:
    """What the model says to every request, and the requests that it got."""

    url: str = ""
    says: Sequence[Step] = ()
    finish: str | None = "stop"
    status: int = 200
    location: str = ""
    streams: bool = True
    done: bool = True
    coding: str = ""
    repeated: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)

    async def answer(self, request: Request) -> Response:
        self.requests.append(await request.json())
        self.headers.append(dict(request.headers))
        if self.coding:
            return await self._compressed()
        return self._plain()

    async def _compressed(self) -> Response:
        """What it says in a content coding, such as gzip in gzip."""
        plain = self._plain()
        if isinstance(plain, StreamingResponse):
            body = b"".join([piece async for piece in self._events()])
        else:
            body = bytes(plain.body)
        for _ in self.coding.split(","):
            body = gzip.compress(body)
        headers = {"Content-Encoding": self.coding, "Content-Type": plain.headers["content-type"]}
        return Response(body, plain.status_code, headers)

    def _plain(self) -> Response:
        if self.status != 200:
            headers = {"Location": f"{self.location}/chat/completions"} if self.location else None
            return JSONResponse({"error": {"message": "the secret reason"}}, self.status, headers)
        if not self.streams:
            text = "".join(step for step in self.says if isinstance(step, str))
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": self.finish}
            return JSONResponse({"choices": [choice], "usage": USAGE})
        return StreamingResponse(self._events(), media_type="text/event-stream")

    async def _events(self) -> AsyncIterator[bytes]:
        try:
            yield _chunk({"role": "assistant", "content": ""})
            for step in self.says:
                if isinstance(step, Break):
                    raise ConnectionResetError("told to")
                if isinstance(step, Wait):
                    await asyncio.to_thread(self.stopping.wait)
                    return
                async for data in self._data_of(step):
                    yield data
            if self.finish:
                yield _chunk({}, self.finish)
            yield _data({"choices": [], "usage": USAGE})
            if self.done:
                yield b"data: [DONE]\n\n"
        except (asyncio.CancelledError, GeneratorExit):
            self.hung_up.set()
            raise

    async def _data_of(self, step: str | Delta | Raw | Again) -> AsyncIterator[bytes]:
        if isinstance(step, str):
            for piece in _tokens(step):
                yield _chunk({"content": piece})
        elif isinstance(step, Delta):
            yield _chunk(step.fields)
        elif isinstance(step, Raw):
            yield step.data
        else:
            while not self.stopping.is_set():
                self.repeated += 1
                yield step.data
                await asyncio.sleep(0.02)


def _tokens(text: str) -> Iterator[str]:
    """Pieces as short as a model's."""
    for at in range(0, len(text), 4):
        yield text[at : at + 4]


def _chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return _data({"id": "c", "object": "chat.completion.chunk", "choices": [choice]})


def _data(value: Any) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


@contextmanager
def stand_in(*says: Step, **behaviour: Any) -> Iterator[StandIn]:
    """A model that says this, at an address of its own."""
    model = StandIn(says=says, **behaviour)
    app = Starlette(routes=[Route("/v1/chat/completions", model.answer, methods=["POST"])])
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        eventually(lambda: server.started)
        model.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
        yield model
    finally:
        model.stopping.set()
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive()
