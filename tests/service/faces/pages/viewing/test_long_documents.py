"""A long document is shown in parts."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from index.records import Structure
from index.types import Block
from service.faces.pages.document import WINDOW, document_page
from service.faces.pages.marks import Marking
from tests.service.faces.pages.pages import LAMP, locator_of, marked, page, parts_of, view, words
from tests.service.http_service import put


def test_a_long_document_is_shown_in_parts_that_cover_it(client: TestClient) -> None:
    paragraphs = [f"Paragraph {number} of the long document. " + "word " * 400 for number in range(140)]
    text = "\n\n".join(paragraphs)
    assert len(text) > 5 * WINDOW
    record = put(client, "long.txt", text)
    stored = client.get(record["links"]["text"]).text
    start = stored.index("Paragraph 70 ")
    locator = locator_of(record, start, start + 12)
    html = view(client, locator)
    assert marked(html) == "Paragraph 70"
    parts = [words(html.xpath("//div[@class='text']")[0])]
    assert abs(len(parts[0]) - 2 * WINDOW) < 200
    for label, insert in (("Earlier part", 0), ("Later part", None)):
        link = html.xpath("//p[@class='part']/a[text()=$label]/@href", label=label)
        while link:
            other = page(client, link[0])
            part = words(other.xpath("//div[@class='text']")[0])
            parts.insert(len(parts) if insert is None else insert, part)
            assert len(parts) < 10
            link = other.xpath("//p[@class='part']/a[text()=$label]/@href", label=label)
    seen = [int(number) for part in parts for number in re.findall(r"Paragraph (\d+) ", part)]
    assert list(dict.fromkeys(seen)) == list(range(140))
    assert len(parts) > 2


def test_from_another_part_a_link_leads_to_the_quote(client: TestClient) -> None:
    text = "\n\n".join(f"Paragraph {number}. " + "word " * 400 for number in range(60))
    record = put(client, "long.txt", text)
    locator = locator_of(record, 0, 12)
    html = view(client, locator, at=text.index("Paragraph 59."))
    assert not html.xpath("//*[@id='quote']")
    (link,) = html.xpath("//a[text()='to the quote']/@href")
    assert urlsplit(link).path.startswith("/view/"), "it leads nowhere on this part"
    assert marked(page(client, link)) == "Paragraph 0."


def test_a_place_past_the_end_shows_the_end(client: TestClient) -> None:
    record = put(client, "a.txt", f"{LAMP}\n\nIt is the end.")
    html = view(client, locator_of(record, 0, 5), at=10**9)
    assert "It is the end." in words(html.xpath("//div[@class='text']")[0])


@pytest.mark.parametrize("text", ["a" * (5 * WINDOW), "a word " * WINDOW])
@pytest.mark.parametrize("kind", ["paragraph", "list", "code", "heading"])
def test_a_block_longer_than_a_part_is_cut_and_its_parts_cover_it(text: str, kind: Any) -> None:
    structure = Structure((Block(kind, 0, len(text), level=1),), ())
    quote = (3 * WINDOW, 3 * WINDOW + 5)

    def shown(at: int) -> tuple[str, str, int | None, int | None]:
        around = document_page(Marking(text, quote, ()), structure, at=at)
        parts = list(parts_of(around))
        marked = "".join(part.text for part in parts if part.mark)
        return "".join(part.text for part in parts), marked, around.before, around.after

    middle, marked, before, after = shown(quote[0])
    assert marked == text[slice(*quote)]
    assert abs(len(middle) - 2 * WINDOW) < 200
    parts = [middle]
    while before is not None:
        part, _, before, _ = shown(before)
        parts.insert(0, part)
    while after is not None:
        part, _, _, after = shown(after)
        parts.append(part)
    # They are cut between words where there are any, and the first may repeat of the second.
    assert set(" ".join(parts).split()) == set(text.split()) or " " not in text
    assert len(text) - len(parts) <= sum(map(len, parts)) < len(text) + WINDOW
