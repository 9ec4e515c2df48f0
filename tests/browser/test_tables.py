"""Tables of the pages: no heading and no short cell breaks inside a word, whatever a document is called."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from index.embedding import WordEmbedder
from index.library import Library
from tests.browser.visits import assert_no_sideways, opened
from tests.patience import eventually
from tests.service.http_service import app_of, live

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

LONG = "Average tax rates of households by annual earnings and kind of income, revised tables, part"
BROKEN = r"""() => {
    const broken = [];
    for (const cell of document.querySelectorAll("thead th, td:not(.prose)")) {
        const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) for (const word of texts.currentNode.data.matchAll(/[\p{L}\p{N}]+/gu)) {
            const range = document.createRange();
            range.setStart(texts.currentNode, word.index);
            range.setEnd(texts.currentNode, word.index + word[0].length);
            const boxes = [...range.getClientRects()].filter((one) => one.width);
            const lines = new Set(boxes.map((one) => one.top));
            if (lines.size > 1 && !cell.querySelector(".hidden-text")) broken.push(word[0]);
        }
    }
    return broken;
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("tables")
    with Library(folder, embedder=WordEmbedder()) as library, live(app_of(library)) as client:
        for number in range(3):
            name = f"taxes%2Fof%2Fhouseholds%2Frevised-tables-{number}.md"
            body = {"text": f"# Taxes\n\nThe rate of part {number} is low.", "title": f"{LONG} {number}"}
            assert client.put(f"/v1/documents/{name}?wait=true", json=body).status_code == 201
        files = [("files", (f"households-{number}.docx", b"PK")) for number in range(2)]
        job = client.post("/v1/ingest", files=files).json()["job_id"]
        eventually(lambda: client.get(f"/v1/jobs/{job}").json()["state"] == "done")
        yield str(client.base_url).rstrip("/")


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
@pytest.mark.parametrize("width", [1280, 920, 390])
def test_words_stay_whole(browser: "Browser", address: str, width: int, locale: str) -> None:
    for page in opened(browser, address, locale=locale, viewport={"width": width, "height": 900}):
        page.goto("/jobs")
        job = page.locator("tbody th a").first.get_attribute("href")
        document = "/library/document?id=taxes%2Fof%2Fhouseholds%2Frevised-tables-0.md"
        for place in ("/library", "/jobs", str(job), "/library/collections", "/status", document):
            page.goto(place)
            if width > 900:  # on a phone the headings are for screen readers only
                assert page.evaluate(BROKEN) == [], place
            assert_no_sideways(page)
