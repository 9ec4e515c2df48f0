"""The pages for people: the viewer, and those that tell errors."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from urllib.parse import quote as percent_encode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from index.config import ReadingConfig
from index.embedding import WordEmbedder
from index.errors import InvalidLocator
from index.library import Library
from index.readers import InProcessReaders
from index.records import Structure
from index.types import Block, Extract
from service.api.links import CitedWith, in_collection, view_address
from service.browser import is_page
from service.browser.document import WINDOW, document_page
from service.browser.languages import ENGLISH
from service.browser.marks import Marking, segments
from service.browser.rendering import TEMPLATES
from service.browser.wording import pages_in_words
from tests.service.browser.pages import (
    HOSTILE,
    LAMP,
    MARKDOWN,
    locator_of,
    marked,
    page,
    parts_of,
    put,
    squeezed,
    told,
    view,
    words,
)
from tests.service.http_service import GatedEmbedder, app_of, served
from tests.sizes import examples


@pytest.fixture
def text_and_record(client: TestClient) -> tuple[str, dict[str, Any]]:
    record = put(client, "lamps.md", MARKDOWN, source="https://example.org/lamps")
    return client.get(record["links"]["text"]).text, record


# The viewer


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


@pytest.mark.parametrize(("pages", "expected"), [(None, ""), ((3, 3), "page 3"), ((3, 5), "pages 3–5")])
def test_page_numbers_are_told_as_readers_say_them(pages: tuple[int, int] | None, expected: str) -> None:
    assert pages_in_words(pages, ENGLISH) == expected


@given(text=st.text(min_size=1, max_size=60), data=st.data())
def test_segments_are_the_span_cut_and_nothing_else(text: str, data: st.DataObject) -> None:
    offsets = st.integers(0, len(text))
    span, quote = (tuple(sorted((data.draw(offsets), data.draw(offsets)))) for _ in range(2))
    evidence = data.draw(st.lists(st.tuples(offsets, offsets), max_size=3))
    cut = list(segments(text, span, quote, evidence))
    assert "".join(one.text for one in cut) == text[span[0] : span[1]]
    common = text[max(span[0], quote[0]) : max(span[0], quote[0], min(span[1], quote[1]))]
    assert "".join(one.text for one in cut if one.mark) == common


# Documents that would rather be programs


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_a_document_says_is_shown_and_never_run(client: TestClient, hostile: str) -> None:
    text = f"== {hostile} ==\n\nThe lamp {hostile} was lit.\n\n- {hostile}\n- lamp\n"
    put(client, "a.txt", text, title=f"T {hostile}", source=hostile, metadata={"author": hostile})
    (passage,) = client.post("/v1/ask", json={"question": "Which lamp was lit?", "k": 1}).json()["passages"]
    asked = page(client, "/", q=f"lamp {hostile}")
    assert asked.xpath("//input[@name='q']")[0].get("value") == f"lamp {hostile}"
    assert f"T {hostile}" in words(asked.xpath("//a[@class='chip']")[0])
    assert words(asked.xpath("//blockquote")[0]) == passage["text"]
    html = page(client, asked.xpath("//a[@class='chip']")[0].get("href"))
    assert squeezed(marked(html)) == squeezed(passage["text"])
    assert words(html.find(".//h1")) == f"T {hostile}"
    assert html.findtext(".//title") == f"T {hostile} – Loccit"
    assert not html.xpath("//a[text()='the original']")
    put(client, "a.txt", text.replace("was lit", f"{hostile} is out"), title=f"T {hostile}")
    older = page(client, passage["citation"]["links"]["view"])
    assert hostile in words(older.xpath("//div[contains(@class, 'notice')]")[0])


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>.txt", "'\"><img src=x onerror=alert(1)>.txt", "a&b.txt"]
)
def test_an_id_is_shown_and_never_run(client: TestClient, name: str) -> None:
    document_id = name.replace("/", "|")
    record = put(client, document_id, LAMP, source=f"https://example.org/\"onclick='alert(1)'?{name}")
    html = view(client, locator_of(record, 0, len(LAMP)))
    assert words(html.find(".//h1")) == document_id
    missing = page(client, f"/view/{percent_encode(document_id)}@000000000000:0-5", status=404)
    assert document_id in told(missing)
    assert document_id in told(page(client, f"/view/{percent_encode(document_id)}", status=422))


def test_a_source_that_is_no_web_address_is_no_link(client: TestClient) -> None:
    for source in (
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "//example.org",
        "file:///x",
    ):
        record = put(client, "a.txt", LAMP, source=source)
        html = view(client, locator_of(record, 0, 5))
        assert "the original" not in words(html)
    record = put(client, "a.txt", LAMP, source="HTTPS://example.org/x")
    assert view(client, locator_of(record, 0, 5)) is not None


def test_halves_of_surrogate_pairs_in_an_address_do_no_harm(client: TestClient) -> None:
    put(client, "a.txt", LAMP)
    assert "probab" in told(page(client, "/?q=lamp%ED%A0%80"))


# One citation after another


@pytest.fixture
def three(client: TestClient) -> list[str]:
    """Citations of an answer: of two documents, the middle one with evidence."""
    lamps = put(client, "lamps & co/1.txt", f"{LAMP}\n\nOil lamps need a wick.\n")
    dogs = put(client, "dogs.txt", "A dog sleeps by the lamp.")
    return [
        locator_of(lamps, 0, len(LAMP)),
        f"{locator_of(lamps, len(LAMP) + 2, len(LAMP) + 24)}|{len(LAMP) + 2}-{len(LAMP) + 11}",
        locator_of(dogs, 0, 5),
    ]


def test_the_viewer_leads_from_one_citation_to_the_next(client: TestClient, three: list[str]) -> None:
    quotes = []
    html = view(client, three[0], of=three)
    assert not html.xpath("//a[@rel='prev']")
    while True:
        quotes.append(marked(html))
        assert f"{len(quotes)} of 3" in told(html)
        following = html.xpath("//nav[@class='steps']//a[@rel='next']/@href")
        if not following:
            break
        html = page(client, following[0])
    assert quotes == [LAMP, "Oil lamps need a wick.", "A dog"]
    (back,) = html.xpath("//nav[@class='steps']//a[@rel='prev']/@href")
    html = page(client, back)
    assert marked(html) == "Oil lamps need a wick."
    assert marked(html, "//mark[@class='evidence']") == "Oil lamps"
    (back,) = html.xpath("//a[@rel='prev']/@href")
    assert marked(page(client, back)) == LAMP
    assert back.endswith("#quote")


def test_a_citation_of_no_answer_leads_nowhere(client: TestClient, three: list[str]) -> None:
    assert not view(client, three[0]).xpath("//nav[@class='steps']")
    assert not view(client, three[0], of=three[2:]).xpath("//nav[@class='steps']")
    assert not view(client, three[0], of=three[:1]).xpath("//nav[@class='steps']")


@pytest.mark.parametrize(
    "of", ["x", "", "a@9f2c41aab3de:2-1", "a@9f2c41aab3de:1-2|", "a@9f2c41aab3de:1-2|3", "|1-2", "<script>"]
)
def test_an_answer_that_cannot_be_is_refused_on_a_page(client: TestClient, three: list[str], of: str) -> None:
    html = page(client, f"/view/{three[0]}", status=422, of=[*three, of])
    (alert,) = html.xpath("//*[@role='alert']")
    assert words(alert).startswith("of: ")


def test_an_answer_has_at_most_a_hundred_citations(client: TestClient, three: list[str]) -> None:
    assert view(client, three[0], of=[three[0]] * 100) is not None
    page(client, f"/view/{three[0]}", status=422, of=[three[0]] * 101)


def test_citations_of_an_answer_need_not_be_there(client: TestClient, three: list[str]) -> None:
    html = view(client, three[0], of=[three[0], "nothing.txt@000000000000:0-5"])
    (following,) = html.xpath("//a[@rel='next']/@href")
    assert "nothing.txt" in told(page(client, following, status=404))


LOCATORS = st.builds(
    "{}@{}:{}-{}".format,
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
    st.text("0123456789abcdef", min_size=12, max_size=12),
    st.integers(0, 999),
    st.integers(1000, 10**12 - 1),
)
SPANS = st.tuples(st.integers(0, 10**12 - 1), st.integers(0, 10**12 - 1))


@given(locator=LOCATORS, evidence=st.lists(SPANS, max_size=5))
def test_a_citation_with_its_evidence_is_read_as_it_was_written(
    locator: str, evidence: list[tuple[int, int]]
) -> None:
    one = CitedWith(locator, tuple(evidence))
    assert CitedWith.parse(str(one)) == one


@given(written=st.one_of(st.text(max_size=40), st.text("a@09f:|-", max_size=40)))
def test_what_is_no_citation_is_refused_and_what_is_comes_back(written: str) -> None:
    try:
        parsed = CitedWith.parse(written)
    except InvalidLocator:
        return
    assert CitedWith.parse(str(parsed)) == parsed


def test_an_id_with_evidence_in_it_is_not_taken_for_evidence() -> None:
    locator = "a|1-2@9f2c41aab3de:3-4|5-6@0f2c41aab3de:7-8"
    assert CitedWith.parse(locator) == CitedWith(locator)
    assert CitedWith.parse(f"{locator}|9-10") == CitedWith(locator, ((9, 10),))


@given(locator=LOCATORS, others=st.lists(st.builds(CitedWith, LOCATORS), max_size=3))
def test_the_address_of_a_citation_names_it_and_all_of_its_answer(
    locator: str, others: list[CitedWith]
) -> None:
    cited = [CitedWith(locator, ((1, 2),)), *others]
    parts = urlsplit(view_address(locator, cited, "other"))
    assert unquote(parts.path) == f"/view/{locator}"
    assert parse_qsl(parts.query, strict_parsing=True) == [
        *(("of", str(one)) for one in cited),
        ("collection", "other"),
    ]
    assert parts.fragment == "quote"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a", "/a?collection=b"),
        ("/a?c=d", "/a?c=d&collection=b"),
        ("/a#e", "/a?collection=b#e"),
        ("/a?c=d#e", "/a?c=d&collection=b#e"),
        ("", "?collection=b"),
    ],
)
def test_a_collection_goes_into_the_query(path: str, expected: str) -> None:
    assert in_collection(path, "b") == expected
    assert in_collection(path, "default") == path


# Long documents


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


# Errors


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/view/lamps.txt", 422, "invalid_locator"),
        ("/view/", 422, "invalid_locator"),
        ("/view/a.txt@000000000000:0-5", 404, "citation_not_found"),
        ("/view/a.txt@000000000000:0-5?collection=nowhere", 404, "collection_not_found"),
        ("/view/a.txt@000000000000:0-5?collection=No!", 422, "invalid_collection_name"),
        ("/view/a.txt@000000000000:0-5?at=x", 422, "invalid_request"),
        ("/view/a.txt@000000000000:0-5?at=-1", 422, "invalid_request"),
        ("/?collection=nowhere", 404, "collection_not_found"),
        ("/?collection=nowhere&q=lamp", 404, "collection_not_found"),
        ("/?collection=No!", 422, "invalid_collection_name"),
    ],
)
def test_errors_of_pages_are_pages(client: TestClient, address: str, status: int, code: str) -> None:
    put(client, "a.txt", LAMP)
    html = page(client, address, status)
    assert html.xpath("//code[text()=$code]", code=code)
    assert words(html.xpath("//*[@role='alert']")[0]).endswith((".", "?"))
    request_id = client.get(address, headers={"x-request-id": "it-was-me"})
    assert "it-was-me" in request_id.text
    assert html.xpath("//a[@href='/']")


def test_a_page_of_a_service_that_is_not_ready_says_so(library: Library, embedder: GatedEmbedder) -> None:
    embedder.gate.clear()
    with TestClient(app_of(library)) as client:
        for address in ("/", "/?q=lamp", "/view/a.txt@000000000000:0-5"):
            html = page(client, address, 503)
            assert "loading its model" in told(html)
            assert words(html.find(".//h1")) == "Not ready yet"
        assert client.get("/v1/documents").json()["error"]["code"] == "not_ready"
        embedder.gate.set()


def test_only_pages_tell_errors_as_pages(client: TestClient) -> None:
    for address in ("/v1/citations/x", "/v1/nothing", "/nothing", "/viewer", "/v1/documents/a", "/view"):
        response = client.get(address)
        assert response.status_code in {404, 422}
        assert response.headers["content-type"] == "application/json"
    for address in ("/", "/view/a.txt"):
        response = client.post(address)
        assert (response.status_code, response.json()["error"]["code"]) == (405, "method_not_allowed")


def test_addresses_of_pages_are_known() -> None:
    assert all(map(is_page, ("/", "/docs", "/check", "/view/a", "/view/a/b@0:1-2")))
    assert not any(map(is_page, ("/v1/ask", "/checks", "/static/1/base.css", "/view", "//")))


def test_a_busy_service_says_so_on_a_page(library: Library) -> None:
    with served(library, max_queue=1) as client:
        put(client, "a.txt", LAMP)
        app: Any = client.app
        with app.state.runtime.pools.questions.permits.acquire():
            assert "Too many requests" in told(page(client, "/?q=lamp", 429))
        assert page(client, "/?q=lamp") is not None


def test_a_page_that_has_to_wait_says_for_how_long(library: Library) -> None:
    with served(library, max_queue=1) as client:
        put(client, "a.txt", LAMP)
        app: Any = client.app
        with app.state.runtime.pools.questions.permits.acquire():
            api = client.post("/v1/ask", json={"question": "lamp"})
            assert client.get("/?q=lamp").headers.get("retry-after") == api.headers["retry-after"]


# The rest


@pytest.fixture
def locked(library: Library) -> Iterator[TestClient]:
    with served(library, api_key="correct-horse") as client:
        yield client


def test_a_browser_brings_the_key_as_a_password(locked: TestClient) -> None:
    key = {"x-api-key": "correct-horse"}
    record = locked.put("/v1/documents/a.txt?wait=true", json={"text": LAMP}, headers=key).json()
    basic = base64.b64encode(b"me:correct-horse").decode()
    for address in ("/", "/?q=lamp", f"/view/{locator_of(record, 0, 5)}"):
        refused = locked.get(address)
        assert refused.status_code == 401
        assert "Lamp" not in refused.text
        assert locked.get(address, headers={"authorization": f"Basic {basic}"}).status_code == 200
    # No browser is asked for them: it shows the form.
    assert locked.get("/").headers["www-authenticate"].startswith("Bearer ")


def test_templates_are_part_of_the_package() -> None:
    names = {one.name for one in TEMPLATES.iterdir()}
    assert {"base.html.jinja", "ask.html.jinja", "view.html.jinja", "error.html.jinja"} <= names


def test_controls_of_direction_in_titles_reorder_nothing_else(client: TestClient) -> None:
    title = "invoice\u202efdp"
    body = {"text": "The lamp was lit at dusk.", "title": title}
    assert client.put("/v1/documents/a.txt", json=body).status_code == 201
    page = client.get("/", params={"q": "When was the lamp lit?"}).text
    assert f"<bdi>{title}</bdi>" in page
    address = re.search(r'href="(/view/[^"]+)"', page)
    assert address is not None
    view = client.get(address[1]).text
    assert "<title>invoicefdp – Loccit</title>" in view
    assert f'<h1 dir="auto">{title}</h1>' in view  # the attribute isolates it
