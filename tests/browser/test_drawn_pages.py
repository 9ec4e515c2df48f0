"""The drawn pages of PDF files in a browser."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from index.embedding import WordEmbedder
from index.library import Library
from tests.browser.visits import DESKTOP, PHONE, assert_accessible, assert_no_sideways, opened
from tests.service.http_service import app_of, live

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

LAMP = "The lamp in the north tower was lit at dusk by the keeper."


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data = io.BytesIO()
    canvas = Canvas(data, pagesize=(595, 842), invariant=1)
    for page in range(5):
        for line in range(40):
            canvas.drawString(60, 780 - 18 * line, f"Line {line} of page {page} tells of the weather.")
        if page == 2:
            canvas.drawString(60, 50, LAMP)
        canvas.showPage()
    canvas.save()
    folder = tmp_path_factory.mktemp("pages")
    with Library(folder, embedder=WordEmbedder()) as library, live(app_of(library)) as client:
        response = client.put("/v1/documents/lamps.pdf?wait=true", content=data.getvalue())
        assert response.status_code == 201, response.text
        text = client.get("/v1/documents/lamps.pdf/text").text
        start, digits = text.index(LAMP), response.json()["text_sha256"][:12]
        locator = f"lamps.pdf@{digits}:{start}-{start + len(LAMP)}"
        yield f"{str(client.base_url).rstrip('/')} /view/{locator}?of={locator}|{start + 4}-{start + 8}#quote"


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Any:
    return request.param


def looked_at(page: "Page", address: str) -> None:
    page.goto(address)
    page.locator("figure img").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('figure img').complete")


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_quote_is_marked_on_the_drawn_page(
    browser: "Browser", address: str, device: Any, scripts: bool, scheme: Any
) -> None:
    base, path = address.split(" ")
    for page in opened(browser, base, color_scheme=scheme, java_script_enabled=scripts, **device):
        looked_at(page, path)
        assert_no_sideways(page)
        assert page.locator("mark").all_inner_texts() == ["The ", "lamp", LAMP[8:]]
        image = page.locator("figure img").bounding_box()
        marks = page.locator("figure svg").bounding_box()
        quote = page.locator("rect.quote").bounding_box()
        assert image
        assert marks
        assert quote
        assert marks == pytest.approx(image, abs=1)
        scale = image["width"] / 595
        assert quote["x"] - image["x"] == pytest.approx(60 * scale, abs=3)
        assert quote["y"] + quote["height"] / 2 - image["y"] == pytest.approx((842 - 54) * scale, abs=6)
        if scripts:
            assert_accessible(page)


def test_a_dense_screen_gets_a_sharp_picture(browser: "Browser", address: str) -> None:
    base, path = address.split(" ")
    widths = []
    for density in (1, 3):
        for page in opened(browser, base, device_scale_factor=density, **DESKTOP):
            looked_at(page, path)
            chosen = page.evaluate("document.querySelector('figure img').currentSrc")
            widths.append(int(chosen.split("width=")[1]))
            box = page.locator("figure img").bounding_box()
            assert box
            assert widths[-1] >= box["width"] * density
    assert widths[0] < widths[1]


def test_pages_are_turned_by_links(browser: "Browser", address: str) -> None:
    base, path = address.split(" ")
    for page in opened(browser, base, **DESKTOP):
        looked_at(page, path)
        page.get_by_text("next page").click()
        page.wait_for_selector("text=Page 4 of 5")
        assert page.locator("rect").count() == 0
        page.get_by_text("to the quote").click()
        page.wait_for_selector("rect.quote")
