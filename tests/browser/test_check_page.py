"""The page that checks a text, with a keyboard, on a phone, and without scripts."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from index.embedding import WordEmbedder
from index.library import Library
from tests.browser.visits import DESKTOP, PHONE, assert_accessible, assert_no_sideways, opened
from tests.service.http_service import app_of, live

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

LAMP = "The lamp in the north tower was lit at dusk by the keeper."
TOWER = "The south tower has two lamps and no keeper at all."
WRITTEN = f"{LAMP} {TOWER.replace('two', 'three')} Ships sail to distant ports at noon. {TOWER}"
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)> \u202e says “<svg onload=alert(3)> to us all”."
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with (
        Library(tmp_path_factory.mktemp("pages"), embedder=WordEmbedder()) as library,
        live(app_of(library)) as client,
    ):
        body = {"text": f"# Lamps\n\n{LAMP} {TOWER}\n"}
        assert client.put("/v1/documents/lamps.md?wait=true", json=body).status_code == 201
        yield str(client.base_url).rstrip("/")


@pytest.fixture
def page(browser: "Browser", address: str) -> "Iterator[Page]":
    yield from opened(browser, address, **DESKTOP)


def check(page: "Page", text: str) -> None:
    page.goto("/check")
    page.fill("#text", text)
    page.click("#check button[type=submit]")
    page.wait_for_selector(".sentence, .card")


def current(page: "Page") -> Any:
    return page.locator(".sentence[aria-current]").get_attribute("id")


def test_arrows_go_from_sentence_to_sentence_and_show_the_source(page: "Page") -> None:
    check(page, WRITTEN)
    page.keyboard.press("ArrowRight")
    assert current(page) == "t1"
    page.keyboard.press("ArrowRight")
    assert current(page) == "t2"
    assert TOWER in page.locator(".verdict.chosen").inner_text()
    page.keyboard.press("ArrowLeft")
    assert current(page) == "t1"
    page.locator("#t3").click()
    assert page.locator(".verdict.chosen").get_attribute("id") == "s3"
    assert page.evaluate("location.hash") == ""
    assert_accessible(page)


def test_only_problems_are_shown(page: "Page") -> None:
    check(page, WRITTEN)
    page.locator("#problems").click()
    assert [one.get_attribute("id") for one in page.locator(".verdict:visible").all()] == ["s2", "s3"]
    for expected in ("t2", "t3", "t3"):
        page.keyboard.press("ArrowRight")
        assert current(page) == expected
    page.keyboard.press("p")
    assert page.locator(".verdict:visible").count() == 4


def test_the_text_is_copied_with_its_citations(browser: "Browser", address: str) -> None:
    for page in opened(browser, address, permissions=["clipboard-read", "clipboard-write"]):
        check(page, WRITTEN)
        page.locator(".copies summary").click()
        page.locator("[data-copies=copy-markdown]").click()
        page.wait_for_selector("text=Copied")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith(f"{LAMP}[^1] ")
        assert "[^1]: “" in copied
        page.locator("[data-copies=copy-html]").click()
        page.wait_for_function("navigator.clipboard.read().then(([one]) => one.types.includes('text/html'))")


@pytest.mark.parametrize("shape", [DESKTOP, PHONE])
def test_citations_out_of_date_and_unknown_ones_are_legible(
    browser: "Browser", address: str, shape: dict[str, Any]
) -> None:
    for page in opened(browser, address, **shape):
        put = f"{address}/v1/documents/oil.md?wait=true"
        oil = "Twelve barrels of oil were kept in the cellar."
        page.request.put(put, data={"text": f"# Oil\n\n{oil} The cellar was dry.\n"})
        found = page.request.post(f"{address}/v1/verify", data={"quotes": [oil]}).json()
        locator = found["quotes"][0]["citation"]["locator"]
        page.request.put(put, data={"text": "# Oil\n\nThe cellar was dry.\n"})
        check(page, f"{oil[:-1]} [1]. {LAMP}\n\n[1] “{oil}” ({locator})\n[2]: Lost (b.md@000000000000:0-5)")
        assert page.locator("#t1").get_attribute("data-state") == "old"
        page.locator(".method summary").click()
        page.locator("#problems").click()
        assert page.locator("#s1").is_visible()
        assert_accessible(page)
        assert_no_sideways(page)


def test_a_file_is_checked(page: "Page", tmp_path: Path) -> None:
    file = tmp_path / "answer.md"
    file.write_text(WRITTEN)
    page.goto("/check")
    page.set_input_files("input[type=file]", file)
    page.click("#check button[type=submit]")
    page.wait_for_selector(".sentence")
    assert page.locator(".sentence").count() == 4


@pytest.mark.parametrize("scripts", [True, False])
def test_on_a_phone_a_sentence_leads_to_its_verdict(browser: "Browser", address: str, scripts: bool) -> None:
    for page in opened(browser, address, java_script_enabled=scripts, **PHONE):
        check(page, WRITTEN)
        assert_no_sideways(page)
        page.locator("#t4").tap()
        page.wait_for_url("**/check#s4")
        box = page.locator("#s4").bounding_box()
        assert box is not None
        assert 0 <= box["y"] < 800
        page.locator("#s4 .said a").tap()
        page.wait_for_url("**/check#t4")


def test_a_hostile_text_runs_nothing(page: "Page") -> None:
    check(page, HOSTILE)
    assert HOSTILE in page.locator(".checked").inner_text()
    assert page.locator("main img, main svg, main script").count() == 0
