"""MCP on standard input and output, for programs that start ``loccit mcp``."""

from __future__ import annotations

from typing import Any

from mcp.server import Server
from mcp.server.stdio import stdio_server


async def serve(server: Server[Any]) -> None:
    """Answer the messages on standard input until it ends."""
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())
