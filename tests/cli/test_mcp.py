"""``loccit mcp`` in a process of its own, with the official client on its standard input and output."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.cli.commands import ROOT, environment, loccit, process, started as served
from tests.integrations import blocks
from tests.sizes import variants

pytestmark = pytest.mark.anyio
TEXT = "The lamp was lit at dusk. The keeper slept."


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "lamps.txt").write_text(TEXT)
    loccit(tmp_path, "ingest", str(tmp_path / "files"))
    return tmp_path


@asynccontextmanager
async def started(
    folder: Path, *arguments: str, mode: str = "auto", **settings: str
) -> AsyncIterator[Client]:
    process = StdioServerParameters(
        command=sys.executable,
        args=["-m", "cli", "mcp", *arguments],
        env=environment(folder, **settings),
        cwd=ROOT,
    )
    async with Client(stdio_client(process), mode=mode) as client:
        yield client


async def called(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    found: dict[str, Any] = result.structured_content
    assert json.loads(result.content[0].text) == found
    return found


@pytest.mark.processes
@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_tools_and_resources_answer_from_the_data_folder(folder: Path, mode: str) -> None:
    async with started(folder, mode=mode) as client:
        assert (client.server_info.name, client.server_info.version) == ("loccit", version("loccit"))
        (found,) = (await called(client, "search", query="When was the lamp lit?"))["results"]
        assert found["text"] == TEXT
        assert (await called(client, "fetch", id=found["id"]))["text"] == TEXT
        assert (await called(client, "ask", question="When was the lamp lit?"))["passages"]
        every = await called(client, "ask", question="When was the lamp lit?", collections="*")
        assert [one["collection"] for one in every["passages"]] == ["default"]
        moment = datetime.now(UTC).isoformat()
        for where in ({}, {"collections": "*"}):
            past = await called(client, "ask", question="When was the lamp lit?", as_of=moment, **where)
            assert past["passages"]
        (quote,) = (await called(client, "verify", quotes=["The keeper slept."]))["quotes"]
        assert quote["status"] == "verified"
        assert (await called(client, "cite", locator=found["id"]))["quote"] == TEXT
        (resource,) = (await client.list_resources()).resources
        assert (await client.read_resource(resource.uri)).contents[0].text == TEXT
        # Without an address of a service, a result has the address of its resource.
        assert json.loads((await client.read_resource(found["url"])).contents[0].text)["quote"] == TEXT


@pytest.mark.processes
async def test_results_have_the_configured_address(folder: Path) -> None:
    async with started(folder, LOCCIT_PUBLIC_URL="https://docs.example.org/") as client:
        (found,) = (await called(client, "search", query="lamp"))["results"]
    assert found["url"].startswith("https://docs.example.org/view/lamps.txt@")


@pytest.mark.processes
async def test_documents_that_are_ingested_meanwhile_are_found(folder: Path) -> None:
    async with started(folder) as client:
        await called(client, "search", query="lamp")
        (folder / "files" / "ships.txt").write_text("A ship lay in the harbour.")
        loccit(folder, "ingest", str(folder / "files"))
        texts = [one["text"] for one in (await called(client, "search", query="ship"))["results"]]
    assert "A ship lay in the harbour." in texts


@pytest.mark.processes
@pytest.mark.parametrize("mode", variants("auto", "legacy"))
async def test_a_running_service_answers_instead_where_one_is_named(folder: Path, mode: str) -> None:
    with served(folder, LOCCIT_API_KEY="sesame") as (_, http):
        address = str(http.base_url).rstrip("/")
        elsewhere = folder / "nothing"
        async with started(elsewhere, "--server", address, mode=mode, LOCCIT_KEY="sesame") as client:
            assert client.server_info.version == version("loccit")
            assert client.instructions
            assert len((await client.list_tools()).tools) == 6
            (found,) = (await called(client, "search", query="lamp"))["results"]
            assert found["url"].startswith(f"{address}/view/lamps.txt@")
            (resource,) = (await client.list_resources()).resources
            assert (await client.read_resource(resource.uri)).contents[0].text == TEXT
            assert len((await client.list_resource_templates()).resource_templates) == 2
            refused = await client.call_tool("fetch", {"id": "none.txt"})
            assert refused.is_error
            assert "none.txt" in refused.content[0].text
    assert not (elsewhere / "data").exists()


@pytest.mark.processes
@pytest.mark.parametrize("running", [False, True])
def test_a_service_that_does_not_answer_is_told(folder: Path, *, running: bool) -> None:
    with served(folder, LOCCIT_API_KEY="sesame") if running else nullcontext((None, None)) as (_, http):
        address = str(http.base_url).rstrip("/") if http else "http://127.0.0.1:9"
        arguments = ("-m", "cli", "mcp", "--server", address, "--key", "wrong")
        done = process(folder, *arguments, status=1)
    assert f"The service at {address} does not answer" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.processes
async def test_errors_name_commands_and_no_routes(folder: Path) -> None:
    async with started(folder, "--collection", "nowhere") as client:
        result = await client.call_tool("search", {"query": "lamp"})
    assert result.is_error
    assert "loccit ingest" in result.content[0].text
    assert "/v1/" not in result.content[0].text


def test_the_configuration_of_desktop_clients_is_that_of_the_command(folder: Path) -> None:
    servers = [
        server
        for block in blocks("mcp", "json")
        for server in json.loads(block).get("mcpServers", {}).values()
        if "command" in server
    ]
    assert [server["command"] for server in servers] == ["loccit", "loccit"]
    known = loccit(folder, "mcp", "--help").stdout
    for server in servers:
        assert server["args"][0] == "mcp"
        assert all(one in known for one in server["args"] if one.startswith("--"))
