"""What the viewer says of older versions, and how it leads from one version to another."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.service.faces.pages.pages import LAMP, locator_of, marked, page, told, view, words
from tests.service.http_service import put

NEWER = {
    "current": f"{LAMP}\n\nMore at the end.",
    "moved": f"More at the beginning.\n\n{LAMP}",
    "reformatted": LAMP.replace("tower was", "tower\nwas"),
    "changed": LAMP.replace("dusk", "dawn <i>"),
    "gone": "Nothing but sleeping dogs.",
}
NOTICE = "//div[contains(@class, 'notice')]"
HEAD = "//header[@class='document']"


def test_the_newest_version_says_so_and_has_no_notice(client: TestClient) -> None:
    record = put(client, "a.txt", LAMP)
    html = view(client, locator_of(record, 0, len(LAMP)))
    assert not html.xpath(NOTICE)
    assert "version 1 of 1, since 20" in " ".join(words(html.xpath(HEAD)[0]).split())


@pytest.mark.parametrize(
    ("status", "said", "tone"),
    [
        ("current", "the same today", ""),
        ("moved", "moved: the same words stand at another place today", ""),
        ("reformatted", "reformatted: the same words in another format today", ""),
        ("changed", "changed since: the document has other words here today", "warn"),
        ("gone", "gone since version 2, 20", "bad"),
    ],
)
def test_an_older_version_says_so_and_leads_to_the_newest(
    client: TestClient, status: str, said: str, tone: str
) -> None:
    record = put(client, "a.txt", LAMP)
    put(client, "a.txt", NEWER[status])
    html = view(client, locator_of(record, 0, len(LAMP)))
    assert marked(html) == LAMP
    (head,) = html.xpath(HEAD)
    assert "version 1 of 2, 20" in words(head)
    (standing,) = head.xpath("p[contains(@class, 'standing')]")
    assert "Older version" in words(standing)
    assert said in words(standing)
    assert standing.get("class").split()[1:] == ([tone] if tone else [])
    for place in (standing, *html.xpath(NOTICE)):
        (link,) = place.xpath(".//a/@href")
        newest = page(client, link)
        assert "version 2 of 2" in words(newest.xpath(HEAD)[0])
        assert not newest.xpath(NOTICE)
        assert marked(newest) == ("" if status == "gone" else newest_words(status))


def newest_words(status: str) -> str:
    return {"changed": NEWER["changed"], "reformatted": NEWER["reformatted"]}.get(status, LAMP)


@pytest.mark.parametrize("status", NEWER)
def test_the_notice_stands_at_the_quote(client: TestClient, status: str) -> None:
    before = "\n\n".join(f"Boat {number} sails at noon." for number in range(30))
    record = put(client, "a.txt", f"{before}\n\n{LAMP}\n\nThe end.")
    put(client, "a.txt", f"{before}\n\n{NEWER[status]}\n\nThe end.")
    html = view(client, locator_of(record, len(before) + 2, len(before) + 2 + len(LAMP)))
    notices = html.xpath(NOTICE)
    assert len(notices) == (status != "current")
    for notice in notices:
        assert marked(html) == words(notice.getnext()).strip() == LAMP
        assert "This is version 1, replaced on 20" in words(notice)
        deleted = "".join(words(one) for one in notice.xpath(".//del"))
        inserted = "".join(words(one) for one in notice.xpath(".//ins"))
        changed = ("dusk", "dawn <i>") if status == "changed" else ("", "")
        assert (deleted.strip(), inserted.strip()) == changed


def test_the_head_leads_from_version_to_version(client: TestClient) -> None:
    texts = [LAMP, f"One.\n\n{LAMP}", "All is gone.", f"Again.\n\n{LAMP}"]
    first, *_ = [put(client, "notes/a b.txt", text) for text in texts]
    html = view(client, locator_of(first, 0, len(LAMP)))
    (later, latest, comparison) = html.xpath(f"{HEAD}/p[@class='facts']/span[position()>1]/a/@href")
    second = page(client, later)
    assert "version 2 of 4" in told(second)
    assert marked(second) == LAMP
    assert "version 4 of 4" in told(page(client, latest))
    assert "Version 1 and version 4" in told(page(client, comparison))
    assert "Versions" in told(page(client, html.xpath(f"{HEAD}//a/@href")[0]))
    (third,) = second.xpath("//a[contains(., 'later')]/@href")
    html = page(client, third)  # which has no such words: it is shown from its start
    assert "version 3 of 4" in told(html)
    assert not marked(html)
    assert "to the quote" not in told(html)
    (back,) = html.xpath("//a[contains(., 'earlier')]/@href")
    assert "version 2 of 4" in told(page(client, back))


def test_a_quote_that_is_gone_is_gone_since_the_version_that_it_left(client: TestClient) -> None:
    texts = [LAMP, f"One.\n\n{LAMP}", "All is gone.", "All is gone, as before."]
    first, *_ = [put(client, "a.txt", text) for text in texts]
    assert "gone since version 3, 20" in told(view(client, locator_of(first, 0, len(LAMP))))


def test_the_newest_version_is_led_to_in_its_own_collection(client: TestClient) -> None:
    client.put("/v1/collections/other")
    record = put(client, "a.txt", LAMP, collection="other")
    put(client, "a.txt", NEWER["moved"], collection="other")
    html = view(client, locator_of(record, 0, len(LAMP)), collection="other")
    for link in html.xpath(
        "//header[@class='document']//a/@href | //div[contains(@class, 'notice')]//a/@href"
    ):
        assert "version 2" in told(page(client, link)).lower()


def test_the_library_opens_every_version_without_a_mark(client: TestClient) -> None:
    put(client, "a.txt", LAMP)
    put(client, "a.txt", f"{LAMP} He slept.")
    html = page(client, "/library/document", id="a.txt")
    (newest,) = html.xpath("//div[@class='actions']/a[contains(., 'Read')]/@href")
    for link, said in zip(
        [newest, *html.xpath("//table//a[text()='Read']/@href")],
        ["version 2 of 2", "version 2 of 2", "This is an older version."],
        strict=True,
    ):
        shown = page(client, link)
        assert said in told(shown)
        assert LAMP in told(shown)
        assert not marked(shown)
        assert "to the quote" not in told(shown)
