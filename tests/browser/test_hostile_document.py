"""A document made to do harm: nothing of it runs, loads or leaves its place, on any page."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from index.embedding import WordEmbedder
from index.library import Library
from tests.browser.visits import DESKTOP, PHONE, assert_accessible, assert_no_sideways, opened
from tests.service.http_service import app_of, live

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

EVIL = (
    '<script>alert(1)</script><img src="https://evil.example/x.png" onerror="alert(2)">'
    '<svg onload="alert(3)"><a href="javascript:alert(4)">quagga</a></svg><style>body{display:none}</style>'
)
SENTENCE = f"The quagga grazes near the lighthouse, {EVIL} as \u202eegnellahc\u202c it is told."
TABLE = "\n".join(
    ["| quagga | lighthouse |", "|---|---|", *(f"| {number} quaggas | {EVIL} |" for number in range(3000))]
)
TEXT = f"# Quagga {EVIL}\n\n{SENTENCE}\n\n[quagga](javascript:alert(5)) ![quagga](https://evil.example/y.png)\n\n{TABLE}\n"
TITLE = f"\u202eQuagga {EVIL}"
FOREIGN = "main script, main img:not([src^='/']), main style, main iframe, main object, [onerror], [onload]"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[str]]]:
    """The address of the service, and the pages that show the document."""
    with (
        Library(tmp_path_factory.mktemp("pages"), embedder=WordEmbedder()) as library,
        live(app_of(library)) as client,
    ):
        body = {"text": TEXT, "title": TITLE, "source": "javascript:alert(6)", "media_type": "text/markdown"}
        response = client.put("/v1/documents/evil.md?wait=true", json=body)
        assert response.status_code == 201, response.text
        question = "Where does the quagga graze near the lighthouse?"
        passage = client.post("/v1/ask", json={"question": question}).json()["passages"][0]
        locator = passage["citation"]["locator"]
        told = quote(f"{SENTENCE} Quaggas sail to the moon at noon.")
        pages = [
            f"/?q={quote(question)}",
            passage["citation"]["links"]["view"],
            f"/check?text={quote(locator)}",
            f"/check?text={told}",
            f"/docs?q={quote(EVIL)}",
            "/library",
            "/library/document?id=evil.md",
        ]
        yield str(client.base_url).rstrip("/"), pages


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_of_it_runs_or_is_loaded(
    browser: "Browser", place: tuple[str, list[str]], device: Any
) -> None:
    address, pages = place
    for page in opened(browser, address, **device):
        for path in pages:
            page.goto(path)
            page.wait_for_load_state("networkidle")
            assert page.locator(FOREIGN).count() == 0, path
            links = page.eval_on_selector_all("a, area", "all => all.map(one => one.protocol)")
            assert set(links) <= {"http:"}, path
            assert page.locator("main").is_visible(), path
            assert page.title().count("\u202e") == 0, path
            assert_no_sideways(page)


def test_a_page_with_it_is_accessible(browser: "Browser", place: tuple[str, list[str]]) -> None:
    address, pages = place
    for page in opened(browser, address, **DESKTOP):
        for path in (pages[0], pages[2], pages[3]):
            page.goto(path)
            assert_accessible(page)
