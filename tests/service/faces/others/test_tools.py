"""The tools over HTTP, as a program calls them that makes tools of an OpenAPI document."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from service.faces.mcp.tools.table import BY_NAME, TOOLS
from tests.service.http_service import assert_error

TEXT = "# Lamps\n\nThe lamp in the north tower was lit at dusk by the keeper.\n\nOil lamps need a wick.\n"
LAMP = "The lamp in the north tower was lit at dusk by the keeper."


@pytest.fixture
def lamps(client: TestClient) -> TestClient:
    body = {"text": TEXT, "metadata": {"year": 1859}}
    client.put("/v1/documents/lamps.md?wait=true", json=body)
    client.put(
        "/v1/documents/web.md?wait=true", json={"text": "A web page.", "source": "https://example.org/a"}
    )
    return client


def call(client: TestClient, tool: str, /, *, at: str = "", **arguments: Any) -> dict[str, Any]:
    """The result of a tool, which is of the schema that the OpenAPI document has for it."""
    response = client.post(f"/tools/{tool}{at}", json=arguments)
    assert response.status_code == 200, response.text
    operation = client.get("/tools/openapi.json").json()["paths"][f"/{tool}"]["post"]
    for schema, value in (
        (operation["requestBody"]["content"], arguments),
        (operation["responses"]["200"]["content"], response.json()),
    ):
        Draft202012Validator(schema["application/json"]["schema"]).validate(value)
    result: dict[str, Any] = response.json()
    return result


def test_the_document_has_an_operation_for_each_tool(client: TestClient) -> None:
    document = client.get("/tools/openapi.json").json()
    assert document["servers"] == [{"url": "http://testserver/tools"}]
    operations = {path: methods["post"] for path, methods in document["paths"].items()}
    assert list(operations) == [f"/{tool.name}" for tool in TOOLS]
    for path, operation in operations.items():
        assert operation["operationId"] == path[1:]
        assert len(operation["description"]) > 40
        assert "$ref" not in str(operation)


def test_search_and_fetch_keep_the_contract_of_chatgpts_connectors(lamps: TestClient) -> None:
    (first, *_) = call(lamps, "search", query="When was the lamp lit?")["results"]
    assert first.keys() == {"id", "title", "url", "text"}
    assert first["title"] == "Lamps"
    assert lamps.get(first["url"]).status_code == 200
    found = call(lamps, "fetch", id=first["id"])
    assert found.keys() == {"id", "title", "text", "url", "metadata"}
    assert found["id"] == first["id"]
    assert found["text"] == lamps.get("/v1/documents/lamps.md/text").text
    assert found["metadata"] == {
        "year": 1859, "document_id": "lamps.md", "version": 1, "start": 0, "end": len(found["text"]),
        "length": len(found["text"]), "next": None, "says_of_itself": {"title": "Lamps"},
    }  # fmt: skip
    assert call(lamps, "fetch", id="lamps.md")["text"] == found["text"]


def test_a_document_from_the_web_has_its_own_address(lamps: TestClient) -> None:
    results = call(lamps, "search", query="web page")["results"]
    (found,) = [one for one in results if "web page" in one["text"]]
    assert found["url"].startswith("https://example.org/a")


def test_a_long_document_is_fetched_in_parts(lamps: TestClient) -> None:
    text = "\n\n".join(f"Paragraph {number} of a long tale." for number in range(8000))
    lamps.put("/v1/documents/long.txt?wait=true", content=text)
    part = call(lamps, "fetch", id="long.txt")
    read = part["text"]
    assert len(read) == 100_000
    while (following := part["metadata"]["next"]) is not None:
        part = call(lamps, "fetch", id=following)
        assert part["metadata"]["start"] == len(read)
        read += part["text"]
    assert read == lamps.get("/v1/documents/long.txt/text").text


def test_ask_numbers_passages_by_probability(lamps: TestClient) -> None:
    found = call(lamps, "ask", question="When was the lamp lit?", k=2)
    assert [one["number"] for one in found["passages"]] == [1, 2]
    probabilities = [one["probability"] for one in found["passages"]]
    assert probabilities == sorted(probabilities, reverse=True)
    assert found["passages"][0]["answering_sentences"][0] in TEXT
    assert found["passages"][0]["metadata"] == {"year": 1859}
    filtered = call(lamps, "ask", question="lamp", filter={"type": "eq", "key": "year", "value": 1900})
    assert filtered["passages"] == []


def test_verify_compares_an_answer_with_its_passages(lamps: TestClient) -> None:
    (first, *_) = call(lamps, "ask", question="When was the lamp lit?")["passages"]
    found = call(
        lamps,
        "verify",
        answer=f"“{LAMP}” [1]. The lamp in the south tower was lit at dusk by the keeper [1].",
        citations=[first["locator"]],
        quotes=["Oil lamps need a wick.", "Gas lamps need no wick at all."],
    )
    assert [one["status"] for one in found["citations"]] == ["verified"]
    right, wrong = found["quotes"]
    assert right["status"] == "verified"
    assert wrong["status"] in ("altered", "not_found")
    assert [one["status"] for one in found["answer_quotes"]] == ["verified"]
    assert found["answer_quotes"][0]["found"] == LAMP
    assert found["answer_sentences"][-1]["status"] in ("contradicted", "unsupported")


def test_cite_looks_a_citation_up(lamps: TestClient) -> None:
    (first, *_) = call(lamps, "ask", question="When was the lamp lit?")["passages"]
    found = call(lamps, "cite", locator=first["locator"], format="bibtex")
    assert found["quote"] == first["text"]
    assert (found["status"], found["current_locator"]) == ("current", first["locator"])
    assert found["formatted"].startswith("@misc{")
    assert "url = {http://testserver/view/" in found["formatted"]
    assert call(lamps, "cite", locator=first["locator"], format="csl_json")["formatted"].startswith("{")
    lamps.put("/v1/documents/lamps.md?wait=true", json={"text": "Nothing is left of it."})
    gone = call(lamps, "cite", locator=first["locator"])
    assert (gone["status"], gone["current_locator"]) == ("gone", "")


def test_list_documents_pages_and_names_collections(lamps: TestClient) -> None:
    lamps.put("/v1/collections/other")
    first = call(lamps, "list_documents", limit=1)
    assert [one["document_id"] for one in first["documents"]] == ["lamps.md"]
    assert first["collections"] == ["default", "other"]
    second = call(lamps, "list_documents", limit=1, after=first["next"])
    assert [one["document_id"] for one in second["documents"]] == ["web.md"]
    assert second["next"] is None
    assert call(lamps, "list_documents", collection="other")["documents"] == []


def test_the_address_may_name_a_collection(lamps: TestClient) -> None:
    lamps.put("/v1/collections/cats")
    lamps.put("/v1/documents/cat.txt?wait=true&collection=cats", json={"text": "A cat sleeps."})
    results = call(lamps, "search", at="?collection=cats", query="Who sleeps?")["results"]
    assert [one["text"] for one in results] == ["A cat sleeps."]
    assert "collection=cats" in results[0]["url"]
    assert call(lamps, "fetch", at="?collection=cats", id=results[0]["id"])["text"] == "A cat sleeps."


@pytest.mark.parametrize(
    ("tool", "arguments", "status", "code"),
    [
        ("search", {}, 422, "invalid_request"),
        ("search", {"query": "?"}, 422, "empty_question"),
        ("search", {"query": "a", "k": 3}, 422, "invalid_request"),
        ("ask", {"question": "a", "collection": "nowhere"}, 404, "collection_not_found"),
        ("ask", {"question": "a", "filter": {"type": "like"}}, 422, "invalid_filter"),
        ("fetch", {"id": "nothing.md"}, 404, "document_not_found"),
        ("fetch", {"id": "lamps.md@000000000000:0-3"}, 404, "citation_not_found"),
        ("cite", {"locator": "lamps.md"}, 422, "invalid_locator"),
        ("verify", {}, 422, "invalid_request"),
    ],
)
def test_errors_are_those_of_the_routes(
    lamps: TestClient, tool: str, arguments: dict[str, Any], status: int, code: str
) -> None:
    assert tool in BY_NAME
    assert_error(lamps.post(f"/tools/{tool}", json=arguments), status, code)
