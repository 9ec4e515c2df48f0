"""MCP over Streamable HTTP, with the official client against a running server."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import httpx2
import pytest
from jsonschema import Draft202012Validator
from mcp import Client, MCPError, types
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPDeprecationWarning

from index.ingest.preparation import Source
from index.library import Library
from service.faces.mcp.server import PAGE
from service.faces.mcp.tools.table import TOOLS
from service.state.identity import KeyOptions, Scope, new_key
from tests.patience import PATIENCE
from tests.service.http_service import app_of, live

pytestmark = pytest.mark.anyio
# ruff: noqa: ASYNC212 -- the service runs in a thread of its own
TEXT = "The lamp in the north tower was lit at dusk by the keeper. Oil lamps need a wick."
QUESTION = "When was the lamp lit?"
MODES = ("auto", "legacy")


@contextmanager
def filled(library: Library) -> Iterator[httpx.Client]:
    with live(app_of(library)) as client:
        client.put("/v1/documents/a/lamps.md?wait=true", json={"text": TEXT, "title": "Lamps"})
        yield client


@pytest.fixture(scope="module")
def http(shared_library: Library) -> Iterator[httpx.Client]:
    """A service that the tests of this module only read."""
    with filled(shared_library) as client:
        yield client


@pytest.fixture
def own(library: Library) -> Iterator[httpx.Client]:
    """A service for a test that writes."""
    with filled(library) as client:
        yield client


@asynccontextmanager
async def connected(
    http: httpx.Client, *, mode: str = "auto", query: str = "", key: str = ""
) -> AsyncIterator[Client]:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    async with (
        http_client(headers) as own,
        Client(streamable_http_client(f"{http.base_url}/mcp{query}", http_client=own), mode=mode) as client,
    ):
        yield client


def http_client(headers: dict[str, str]) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(headers=headers, timeout=PATIENCE)


def told(result: Any) -> dict[str, Any]:
    """The structured content of a result, which is also the JSON of its one text block."""
    assert not result.is_error, result.content
    (block,) = result.content
    assert json.loads(block.text) == result.structured_content
    found: dict[str, Any] = result.structured_content
    return found


@pytest.mark.parametrize("mode", MODES)
async def test_tools_are_listed_with_titles_schemas_and_hints(http: httpx.Client, mode: str) -> None:
    async with connected(http, mode=mode) as client:
        tools = (await client.list_tools()).tools
    assert [tool.name for tool in tools] == [tool.name for tool in TOOLS]
    for tool in tools:
        assert tool.title
        assert tool.description
        assert tool.input_schema["type"] == tool.output_schema["type"] == "object"
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint
        assert not tool.annotations.open_world_hint
        Draft202012Validator.check_schema(tool.input_schema)
        Draft202012Validator.check_schema(tool.output_schema)


@pytest.mark.parametrize("mode", MODES)
async def test_every_tool_answers(http: httpx.Client, mode: str) -> None:
    """The client itself holds structured content against the tool's schema."""
    async with connected(http, mode=mode) as client:
        (found, *_) = told(await client.call_tool("search", {"query": QUESTION}))["results"]
        assert found["text"] == TEXT
        fetched = told(await client.call_tool("fetch", {"id": found["id"]}))
        assert (fetched["title"], fetched["text"]) == ("Lamps", TEXT)
        (passage, *_) = told(await client.call_tool("ask", {"question": QUESTION}))["passages"]
        assert passage["locator"] == found["id"]
        quotes = {"quotes": ["Oil lamps need a wick."]}
        (verdict,) = told(await client.call_tool("verify", quotes))["quotes"]
        assert verdict["status"] == "verified"
        cited = told(await client.call_tool("cite", {"locator": found["id"]}))
        assert cited["quote"] == TEXT
        listed = told(await client.call_tool("list_documents", {}))
        assert [one["document_id"] for one in listed["documents"]] == ["a/lamps.md"]
    assert http.get(found["url"]).status_code == 200


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("ask", {"question": "Why?", "collection": "nowhere"}, "nowhere"),
        ("ask", {"question": "?"}, "no words"),
        ("ask", {"query": "Why?"}, "query"),
        ("fetch", {"id": "nothing.md"}, "nothing.md"),
        ("cite", {"locator": "nothing"}, "locator"),
        ("verify", {}, "nothing to verify"),
    ],
)
async def test_errors_are_results_that_say_what_to_do(
    http: httpx.Client, tool: str, arguments: dict[str, Any], says: str
) -> None:
    async with connected(http) as client:
        result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert result.structured_content is None
    (block,) = result.content
    assert isinstance(block, types.TextContent)
    assert says in block.text
    assert block.text.endswith((".", "?"))


