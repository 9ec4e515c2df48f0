"""The query of a request: the same rules for every route, which are taken from the OpenAPI document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.app.application import SHAPES
from service.faces.pages.assets import asset_path
from tests.service.http_service import assert_error

PATHS = {
    "document_id": "lamps.md",
    "job_id": "unknown",
    "locator": "lamps.md@9f2c41aab3de:0-4",
    "name": "default",
    "vector_store_id": "vs_default",
    "file_id": "file-0123456789abcdef01234567",
    "batch_id": "vsfb_unknown",
    "model": "loccit:default",
    "source": "wiki",
}


@dataclass(frozen=True)
class Operation:
    """A route of the API as the OpenAPI document describes it, and a request that it takes."""

    method: str
    path: str
    described: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def query(self) -> dict[str, dict[str, Any]]:
        return {one["name"]: one for one in self.described.get("parameters", ()) if one["in"] == "query"}

    @property
    def json(self) -> dict[str, Any]:
        """The schema of its JSON body; empty without one."""
        content = self.described.get("requestBody", {}).get("content", {})
        schema: dict[str, Any] = content.get("application/json", {}).get("schema", {})
        return schema

    def send(self, client: TestClient, query: dict[str, Any], **body: Any) -> Any:
        required = {name: "1" for name, one in self.query.items() if one["required"]}
        example = self.json["examples"][0] | body if self.json else None
        path = self.path.format_map(PATHS)
        return client.request(self.method, path, params=required | query, json=example)


@pytest.fixture
def operations(client: TestClient) -> list[Operation]:
    paths = client.get("/openapi.json").json()["paths"]
    return [
        Operation(method.upper(), path, described)
        for path, methods in paths.items()
        for method, described in methods.items()
        if path.startswith("/v1/")
    ]


@pytest.fixture
def own(operations: list[Operation]) -> list[Operation]:
    """Those of Loccit's own interface."""
    return [one for one in operations if SHAPES.of(one.path) is None]


def test_an_unknown_parameter_is_refused_with_those_there_are(
    client: TestClient, operations: list[Operation]
) -> None:
    for one in operations:
        response = one.send(client, {"colection": "other"})
        message = assert_error(response, 422, "invalid_request")
        assert message.startswith(f"{one.name} does not know the query parameter 'colection'")
        assert message.endswith(f"It knows: {', '.join(sorted(one.query)) or 'none'}.")


def test_every_documented_parameter_is_taken(client: TestClient, operations: list[Operation]) -> None:
    for one in operations:
        for name, described in one.query.items():
            schema = described["schema"]
            value = schema.get("default") or next(iter(described.get("examples", "1")))
            if "does not know" in (text := one.send(client, {name: value}).text):
                pytest.fail(f"{one.name}?{name}: {text}")


def test_a_parameter_is_given_once(client: TestClient, operations: list[Operation]) -> None:
    for one in operations:
        for name in one.query:
            response = one.send(client, {name: ["1", "2"]})
            assert assert_error(response, 422, "invalid_request").startswith(f"{name}: ")


def test_every_route_takes_a_collection_unless_its_path_says_it(own: list[Operation]) -> None:
    for one in own:
        names_none = one.path.startswith(
            ("/v1/jobs/", "/v1/collections", "/v1/evidence/keys", "/v1/verify/thresholds")
        )
        assert names_none == ("collection" not in one.query), one.name


def test_the_collection_of_the_query_is_the_one_that_answers(
    client: TestClient, own: list[Operation]
) -> None:
    client.put("/v1/documents/lamps.md", content="The lamp was lit.")
    asked = [one for one in own if "collection" in one.query and one.name != "GET /v1/jobs"]
    for one in asked:
        message = assert_error(one.send(client, {"collection": "nowhere"}), 404, "collection_not_found")
        assert "'nowhere'" in message


def test_jobs_are_listed_by_collection(client: TestClient) -> None:
    client.put("/v1/collections/other")
    for name in ("default", "other"):
        sent = {"documents": [{"document_id": "a.md", "text": "A."}]}
        assert client.post("/v1/ingest", params={"collection": name}, json=sent).status_code == 202
    listed = client.get("/v1/jobs?collection=other").json()["jobs"]
    assert [job["collection"] for job in listed] == ["other"]


def test_body_and_query_must_agree_on_the_collection(client: TestClient, operations: list[Operation]) -> None:
    both = [one for one in operations if "collection" in one.json.get("properties", ())]
    assert {"POST /v1/ask", "POST /v1/verify", "POST /v1/ingest"} <= {one.name for one in both}
    client.put("/v1/collections/default")
    client.put("/v1/collections/other")
    for one in both:
        for query, body in (("other", "default"), ("default", "other")):
            response = one.send(client, {"collection": query}, collection=body)
            message = assert_error(response, 422, "invalid_request")
            assert f"the query says '{query}' and the body '{body}'" in message
        for query in ({"collection": "other"}, {}):
            assert "invalid_request" not in one.send(client, query, collection="other").text


def test_a_question_is_answered_from_the_collection_of_the_query(client: TestClient) -> None:
    client.put("/v1/collections/other")
    client.put("/v1/documents/lamps.md?wait=true", content="The lamp was lit at dusk.")
    client.put("/v1/documents/ships.md?wait=true&collection=other", content="The ship left at dawn.")
    answer = client.post("/v1/ask?collection=other", json={"question": "When was the lamp lit?"}).json()
    assert [one["citation"]["document_id"] for one in answer["passages"]] == ["ships.md"]
    assert answer["passages"][0]["citation"]["links"]["text"].endswith("&collection=other")


def test_pages_ignore_what_they_do_not_know(client: TestClient) -> None:
    client.put("/v1/documents/lamps.md?wait=true", content="The lamp was lit at dusk.")
    answer = client.post("/v1/ask", json={"question": "When was the lamp lit?"}).json()
    view = answer["passages"][0]["citation"]["links"]["view"].partition("#")[0]
    for page in ("/", view, "/docs", asset_path("base.css"), "/healthz", "/readyz"):
        for name in ("utm_source", "fbclid"):
            assert client.get(page, params={name: "x"}).status_code == 200


def test_an_address_that_is_not_there_is_told_before_its_query(client: TestClient) -> None:
    assert_error(client.get("/v1/nothing?x=1"), 404, "route_not_found")
    assert_error(client.get("/v1/ask?x=1"), 405, "method_not_allowed")
