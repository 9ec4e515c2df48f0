"""MCP over Streamable HTTP at ``/mcp``: without sessions, so that any worker process answers any request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request, Response
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.requests import Request as HttpRequest
from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from service.api.links import DEFAULT_COLLECTION
from service.api.route import GuardedRoute
from service.compat.mcp.server import Context, build_server
from service.compat.tools.backend import Backend, ServiceBackend
from service.compat.tools.table import BY_NAME
from service.identity import Scope, access
from service.runtime import ready_runtime

PATH = "/mcp"
router = APIRouter(route_class=GuardedRoute, include_in_schema=False)


@router.post(PATH)
@access(Scope.ASK, "answers", "citations", "texts", "documents", "collections")
async def answer(request: Request) -> Response:
    """Answer a message of an MCP client. Each tool and resource has a rule of access of its own."""
    await ready_runtime(request)
    return _Transport(request.app.state.mcp)


class _Transport(Response):
    """The response that the SDK's transport makes of the request's body."""

    def __init__(self, manager: StreamableHTTPSessionManager) -> None:
        super().__init__()
        self._manager = manager

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        await self._manager.handle_request(scope, receive, send)


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[None]:
    """Answer MCP clients of an application until the context ends."""
    manager = StreamableHTTPSessionManager(
        app=build_server(_backend),
        # No message is sent before the answer, and no request to the client: JSON is enough.
        json_response=True,
        stateless=True,
        # The service's own middleware checks hosts and origins.
        security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    async with manager.run():
        app.state.mcp = manager
        yield


async def _backend(context: Context) -> Backend:
    """The service as the caller of a request sees it. The query of the address may name a collection."""
    request = context.request
    assert isinstance(request, HttpRequest)  # noqa: S101 -- the transport gives it
    runtime = await ready_runtime(Request(request.scope, request.receive))
    collection = request.query_params.get("collection") or DEFAULT_COLLECTION
    request.scope["state"]["audit"] = _audited(context)
    return ServiceBackend(Request(request.scope, request.receive), runtime, collection=collection)


def _audited(context: Context) -> dict[str, str]:
    """What the audit log has of a message beside its address."""
    named = {"tool": context.params.get("name")} if context.params else {}
    return {"message": context.method, **{key: name for key, name in named.items() if name in BY_NAME}}
