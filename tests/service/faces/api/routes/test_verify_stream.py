"""Verdicts that are sent as they are made."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from starlette.testclient import TestClient

from index.embedding import WordEmbedder
from index.library import Library
from index.search.cross_encoder.encoding import Encoder
from index.search.cross_encoder.model import CrossEncoder
from service.state.identity import Scope, new_key
from service.state.limits.pools import Pool
from tests.index.search.cross_encoder.toys import WordRuntime, tokenizer
from tests.patience import PATIENCE, eventually
from tests.service.http_service import app_of, assert_error, live, put

LAMP = "The lamp in the north tower was lit at dusk by the keeper."
TOLD = "The lamp in the north tower was lit by the keeper at dusk."
"""The same in another order: a statement in the very words of a source is not read."""
OIL = "Oil lamps need a wick and twelve litres of oil in a winter."
SOURCES = [{"title": "The log", "text": f"{LAMP}\r\n{OIL}"}, {"text": "Zinc threw its light nine miles out."}]
ANSWER = f"The lamp in the south tower was lit at dusk. He wrote “{OIL}” Oil lamps need a wick. Why?"
KEY = "secret"
THREADS = 2
"""Those of the pool of streamed verdicts."""


def parse(body: str) -> list[tuple[str, Any]]:
    """The names and the data of events."""
    pairs = [block.split("\n") for block in body.split("\n\n")[:-1]]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in pairs]


@pytest.fixture
def filled(client: TestClient) -> TestClient:
    put(client, "lamps.txt", f"{LAMP}\n\n{OIL}\n")
    return client


@pytest.mark.parametrize("sources", [[], SOURCES], ids=["collection", "sources"])
def test_a_stream_has_each_verdict_and_ends_with_the_whole_reply(
    filled: TestClient, sources: list[Any]
) -> None:
    cited = filled.get("/v1/documents/lamps.txt").json()["text_sha256"][:12]
    body = {
        "answer": {"text": ANSWER},
        "citations": [] if sources else [f"lamps.txt@{cited}:0-8", "lamps.txt@000000000000:0-5"],
        "quotes": [OIL, "Submarines are yellow."],
        "sources": sources,
    }
    whole = filled.post("/v1/verify", json=body).json()
    reply = filled.post("/v1/verify", json={**body, "stream": True})
    assert reply.headers["content-type"].startswith("text/event-stream")
    events = parse(reply.text)
    assert events[-1] == ("finished", whole)
    told = {kind: [data for name, data in events if name == kind] for kind in ("citation", "quote")}
    assert told == {"citation": whole["citations"], "quote": whole["quotes"]}
    sentences = [data for name, data in events if name == "sentence"]
    assert [quote for one in sentences for quote in one.pop("quotes")] == whole["answer"]["quotes"]
    assert sentences == whole["answer"]["sentences"]
    assert [one["verdict"] and one["verdict"]["status"] for one in sentences] == [
        "contradicted", None, "supported", None,
    ]  # fmt: skip


def test_what_is_refused_is_refused_before_the_stream(filled: TestClient) -> None:
    def send(**body: Any) -> httpx.Response:
        return filled.post("/v1/verify", json={**body, "stream": True})

    assert_error(send(), 422, "invalid_request")
    assert_error(send(quotes=["a"], collection="nowhere"), 404, "collection_not_found")
    assert_error(send(quotes=["a"], sources=[{"text": " "}]), 422, "empty_document")
    unknown = {"text": "So it is [1].", "citations": ["lamps.txt@000000000000:0-5"]}
    assert_error(send(answer=unknown), 404, "citation_not_found")
    assert_error(send(quotes=["a"], answer={"text": "a", "stream": True}), 422, "invalid_request")
    assert_error(filled.post("/v1/evidence", json={"quotes": ["a"], "stream": True}), 422, "invalid_request")


class HeldRuntime(WordRuntime):
    """Stands still from a certain run on, until its gate is opened."""

    def __init__(self, word: int) -> None:
        super().__init__(word)
        self.most = 1_000_000
        self.gate = threading.Event()
        self.failure: Exception | None = None

    def run(self, inputs: dict[str, NDArray[np.int64]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        found = super().run(inputs)
        if len(self.batches) > self.most:
            assert self.gate.wait(PATIENCE)
        if self.failure is not None:
            raise self.failure
        return found


@dataclass(frozen=True)
class Held:
    """A service whose model stands still once it has read one sentence of a stream."""

    client: httpx.Client
    runtime: HeldRuntime
    app: Any

    @property
    def pool(self) -> Pool:
        return self.app.state.runtime.pools.verifying  # type: ignore[no-any-return]

    def wait_for_threads(self) -> None:
        """Wait until no call runs: until others have all threads."""
        together = threading.Barrier(THREADS)

        async def take_all() -> None:
            calls = [self.pool.submit(f"holder {number}", together.wait) for number in range(THREADS)]
            await asyncio.gather(*calls)

        asyncio.run(take_all())


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    made = tokenizer([LAMP, OIL])
    runtime = HeldRuntime(made.token_to_id("lamp"))
    model = CrossEncoder("toy:held", Encoder(made, 192), runtime, "fp32")
    folder = tmp_path_factory.mktemp("data")
    with Library(folder, embedder=WordEmbedder(), cross_encoder=lambda _: model) as library:
        app = app_of(library, api_key=KEY)
        with live(app) as client:
            client.headers["X-API-Key"] = KEY
            yield Held(client, runtime, app)


@pytest.fixture
def held(service: Held) -> Iterator[Held]:
    service.runtime.gate.clear()
    service.runtime.failure = None
    service.runtime.most = len(service.runtime.batches) + 1
    yield service
    service.runtime.gate.set()
    service.wait_for_threads()


BODY = {"answer": {"text": f"{TOLD} " * 20}, "sources": [{"text": LAMP}], "stream": True}


def test_the_first_verdict_comes_before_the_others_are_made_and_nothing_is_read_for_who_has_gone(
    held: Held,
) -> None:
    with held.client.stream("POST", "/v1/verify", json=BODY) as reply:
        lines = reply.iter_lines()
        assert next(lines) == "event: sentence"
        assert json.loads(next(lines).removeprefix("data: "))["text"] == TOLD
        assert held.pool.permits.taken == 1
    eventually(lambda: held.pool.permits.taken == 0)
    held.runtime.gate.set()
    held.wait_for_threads()
    assert len(held.runtime.batches) <= held.runtime.most + 1


def test_a_stream_ends_with_an_error_once_the_key_is_revoked(held: Held) -> None:
    credentials = held.app.state.runtime.credentials
    token, key = new_key("a reader", Scope.READ)
    credentials.keyring.add(key)
    with held.client.stream("POST", "/v1/verify", json=BODY, headers={"X-API-Key": token}) as reply:
        lines = reply.iter_lines()
        assert next(lines) == "event: sentence"
        credentials.keyring.revoke(key.id)
        held.runtime.gate.set()
        events = parse("\n".join(lines).partition("\n\n")[2] + "\n")
    (name, data) = events[-1]
    assert name == "error"
    assert data["error"]["code"] == "unauthorized"
    assert set(data["error"]) >= {"code", "message", "request_id"}
    assert "finished" not in [one for one, _ in events]


def test_a_fault_ends_the_stream_with_an_error_that_has_no_reason(held: Held) -> None:
    with held.client.stream("POST", "/v1/verify", json=BODY) as reply:
        lines = reply.iter_lines()
        assert next(lines) == "event: sentence"
        held.runtime.failure = ZeroDivisionError("the secret reason")
        held.runtime.gate.set()
        told = "\n".join(lines)
    assert '"code":"internal_error"' in told
    assert "secret" not in told


def test_nothing_is_told_of_a_document_that_was_deleted_meanwhile(held: Held) -> None:
    put = held.client.put("/v1/documents/lamp.txt?wait=true", json={"text": f"{LAMP} {OIL}"})
    assert put.is_success, put.text
    (passage, *_) = held.client.post("/v1/ask", json={"question": LAMP, "read": False}).json()["passages"]
    answer = {"text": f"{TOLD} [1] " * 20, "citations": [passage["citation"]["locator"]]}
    held.runtime.most = len(held.runtime.batches) + 1
    with held.client.stream("POST", "/v1/verify", json={"answer": answer, "stream": True}) as reply:
        lines = reply.iter_lines()
        assert next(lines) == "event: sentence"
        assert held.client.delete("/v1/documents/lamp.txt").is_success
        held.runtime.gate.set()
        events = parse("\n".join(lines).partition("\n\n")[2] + "\n")
    name, data = events[-1]
    assert (name, data["error"]["code"]) == ("error", "citation_not_found")


def test_documents_are_read_while_verdicts_are_streamed(held: Held) -> None:
    with held.client.stream("POST", "/v1/verify", json=BODY) as reply:
        lines = reply.iter_lines()  # the reply is closed with what reads it
        assert next(lines) == "event: sentence"
        texts = held.app.state.runtime.pools.texts
        eventually(lambda: (held.pool.permits.taken, texts.permits.taken) == (1, 0))
        held.runtime.gate.set()
