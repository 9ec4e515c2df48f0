"""``loccit mcp``: answer a chat program that speaks MCP on standard input and output."""

from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import quote as percent_encode

import anyio
from mcp import Client, types
from mcp.client.streamable_http import streamable_http_client
from mcp.server import Server as McpServer
from mcp.server.context import ServerRequestContext
from mcp.shared._httpx_utils import create_mcp_http_client

from cli.advice import ADVICE
from cli.instances import Place, ReplyError, require_no_folder
from cli.options import CollectionName, Data, Key, Server, read_settings
from service.faces.mcp.server import build_server, serve
from service.faces.mcp.tools.backend import Backend, LibraryBackend
from service.settings import Settings
from service.state.library import open_library

Context = ServerRequestContext[Any, Any]


def mcp(
    collection: CollectionName = "default", data: Data = None, server: Server = "", key: Key = ""
) -> None:
    """Serve tools and documents to a chat program (MCP on standard input and output)."""
    if server:
        require_no_folder(Place(collection, data, server, key))
        anyio.run(_forward, server.rstrip("/"), key, collection)
    else:
        _run(read_settings(data), collection)


def _run(settings: Settings, collection: str) -> None:
    """Answer from the library of the settings until standard input ends."""
    with open_library(settings) as library:
        backend = LibraryBackend(library, settings, collection=collection)

        async def same(_: Context) -> Backend:
            return backend

        anyio.run(serve, build_server(same, ADVICE))


async def _forward(server: str, key: str, collection: str) -> None:
    """Pass messages on to a running service, which answers them, until standard input ends.

    Raises :class:`ReplyError` for a service that does not answer.
    """
    address = f"{server}/mcp?collection={percent_encode(collection)}"
    async with AsyncExitStack() as stack:
        try:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            http = await stack.enter_async_context(create_mcp_http_client(headers))
            client = await stack.enter_async_context(
                Client(streamable_http_client(address, http_client=http))
            )
        except Exception as error:
            raise ReplyError(
                f"The service at {server} does not answer MCP clients. Check the address, that the service "
                "runs, and --key (LOCCIT_KEY) if it asks for one."
            ) from error
        await serve(_create_forwarder(client))


def _create_forwarder(client: Client) -> McpServer[Any]:
    """Create an MCP server that passes every call on to a running service, and has its version."""

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

    server = client.server_info
    return McpServer(
        "loccit",
        version=server.version if server else "",
        title=server.title if server else None,
        instructions=client.instructions,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
    )