async def test_a_tool_that_is_not_there_is_an_error_of_the_protocol(http: httpx.Client) -> None:
    async with connected(http) as client:
        with pytest.raises(MCPError, match="There is no tool 'delete'"):
            await client.call_tool("delete", {})


@pytest.mark.parametrize("mode", MODES)
async def test_documents_are_resources(http: httpx.Client, mode: str) -> None:
    async with connected(http, mode=mode) as client:
        (resource,) = (await client.list_resources()).resources
        assert (resource.name, resource.title) == ("a/lamps.md", "Lamps")
        (text,) = (await client.read_resource(resource.uri)).contents
        assert (text.mime_type, text.text) == ("text/plain", TEXT)
        templates = (await client.list_resource_templates()).resource_templates
        assert {one.name for one in templates} == {"document", "citation"}
        (found, *_) = told(await client.call_tool("search", {"query": QUESTION}))["results"]
        uri = f"loccit://citations/default/{found['id']}"
        (cited,) = (await client.read_resource(uri)).contents
        assert json.loads(cited.text)["quote"] == TEXT


async def test_resources_are_listed_page_by_page_through_all_collections(
    own: httpx.Client, library: Library
) -> None:
    second = library.open("second", create=True)
    second.put_many([Source(f"{number:03}.txt", b"A number.") for number in range(PAGE + 20)])
    async with connected(own) as client:
        first = await client.list_resources()
        second = await client.list_resources(cursor=first.next_cursor)
        uris = [one.uri for one in (*first.resources, *second.resources)]
        with pytest.raises(MCPError, match="cursor"):
            await client.list_resources(cursor="page-2")
    assert len(first.resources) == PAGE
    assert second.next_cursor is None
    assert uris == [
        "loccit://documents/default/a/lamps.md",
        *(f"loccit://documents/second/{number:03}.txt" for number in range(PAGE + 20)),
    ]


@pytest.mark.parametrize(
    "uri", ["loccit://documents/default/none.md", "file:///etc/passwd", "loccit://x/y/z"]
)
async def test_a_resource_that_is_not_there_is_an_error_of_the_protocol(http: httpx.Client, uri: str) -> None:
    async with connected(http) as client:
        with pytest.raises(MCPError):
            await client.read_resource(uri)


@pytest.mark.parametrize("mode", MODES)
async def test_what_there_is_not_is_refused(http: httpx.Client, mode: str) -> None:
    async with connected(http, mode=mode) as client:
        prompt = types.PromptReference(name="a")
        for refused in (
            client.list_prompts,
            lambda: client.get_prompt("a"),
            lambda: client.complete(prompt, {"name": "a", "value": "b"}),
        ):
            with pytest.raises(MCPError, match=r"[Mm]ethod not found"):
                await refused()
        assert (await client.list_tools()).tools  # the connection is as good as before


async def test_an_old_client_may_ping(http: httpx.Client) -> None:
    async with connected(http, mode="legacy") as client:
        with pytest.warns(MCPDeprecationWarning):
            await client.send_ping()


async def test_the_address_names_the_collection_of_a_connection(own: httpx.Client) -> None:
    own.put("/v1/collections/cats")
    own.put("/v1/documents/cat.txt?wait=true&collection=cats", content="A cat sleeps.")
    async with connected(own, query="?collection=cats") as client:
        (found,) = told(await client.call_tool("search", {"query": "Who sleeps?"}))["results"]
        assert told(await client.call_tool("fetch", {"id": found["id"]}))["text"] == "A cat sleeps."
    assert own.get(found["url"]).status_code == 200


async def test_several_collections_are_asked_at_once(own: httpx.Client) -> None:
    own.put("/v1/collections/cats")
    own.put("/v1/documents/cat.txt?wait=true&collection=cats", content="A cat sleeps at dusk.")
    async with connected(own) as client:
        for names in (["default", "cats"], "*"):
            asked = {"question": "Which cat sleeps at dusk?", "collections": names}
            first, second = told(await client.call_tool("ask", asked))["passages"]
            assert (first["collection"], second["collection"]) == ("cats", "default")
            cited = {"locator": first["locator"], "collection": first["collection"]}
            assert told(await client.call_tool("cite", cited))["quote"] == first["text"]
            assert own.get(first["url"]).status_code == 200
        both = {"question": QUESTION, "collections": ["cats"], "collection": "cats"}
        refused = await client.call_tool("ask", both)
        assert refused.is_error
        assert "either collection or" in str(refused.content)


