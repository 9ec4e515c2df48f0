"""Where on the pages of a PDF file a citation is shown."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import quote as percent_encode

import pytest
from reportlab.pdfgen.canvas import Canvas
from starlette.testclient import TestClient

FIRST, SECOND, THIRD = (
    "The lamp in the north tower was lit at dusk",
    "by the keeper, who slept until the morning.",
    "On another page the oil is told of.",
)
WIDTH, HEIGHT, SIZE = 400.0, 300.0, 12
LEFT, BASELINE, LEADING = 50.0, 200.0, 16.0


def pdf() -> bytes:
    data = io.BytesIO()
    canvas = Canvas(data, pagesize=(WIDTH, HEIGHT), invariant=1)
    for lines in ((FIRST, SECOND), (THIRD,)):
        canvas.setFont("Helvetica", SIZE)
        for number, line in enumerate(lines):
            canvas.drawString(LEFT, BASELINE - LEADING * number, line)
        canvas.showPage()
    canvas.save()
    return data.getvalue()


@pytest.fixture
def text_and_hash(client: TestClient) -> tuple[str, str]:
    response = client.put("/v1/documents/a.pdf", content=pdf(), headers={"content-type": "application/pdf"})
    assert response.status_code == 201, response.text
    return client.get("/v1/documents/a.pdf/text").text, response.json()["text_sha256"][:12]


def rectangles(client: TestClient, named: tuple[str, str], first: str, last: str) -> list[dict[str, Any]]:
    text, digits = named
    start, end = text.index(first), text.index(last) + len(last)
    cited = client.get(f"/v1/citations/{percent_encode(f'a.pdf@{digits}:{start}-{end}')}").json()
    found: list[dict[str, Any]] = cited["rectangles"]
    return found


def test_words_are_shown_where_they_were_drawn(client: TestClient, text_and_hash: tuple[str, str]) -> None:
    (one,) = rectangles(client, text_and_hash, "north", "tower")
    assert (one["page"], one["page_width"], one["page_height"]) == (1, WIDTH, HEIGHT)
    canvas = Canvas(io.BytesIO())
    before, until = (canvas.stringWidth(FIRST[:at], "Helvetica", SIZE) for at in (16, 27))
    assert FIRST[16:27] == "north tower"
    assert one["x0"] == pytest.approx(LEFT + before, abs=1)
    assert one["x1"] == pytest.approx(LEFT + until, abs=1)
    baseline = HEIGHT - BASELINE
    assert baseline - SIZE <= one["y0"] < baseline - SIZE / 3
    assert baseline - 1 <= one["y1"] <= baseline + SIZE / 2


def test_there_is_one_for_each_line_and_page(client: TestClient, text_and_hash: tuple[str, str]) -> None:
    found = rectangles(client, text_and_hash, "dusk", "another")
    assert [one["page"] for one in found] == [1, 1, 2]
    assert found[1]["y0"] - found[0]["y0"] == pytest.approx(LEADING, abs=1)
    assert all(one["x0"] < one["x1"] and one["y0"] < one["y1"] for one in found)


def test_there_are_none_where_there_are_no_pages(client: TestClient) -> None:
    record = client.put("/v1/documents/a.txt", json={"text": FIRST}).json()
    locator = f"a.txt@{record['text_sha256'][:12]}:0-8"
    assert client.get(f"/v1/citations/{percent_encode(locator)}").json()["rectangles"] == []
