"""The page to ask on asks several collections at once, and each citation leads into its own."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from service.flows.ask.planning import MAX_COLLECTIONS
from tests.service.faces.pages.pages import page, told, words
from tests.service.http_service import put

LAMPS = "The lamp was lit at dusk by the keeper. Oil lamps need a wick and oil."
SHIPS = "The ship left the harbour at dawn. Its captain slept in the cabin."
BOTH = "Who lit the lamp at dusk, and when did the ship leave the harbour?"


@pytest.fixture(scope="module")
def filled(shared_client: TestClient) -> TestClient:
    for name, text in (("lamps", LAMPS), ("ships", SHIPS), ("empty", "")):
        assert shared_client.put(f"/v1/collections/{name}").status_code == 201
        if text:
            put(shared_client, "a.txt", text, collection=name)
    return shared_client


def test_the_form_offers_the_collections_and_all_of_them(filled: TestClient) -> None:
    html = page(filled, "/", collection="lamps")
    (group,) = html.xpath("//details[@class='several']")
    assert group.get("open") is None
    boxes = group.xpath(".//input[@name='also']")
    assert [one.get("value") for one in boxes] == ["*", "empty", "lamps", "ships"]
    assert not any(one.get("checked") is not None for one in boxes)


@pytest.mark.parametrize("also", [["ships"], ["*"], ["ships", "lamps", ""]])
def test_sentences_and_sources_lead_into_their_collections(filled: TestClient, also: list[str]) -> None:
    html = page(filled, "/", collection="lamps", also=also, q=BOTH)
    sentences = [words(one) for one in html.xpath("//p[contains(@class, 'sentence')]")]
    assert any("lit at dusk" in one for one in sentences)
    assert any("left the harbour" in one for one in sentences)
    found = set()
    for item in html.xpath("//ol[@class='passages']/li"):
        (chip,) = item.xpath(".//a[@class='chip']")
        (name,) = parse_qs(urlsplit(chip.get("href")).query)["collection"]
        assert name in words(item.find("p"))
        quote = "".join(page(filled, chip.get("href")).xpath("//mark//text()"))
        assert words(item.find("blockquote")).strip()[:20] in quote
        found.add(name)
    assert found == {"lamps", "ships"}
    checked = html.xpath("//input[@name='also' and @checked]/@value")
    assert set(checked) == ({"*"} if "*" in also else {"lamps", "ships"})


def test_a_follow_up_asks_the_same_and_no_address_names_a_moment(filled: TestClient) -> None:
    html = page(filled, "/", collection="lamps", also=["ships", "empty"], q=BOTH)
    assert html.xpath("//form[@class='follow']//input[@name='also']/@value") == ["ships", "empty"]
    assert html.xpath("//form[@class='follow']//input[@name='collection']/@value") == ["lamps"]
    assert not html.xpath("//a[@class='permanent' or @class='evidence']")
    refused = filled.get("/evidence", params={"collection": "lamps", "also": "ships", "q": BOTH})
    assert refused.status_code == 422


def test_a_filter_that_no_document_of_any_passes_is_told(filled: TestClient) -> None:
    html = page(filled, "/", collection="lamps", also="ships", q=BOTH, folder="nowhere")
    assert "No document passes the filters." in told(html)


@pytest.mark.parametrize("also", ["", "ships"])
def test_one_and_several_are_asked_as_of_a_time(filled: TestClient, also: str) -> None:
    now = datetime.now(UTC).replace(tzinfo=None).isoformat()
    html = page(filled, "/", collection="lamps", also=also, q=BOTH, moment=now)
    assert "the documents stood on" in told(html)
    assert "lit at dusk" in told(html)
    assert html.xpath("//details[@class='filters']//input[@name='moment']/@value") == [now]
    assert html.xpath("//form[@class='follow']//input[@name='moment']/@value") == [now]
    before = page(filled, "/", collection="lamps", also=also, q=BOTH, moment="2001-01-01T00:00")
    assert "No document was asked." in told(before)
    assert "has the form 2024" in told(page(filled, "/", 422, collection="lamps", q=BOTH, moment="soon"))
    assert "yet to come" in told(
        page(filled, "/", 422, collection="lamps", q=BOTH, moment="2999-01-01T00:00")
    )


def test_printed_pages_are_a_filter(filled: TestClient) -> None:
    html = page(filled, "/", collection="lamps", q=BOTH, printed_page="217")
    assert "No document passes the filters." in told(html)
    assert html.xpath("//details[@class='filters']//input[@name='printed_page']/@value") == ["217"]
    assert "printed page" in told(page(filled, "/", 422, collection="lamps", q=BOTH, printed_page="nowhere"))


def test_a_collection_that_is_none_and_too_many_are_told(filled: TestClient) -> None:
    page(filled, "/", 404, collection="lamps", also="none-such", q=BOTH)
    many = [f"c{number}" for number in range(MAX_COLLECTIONS)]
    html = page(filled, "/", 422, collection="lamps", also=many, q=BOTH)
    assert "a question is asked of 16 at most" in told(html)
