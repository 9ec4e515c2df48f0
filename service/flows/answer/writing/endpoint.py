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
from service.flows.answer.wording import is_blank
from service.flows.answer.writing.completions import (
    LOGGED,
    Ended,
    Written,
    nothing_written,
    parse_completion,
    parse_stream,
    writer_failure,
)
from service.settings import Settings

log = logging.getLogger("loccit.writer")

_LONGEST_LINE = 1_000_000
_LONGEST_BODY = 4_000_000
_LONGEST_CONNECT = 10.0
"""Seconds until an endpoint that is not reached has failed."""
_FIRST_SHARE = 1 / 3
"""Time for the first text, in that for the whole: the model may have to be loaded."""
_NEXT_SHARE = 1 / 9
"""Longest pause, in the same."""
_LONGEST_END = 2.0
"""Seconds for what follows the end of the text: the tokens, and the end of the stream."""


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
        # What compresses a stream holds its text back.
        headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {key}"} if key else {})
        # Only the settings decide where questions and passages are sent: no proxies of the environment.
        self._client = httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(None, connect=_LONGEST_CONNECT),  # patience that is shorter ends it earlier
            limits=httpx.Limits(max_connections=None),  # the service limits its requests
            trust_env=False,
            follow_redirects=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def write(self, messages: Sequence[Mapping[str, str]]) -> AsyncGenerator[Written | Ended]:
        """The model's text as it comes, and at last why it ended.

        Raises :class:`service.errors.WriterFailed`, :class:`service.errors.WriterTimeout`.
        """
        ended: Ended | None = None
        is_empty = True
        async with aclosing(self._stream_in_time(messages)) as pieces:
            try:
                async for piece in pieces:
                    if isinstance(piece, Ended):
                        ended = piece
                        continue
                    is_empty = is_empty and is_blank(piece.text)
                    yield piece
            except (WriterFailed, WriterTimeout):
                if ended is None:  # else the whole text is here
                    raise
        if ended is None or (is_empty and ended.reason != "content_filter"):
            raise nothing_written()
        yield ended

    async def _stream_in_time(self, messages: Sequence[Mapping[str, str]]) -> AsyncGenerator[Written | Ended]:
        """Stream the pieces of the model's reply as they arrive."""
        body = {**self._parameters, "model": self.model, "messages": list(messages), "stream": True}
        patience = self._patience
        last = time.monotonic() + patience.whole
        due = time.monotonic() + patience.first
        async with aclosing(self._request_pieces(body)) as pieces:
            while True:
                try:
                    async with asyncio.timeout(max(0.0, min(due, last) - time.monotonic())):
                        piece = await anext(pieces)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    raise WriterTimeout(
                        "The model took too long. Ask again, or with the mode extractive, which needs none."
                    ) from None
                due = time.monotonic() + patience.next
                if isinstance(piece, Ended):
                    last = min(last, time.monotonic() + min(patience.next, _LONGEST_END))
                yield piece

    async def _request_pieces(self, body: Mapping[str, Any]) -> AsyncGenerator[Written | Ended]:
        try:
            async with self._client.stream("POST", self._address, json=body) as response:
                _require_plain(response)
                if response.status_code != 200:
                    raise await _status_failure(response)
                if "json" in response.headers.get("content-type", ""):
                    for piece in parse_completion(await _read_body(response)):
                        yield piece
                    return
                async for piece in parse_stream(_read_lines(response)):
                    yield piece
        except httpx.HTTPError as error:
            log.warning("The model at %s: %r", self._address, error)
            raise writer_failure("The connection to the model failed or broke off.") from None


def open_writer(settings: Settings) -> Writer | None:
    """The model that writes answers; None if the settings name none."""
    if not settings.writer_url:
        return None
    key = "" if settings.writer_key is None else settings.writer_key.get_secret_value()
    whole = settings.writer_seconds
    patience = Patience(whole * _FIRST_SHARE, whole * _NEXT_SHARE, whole)
    parameters = json.loads(settings.writer_parameters)
    return Writer(settings.writer_url, settings.writer_model, key, parameters, patience)


def _require_plain(response: httpx.Response) -> None:
    """Refuse a compressed reply: a few kilobytes of it can become gigabytes before anything is counted."""
    coding = response.headers.get("content-encoding", "identity")
    if coding.strip().lower() != "identity":
        log.warning("The model answered %d in the coding %r.", response.status_code, coding[:LOGGED])
        raise writer_failure("The model's endpoint compressed its reply, which it was asked not to do.")


async def _status_failure(response: httpx.Response) -> WriterFailed:
    body = await _read_body(response)
    log.warning("The model answered %d: %r", response.status_code, body[:LOGGED].decode("utf-8", "replace"))
    return writer_failure(f"The model's endpoint answered with the status {response.status_code}.")


async def _read_body(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > _LONGEST_BODY:
            raise writer_failure("The model's reply is too long.")
    return bytes(body)


async def _read_lines(response: httpx.Response) -> AsyncIterator[str]:
    """The lines of a stream, divided at line feeds alone: JSON may have the other separators in it."""
    rest = bytearray()
    async for chunk in response.aiter_raw():
        first, *others = chunk.split(b"\n")
        rest += first
        for after in others:
            yield rest.rstrip(b"\r").decode("utf-8", "replace")
            rest = bytearray(after)
        if len(rest) > _LONGEST_LINE:
            raise writer_failure("The model's stream has a line without an end.")
    if rest:
        yield rest.decode("utf-8", "replace")
