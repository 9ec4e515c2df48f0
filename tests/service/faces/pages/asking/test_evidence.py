"""The quoted sentences of a page, and the verdicts on a text, can be downloaded as signed evidence."""

from __future__ import annotations

import json

import lxml.html
import pytest
from starlette.testclient import TestClient

from service.faces.pages.languages import LANGUAGES
from service.flows.evidence_packs.documents import carried, is_shown
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


@pytest.mark.parametrize(("form", "language"), [("word", "en"), ("html", "zh")])
def test_the_answer_is_a_document_in_the_language_of_the_page(
    filled: TestClient, form: str, language: str
) -> None:
    links = page(filled, "/", q=ASKED).xpath("//a[contains(@href, '/evidence?')]/@href")
    (link,) = [one for one in links if one.endswith(f"&form={form}")]
    response = filled.get(link, headers={"accept-language": language})
    found = carried(response.content)
    assert (found.form, found.language) == (form, language)
    assert verify_pack(found.pack).holds
    assert is_shown(response.content, found, json.loads(found.pack), LANGUAGES[language].t)


def test_a_checked_text_is_signed_as_the_page_shows_it(filled: TestClient) -> None:
    body = filled.post("/v1/verify", json={"quotes": [LAMP]}).json()
    locator = body["quotes"][0]["citation"]["locator"]
    text = f"{LAMP} [1]\r\n\r\n[1]: {locator}"
    html = lxml.html.fromstring(filled.post("/check", data={"text": text}).text)
    (address,) = {*html.xpath("//button[@form='check']/@formaction")}
    for form in html.xpath("//button[@form='check']/@value"):
        response = filled.post(address, data={"text": text, "form": form, "kind": "auto"})
        verified = verify_pack(carried(response.content).pack)
        assert verified.holds
        assert verified.evidence is not None
        told = verified.evidence["verification"]
        assert (told["text"], told["cited"]) == (text.replace("\r", ""), [locator])
        (sentence,) = told["answer"]["sentences"]
        assert sentence["verdict"]["status"] == "supported"
        assert sentence["verdict"]["citation"] == told["citations"][0]["citation"] == locator


@pytest.mark.parametrize("fields", [{"text": " "}, {"text": LAMP, "form": "pdf"}])
def test_what_is_no_text_is_not_signed(filled: TestClient, fields: dict[str, str]) -> None:
    assert filled.post("/check/evidence", data=fields, headers={"accept": "text/html"}).status_code == 422
