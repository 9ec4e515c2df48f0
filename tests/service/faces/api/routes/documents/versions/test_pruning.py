from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from index.library import Library
from tests.service.faces.api.routes.documents.versions.lamps import (
    ONE,
    TWO,
    going,
    prune,
    versions,
    whole,
)
from tests.service.http_service import assert_error, put, served


def test_pruning_says_what_it_would_erase_before_it_does(
    client: TestClient, records: list[dict[str, Any]]
) -> None:
    locators = [whole(record) for record in records]
    plan = prune(client, keep_versions=1, citations=locators)
    assert plan["done"] is False
    assert going(plan) == [("house/lamps.md", 2), ("house/lamps.md", 1)]
    assert plan["broken"] == locators[:2]
    assert [one["version"] for one in versions(client, "house/lamps.md")] == [3, 2, 1]
    replaced = {one["version"]: one["replaced"] for one in versions(client, "house/lamps.md")}
    assert all(one["replaced"] == replaced[one["version"]] for one in plan["versions"])

    done = prune(client, keep_versions=1, citations=locators, dry_run=False)
    assert plan["purged"] == "done"  # nothing was erased before
    assert done["change"] > plan["change"]
    assert done == {**plan, "done": True, "purged": "pending", "change": done["change"]}
    assert [one["version"] for one in versions(client, "house/lamps.md")] == [3]
    for record, locator in zip(records[:2], locators, strict=False):
        assert_error(client.get(f"/v1/citations/{locator}"), 404, "citation_not_found")
        number = record["version"]
        assert_error(
            client.get(f"/v1/documents/house/lamps.md/text?version={number}"), 404, "version_not_found"
        )
        assert_error(client.get(f"/v1/documents/house/lamps.md/diff?old={number}"), 404, "version_not_found")
    assert client.get(f"/v1/citations/{locators[2]}").status_code == 200
    again = prune(client, keep_versions=1, citations=locators, dry_run=False)
    assert again.pop("purged") in {"pending", "done"}
    assert again == {"done": True, "versions": [], "retired": [], "broken": [], "change": done["change"]}


def test_what_either_rule_keeps_is_kept(client: TestClient, records: list[dict[str, Any]]) -> None:
    assert going(prune(client, keep_versions=2)) == [("house/lamps.md", 1)]
    assert going(prune(client, keep_versions=3)) == []
    assert going(prune(client, keep_days=1)) == []
    assert going(prune(client, keep_versions=1, keep_days=1)) == []
    assert going(prune(client, keep_days=0)) == [("house/lamps.md", 2), ("house/lamps.md", 1)]
    assert going(prune(client, keep_versions=2, keep_days=0)) == [("house/lamps.md", 1)]


def test_a_citation_of_a_text_that_came_back_does_not_break(client: TestClient) -> None:
    first = put(client, "a.md", ONE)
    put(client, "a.md", TWO)
    put(client, "a.md", ONE)
    told = prune(client, keep_versions=1, citations=[whole(first)], dry_run=False)
    assert going(told) == [("a.md", 2), ("a.md", 1)]
    assert told["broken"] == []
    assert client.get(f"/v1/citations/{whole(first)}").status_code == 200


def test_pruning_keeps_the_answers_and_the_other_collections(
    client: TestClient, records: list[dict[str, Any]]
) -> None:
    client.put("/v1/collections/other")
    put(client, "a.txt", ONE, collection="other")
    put(client, "a.txt", TWO, collection="other")
    before = client.post("/v1/ask", json={"question": "When is the lamp lit?"}).json()["passages"]
    prune(client, keep_versions=1, dry_run=False)
    after = client.post("/v1/ask", json={"question": "When is the lamp lit?"}).json()["passages"]
    assert after == before
    assert len(versions(client, "a.txt", collection="other")) == 2
    assert going(prune(client, keep_versions=1, collection="other")) == [("a.txt", 1)]


def test_without_a_rule_nothing_is_pruned(
    client: TestClient, library: Library, records: list[dict[str, Any]]
) -> None:
    bodies: list[dict[str, Any]] = [{}, {"dry_run": False}, {"keep_versions": None, "keep_days": None}]
    for body in bodies:
        assert going(prune(client, **body)) == []
    with served(library, keep_retired_days=None) as strict:
        for body in bodies:
            message = assert_error(strict.post("/v1/prune", json=body), 422, "invalid_limit")
            assert "keep_versions" in message
    assert len(versions(client, "house/lamps.md")) == 3


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"keep_versions": 0}, "invalid_request"),
        ({"keep_versions": -1}, "invalid_request"),
        ({"keep_versions": "all"}, "invalid_request"),
        ({"keep_days": -0.1}, "invalid_request"),
        ({"keep_versions": 1, "keep": 2}, "invalid_request"),
        ({"keep_versions": 1, "dry_run": 7}, "invalid_request"),
        ({"keep_versions": 1, "citations": ["house/lamps.md"], "dry_run": False}, "invalid_locator"),
        ({"keep_versions": 1, "collection": "No Such!"}, "invalid_collection_name"),
        ([], "invalid_request"),
    ],
)
def test_a_rule_that_cannot_be_erases_nothing(
    client: TestClient, records: list[dict[str, Any]], body: Any, code: str
) -> None:
    assert_error(client.post("/v1/prune", json=body), 422, code)
    assert len(versions(client, "house/lamps.md")) == 3


def test_pruning_a_collection_that_is_not_there_is_refused(client: TestClient) -> None:
    response = client.post("/v1/prune", json={"keep_versions": 1, "collection": "nowhere"})
    assert "nowhere" in assert_error(response, 404, "collection_not_found")
