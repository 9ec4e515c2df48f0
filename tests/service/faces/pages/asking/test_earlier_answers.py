"""The link that keeps an answer judges what it cites as the viewer does, and leads to the answer of today."""

from __future__ import annotations

import re

import pytest
from lxml.html import HtmlElement
from starlette.testclient import TestClient

from tests.service.faces.pages.pages import LAMP, page, told, words
from tests.service.http_service import put

ASKED = "Who lit the lamp in the north tower?"
BEFORE = "The tower is old. It stands by the sea."
AFTER = "The harbour has a crane of iron, which lifts the boats in autumn."


def text(*parts: str) -> str:
    return "\n\n".join(("# Lamps", *parts))


FIRST = text(BEFORE, f"{LAMP} He slept until noon.", "He woke at two.")
NEWER = {
    "moved": text(*("Other towers stand inland." for _ in range(60)), FIRST),
    "reformatted": text(f"- {BEFORE}\n- {LAMP} He slept until noon.\n- He woke at two."),
    "changed": FIRST.replace("at dusk by the keeper", "at dusk by the night guard"),
    "gone": text("Nothing of that is said any more: ships sail by day."),
}
SAME = {"moved", "reformatted"}


@pytest.fixture
def kept(client: TestClient) -> str:
    """The address of an answer as it stands."""
    put(client, "lamps.txt", FIRST)
    put(client, "harbour.txt", AFTER)
    (link,) = page(client, "/", q=ASKED).xpath("//a[@class='permanent']/@href")
    return str(link)


def worded(element: HtmlElement) -> str:
    return " ".join(words(element).split())


@pytest.mark.parametrize("status", NEWER)
def test_the_viewer_says_the_same_of_each_citation(client: TestClient, kept: str, status: str) -> None:
    put(client, "lamps.txt", NEWER[status])
    html = page(client, kept)
    seen = 0
    for source in html.xpath("//li[@data-number and contains(@data-locator, 'lamps.txt')]"):
        (badge,) = source.xpath(".//p[@class='standing']/span")
        viewer = page(client, source.xpath(".//a[@class='chip']/@href")[0])
        (standing,) = viewer.xpath("//header[@class='document']/p[contains(@class, 'standing')]")
        assert worded(badge).startswith(status if status != "changed" else "changed since")
        assert worded(badge) in worded(standing)
        assert standing.get("class").split()[1:] == badge.get("class").split()[1:]
        seen += 1
    assert seen
    same = (
        "The words that it cites are the same today. 1 of its 2 sources has the same words at another place"
    )
    changed = "1 of its 2 sources has changed since."
    assert (same in told(html), changed in told(html)) == (status in SAME, status not in SAME)


@pytest.mark.parametrize("status", NEWER)
def test_one_line_says_how_probable_it_was_and_what_became_of_it(
    client: TestClient, kept: str, status: str
) -> None:
    (today,) = page(client, kept).xpath("//p[contains(@class, 'verdict')]")
    put(client, "lamps.txt", NEWER[status])
    (verdict,) = page(client, kept).xpath("//p[contains(@class, 'verdict')]")
    said = {"gone": "What it cites is gone today.", "changed": "What it cites has other words today."}
    assert verdict.get("class").split()[1:-1] == {"gone": ["bad"], "changed": ["warn"]}.get(
        status, today.get("class").split()[1:-1]
    )
    assert worded(verdict).startswith("At that time: The ") == (status in said)
    for other, words_of_it in said.items():
        assert (words_of_it in worded(verdict)) == (other == status)


def test_the_page_says_when_the_answer_was_made(client: TestClient, kept: str) -> None:
    assert re.search(
        r"as the documents stood on 20\d\d-\d\d-\d\d \d\d:\d\d UTC, after change \d+\.",
        told(page(client, kept)),
    )


@pytest.mark.parametrize("status", NEWER)
def test_the_answer_of_today_says_that_a_passage_of_the_earlier_one_is_gone(
    client: TestClient, kept: str, status: str
) -> None:
    put(client, "lamps.txt", NEWER[status])
    (link,) = page(client, kept).xpath("//a[text()='Ask the documents of today']/@href")
    html = page(client, link)
    lost = html.xpath("//p[contains(@class, 'lost')]")
    assert len(lost) == (status in {"changed", "gone"})
    for one in lost:
        assert ("gone since version 2, 20" in worded(one)) == (status == "gone")
        was = page(client, one.xpath(".//a/@href")[0])
        assert "version 1 of 2" in told(was)
        assert (
            "good" not in html.xpath("//p[contains(@class, 'verdict')]")[0].get("class") or status != "gone"
        )
    # The links of that page ask without it.
    assert not [one for one in html.xpath("//main//a/@href") if "was=" in one]


def test_what_was_is_ignored_where_it_names_nothing(client: TestClient, kept: str) -> None:
    for was in ("x", "lamps.txt@000000000000:0-5"):
        assert not page(client, "/", q=ASKED, was=was).xpath("//p[contains(@class, 'lost')]")
