"""MCP over Streamable HTTP at ``/mcp``: without sessions, so that any worker process answers any request.

The SDK is imported with the first message: a service that no MCP client asks starts without it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup, TaskStatus
from fastapi import APIRouter, FastAPI, Request, Response
from starlette.requests import Request as HttpRequest
from starlette.types import Message, Receive, Scope as Connection, Send

from service.errors import RouteNotFound
from service.faces.dependencies import ready
from service.faces.mcp.tools.backend import Backend, ServiceBackend
from service.faces.mcp.tools.table import BY_NAME
from service.flows.ask.asking import Asking
from service.http.json_body import read_body
from service.http.links import DEFAULT_COLLECTION, MCP, RESOURCE_METADATA, base_url
from service.http.parts import parts_of
from service.http.replies import json_reply
from service.http.route import GuardedRoute
from service.settings import Settings
from service.state.identity import SCOPES, Scope, access
from service.state.openid import Providers

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from service.faces.mcp.server import Context

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)


@router.post(MCP)
@access(Scope.ASK, "answers", "citations", "texts", "documents", "collections")
async def answer(request: Request) -> Response:
    """Answer a message of an MCP client. Each tool and resource has a rule of access of its own."""
    ready(request, Asking)
    body = await read_body(request)
    manager = await request.app.state.mcp.manager()
    from service.faces.mcp.messages import message_error

    return message_error(request.headers.get("content-type", ""), body) or _Transport(manager, body)


@router.get(RESOURCE_METADATA)
@router.get(f"{RESOURCE_METADATA}{MCP}")
@access(Scope.NONE)
async def resource_metadata(request: Request) -> Response:
    """Metadata of a protected resource of OAuth (RFC 9728): issuers and scopes of tokens for the MCP server.

    Without a provider, there is no such route.
    """
    parts = parts_of(request)
    issuers = [one.provider for one in parts[Providers].issuers.values()]
    if not issuers:
        raise RouteNotFound("The service takes API keys, and no tokens of an issuer.")
    scopes = [f"{one.scope_prefix}{word}" for one in issuers for word in SCOPES]
    return json_reply(
        {
            "resource": f"{base_url(request.scope, parts[Settings].public_url)}{MCP}",
            "authorization_servers": [one.issuer for one in issuers],
            "scopes_supported": list(dict.fromkeys(scopes)),
            "bearer_methods_supported": ["header"],
            "resource_name": "Loccit",
        }
    )


class _Transport(Response):
    """The response that the SDK's transport makes of the request's body, which was read already."""

    def __init__(self, manager: StreamableHTTPSessionManager, body: bytes) -> None:
        super().__init__()
        self._manager = manager
        self._unread: Message | None = {"type": "http.request", "body": body, "more_body": False}

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        async def received() -> Message:
            message, self._unread = self._unread, None
            return await receive() if message is None else message

        await self._manager.handle_request(scope, received, send)


class _Sdk:
    """The SDK's manager of requests, which runs in a task of the application once there is a request."""

    def __init__(self, tasks: TaskGroup) -> None:
        self._tasks = tasks
        self._starting = anyio.Lock()
        self._manager: StreamableHTTPSessionManager | None = None

    async def manager(self) -> StreamableHTTPSessionManager:
        """The manager, which is running."""
        async with self._starting:
            if self._manager is None:
                # In a thread: it takes half a second, in which others are answered.
                made = await anyio.to_thread.run_sync(_new_manager)
                await self._tasks.start(_run, made)
                self._manager = made
        return self._manager


def _new_manager() -> StreamableHTTPSessionManager:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from mcp.server.transport_security import TransportSecuritySettings

    from service.faces.mcp.server import build_server

    return StreamableHTTPSessionManager(
        app=build_server(_backend),
        # No message is sent before the answer, and no request to the client: JSON is enough.
        json_response=True,
        stateless=True,
        # The service's own middleware checks hosts and origins.
        security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )


async def _run(manager: StreamableHTTPSessionManager, *, task_status: TaskStatus[None]) -> None:
    async with manager.run():
        task_status.started()
        await anyio.sleep_forever()


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[None]:
    """Answer MCP clients of an application until the context ends."""
    async with anyio.create_task_group() as tasks:
        app.state.mcp = _Sdk(tasks)
        yield
        tasks.cancel_scope.cancel()


async def _backend(context: Context) -> Backend:
    """The service as the caller of a request sees it. The query of the address may name a collection."""
    request = context.request
    assert isinstance(request, HttpRequest)  # noqa: S101 -- the transport gives it
    asking = ready(Request(request.scope, request.receive), Asking)
    collection = request.query_params.get("collection") or DEFAULT_COLLECTION
    request.scope["state"]["audit"] = _audit_fields(context)
    return ServiceBackend(Request(request.scope, request.receive), asking, collection=collection)


def _audit_fields(context: Context) -> dict[str, str]:
    """Fields of a message for the audit log."""
    named = {"tool": context.params.get("name")} if context.params else {}
    return {"message": context.method, **{key: name for key, name in named.items() if name in BY_NAME}}
