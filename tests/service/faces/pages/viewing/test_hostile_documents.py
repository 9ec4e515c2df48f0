"""Documents that would rather be programs."""

from __future__ import annotations

import re
from urllib.parse import quote as percent_encode

import pytest
from starlette.testclient import TestClient

from tests.service.faces.pages.pages import (
    HOSTILE,
    LAMP,
    locator_of,
    marked,
    page,
    squeezed,
    told,
    view,
    words,
)
from tests.service.http_service import put


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
