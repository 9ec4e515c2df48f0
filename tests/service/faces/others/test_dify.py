"""Dify's external knowledge API, by its published contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import pytest
from starlette.testclient import TestClient

from index.filters import SPELLINGS
from service.faces.others.dify import PATHS, Operator, RetrievalResponse
from tests.service.http_service import assert_shape

YEARS = {"old.txt": 1859, "new.txt": 2024}
QUERY = {"knowledge_id": "default", "query": "When was the lamp lit?"}
SETTING = {"top_k": 5, "score_threshold": 0.0}


@pytest.fixture(scope="module")
def knowledge(shared_client: TestClient) -> TestClient:
    """The documents in a service that tests only read."""
    for name, year in YEARS.items():
        body = {
            "text": f"In {year} the lamp was lit at dusk.",
            "metadata": {"year": year, "kind": name[:3], "day": f"{year}-05-01", "tags": ["a", "b"]},
        }
        shared_client.put(f"/v1/documents/{name}?wait=true", json=body)
    return shared_client


def records(client: TestClient, **more: Any) -> list[dict[str, Any]]:
    response = client.post("/retrieval", json={**QUERY, "retrieval_setting": SETTING, **more})
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["records"]
    return found


@pytest.mark.parametrize("path", PATHS)
def test_records_have_text_score_title_and_a_citation(knowledge: TestClient, path: str) -> None:
    reply = knowledge.post(path, json={**QUERY, "retrieval_setting": SETTING}).json()
    assert_shape(RetrievalResponse, {"records": [{**one, "metadata": {}} for one in reply["records"]]})
    assert len(reply["records"]) == 2
    scores = [one["score"] for one in reply["records"]]
    assert scores == sorted(scores, reverse=True)
    first = reply["records"][0]
    assert first["content"] in {f"In {year} the lamp was lit at dusk." for year in YEARS.values()}
    told = first["metadata"]
    assert (told["document_id"], told["year"]) in YEARS.items()
    assert knowledge.get(f"/v1/citations/{told['locator']}").json()["quote"] == first["content"]
    assert knowledge.get(told["url"]).status_code == 200


def test_the_score_is_the_probability_and_the_threshold_means_it(knowledge: TestClient) -> None:
    answer = knowledge.post("/v1/ask", json={"question": QUERY["query"]}).json()
    found = records(knowledge)
    assert [one["score"] for one in found] == [one["probability"] for one in answer["passages"]]
    between = found[0]["score"]
    kept = records(knowledge, retrieval_setting={"top_k": 5, "score_threshold": between})
    assert kept == [one for one in found if one["score"] >= between]
    assert records(knowledge, retrieval_setting={"top_k": 5, "score_threshold": 1.0}) == []
    assert len(records(knowledge, retrieval_setting={"top_k": 1})) == 1


def condition(operator: str, value: Any, name: str | list[str] = "year") -> dict[str, Any]:
    return {"conditions": [{"name": name, "comparison_operator": operator, "value": value}]}


@pytest.mark.parametrize(
    ("metadata_condition", "expected"),
    [
        (condition("=", 1859), {"old.txt"}),
        (condition("=", "1859"), {"old.txt"}),
        (condition("≠", "1859"), {"new.txt"}),
        (condition(">", 1859), {"new.txt"}),
        (condition("<", "2024"), {"old.txt"}),
        (condition("≥", 1859), {"old.txt", "new.txt"}),
        (condition("≤", 1858), set()),
        (condition("is", "old", "kind"), {"old.txt"}),
        (condition("is not", "old", ["kind"]), {"new.txt"}),
        (condition("in", ["old", "x"], "kind"), {"old.txt"}),
        (condition("in", "old, new", "kind"), {"old.txt", "new.txt"}),
        (condition("not in", "old", "kind"), {"new.txt"}),
        (condition("is", "a", "tags"), {"old.txt", "new.txt"}),
        (condition("before", "1900-01-01", "day"), {"old.txt"}),
        (condition("after", "1900-01-01", "day"), {"new.txt"}),
        ({"logical_operator": "and", "conditions": []}, {"old.txt", "new.txt"}),
        (
            {
                "logical_operator": "or",
                "conditions": [*condition("=", 1859)["conditions"], *condition("=", 2024)["conditions"]],
            },
            {"old.txt", "new.txt"},
        ),
        ({"conditions": [*condition("=", 1859)["conditions"], *condition("=", 2024)["conditions"]]}, set()),
    ],
)
def test_conditions_select_documents(
    knowledge: TestClient, metadata_condition: Mapping[str, Any], expected: set[str]
) -> None:
    found = records(knowledge, metadata_condition=metadata_condition)
    assert {one["metadata"]["document_id"] for one in found} == expected


@pytest.mark.parametrize("operator", [one for one in get_args(Operator) if one not in SPELLINGS])
def test_operators_that_filters_do_not_have_are_refused(knowledge: TestClient, operator: str) -> None:
    body = {**QUERY, "retrieval_setting": SETTING, "metadata_condition": condition(operator, "x")}
    response = knowledge.post("/retrieval", json=body)
    assert response.status_code == 422
    assert response.json().keys() == {"error_code", "error_msg"}
    assert operator in response.json()["error_msg"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"knowledge_id": "elsewhere"}, 404, 2001),
        ({"knowledge_id": "No Name"}, 422, 2001),
        ({"retrieval_setting": {"top_k": 0}}, 422, 422),
        ({"retrieval_setting": {"top_k": 3, "rerank": True}}, 422, 422),
        ({"metadata_condition": condition("<", "many")}, 422, 422),
        ({"query": "?"}, 422, 422),
    ],
)
def test_errors_have_difys_shape(
    knowledge: TestClient, change: Mapping[str, Any], status: int, code: int
) -> None:
    response = knowledge.post("/dify/retrieval", json={**QUERY, "retrieval_setting": SETTING, **change})
    assert response.status_code == status
    assert response.json()["error_code"] == code
    assert response.json()["error_msg"].endswith((".", "?"))


def test_nothing_found_is_an_empty_list(client: TestClient) -> None:
    client.put("/v1/collections/default")
    assert records(client) == []
