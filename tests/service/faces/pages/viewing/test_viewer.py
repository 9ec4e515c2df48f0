"""The viewer shows a quote in its document."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from starlette.testclient import TestClient

from index.config import ReadingConfig
from index.embedding import WordEmbedder
from index.library import Library
from index.readers import InProcessReaders
from index.types import Extract
from service.faces.pages.languages import ENGLISH
from service.faces.pages.marks import segments
from service.faces.pages.wording import pages_in_words
from tests.index.citations.test_formats import citation
from tests.service.faces.pages.pages import LAMP, locator_of, marked, squeezed, told, view, words
from tests.service.http_service import put, served
from tests.sizes import examples

PDF = "application/pdf"


def test_the_viewer_marks_the_quote_and_tells_where_it_is(
    client: TestClient, text_and_record: tuple[str, dict[str, Any]]
) -> None:
    text, record = text_and_record
    start = text.index(LAMP)
    html = view(client, locator_of(record, start, start + len(LAMP)))
    assert marked(html) == LAMP
    (quote,) = html.xpath("//*[@id='quote']")
    assert (quote.tag, quote.get("tabindex")) == ("mark", "-1")
    assert words(html.find(".//h1")) == html.findtext(".//title").removesuffix(" – Loccit") == "Lamps & Co"
    assert "Care now › In the end" in told(html)
    assert "version 1 of 1" in told(html)
    (source,) = html.xpath("//a[starts-with(@href, 'https://example.org/lamps')]")
    assert {"noreferrer", "noopener"} == set(source.get("rel").split())
    footer = words(html.find(".//footer"))
    assert record["text_sha256"] in footer
    assert f"Characters {start} to {start + len(LAMP)}" in " ".join(footer.split())
    stored, citation = html.xpath("//footer//a/@href")
    assert client.get(stored).text == text
    assert client.get(citation).json()["quote"] == LAMP


def test_every_kind_of_block_is_shown_as_what_it_is(
    client: TestClient, text_and_record: tuple[str, dict[str, Any]]
) -> None:
    text, record = text_and_record
    html = view(client, locator_of(record, 0, len(text)))
    (shown,) = html.xpath("//div[@class='text']")
    assert squeezed(words(shown)) == squeezed(text)
    assert [words(one) for one in shown.xpath("./h2")] == ["Lamps & Co"]
    assert [words(one) for one in shown.xpath("./h3")] == ["Care now"]
    assert [words(one) for one in shown.xpath("./h4")] == ["In the end"]
    lists = [[item.text_content().strip() for item in one] for one in shown.xpath("./ul")]
    assert lists == [["- trim the wick", "- fill the oil- twice"], ["1. first", "2. second"]]
    assert [words(one) for one in shown.xpath("./ul//ul/li")] == ["- twice"]
    (table,) = shown.xpath(".//table")
    assert [words(one) for one in table.xpath("./thead/tr/th")] == ["A", "B"]
    assert [words(one) for one in table.xpath("./tbody/tr/td")] == ["x", "y"]
    assert [words(one) for one in shown.xpath("./pre[@class='code']")] == ["if lamp:\n    light(lamp)"]
    assert [words(one) for one in shown.xpath("./p")] == ["Intro words here.", "quoted block", LAMP]
    assert all(one.get("dir") == "auto" for one in shown.xpath("./p | ./h2 | .//li | .//td"))


def test_headings_go_no_deeper_than_html_has_them(client: TestClient) -> None:
    record = put(client, "a.md", "\n\n".join(f"{'#' * level} Level {level}" for level in range(1, 7)))
    html = view(client, locator_of(record, 0, 5))
    shown = [(one.tag, words(one)) for one in html.xpath("//div[@class='text']/*")]
    assert shown == [(f"h{min(level + 1, 6)}", f"Level {level}") for level in range(1, 7)]


def test_marks_around_a_heading_are_not_shown(client: TestClient) -> None:
    text = "== Lamps ==\n\nThe lamp was lit.\n"
    record = put(client, "a.txt", text)
    html = view(client, locator_of(record, 0, len(text.strip())))
    assert [words(one) for one in html.xpath("//div[@class='text']/*")] == ["Lamps", "The lamp was lit."]
    assert marked(html) == "LampsThe lamp was lit."


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_quoted_is_what_is_marked(
    client: TestClient, text_and_record: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    text, record = text_and_record
    start = data.draw(st.integers(0, len(text) - 1), label="start")
    end = data.draw(st.integers(start + 1, len(text)), label="end")
    low = data.draw(st.integers(0, len(text)), label="low")
    high = data.draw(st.integers(0, len(text)), label="high")
    locator = locator_of(record, start, end)
    html = view(client, locator, of=[f"{locator}|{low}-{high}"])
    quote = text[start:end]
    assert squeezed(marked(html)) == squeezed(quote)
    assert len(html.xpath("//*[@id='quote']")) == (marked(html) != "")
    evidence = text[max(low, start) : max(low, start, min(high, end))]
    assert squeezed(marked(html, "//mark[@class='evidence']")) == squeezed(evidence)
    assert squeezed(words(html.xpath("//div[@class='text']")[0])) == squeezed(text)


class PagedReaders(InProcessReaders):
    """Reads as ever, and says that a page begins at each of some words."""

    def __init__(self, *starts: str) -> None:
        super().__init__(ReadingConfig())
        self.starts = starts

    def read(self, data: bytes, **more: Any) -> Extract:
        extract = super().read(data, **more)
        return replace(extract, pages=tuple(extract.text.index(words) for words in self.starts))


def test_pages_are_told_where_they_begin(tmp_path: Path) -> None:
    text = "First of all.\n\nIt goes on.\n\nSecond of all.\n\nFourth of all."
    # The third page is empty.
    readers = PagedReaders("First", "Second", "Fourth", "Fourth")
    with Library(tmp_path, embedder=WordEmbedder(), readers=readers) as library, served(library) as client:
        record = put(client, "a.txt", text)
        html = view(client, locator_of(record, 0, 5))
    assert [words(one) for one in html.xpath("//div[@class='text']/p")] == [
        "page 1",
        "First of all.",
        "It goes on.",
        "page 2",
        "Second of all.",
        "page 4",
        "Fourth of all.",
    ]


@pytest.mark.parametrize(
    ("pages", "printed", "media_type", "expected"),
    [
        (None, None, PDF, ""),
        ((3, 3), None, PDF, "page 3"),
        ((3, 5), None, PDF, "pages 3–5"),
        ((219, 219), ("217", "217"), PDF, "page 217 (219 of the file)"),
        ((9, 11), ("xii", "2"), PDF, "pages xii–2 (9–11 of the file)"),
        ((9, 11), ("9", "11"), PDF, "pages 9–11"),
        ((9, 9), ("217", "217"), "application/epub+zip", "page 217"),
    ],
)
def test_page_numbers_are_told_as_readers_say_them(
    pages: tuple[int, int] | None, printed: tuple[str, str] | None, media_type: str, expected: str
) -> None:
    cited = citation(pages=pages, printed_pages=printed, media_type=media_type)
    assert pages_in_words(cited, ENGLISH) == expected


@given(text=st.text(min_size=1, max_size=60), data=st.data())
def test_segments_are_the_span_cut_and_nothing_else(text: str, data: st.DataObject) -> None:
    offsets = st.integers(0, len(text))
    span, quote = (tuple(sorted((data.draw(offsets), data.draw(offsets)))) for _ in range(2))
    evidence = data.draw(st.lists(st.tuples(offsets, offsets), max_size=3))
    cut = list(segments(text, span, quote, evidence))
    assert "".join(one.text for one in cut) == text[span[0] : span[1]]
    common = text[max(span[0], quote[0]) : max(span[0], quote[0], min(span[1], quote[1]))]
    assert "".join(one.text for one in cut if one.mark) == common
