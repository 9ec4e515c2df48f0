"""Documents that disagree, and those that supersede others, on the pages."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.service.http_service import put

OLD = "Employees of the harbour receive 25 days of annual leave.\n"
NEW = "Employees of the harbour receive 30 days of annual leave each year.\n"
QUESTION = "How many days of annual leave do employees of the harbour receive?"


@pytest.fixture
def filled(client: TestClient) -> TestClient:
    put(client, "old.txt", OLD)
    put(client, "new.txt", NEW, metadata={"supersedes": "old.txt"})
    return client


def test_the_page_lists_both_sentences(filled: TestClient) -> None:
    shown = filled.get("/check/conflicts").text
    assert "<mark>30</mark>" in shown
    assert "<mark>25</mark>" in shown
    assert shown.index("<mark>30</mark>") < shown.index("<mark>25</mark>")
    assert "replaces the other" in shown
    assert "2 sentences were compared" in shown
    rest = filled.get("/check/conflicts", params={"after": "old.txt", "collection": "default"}).text
    assert "<mark>" not in rest
    assert "1 sentence was compared" in rest
    assert "/check/conflicts" in filled.get("/check").text


def test_an_answer_says_what_other_documents_say(filled: TestClient) -> None:
    shown = filled.get("/", params={"q": QUESTION}).text
    assert "Another document says otherwise:" in shown
    assert "<mark>25</mark>" in shown
    assert "Superseded by" in shown


def test_the_viewer_says_what_supersedes_a_document(filled: TestClient) -> None:
    found = filled.post("/v1/conflicts", json={}).json()["conflicts"][0]
    older = filled.get(found["older"]["citation"]["links"]["view"]).text
    assert "Superseded by" in older
    assert "new.txt" in older
    assert "Superseded by" not in filled.get(found["newer"]["citation"]["links"]["view"]).text


def test_without_documents_nothing_disagrees(client: TestClient) -> None:
    shown = client.get("/check/conflicts")
    assert shown.status_code == 200
    assert "None were found here." in shown.text
