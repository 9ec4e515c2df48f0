"""Call a model behind any endpoint that speaks OpenAI's chat completions, and read its stream.

The endpoint may be slow, break off, refuse, or speak something else: each of these is an error with a name.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx

from service.errors import WriterFailed, WriterTimeout

log = logging.getLogger("loccit.writer")

_LONGEST_LINE = 1_000_000
_LONGEST_BODY = 4_000_000
_LOGGED = 500
_DONE = "[DONE]"


@dataclass(frozen=True, slots=True)
class Written:
    """Text of the model; ``is_refusal`` if it says why it does not answer."""

    text: str
    is_refusal: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """Why the model stopped, and the tokens it counted, if it did."""

    reason: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for the first text, for each further one, and for the whole."""

    first: float
    next: float
    whole: float


class Writer:
    """A model that writes answers. Use it from one event loop."""

    def __init__(
        self, url: str, model: str, key: str, parameters: Mapping[str, Any], patience: Patience
    ) -> None:
        self.model = model
        self._address = f"{url.rstrip('/')}/chat/completions"
        self._parameters = dict(parameters)
        self._patience = patience
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        # Only the settings decide where questions and passages are sent: no proxies of the environment.
        self._client = httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(None, connect=min(10.0, patience.first)),
            trust_env=False,
            follow_redirects=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def write(self, messages: Sequence[Mapping[str, str]]) -> AsyncIterator[Written | Ended]:
        """The model's text as it comes, and at last why it ended.

        Raises :class:`service.errors.WriterFailed`, :class:`service.errors.WriterTimeout`.
        """
        body = {**self._parameters, "model": self.model, "messages": list(messages), "stream": True}
        began = time.monotonic()
        due = began + self._patience.first
        async with aclosing(self._pieces(body)) as pieces:
            while True:
                try:
                    async with asyncio.timeout(
                        max(0.0, min(due, began + self._patience.whole) - time.monotonic())
                    ):
                        piece = await anext(pieces)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    raise WriterTimeout(
                        "The model took too long. Ask again, or with the mode extractive, which needs none."
                    ) from None
                due = time.monotonic() + self._patience.next
                yield piece

    async def _pieces(self, body: Mapping[str, Any]) -> AsyncGenerator[Written | Ended]:
        try:
            async with self._client.stream("POST", self._address, json=body) as response:
                if response.status_code != 200:
                    raise await _refused(response)
                if "json" in response.headers.get("content-type", ""):
                    for piece in _of_completion(await _whole(response)):
                        yield piece
                    return
                async for piece in _of_stream(response):
                    yield piece
        except httpx.HTTPError as error:
            log.warning("The model at %s: %r", self._address, error)
            raise _failed("The connection to the model failed or broke off.") from None


def _failed(what: str) -> WriterFailed:
    return WriterFailed(f"{what} Ask again, or with the mode extractive, which needs no model.")


async def _refused(response: httpx.Response) -> WriterFailed:
    body = await _whole(response)
    log.warning("The model answered %d: %s", response.status_code, body[:_LOGGED].decode("utf-8", "replace"))
    return _failed(f"The model's endpoint answered with the status {response.status_code}.")


async def _whole(response: httpx.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _LONGEST_BODY:
            raise _failed("The model's reply is too long.")
    return body


async def _of_stream(response: httpx.Response) -> AsyncIterator[Written | Ended]:
    """What the events of a stream say. One that ends without saying why is broken."""
    reason = ""
    usage: Mapping[str, Any] = {}
    async for line in _lines(response):
        if not line.startswith("data:"):
            continue
        data = line[5:].strip()
        if data == _DONE:
            break
        chunk = _object(data)
        usage = chunk.get("usage") or usage
        for piece in _said(chunk, "delta"):
            yield piece
        reason = _reason(chunk) or reason
    if not reason:
        raise _failed("The model's text broke off.")
    yield _ended(reason, usage)


async def _lines(response: httpx.Response) -> AsyncIterator[str]:
    """The lines of a stream, divided at line feeds alone: JSON may have the other separators in it."""
    rest = b""
    async for chunk in response.aiter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.rstrip(b"\r").decode("utf-8", "replace")
        if len(rest) > _LONGEST_LINE:
            raise _failed("The model's stream has a line without an end.")
    if rest:
        yield rest.decode("utf-8", "replace")


def _of_completion(body: bytes) -> list[Written | Ended]:
    """What a completion says that was not streamed, although it was asked to be."""
    found = _object(body.decode("utf-8", "replace"))
    return [*_said(found, "message"), _ended(_reason(found) or "stop", found.get("usage") or {})]


def _object(data: str) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise _failed("The model's reply is not what OpenAI's API says.")
    if found.get("error"):
        log.warning("The model: %s", str(found["error"])[:_LOGGED])
        raise _failed("The model's endpoint reported an error.")
    return found


def _choice(found: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = found.get("choices") or [{}]
    first = choices[0] if isinstance(choices, list) else None
    if not isinstance(first, dict):
        raise _failed("The model's reply is not what OpenAI's API says.")
    return first


def _reason(found: Mapping[str, Any]) -> str:
    return str(_choice(found).get("finish_reason") or "")


def _said(found: Mapping[str, Any], name: str) -> list[Written]:
    said = _choice(found).get(name) or {}
    if not isinstance(said, dict):
        raise _failed("The model's reply is not what OpenAI's API says.")
    if said.get("tool_calls") or said.get("function_call"):
        raise _failed("The model called a tool instead of answering.")
    pieces = []
    if isinstance(text := said.get("content"), str) and text:
        pieces.append(Written(_cleaned(text)))
    if isinstance(refusal := said.get("refusal"), str) and refusal:
        pieces.append(Written(_cleaned(refusal), is_refusal=True))
    return pieces


def _cleaned(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON can hold and nothing behind can take."""
    return text.encode("utf-8", "replace").decode()


def _ended(reason: str, usage: Mapping[str, Any]) -> Ended:
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    prompt, completion = (one if isinstance(one, int) else None for one in counts)
    return Ended(reason, prompt, completion)
