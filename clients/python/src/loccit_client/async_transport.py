"""Send calls with httpx's asynchronous client, and send them again where that may help."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from typing import Any, TypeVar

import anyio
import httpx

from loccit_client.calls import Call, Events, Pages
from loccit_client.errors import ApiError, ConnectionFailed, error_of
from loccit_client.requests import STREAM_TIMEOUT, build_request
from loccit_client.retrying import Retries, connection_failed, require_finished
from loccit_client.sse import EventParser

T = TypeVar("T")


class AsyncTransport:
    """Sends calls of the asynchronous client."""

    def __init__(self, http: httpx.AsyncClient, collection: str, retries: Retries) -> None:
        self.http = http
        self._collection = collection
        self._retries = retries

    async def send(self, call: Call[T]) -> T:
        """The value of the reply. Raises :class:`ApiError`, :class:`ConnectionFailed`."""
        return call.read(await self._respond(call, stream=False))

    async def pages(self, listed: Pages[T]) -> AsyncIterator[T]:
        """The members of all pages, each of which is read when it is needed."""
        call = listed.call
        while True:
            members, following = await self.send(call)
            for member in members:
                yield member
            if following is None:
                return
            call = listed.call.with_query(listed.cursor, following)

    async def events(self, stream: Events[T]) -> AsyncIterator[T]:
        """The events of a stream. Raises :class:`ConnectionFailed` for one that is not finished."""
        response = await self._respond(stream.call, stream=True)
        parser, name = EventParser(), ""
        try:
            async for piece in response.aiter_bytes():
                for event in parser.feed(piece):
                    name = event.name
                    yield stream.read(event)
        except httpx.HTTPError as error:
            raise connection_failed(error, response.request.url) from error
        else:
            require_finished(name, response.request.url)
        finally:
            await response.aclose()

    async def _respond(self, call: Call[Any], *, stream: bool) -> httpx.Response:
        for attempt in count():
            try:
                return await self._attempt(call, stream=stream)
            except (ApiError, ConnectionFailed) as error:
                pause = self._retries.pause_after(error, attempt, repeatable=call.repeatable)
                if pause is None:
                    raise
            await anyio.sleep(pause)
        raise AssertionError  # count() has no end

    async def _attempt(self, call: Call[Any], *, stream: bool) -> httpx.Response:
        request = build_request(self.http, call, self._collection, STREAM_TIMEOUT if stream else None)
        try:
            response = await self.http.send(request, stream=stream)
            if not response.is_success:
                await response.aread()
        except httpx.HTTPError as error:
            raise connection_failed(error, request.url) from error
        if not response.is_success:
            raise error_of(response)
        return response
