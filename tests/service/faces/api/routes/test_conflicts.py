"""Documents that disagree, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from service.faces.api.routes.conflicts import MAX_CITATIONS
from service.faces.api.schemas.conflicts import ConflictsResponse
from tests.service.http_service import assert_error, put, success

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
