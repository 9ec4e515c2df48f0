"""An answer is handed on as Markdown, and all its citations in one file."""

from __future__ import annotations

import json

import bibtexparser
import pytest
from starlette.testclient import TestClient

from tests.service.faces.pages.pages import LAMP, page
from tests.service.http_service import put

ASKED = "Who lit the lamp in the north tower at dusk?"
HOSTILE = "The *ship* left the [harbour](javascript:alert(1)) at dawn <b>with</b> `lamps`."


@pytest.fixture
def asking(client: TestClient) -> TestClient:
    put(client, "lamps.txt", LAMP, metadata={"author": "Ada Lund", "year": 1859})
    put(client, "ships.txt", HOSTILE)
    return client


def test_the_page_leads_to_the_files_of_its_answer(asking: TestClient) -> None:
    html = page(asking, "/", q=ASKED)
    markdown, bibtex, csl = html.xpath("//a[starts-with(@href, '/hand-on')]/@href")
    text = asking.get(markdown).text
    assert text.startswith(f"# {ASKED}")
    assert f"> {LAMP}\n> [^1]" in text
    assert "[^1]: " in text
    assert "attachment" in asking.get(markdown).headers["content-disposition"]
    entries = bibtexparser.parse_string(asking.get(bibtex).text).entries
    items = json.loads(asking.get(csl).text)
    assert len(entries) == len(items) == 1
    assert "Ada Lund" in json.dumps(items[0]["author"])


def test_words_of_documents_are_no_markup(asking: TestClient) -> None:
    text = asking.get("/hand-on", params={"q": "When did the ship leave the harbour at dawn?"}).text
    assert r"> The \*ship\* left the \[harbour\](javascript:alert(1)) at dawn \<b\>with\<" in text


def test_an_answer_that_declines_names_the_nearest_passages(asking: TestClient) -> None:
    text = asking.get("/hand-on", params={"q": "Does the zeppelin of Valparaiso quack?"}).text
    assert "documents" in text
    assert "[^1]:" in text


def test_an_empty_collection_is_handed_on_without_citations(client: TestClient) -> None:
    client.put("/v1/collections/default")
    assert json.loads(client.get("/hand-on", params={"q": "Who?", "form": "csl_json"}).text) == []
