"""Documents that disagree, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel
from starlette.testclient import TestClient

from index.library import Library
from service.faces.api.routes.conflicts import MAX_CITATIONS
from service.faces.api.schemas.answering import AnswerResponse
from service.faces.api.schemas.answers import AskResponse
from service.faces.api.schemas.conflicts import ConflictsResponse
from tests.service.http_service import assert_error, put, served, success

OLD = "Read this first. Employees receive 25 days of annual leave.\n"
NEW = "Employees receive 30 days of annual leave each year.\n"


def conflicts(client: TestClient, **body: Any) -> dict[str, Any]:
    return success(client.post("/v1/conflicts", json=body), ConflictsResponse)


@pytest.fixture
def filled(client: TestClient) -> TestClient:
    put(client, "old.txt", OLD)
    put(client, "new.txt", NEW, metadata={"supersedes": "old.txt"})
    return client


def test_both_sides_are_cited(filled: TestClient) -> None:
    found = conflicts(filled)
    (one,) = found["conflicts"]
    assert (one["kind"], one["supersedes"], found["sentences"], found["next"]) == ("number", True, 3, None)
    for name, words in (("newer", "30"), ("older", "25")):
        side = one[name]
        text = filled.get(side["citation"]["links"]["text"]).text
        assert text[side["start"] : side["end"]] == side["words"] == words
        assert text[side["citation"]["start"] : side["citation"]["end"]] == side["citation"]["quote"]


def test_the_conflicts_of_a_citation(filled: TestClient) -> None:
    locator = conflicts(filled)["conflicts"][0]["older"]["citation"]["locator"]
    found = conflicts(filled, citations=[locator])
    assert [one["newer"]["citation"]["document_id"] for one in found["conflicts"]] == ["new.txt"]
    assert (found["sentences"], found["complete"], found["next"]) == (1, True, None)


def test_a_page_goes_on_at_a_place(filled: TestClient) -> None:
    whole = conflicts(filled, after={"document_id": "new.txt"})
    assert len(whole["conflicts"]) == 1
    assert conflicts(filled, after={"document_id": "old.txt", "offset": 17})["sentences"] == 1
    assert conflicts(filled, after={"document_id": "zzz"})["sentences"] == 0


def test_what_makes_no_sense_is_refused(filled: TestClient) -> None:
    locator = conflicts(filled)["conflicts"][0]["older"]["citation"]["locator"]
    both = filled.post("/v1/conflicts", json={"citations": [locator], "limit": 5})
    assert_error(both, 422, "invalid_request")
    many = filled.post("/v1/conflicts", json={"citations": [locator] * (MAX_CITATIONS + 1)})
    assert_error(many, 422, "invalid_limit")
    gone = filled.post("/v1/conflicts", json={"citations": ["none.txt@0123456789ab:0-5"]})
    assert_error(gone, 404, "citation_not_found")
    assert_error(filled.post("/v1/conflicts", json={"as_of": 999}), 404, "change_not_found")


# Beside an answer


QUESTION = "How many days of annual leave do employees receive?"


@pytest.mark.parametrize(("route", "shape"), [("/v1/ask", AskResponse), ("/v1/answer", AnswerResponse)])
def test_an_answer_tells_what_disagrees_where_it_is_asked_to(
    filled: TestClient, route: str, shape: type[BaseModel]
) -> None:
    def found(**more: Any) -> dict[str, Any]:
        body = {"question": QUESTION, **more}
        return success(filled.post(route, json=body), shape)

    assert (found()["conflicts"], found()["conflicts_complete"]) == (None, None)
    told = found(conflicts=True)
    assert told["conflicts"] == conflicts(filled)["conflicts"]
    assert told["conflicts_complete"] is True
    assert found(conflicts=True, as_of=1)["conflicts"] == []
    filled.delete("/v1/documents/new.txt")
    assert found(conflicts=True)["conflicts"] == []


def test_a_streamed_answer_tells_what_disagrees_first(filled: TestClient) -> None:
    body = {"question": QUESTION, "stream": True, "conflicts": True}
    first = filled.post("/v1/answer", json=body).text.split("\n\n")[0]
    assert '"words":"30"' in first


def test_documents_of_groups_disagree_with_nothing_that_others_read(library: Library) -> None:
    with served(library, api_key="secret") as client:
        client.headers["X-API-Key"] = "secret"
        put(client, "old.txt", OLD)
        put(client, "new.txt", NEW, groups=["board"])
        for groups, count in (("board", 1), ("staff", 0)):
            for route in ("/v1/ask", "/v1/answer"):
                body = {"question": QUESTION, "conflicts": True}
                told = client.post(route, json=body, headers={"X-On-Behalf-Of": groups}).json()
                assert (len(told["conflicts"]), told["conflicts_complete"]) == (count, True)


def test_conflicts_of_an_answer_are_not_signed(filled: TestClient) -> None:
    refused = filled.post("/v1/evidence", json={"question": QUESTION, "conflicts": True})
    assert_error(refused, 422, "invalid_request")
    signed = filled.post("/v1/evidence", json={"question": QUESTION}).json()
    assert not [name for name in signed["evidence"]["answer"] if name.startswith("conflicts")]
