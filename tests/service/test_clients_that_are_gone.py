"""Work whose client has gone does not go on: its permit is free, and its turn in a thread is dropped."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote as percent_encode

import httpx
import pytest

from index.embedding import WordEmbedder
from index.library import Library
from service.state.limits.pools import Pool, Pools
from tests.patience import PATIENCE, eventually
from tests.service.http_service import app_of, live

TEXT = "The lamp in the north tower was lit at dusk by the keeper."
QUESTION = "Who lit the lamp?"
_MCP_HEADERS = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}


@dataclass(frozen=True)
class Case:
    """A request that needs a thread of a pool."""

    pool: str
    method: str
    path: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.pool} {self.method} {self.path.partition('?')[0]}"


def tool(name: str, **arguments: Any) -> dict[str, Any]:
    call = {"name": name, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}


def chat(**more: Any) -> dict[str, Any]:
    return {"model": "loccit:default", "messages": [{"role": "user", "content": QUESTION}], **more}


CASES = [
    Case("questions", "POST", "/v1/ask", {"question": QUESTION}),
    Case("questions", "POST", "/v1/ask", {"questions": [f"{QUESTION} {n}" for n in range(64)]}),
    Case("history", "POST", "/v1/ask", {"question": QUESTION, "as_of": 1}),
    Case("questions", "POST", "/v1/answer", {"question": QUESTION}),
    Case("questions", "POST", "/v1/answer", {"question": QUESTION, "stream": True}),
    Case("questions", "POST", "/v1/chat/completions", chat()),
    Case("questions", "POST", "/v1/chat/completions", chat(stream=True)),
    Case("questions", "POST", "/v1/responses", {"model": "loccit:default", "input": QUESTION}),
    Case("questions", "POST", "/v1/embeddings", {"model": "words", "input": [QUESTION]}),
    Case("questions", "POST", "/v1/vector_stores/vs_default/search", {"query": QUESTION}),
    Case("questions", "POST", "/v1/explain", {"question": QUESTION, "document_id": "a.txt"}),
    Case("questions", "POST", "/v1/anthropic/tool_result", {"tool_use_id": "t", "question": QUESTION}),
    Case(
        "questions",
        "POST",
        "/dify/retrieval",
        {
            "knowledge_id": "default",
            "query": QUESTION,
            "retrieval_setting": {"top_k": 1, "score_threshold": 0.0},
        },
    ),
    Case("questions", "GET", f"/?q={percent_encode(QUESTION)}"),
    Case("questions", "GET", f"/library/document/explain?id=a.txt&q={percent_encode(QUESTION)}"),
    Case("questions", "POST", "/mcp", tool("search", query=QUESTION), _MCP_HEADERS),
    Case("texts", "POST", "/mcp", tool("verify", quotes=["The lamp"]), _MCP_HEADERS),
    Case("texts", "POST", "/v1/verify", {"quotes": ["The lamp"]}),
    Case("verifying", "POST", "/v1/verify", {"quotes": ["The lamp"], "stream": True}),
    Case("texts", "POST", "/v1/changes", {"citations": []}),
    Case("texts", "GET", "/v1/documents/a.txt/text"),
    Case("texts", "GET", "/v1/documents/a.txt/original"),
    Case("texts", "GET", "/v1/documents/a.txt/diff?old=1"),
    Case("texts", "GET", "/library/document/diff?id=a.txt"),
    Case("texts", "GET", f"/check?text={percent_encode('The lamp')}"),
    Case("drawing", "GET", "/v1/documents/a.txt/page.png?page=1&width=700"),
    Case("ranking", "POST", "/v2/rerank", {"model": "any", "query": QUESTION, "documents": [TEXT]}),
]


@dataclass(frozen=True)
class Served:
    """A service with a document, its client, and the pools in it."""

    client: httpx.Client
    pools: Pools


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Library(tmp_path_factory.mktemp("data"), embedder=WordEmbedder()) as library:
        app = app_of(library)
        with live(app) as client:
            for text in ("The lamp.", TEXT):
                assert client.put("/v1/documents/a.txt?wait=true", json={"text": text}).is_success
            yield Served(client, app.state.runtime.pools)


@contextmanager
def threads_held(pool: Pool) -> Iterator[None]:
    """Keep all threads of a pool busy, and calls of others in front of every new one."""
    opened, waiting = threading.Event(), threading.Event()

    def hold() -> None:
        assert opened.wait(PATIENCE)

    async def hold_all() -> None:
        held = [pool.submit(f"holder {number}", hold) for number in range(80)]
        waiting.set()
        await asyncio.gather(*held)

    holding = threading.Thread(target=lambda: asyncio.run(hold_all()))
    holding.start()
    assert waiting.wait(PATIENCE)
    try:
        yield
    finally:
        opened.set()
        holding.join(PATIENCE)


def send(client: httpx.Client, case: Case) -> socket.socket:
    body = b"" if case.body is None else json.dumps(case.body).encode()
    headers = {"Host": "localhost", "Content-Length": str(len(body)), **case.headers}
    if body:
        headers["Content-Type"] = "application/json"
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    connection = socket.create_connection((client.base_url.host, client.base_url.port or 80))
    connection.sendall(f"{case.method} {case.path} HTTP/1.1\r\n{head}\r\n".encode() + body)
    return connection


@pytest.mark.parametrize("case", CASES, ids=str)
def test_its_permit_is_free_at_once(served: Served, case: Case) -> None:
    pool: Pool = getattr(served.pools, case.pool)
    with threads_held(pool):
        with send(served.client, case):
            eventually(lambda: pool.permits.taken == 1)
        eventually(lambda: pool.permits.taken == 0)


def test_batches_of_clients_that_are_gone_keep_nobody_out(served: Served) -> None:
    pool = served.pools.questions
    with threads_held(pool):
        with ExitStack() as senders:
            for number in range(34):
                questions = [f"{QUESTION} {number} {n}" for n in range(64)]
                senders.enter_context(
                    send(served.client, Case("", "POST", "/v1/ask", {"questions": questions}))
                )
            eventually(lambda: pool.permits.taken == pool.permits.most)
            answer = served.client.post("/v1/ask", json={"question": QUESTION})
            assert answer.status_code == 429
            assert int(answer.headers["retry-after"]) >= 1
        eventually(lambda: pool.permits.taken == 0)
    assert served.client.post("/v1/ask", json={"question": QUESTION}).status_code == 200
