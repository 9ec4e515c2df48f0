"""The client of an HTTP request and the body that it sends, as flows know them."""

from collections.abc import AsyncIterator, Mapping, Sequence

from fastapi import Request
from starlette.requests import ClientDisconnect

from service.errors import ClientGone
from service.flows.ingest.body import Body
from service.http.middleware.body_limit import content_length
from service.http.middleware.telemetry import STAGES


class HttpClient:
    """Implements :class:`service.flows.ask.disconnection.Client` for a request."""

    def __init__(self, request: Request) -> None:
        self._request = request

    async def disconnected(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass

    def audit(self, entry: Mapping[str, object]) -> None:
        state = self._request.scope["state"]
        state["audit"] = {**state.get("audit", {}), **entry}

    def record_stages(self, stages: Sequence[Mapping[str, float]]) -> None:
        self._request.scope["state"][STAGES] = stages


def body_of(request: Request) -> Body:
    """The body of a request, which is read as it is sent."""
    return Body(
        request.headers.get("content-type", ""), content_length(request.scope), _request_chunks(request)
    )


async def _request_chunks(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect:
        raise ClientGone("The client disconnected before everything was sent.") from None
