"""Ids in bodies and filters that are composed otherwise than those that are stored, as macOS writes names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient

from tests.failures import all_cases
from tests.service.http_service import put

STORED, GIVEN = "caf\u00e9/\u1ec7.md", "cafe\u0301/e\u0323\u0302.md"
LAMP = "The lamp in the north tower was lit at dusk."
ASKED = {"question": "When was the lamp lit?"}
Find = Callable[[TestClient, str], Any]


def asked(client: TestClient, found: dict[str, Any]) -> list[str]:
    given = {"type": "and", "filters": [{"key": "document_id", **found}]}
    reply = client.post("/v1/ask", json={**ASKED, "filter": given}).json()
    return [one["citation"]["document_id"] for one in reply["passages"]]


def fetched(client: TestClient, id_: str) -> str:
    call = {"name": "fetch", "arguments": {"id": id_}}
    reply = client.post(
        "/mcp",
        json={"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call},
        headers={"accept": "application/json, text/event-stream"},
    )
    return str(reply.json()["result"])


def locator(client: TestClient) -> str:
    (passage,) = client.post("/v1/ask", json=ASKED).json()["passages"]
    return str(passage["citation"]["locator"])


FINDS: dict[str, Find] = {
    "eq": lambda client, id_: asked(client, {"type": "eq", "value": id_}) == [STORED],
    "in": lambda client, id_: asked(client, {"type": "in", "value": ["a", id_]}) == [STORED],
    "ne": lambda client, id_: asked(client, {"type": "ne", "value": id_}) == [],
    "explain": lambda client, id_: (
        client.post("/v1/explain", json={**ASKED, "document_id": id_}).json()["rank"] == 1
    ),
    "verify a quote": lambda client, id_: (
        client.post("/v1/verify", json={"quotes": [{"quote": LAMP, "document_id": id_}]}).json()["quotes"][0][
            "status"
        ]
        == "verified"
    ),
    "verify a citation": lambda client, id_: (
        client.post("/v1/verify", json={"citations": [locator(client).replace(STORED, id_)]}).json()[
            "citations"
        ][0]["status"]
        == "verified"
    ),
    "prefix": lambda client, id_: (
        [
            one["document_id"]
            for one in client.get("/v1/documents", params={"prefix": id_.partition("/")[0]}).json()[
                "documents"
            ]
        ]
        == [STORED]
    ),
    "fetch": lambda client, id_: LAMP in fetched(client, id_),
    "path": lambda client, id_: client.get(f"/v1/documents/{id_}").json()["document_id"] == STORED,
}


def test_a_document_is_found_by_an_id_that_is_composed_otherwise(client: TestClient) -> None:
    put(client, STORED, LAMP)
    with all_cases() as case:
        for name, found in FINDS.items():
            with case(name):
                assert found(client, STORED)
                assert found(client, GIVEN)
