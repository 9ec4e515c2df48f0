"""The built documentation at /help in a browser, under the policy of all pages: also its search."""

from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from index.embedding import WordEmbedder
from index.library import Library
from tests.browser.visits import DESKTOP, PHONE, assert_accessible, assert_no_sideways, opened
from tests.service.http_service import app_of, live

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "build" / "site"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not (SITE / "index.html").exists():
        pytest.skip("the site is not built: make site")
    folder: Path = tmp_path_factory.mktemp("help")
    with Library(folder, embedder=WordEmbedder()) as library, chdir(ROOT), live(app_of(library)) as client:
        yield str(client.base_url).rstrip("/")


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_can_be_read(browser: "Browser", address: str, device: Any, scheme: Any) -> None:
    for page in opened(browser, address, **device, color_scheme=scheme):
        for name in ("", "tutorial.html", "reference/errors.html"):
            page.goto(f"/help/{name}")
            assert page.locator("main h1").count() == 1
            assert_no_sideways(page)
            assert_accessible(page)


def test_the_search_finds_a_page_without_any_other_server(browser: "Browser", address: str) -> None:
    for page in opened(browser, address):
        page.goto("/help/")
        page.fill("input[name=q]", "backup")
        page.keyboard.press("Enter")
        page.wait_for_selector("#search-results li .context")
        page.click("#search-results li a:has-text('Back up and restore')")
        page.wait_for_selector("main h1:has-text('Back up and restore')")


def test_pages_do_without_scripts(browser: "Browser", address: str) -> None:
    for page in opened(browser, address, java_script_enabled=False):
        page.goto("/help/tutorial.html")
        page.click("nav.turn a[rel=next]")
        assert page.locator("main h1").inner_text().startswith("Install")
