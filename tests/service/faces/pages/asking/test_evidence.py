"""The quoted sentences of the page can be downloaded as an evidence pack."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from service.flows.evidence_packs.pack import verify_pack
from tests.service.faces.pages.pages import LAMP, page
from tests.service.http_service import put

ASKED = "Who lit the lamp in the north tower?"


@pytest.fixture
def filled(client: TestClient) -> TestClient:
    put(client, "lamps.txt", f"{LAMP} He slept until noon.")
    put(client, "others.txt", "The lamp of the south tower was lit by nobody.")
    return client


def test_the_link_gives_the_sentences_of_the_page_signed(filled: TestClient) -> None:
    html = page(filled, "/", q=ASKED, folder="", kind="text")
    shown = [sentence.text.strip() for sentence in html.xpath("//p[@class='sentence']")]
    (link,) = html.xpath("//a[@class='evidence']/@href")
    put(filled, "lamps.txt", "The lamp was sold.")  # the page stands as of before
    response = filled.get(link)
    assert response.headers["content-disposition"] == 'attachment; filename="evidence.json"'
    verified = verify_pack(response.content)
    assert verified.holds
    assert verified.evidence is not None
    answer = verified.evidence["answer"]
    assert (answer["question"], [one["text"] for one in answer["sentences"]]) == (ASKED, shown)
    assert LAMP in shown
    assert "text/plain" in answer["filter"]
    assert f"as_of={answer['as_of']}" in link


def test_an_answer_that_quotes_nothing_has_no_such_link(filled: TestClient) -> None:
    html = page(filled, "/", q="When did the comet return to Jupiter in 1822?")
    assert html.xpath("//p[@class='declined']")
    assert not html.xpath("//a[@class='evidence']")
    assert filled.get("/evidence", params={"q": " "}, headers={"accept": "text/html"}).status_code == 422
