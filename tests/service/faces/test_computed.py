"""A value computed of a table, as every face shows it: a field of its own, with each cell that was read."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from service.faces.api.schemas.answering import AnswerResponse
from service.faces.api.schemas.answers import AskResponse
from tests.service.faces.pages.pages import page, words
from tests.service.http_service import assert_shape, put

PEAKS = (
    "# Peaks of Orren\n\n| Peak | Height |\n| --- | --- |\n| Great Orren | 4,312 |\n| Lantern | 2,918 |\n"
    "| Cold Sister | 3,640 |\n\n# Wells of Sorrel\n\n| Well | Depth |\n| --- | --- |\n| S-1 | 1,250 |\n"
    "| S-2 | dry |\n| S-3 | 980 |\n"
)
HIGHEST, DEEPEST = "Which peak is the highest?", "Which well is the deepest?"
CELLS = ["4,312", "2,918", "3,640"]


@pytest.fixture(autouse=True, scope="module")
def _filled(shared_client: TestClient) -> None:
    put(shared_client, "peaks.md", PEAKS)


def post(client: TestClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    response = client.post(path, json=body)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def assert_highest(client: TestClient, computed: dict[str, Any]) -> None:
    """The value is that of the highest peak, of all cells of the column, each a citation that resolves."""
    assert (computed["operation"], computed["value"], computed["reason"]) == ("highest", "Great Orren", "")
    assert [one["text"] for one in computed["cells"] if not one["is_value"]] == CELLS
    for cell in computed["cells"]:
        cited = client.get(f"/v1/citations/{cell['locator']}").json()
        assert (cited["quote"], cited["start"], cited["end"]) == (cell["text"], cell["start"], cell["end"])


def test_passages_and_answers_have_it(shared_client: TestClient) -> None:
    asked = post(shared_client, "/v1/ask", {"question": HIGHEST})
    assert_shape(AskResponse, asked)
    assert_highest(shared_client, asked["computed"])
    answered = post(shared_client, "/v1/answer", {"question": HIGHEST})
    assert_shape(AnswerResponse, answered)
    assert_highest(shared_client, answered["computed"])
    assert [one["text"] for one in answered["sentences"]] == ["Great Orren | 4,312"]
    assert "Computed" not in answered["answer"]
    assert not answered["declined"]


def test_a_row_that_is_evidence_has_the_cells_that_answer(shared_client: TestClient) -> None:
    passage = post(shared_client, "/v1/ask", {"question": "How high is Lantern?"})["passages"][0]
    (cell,) = passage["evidence"][0]["answering"]
    at = passage["citation"]["start"]
    assert (cell["row"], passage["text"][cell["start"] - at : cell["end"] - at]) == ("Lantern", "2,918")


def test_a_row_in_a_chat_has_its_column_names_above(shared_client: TestClient) -> None:
    question = "How high is Lantern?"
    answered = post(shared_client, "/v1/answer", {"question": question})
    (sentence, *_) = answered["sentences"]
    assert sentence["text"] == "Lantern | 2,918"
    assert answered["answer"].startswith("Peak | Height\nLantern | 2,918 [1]")
    assert answered["answer"][sentence["start"] : sentence["end"]] == sentence["text"]
    names = sentence["names"]
    assert (
        shared_client.get(f"/v1/citations/{names['locator']}").json()["quote"]
        == "Peak | Height"
        == names["quote"]
    )
    assert [(one["row"], one["column"]) for one in sentence["cells"]] == [
        ("Lantern", "Peak"),
        ("Lantern", "Height"),
    ]
    assert [one["column"] for one in sentence["answering"]] == ["Height"]
    message = {"role": "user", "content": question}
    completion = post(shared_client, "/v1/chat/completions", {"model": "loccit", "messages": [message]})
    assert completion["choices"][0]["message"]["content"].startswith("Peak | Height\nLantern | 2,918 [1]")


def test_chats_say_it_below_the_quotes(shared_client: TestClient) -> None:
    message = {"role": "user", "content": HIGHEST}
    completion = post(shared_client, "/v1/chat/completions", {"model": "loccit", "messages": [message]})
    text = completion["choices"][0]["message"]["content"]
    quote, note = text.split("\n\n")
    assert quote == "Peak | Height\nGreat Orren | 4,312 [1]"
    computed = completion["loccit"]["computed"]
    assert note == (
        f"Computed from {len(computed['cells'])} cells of the table (the highest by “Height”): Great Orren"
    )
    assert_highest(shared_client, computed)
    response = post(shared_client, "/v1/responses", {"model": "loccit", "input": HIGHEST})
    assert_highest(shared_client, response["loccit"]["computed"])


def test_tools_have_it(shared_client: TestClient) -> None:
    call = {"name": "ask", "arguments": {"question": HIGHEST}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    headers = {"Accept": "application/json, text/event-stream"}
    reply = shared_client.post("/mcp", json=body, headers=headers).json()
    assert_highest(shared_client, reply["result"]["structuredContent"]["computed"])


def test_the_page_shows_it_with_a_link_to_each_cell(shared_client: TestClient) -> None:
    html = page(shared_client, "/", q=HIGHEST)
    (box,) = html.xpath("//div[contains(@class, 'computed')]")
    assert words(box.xpath(".//strong")[0]) == "Great Orren"
    cells = box.xpath(".//li/a")
    assert {words(one).rpartition(": ")[2] for one in cells} == {*CELLS, "Great Orren"}
    viewer = page(shared_client, cells[0].get("href"))
    assert "".join(words(one) for one in viewer.xpath("//mark[@class='evidence']")) == CELLS[0]


def test_why_nothing_was_computed_is_said(shared_client: TestClient) -> None:
    computed = post(shared_client, "/v1/answer", {"question": DEEPEST})["computed"]
    assert (computed["value"], computed["reason"]) == ("", "“dry” is no number.")
    box = words(page(shared_client, "/", q=DEEPEST).xpath("//div[contains(@class, 'computed')]")[0])
    assert "“dry” is no number." in box


def test_other_questions_have_none(shared_client: TestClient) -> None:
    assert post(shared_client, "/v1/ask", {"question": "How high is Lantern?"})["computed"] is None
    assert not page(shared_client, "/", q="How high is Lantern?").xpath("//div[contains(@class, 'computed')]")
