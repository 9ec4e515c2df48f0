"""The empty page that checks a text opens with an example of the documents that it checks by."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.service.faces.pages.pages import page, told, words
from tests.service.http_service import put

TEXT = """# Lamps

The lamp in the tower was lit at dusk by the keeper.

It burned for 312 nights of the long winter of that year.
"""


def test_the_empty_page_has_an_example_of_these_documents_and_checks_it(client: TestClient) -> None:
    assert "Check the example" not in told(page(client, "/check"))
    put(client, "a.md", TEXT)
    html = page(client, "/check")
    (example,) = html.xpath("//section[@class='example']/blockquote")
    assert "lit at dusk" in words(example)
    assert "313 nights" in words(example)
    (link,) = html.xpath("//section[@class='example']//a/@href")
    checked = told(page(client, link))
    assert "313" in checked
    assert "differs" in checked
    assert "Check the example" not in checked


@pytest.mark.parametrize(
    "text", ["", "One. Two.", "| a | b |", "Short one. " * 5, "x" * 300_000, "第一句话有很多很多的字在里面。"]
)
def test_documents_without_such_sentences_have_no_example(client: TestClient, text: str) -> None:
    if text:
        put(client, "a.md", text)
    html = page(client, "/check")
    assert not html.xpath("//section[@class='example']")
