"""The pages in a browser, as a reader uses them: with a keyboard, on a phone, in the dark."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from index.embedding import WordEmbedder
from index.library import Library
from tests.browser.visits import PHONE, assert_no_sideways, opened
from tests.service.http_service import app_of, live

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

LAMP = "The lamp in the north tower was lit at dusk by the keeper."
ASKED = "Who lit the lamp in the north tower?"
LONG = "Supercalifragilistic" * 12
HOSTILE = '<script>alert("lamp")</script><img src=x onerror="alert(1)"><svg onload=alert(2)>'
FOREIGN = "script:not([src^='/static/']):not([type='application/json']), body script, img, svg"
"""What no page has of its own, so that it would be a document's."""


def filler(of: str) -> str:
    return "\n\n".join(f"{number}. paragraph of {of}, which says nothing much. " * 3 for number in range(80))


DOCUMENTS = {
    "lamps.md": (f"# Lamps\n\n{filler('weather')}\n\n{LAMP}\n\n{filler('harbours')}\n", {}),
    "table.md": (
        f"# A wide tower\n\n| north | tower | keeper |\n|---|---|---|\n| {LONG} | {LONG} | lamp |\n\n"
        f"```\n{LONG} lamp lit in the north tower {LONG}\n```\n\n## {LONG}\n\nThe north tower {LONG}.\n",
        {"title": f"A tower {LONG}"},
    ),
    "hostile.txt": (f"{HOSTILE}\n\nThe north tower has a lamp, {HOSTILE} it says.\n", {"title": HOSTILE}),
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("pages")
    with Library(folder, embedder=WordEmbedder()) as library, live(app_of(library)) as client:
        for document_id, (text, more) in DOCUMENTS.items():
            body = {"text": text, **more}
            response = client.put(f"/v1/documents/{document_id}?wait=true", json=body)
            assert response.status_code == 201, response.text
        yield str(client.base_url).rstrip("/")


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def page(request: pytest.FixtureRequest, browser: "Browser", address: str) -> "Iterator[Page]":
    # Too narrow for a document beside the answer: citations open in the viewer.
    size: Any = {"width": 1000, "height": 720}
    yield from opened(browser, address, java_script_enabled=request.param, viewport=size)


@pytest.fixture
def phone(browser: "Browser", address: str) -> "Iterator[Page]":
    yield from opened(browser, address, **PHONE)


def asked(page: "Page", question: str = ASKED) -> None:
    page.goto("/")
    page.wait_for_selector("#q:focus")
    page.keyboard.type(question)
    page.keyboard.press("Enter")
    page.wait_for_selector(".passages .chip")


def focused(page: "Page") -> Any:
    return page.locator(":focus")


def tabbed_to(page: "Page", selector: str) -> None:
    """Press Tab until what is meant has the focus."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.locator(f"{selector}:focus").count():
            return
    pytest.fail(f"Tab does not reach {selector}")


def assert_in_viewport(page: "Page", selector: str) -> None:
    box = page.locator(selector).bounding_box()
    size = page.viewport_size
    assert box is not None
    assert size is not None
    assert box["y"] >= 0, (box, size)
    assert box["y"] + min(box["height"], 40) <= size["height"], (box, size)
    assert 0 <= box["x"] < size["width"], (box, size)


def test_a_question_is_asked_and_its_source_opened_by_keyboard_alone(page: "Page") -> None:
    asked(page)
    assert page.locator("#q").input_value() == ASKED
    tabbed_to(page, ".chip")
    assert focused(page).inner_text().startswith("1 ")
    while "Lamps" not in focused(page).inner_text():
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/view/.*#quote$"))
    page.wait_for_selector("#quote")
    assert LAMP in page.locator("div.text").inner_text()
    assert_in_viewport(page, "#quote")


def test_the_quote_is_in_sight_at_once_and_after_a_reload(page: "Page") -> None:
    asked(page)
    page.locator(".chip", has_text="Lamps").first.click()
    page.wait_for_selector("#quote")
    assert page.evaluate("document.documentElement.scrollHeight > 3 * innerHeight")
    assert page.evaluate("scrollY") > 0
    assert_in_viewport(page, "#quote")
    page.reload()
    assert_in_viewport(page, "#quote")
    page.evaluate("scrollTo(0, 0)")
    page.locator("a", has_text="to the quote").click()
    page.wait_for_function("scrollY > 0")
    assert_in_viewport(page, "#quote")


def test_the_next_citation_opens_with_its_own_quote_in_sight(page: "Page") -> None:
    asked(page)
    count = page.locator(".chip").count()
    assert count > 1
    page.locator(".chip").first.click()
    seen = []
    for number in range(1, count + 1):
        page.wait_for_selector(f".steps >> text={number} of {count}")
        seen.append(page.url)
        assert_in_viewport(page, "#quote")
        steps = page.locator(".steps").bounding_box()
        quote = page.locator("#quote").bounding_box()
        assert steps is not None
        assert quote is not None
        assert quote["y"] < steps["y"], "the bar below covers the quote"
        if number < count:
            page.locator(".steps a[rel=next]").click()
    assert len(set(seen)) == count
    assert page.locator(".steps a[rel=next]").count() == 0
    page.locator(".steps a[rel=prev]").click()
    page.wait_for_selector(f".steps >> text={count - 1} of {count}")


def test_going_back_comes_back_to_the_answer(page: "Page") -> None:
    asked(page)
    page.locator(".chip").first.click()
    page.wait_for_selector("#quote")
    page.go_back()
    assert page.locator("#q").input_value() == ASKED
    assert page.locator(".chip").count() > 1


def test_on_a_phone_nothing_scrolls_sideways(phone: "Page") -> None:
    phone.goto("/")
    assert_no_sideways(phone)
    asked(phone, "Which tower has a wide table, and a lamp lit in the north?")
    assert_no_sideways(phone)
    titles = phone.locator(".chip").all_inner_texts()
    assert any(LONG in title for title in titles)
    for number in range(len(titles)):
        phone.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        phone.locator(".chip").nth(number).click()
        phone.wait_for_selector("#quote")
        assert_no_sideways(phone)
        assert_in_viewport(phone, "#quote")
        phone.go_back()


def test_on_a_phone_what_is_tapped_is_large_enough(phone: "Page") -> None:
    asked(phone)
    for selector in ("#q", "form button", ".chip"):
        box = phone.locator(selector).first.bounding_box()
        assert box is not None
        assert box["height"] >= 24, selector


def test_an_error_on_a_phone_can_be_read(browser: "Browser", address: str) -> None:
    context = browser.new_context(base_url=address, viewport={"width": 390, "height": 800})
    try:
        page = context.new_page()
        page.goto(f"/view/{LONG}@000000000000:0-5")
        assert LONG in page.inner_text("main")
        assert_no_sideways(page)
    finally:
        context.close()


def test_a_document_with_scripts_in_it_runs_nothing(page: "Page") -> None:
    asked(page, "Which north tower has a lamp, as it says?")
    assert page.locator(FOREIGN).count() == 0
    page.locator(".chip", has_text="<script>").first.click()
    page.wait_for_selector("#quote")
    assert HOSTILE in page.locator("div.text").inner_text()
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.locator(FOREIGN).count() == 0
    page.wait_for_timeout(100)


def contrast(page: "Page", selector: str) -> float:
    """The contrast ratio (WCAG 2.2) of an element's text with what is behind it."""
    colours: list[list[float]] = page.locator(selector).first.evaluate(
        """element => {
            const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
            let behind = element;
            const ground = () => numbers(getComputedStyle(behind).backgroundColor);
            while (behind.parentElement && ground()[3] === 0) behind = behind.parentElement;
            return [numbers(getComputedStyle(element).color), ground()];
        }"""
    )
    light, dark = sorted((luminance(colour) for colour in colours), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: list[float]) -> float:
    assert len(colour) == 3 or colour[3] == 1, colour
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in colour[:3])
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(browser: "Browser", address: str, scheme: Any) -> None:
    size: Any = {"width": 1000, "height": 720}
    for page in opened(browser, address, color_scheme=scheme, viewport=size):
        asked(page)
        (ground,) = (
            luminance(colour)
            for colour in page.evaluate(
                "[getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).map(Number)]"
            )
        )
        assert (ground < 0.1) == (scheme == "dark")
        for selector in (
            "label",
            "#q",
            "form button",
            ".chip",
            ".note",
            ".note small",
            ".where",
            "blockquote",
        ):
            assert contrast(page, selector) >= 4.5, selector
        page.locator(".chip").first.click()
        page.wait_for_selector("#quote")
        for selector in ("body", "h1", ".facts", ".facts a", "div.text p", "mark.quote, mark", ".steps a"):
            assert contrast(page, selector) >= 4.5, selector
        for selector in ("mark.quote", "mark.evidence"):
            if page.locator(selector).count():
                assert contrast(page, selector) >= 4.5, selector


def test_addresses_have_no_empty_fields_and_the_navigation_is_one_line(page: "Page") -> None:
    page.goto("/")
    page.locator("#q").fill("Who lit the lamp?")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=Who+lit+the+lamp%3F")
    assert page.locator("#q").is_enabled()
    page.set_viewport_size({"width": 390, "height": 800})
    links = page.locator(".top nav a").all()
    assert len({one.bounding_box()["y"] for one in links}) == 1  # type: ignore[index]