async def test_documents_in_force_on_a_day_are_asked(own: httpx.Client) -> None:
    for name, metadata in (("old", {"valid_to": "2023-12-31"}), ("new", {"valid_from": "2024-01-01"})):
        body = {"text": f"A cat sleeps at dusk in the {name} house.", "metadata": metadata}
        own.put(f"/v1/documents/{name}.txt?wait=true", json=body)
    async with connected(own) as client:
        for day, name in (("2023-06-01", "old"), ("2024-06-01", "new")):
            asked = {"question": "Where does a cat sleep at dusk?", "in_force": day}
            told_of = [one["title"] for one in told(await client.call_tool("ask", asked))["passages"]]
            assert f"{name}.txt" in str(told_of)
            assert len([one for one in told_of if one in ("old.txt", "new.txt", "old", "new")]) == 1


async def test_documents_are_asked_as_they_were(own: httpx.Client) -> None:
    def put(house: str) -> int:
        body = {"text": f"A cat sleeps at dusk in the {house} house."}
        own.put("/v1/documents/cat.txt?wait=true", json=body)
        return int(own.get("/v1/collections/default").json()["change"])

    change, moment = put("old"), datetime.now(UTC).isoformat()
    put("new")
    async with connected(own) as client:
        for past in ({"as_of": change}, {"as_of": moment}, {"as_of": moment, "collections": ["default"]}):
            asked = {"question": "Where does a cat sleep at dusk?", **past}
            texts = [one["text"] for one in told(await client.call_tool("ask", asked))["passages"]]
            assert any("old house" in one for one in texts)
            assert not any("new house" in one for one in texts)


async def test_a_connection_needs_a_key_once_there_is_one(library: Library) -> None:
    app = app_of(library)
    with live(app) as http:
        token, key = new_key("a program", Scope.ASK, KeyOptions())
        app.state.runtime.keyring.add(key)
        response = http.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Bearer")
        async with connected(http, key=token) as client:
            tools = (await client.list_tools()).tools
    assert [tool.name for tool in tools] == ["search", "fetch", "ask", "cite"]


def test_only_messages_are_taken(http: httpx.Client) -> None:
    assert http.get("/mcp").status_code == 405
    assert http.delete("/mcp").status_code == 405


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{}", "application/json", 400, types.INVALID_REQUEST),
        (b"[]", "application/json", 400, types.INVALID_REQUEST),
        (b"nothing", "application/json", 400, types.PARSE_ERROR),
        (b"", "application/json; charset=utf-8", 400, types.PARSE_ERROR),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}', "text/plain", 415, types.INVALID_REQUEST),
    ],
)
@pytest.mark.parametrize("version", ["", "2025-06-18", "2026-07-28"])
def test_what_is_no_message_has_a_short_error(
    http: httpx.Client, body: bytes, kind: str, status: int, code: int, version: str
) -> None:
    headers = {"content-type": kind, "accept": "application/json, text/event-stream"}
    if version:
        headers["mcp-protocol-version"] = version
    answer = http.post("/mcp", content=body, headers=headers)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert (answer.json()["jsonrpc"], answer.json()["id"], error["code"]) == ("2.0", None, code)
    assert error["message"].endswith(".")
    assert len(error["message"]) < 200


@pytest.mark.parametrize(
    "position", [b"[" * 10**5, b'["default", "\\ud800"]', b'["default"]', b'{"default": "a"}', b"1", b"\xff"]
)
async def test_a_cursor_of_no_page_is_refused(http: httpx.Client, position: bytes) -> None:
    async with connected(http) as client:
        with pytest.raises(MCPError, match="Begin without one"):
            await client.list_resources(cursor=base64.urlsafe_b64encode(position).decode())


@pytest.mark.processes
def test_a_service_starts_without_the_sdk() -> None:
    """It is imported with the first message, for it takes a quarter of the start."""
    imported = "import sys, service.app; sys.exit('mcp.server' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", imported], check=False).returncode == 0
