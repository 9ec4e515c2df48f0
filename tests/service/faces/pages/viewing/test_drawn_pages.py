"""The viewer draws the pages of PDF files beside their text."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from urllib.parse import quote as percent_encode

import pytest
from lxml.html import HtmlElement
from PIL import Image
from reportlab.pdfgen.canvas import Canvas
from starlette.testclient import TestClient

from index.config import IngestConfig, LibraryConfig
from index.embedding import WordEmbedder
from index.library import Library
from service.faces.pages.drawn_pages import MOST, WIDTHS
from tests.index.readers.pdf.test_figures import BOX, photo, under
from tests.index.readers.pdf.test_page_numbers import SHAPES
from tests.index.readers.pdf.test_pdf import PROSE, lines, pdf as numbered_pdf, together
from tests.service.faces.pages.pages import LAMP, locator_of, marked, page, told, view, words
from tests.service.http_service import put, served

PAGES = ("The first page tells of oil.", LAMP, "The third page tells of wicks.", "The end.", "After it.")
WIDTH, HEIGHT = 500.0, 400.0


def pdf(*pages: str) -> bytes:
    data = io.BytesIO()
    canvas = Canvas(data, pagesize=(WIDTH, HEIGHT), invariant=1)
    for text in pages:
        if text:
            canvas.drawString(50, 300, text)
        canvas.showPage()
    canvas.save()
    return data.getvalue()


def put_pdf(client: TestClient, *pages: str, collection: str = "default") -> tuple[str, dict[str, Any]]:
    address = f"/v1/documents/a b.pdf?wait=true&collection={collection}"
    response = client.put(address, content=pdf(*pages), headers={"content-type": "application/pdf"})
    assert response.status_code < 300, response.text
    text = client.get(f"/v1/documents/a b.pdf/text?collection={collection}").text
    return text, response.json()


@pytest.fixture
def filed(client: TestClient) -> tuple[str, dict[str, Any]]:
    return put_pdf(client, *PAGES)


def locator(filed: tuple[str, dict[str, Any]], first: str, last: str = "") -> str:
    text, record = filed
    start = text.index(first)
    end = text.index(last or first) + len(last or first)
    return locator_of(record, start, end)


def numbers(html: HtmlElement) -> list[str]:
    return [one.get("alt").split()[1] for one in html.xpath("//figure//img")]


def test_the_page_of_a_citation_is_drawn_and_marked(
    client: TestClient, filed: tuple[str, dict[str, Any]]
) -> None:
    cited = locator(filed, LAMP)
    start = filed[0].index(LAMP)
    html = view(client, cited, of=[f"{cited}|{start + 4}-{start + 8}"])
    assert marked(html) == LAMP
    assert told(html).count("tells of") == 0, "the text is that of the page"
    (image,) = html.xpath("//figure//img")
    assert image.get("alt") == "Page 2 of a b.pdf, as it is printed"
    assert (image.get("width"), image.get("height")) == ("500", "400")
    choices = [one.split() for one in image.get("srcset").split(", ")]
    assert [width for _, width in choices] == [f"{one}w" for one in WIDTHS]
    for address, width in choices:
        with Image.open(io.BytesIO(client.get(address).content)) as drawn:
            assert f"{drawn.width}w" == width
            assert drawn.height / drawn.width == pytest.approx(HEIGHT / WIDTH, abs=0.01)
    (marks,) = html.xpath("//figure//svg")
    assert marks.get("viewbox") == "0 0 500.0 400.0"
    assert [one.get("class") for one in marks] == ["quote", "evidence"]
    quote, evidence = (
        {name: float(one.get(name)) for name in ("x", "y", "width", "height")} for one in marks
    )
    citation = client.get(f"/v1/citations/{percent_encode(cited)}").json()
    (rectangle,) = citation["rectangles"]
    assert (quote["x"], quote["y"]) == (rectangle["x0"], rectangle["y0"])
    assert quote["x"] + quote["width"] == pytest.approx(rectangle["x1"], abs=0.02)
    assert quote["x"] < evidence["x"] < evidence["x"] + evidence["width"] < quote["x"] + quote["width"]
    (original,) = html.xpath("//figcaption//a/@href")
    assert original.endswith("#page=2")
    assert client.get(original).content == pdf(*PAGES)


def test_pages_are_turned_and_the_quote_is_found_again(
    client: TestClient, filed: tuple[str, dict[str, Any]]
) -> None:
    html = view(client, locator(filed, LAMP))
    back, on = html.xpath("//nav[@class='turn']/a/@href")
    first = client.get(back)
    assert first.status_code == 200
    html = view(client, locator(filed, LAMP), page=3)
    assert numbers(html) == ["3"]
    assert PAGES[2] in told(html)
    assert not html.xpath("//figure//rect")
    assert not html.xpath("//*[@id='quote']")
    (link,) = html.xpath("//a[text()='to the quote']/@href")
    assert link.endswith("#quote")
    assert "page=3" in on
    last = view(client, locator(filed, LAMP), page=10**6)
    assert numbers(last) == ["5"]
    assert len(last.xpath("//nav[@class='turn']/a")) == 1


def test_a_quote_over_several_pages_shows_the_first_of_them(
    client: TestClient, filed: tuple[str, dict[str, Any]]
) -> None:
    html = view(client, locator(filed, PAGES[0], PAGES[1]))
    assert numbers(html) == ["1", "2"]
    assert [len(one) for one in html.xpath("//figure//svg")] == [1, 1]
    assert len(numbers(view(client, locator(filed, PAGES[0], PAGES[4])))) == MOST


def test_a_page_without_text_says_so(client: TestClient) -> None:
    html = view(client, locator(put_pdf(client, LAMP, ""), LAMP), page=2)
    assert numbers(html) == ["2"]
    assert "This page has no text." in told(html)


def test_the_pages_are_those_of_the_version_and_the_collection(client: TestClient) -> None:
    client.put("/v1/collections/other")
    cited = locator(put_pdf(client, *PAGES, collection="other"), LAMP)
    put_pdf(client, "Another file.", collection="other")
    html = view(client, cited, collection="other")
    (image,) = html.xpath("//figure//img")
    assert "version=1" in image.get("src")
    assert client.get(image.get("src")).status_code == 200
    (original,) = html.xpath("//figcaption//a/@href")
    assert client.get(original).content == pdf(*PAGES)


def test_without_an_original_one_line_says_so(tmp_path: Path) -> None:
    config = LibraryConfig(ingest=IngestConfig(keep_originals=False))
    with Library(tmp_path, embedder=WordEmbedder(), config=config) as library, served(library) as client:
        html = view(client, locator(put_pdf(client, *PAGES), LAMP))
    assert "its original is not kept" in told(html)
    assert not html.xpath("//img")
    assert marked(html) == LAMP
    assert PAGES[0] in told(html), "the text around the quote is there"


def test_other_files_have_no_drawn_pages(client: TestClient) -> None:
    html = view(client, locator_of(put(client, "a.txt", LAMP), 0, 5), page=2)
    assert not html.xpath("//img | //svg")
    assert "original" not in words(html.find(".//article"))


def test_pages_are_named_by_the_numbers_that_they_bear(client: TestClient) -> None:
    drawn = [
        together(
            lines(f"Chapter {'abcde'[page]} tells of the keeper.", *PROSE),
            *([SHAPES["foot"](str(217 + page), page)] if page else []),
        )
        for page in range(5)
    ]
    client.put("/v1/documents/offprint.pdf?wait=true", content=numbered_pdf(*drawn))
    text = client.get("/v1/documents/offprint.pdf/text").text
    record = client.get("/v1/documents/offprint.pdf").json()

    def cited(words: str) -> str:
        return locator_of(record, text.index(words), text.index(words) + len(words))

    html = view(client, cited("Chapter c"))
    assert "page 219 (3 of the file)" in told(html)
    assert html.xpath("string(//figcaption)").split("·")[0].strip() == "Page 219 (3 of 5 of the file)"
    without = view(client, cited("Chapter a"))
    assert "page 1" in told(without)
    assert without.xpath("string(//p[@class='page'])") == "page 1 of the file"
    reply = client.get(f"/v1/citations/{percent_encode(cited('Chapter c'))}").json()
    assert (reply["pages"], reply["printed_pages"], reply["figure"]) == ([3, 3], ["219", "219"], None)
    assert client.get(f"/v1/citations/{percent_encode(cited('Chapter a'))}").json()["printed_pages"] is None
    answer = client.post("/v1/ask", json={"question": "Chapter c", "extent": "sentences"}).json()
    found = {one["citation"]["pages"][0]: one["citation"]["printed_pages"] for one in answer["passages"]}
    assert found[3] == ["219", "219"]
    plain = client.get(f"/v1/citations/{percent_encode(cited('Chapter c'))}?format=plain").text
    assert "p. 219 (3 of the file)" in plain


def test_a_citation_of_a_caption_shows_its_picture(client: TestClient) -> None:
    caption = "Figure 3. The lamp of the harbour at dusk."
    drawn = together(lines(*PROSE, top=120), photo(BOX), under(caption), lines(*PROSE, top=500))
    client.put("/v1/documents/lamp.pdf?wait=true", content=numbered_pdf(drawn))
    reply = client.post("/v1/ask", json={"question": caption, "extent": "sentences", "k": 3})
    (cited,) = [one["citation"] for one in reply.json()["passages"] if "Figure 3" in one["text"]]
    assert cited["figure"]["page"] == 1
    link = cited["links"]["figure"]
    picture = client.get(link)
    with Image.open(io.BytesIO(picture.content)) as image:
        figure = cited["figure"]
        ratio = (figure["x1"] - figure["x0"]) / (figure["y1"] - figure["y0"])
        assert image.width / image.height == pytest.approx(ratio, rel=0.02)
    assert client.get(link, headers={"if-none-match": picture.headers["etag"]}).status_code == 304
    assert client.get(link.replace("figure=", "figure=9")).json()["error"]["code"] == "page_not_found"
    html = page(client, "/", q=caption)
    assert link in html.xpath("//p[@class='figure']//img/@src")
    other = client.post("/v1/ask", json={"question": PROSE[0], "extent": "sentences"}).json()
    assert "figure" not in other["passages"][0]["citation"]["links"]
