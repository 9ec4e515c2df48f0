"""``loccit mcp``: answer a chat program that speaks MCP on standard input and output."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote as percent_encode

import anyio
import httpx2
from mcp import Client, types
from mcp.client.streamable_http import streamable_http_client
from mcp.server import Server
from mcp.server.context import ServerRequestContext

from cli.advice import ADVICE
from service.compat.mcp.server import build_server
from service.compat.mcp.stdio import serve
from service.compat.tools.backend import Backend, LibraryBackend
from service.library_settings import open_library
from service.settings import Settings

Context = ServerRequestContext[Any, Any]
_TIMEOUT = 120.0
"""Seconds for an answer of the service: one that is starting loads its model first."""


def run(settings: Settings, collection: str) -> None:
    """Answer from the library of the settings until standard input ends."""
    with open_library(settings) as library:
        backend = LibraryBackend(library, settings, collection=collection)

        async def same(_: Context) -> Backend:
            return backend

        anyio.run(serve, build_server(same, ADVICE))


def forward(address: str, key: str, collection: str) -> None:
    """Pass messages on to a running service, which answers them, until standard input ends."""
    anyio.run(_forward, f"{address.rstrip('/')}/mcp?collection={percent_encode(collection)}", key)


async def _forward(address: str, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=_TIMEOUT) as http,
        Client(streamable_http_client(address, http_client=http)) as client,
    ):
        await serve(_forwarding(client))


def _forwarding(client: Client) -> Server[Any]:
    """A server that asks another one."""

    async def list_tools(_: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return await client.list_tools(cursor=params.cursor if params else None)

    async def call_tool(_: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        return await client.call_tool(params.name, params.arguments)

    async def list_resources(
        _: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        return await client.list_resources(cursor=params.cursor if params else None)

    async def list_templates(
        _: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        return await client.list_resource_templates(cursor=params.cursor if params else None)

    async def read_resource(_: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        return await client.read_resource(params.uri)

    return Server(
        "loccit",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
    )
