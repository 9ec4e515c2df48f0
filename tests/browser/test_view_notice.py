"""Who lands on a quote of an older version sees at once that it is one."""

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
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

CLAUSE = "The supplier tells the customer of a breach within twenty-four hours of the first sign of it."
NEWER = {
    "moved": f"{CLAUSE}\n\nA clause that is new stands behind it now.",
    "reformatted": CLAUSE.replace("customer of a", "customer\nof a"),
    "changed": CLAUSE.replace("twenty-four", "seventy-two"),
    "gone": "Left out.",
}
SAID = {"moved": "moved:", "reformatted": "reformatted:", "changed": "changed since:", "gone": "gone since"}
BEFORE, AFTER = (
    "\n\n".join(f"{word} {number}. The parties keep to what they agreed on there." for number in range(60))
    for word in ("Clause", "Annex")
)


def text(clause: str) -> str:
    return f"Services agreement\n\n{BEFORE}\n\n{clause}\n\n{AFTER}"


def pdf(clause: str) -> bytes:
    data = io.BytesIO()
    canvas = Canvas(data, pagesize=(595, 842), invariant=1)
    for page in range(3):
        for line in range(30):
            canvas.drawString(60, 780 - 18 * line, f"Line {line} of page {page} tells of the weather.")
        if page == 1:
            canvas.drawString(60, 50, clause)
        canvas.showPage()
    canvas.save()
    return data.getvalue()


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a service, and by what became of it, that of a quote of an older version."""
    folder = tmp_path_factory.mktemp("notices")
    with Library(folder, embedder=WordEmbedder()) as library, live(app_of(library)) as client:

        def cited(name: str, **content: Any) -> str:
            put = client.put(f"/v1/documents/{name}?wait=true", **content)
            assert put.status_code in {200, 201}, put.text
            whole = client.get(f"/v1/documents/{name}/text").text
            start = whole.find(CLAUSE)
            return f"/view/{name}@{put.json()['text_sha256'][:12]}:{start}-{start + len(CLAUSE)}#quote"

        found = {}
        for status, newer in NEWER.items():
            found[status] = cited(f"{status}.txt", json={"text": text(CLAUSE)})
            where = text(newer).replace(BEFORE, "") if status == "moved" else text(newer)
            cited(f"{status}.txt", json={"text": where})
        found["pdf"] = cited("a.pdf", content=pdf(CLAUSE))
        cited("a.pdf", content=pdf(NEWER["changed"]))
        yield str(client.base_url).rstrip("/"), found


def is_in_view(page: "Page", wanted: "Locator") -> bool:
    """Whether all of an element is in the window, and nothing is over it."""
    box = wanted.bounding_box()
    assert box
    assert page.viewport_size
    inside = box["y"] >= 0 and box["y"] + box["height"] <= page.viewport_size["height"]
    corner = [box["x"] + 5, box["y"] + 5]
    return inside and wanted.evaluate(
        "(one, [x, y]) => one.contains(document.elementFromPoint(x, y))", corner
    )


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("status", [*NEWER, "pdf"])
def test_the_notice_is_in_the_first_view_of_a_quote(
    browser: "Browser", places: tuple[str, dict[str, str]], status: str, scripts: bool, device: Any
) -> None:
    address, by_status = places
    for page in opened(browser, address, java_script_enabled=scripts, **device):
        page.goto(by_status[status])
        assert page.evaluate("scrollY") > 0 or status == "pdf"
        assert is_in_view(page, page.locator("#quote"))
        said = SAID.get(status, SAID["changed"])
        for place in (".document .standing", ".notice"):
            told = page.locator(place)
            assert said in told.inner_text()
            assert is_in_view(page, told)
        assert "version 1 of 2" in page.locator(".document").inner_text()
        assert is_in_view(page, page.locator(".document h1"))
        assert_no_sideways(page)
        if scripts:
            assert_accessible(page)
        page.locator(".notice a").click()
        assert "version 2 of 2" in page.locator(".document").inner_text()
        assert is_in_view(page, page.locator(".document"))


def test_the_notice_is_printed_at_the_quote(browser: "Browser", places: tuple[str, dict[str, str]]) -> None:
    address, by_status = places
    for page in opened(browser, address, **DESKTOP):
        page.goto(by_status["changed"])
        page.emulate_media(media="print")
        notice, quote = page.locator(".notice").bounding_box(), page.locator("#quote").bounding_box()
        assert notice
        assert quote
        assert 0 < quote["y"] - notice["y"] < 200
        assert page.locator(".document").evaluate("one => getComputedStyle(one).position") == "static"
