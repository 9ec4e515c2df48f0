"""A model that answers with a true sentence and a lie: a server that speaks OpenAI's chat completions.

It reads the numbered passages in its prompt, repeats a sentence of the first one, and alters another one in a
known way. What it said is kept, so that the verdicts can be held against it.
"""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from benchmarks.claims.altered import change, sentences

KINDS = ("number", "name", "false quote", "wrong mark", "invented source")
_PASSAGE = re.compile(r"(#\w+) passage (\d+)\n.*?\n\n(.*?)\n\1 end", re.DOTALL)
_PLAIN = re.compile(r"[A-Z][^\n\[\]“”\"'()]+[a-z)]\.")
_FEWEST_WORDS, _MOST_WORDS = 8, 40
_INVENTED = (
    "According to the Harlow Institute",
    "As Whitcombe and Sorensen reported in 1987",
    "The Lisbon Declaration of 1994 says that",
    "In her study of 1976, Ottoline Brandvold writes that",
)
_TOKEN = 5


@dataclass(frozen=True, slots=True)
class Said:
    """What the model answered: a true sentence, then a lie of this kind."""

    kind: str
    true: str
    lie: str
    first_sent: float
    """When the first text was sent, by :func:`time.monotonic`."""


@dataclass
class LyingModel:
    """Tells so many lies of each kind. ``names`` are those that it inserts."""

    names: Sequence[str]
    seed: int
    each: int
    url: str = ""
    said: list[Said | None] = field(default_factory=list)
    """For each request what was said; None where the passages have no sentence for the lies that are left."""
    told: Counter[str] = field(default_factory=Counter)

    async def answer(self, request: Request) -> StreamingResponse:
        """Answer one request."""
        prompt = (await request.json())["messages"][-1]["content"]
        found = self._lie([match[3] for match in _PASSAGE.finditer(prompt)])
        return StreamingResponse(self._events(found), media_type="text/event-stream")

    async def _events(self, found: tuple[str, str, str] | None) -> AsyncIterator[bytes]:
        if found is None:
            self.said.append(None)
            yield _chunk("The documents do not say.")
        else:
            kind, true, lie = found
            text = f"{true} {lie}"
            pieces = [text[at : at + _TOKEN] for at in range(0, len(text), _TOKEN)]
            self.said.append(Said(kind, true, lie, time.monotonic()))
            for piece in pieces:
                yield _chunk(piece)
        yield _chunk("", "stop")
        yield b"data: [DONE]\n\n"

    def _lie(self, passages: Sequence[str]) -> tuple[str, str, str] | None:
        draw = random.Random(f"{self.seed} {passages[0] if passages else ''}")
        plain = [_plain(text) for text in passages]
        if not plain or len(plain[0]) < 2:
            return None
        # First the kinds that few sentences allow.
        for kind in [one for one in KINDS if self.told[one] < self.each]:
            some = draw.sample(plain[0], len(plain[0]))
            for words in some[1:]:
                if lie := self._altered(kind, words, passages, draw):
                    self.told[kind] += 1
                    return kind, _cited(some[0], 1), lie
        return None

    def _altered(self, kind: str, words: str, passages: Sequence[str], draw: random.Random) -> str:
        """The sentence as a lie of a kind; empty if that cannot be made of it."""
        if kind in ("number", "name"):
            changed = change(words, kind, self.names, draw)
            return _cited(changed, 1) if changed else ""
        if kind == "false quote":
            changed = change(words, draw.choice(("number", "name", "negation")), self.names, draw)
            return f"The authors write: “{changed[:-1]}” [1]." if changed else ""
        if kind == "wrong mark":
            others = [mark for mark, text in enumerate(passages[1:], 2) if words not in text]
            marks = [*others[:1], len(passages) + 4]
            return _cited(words, draw.choice(marks))
        return f"{draw.choice(_INVENTED)}, {words[0].lower()}{words[1:-1]} [1]."


def _plain(text: str) -> list[str]:
    """Sentences that can be repeated and altered: on one line, without brackets and quotation marks."""
    found = (text[start:end] for start, end in sentences(text))
    return [
        one
        for one in dict.fromkeys(found)
        if _PLAIN.fullmatch(one) and _FEWEST_WORDS <= len(one.split()) <= _MOST_WORDS
    ]


def _cited(words: str, mark: int) -> str:
    return f"{words[:-1]} [{mark}]."


def _chunk(text: str, finish: str | None = None) -> bytes:
    choice: dict[str, Any] = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


@contextmanager
def serving(model: LyingModel) -> Iterator[LyingModel]:
    """The model behind a real HTTP server, in a thread; its address is in ``url``."""
    app = Starlette(routes=[Route("/v1/chat/completions", model.answer, methods=["POST"])])
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False, ws="none")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        model.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
        yield model
    finally:
        server.should_exit = True
        thread.join()
