"""Answers that a model writes, on the page."""

from __future__ import annotations

import json

from index.library import Library
from tests.service.faces.pages.pages import LAMP, page, told, words
from tests.service.flows.answer.writing.stand_in import Break, stand_in
from tests.service.http_service import put, served

ASKED = "Who lit the lamp in the north tower?"


def test_a_link_lets_the_model_write_without_scripts(library: Library) -> None:
    says = "The lamp in the north tower was lit at dusk by the keeper [1]. Napoleon lit the lamp in 1812 [1]."
    with (
        stand_in(says) as model,
        served(library, writer_url=model.url, writer_model="small", min_answerability=0) as client,
    ):
        put(client, "lamps.md", LAMP)
        html = page(client, "/", q=ASKED)
        assert html.xpath("//p[@class='sentence']")  # at once, in the documents' own words
        (target,) = html.xpath("//div[@data-write]")
        request = json.loads(target.get("data-write"))
        assert request == {
            "question": ASKED, "collection": "default", "turns": [], "mode": "written", "stream": True
        }  # fmt: skip
        assert "event: finished" in client.post("/v1/answer", json=request).text
        (link,) = html.xpath("//noscript//a/@href")
        written = page(client, link)
        assert not written.xpath("//div[@data-write]")
        (answer,) = written.xpath("//div[@class='written']")
        assert "".join(words(answer).split()).replace("notconfirmedbythedocuments", "") == "".join(
            says.split()
        )
        (supported,) = answer.xpath(".//span[@class='claim supported']")
        assert words(supported).startswith("The lamp in the north tower")
        assert "Napoleon" in words(answer.xpath(".//span[@class='badge bad']/..")[0])
        marks = answer.xpath(".//a[@class='mark']")
        assert [one.get("data-number") for one in marks] == ["1", "1"]
        assert LAMP in told(page(client, marks[0].get("href")))


def test_a_model_that_breaks_off_is_told_and_the_passages_are_there(library: Library) -> None:
    with (
        stand_in("The lamp", Break()) as model,
        served(library, writer_url=model.url, writer_model="small", min_answerability=0) as client,
    ):
        put(client, "lamps.md", LAMP)
        html = page(client, "/", q=ASKED, mode="written")
        assert html.xpath("//*[@role='alert']")
        assert html.xpath("//li[@data-number='1']")
        assert not html.xpath("//p[@class='declined']")


def test_without_a_model_nothing_offers_to_write(library: Library) -> None:
    with served(library, min_answerability=0) as client:
        put(client, "lamps.md", LAMP)
        html = page(client, "/", q=ASKED, mode="written")
        assert html.xpath("//p[@class='sentence']")
        assert not html.xpath("//noscript | //div[@data-write]")
