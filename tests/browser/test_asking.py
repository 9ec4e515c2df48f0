"""What scripts add to the page to ask on: the document beside the answer, and the rest."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pypdfium2 import PdfDocument

from index.embedding import WordEmbedder
from index.library import Library
from tests.browser.visits import DESKTOP, PHONE, assert_accessible, assert_no_sideways, opened
from tests.patience import eventually
from tests.service.flows.answer.writing.stand_in import stand_in
from tests.service.http_service import app_of, live

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

LAMP = "The lamp in the north tower was lit at dusk by the keeper."
HOSTILE = '<script>alert("lamp")</script><img src=x onerror="alert(1)"><svg onload=alert(2)>'
ARABIC = "أضاء الحارس المصباح في البرج الشمالي عند الغروب."
FILLER = "\n\n".join(f"{number}. paragraph, which says nothing much." for number in range(120))
ASKED = "/?q=Who+lit+the+lamp+in+the+north+tower?"
DOCUMENTS = {
    "lamps.md": f"# Lamps\n\n{FILLER}\n\n{LAMP} He slept until noon.\n\n{FILLER}\n",
    "hostile.txt": f"{HOSTILE}\n\nThe north tower has a bell, {HOSTILE} it says.\n",
    "arabic.md": f"# المصباح\n\n{ARABIC}\n",
}


def put(client: Any, name: str, text: str, **more: Any) -> None:
    reply = client.put(f"/v1/documents/{name}?wait=true", json={"text": text, **more})
    assert reply.status_code in {200, 201}, reply.text


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("asking")
    with Library(folder, embedder=WordEmbedder()) as library:
        app = app_of(library, min_answerability=0.01)
        with live(app) as client:
            for name, text in DOCUMENTS.items():
                put(client, name, text, **({"title": HOSTILE} if name == "hostile.txt" else {}))
            yield str(client.base_url).rstrip("/")


@pytest.fixture
def page(browser: "Browser", address: str) -> "Iterator[Page]":
    yield from opened(browser, address, permissions=["clipboard-read", "clipboard-write"], **DESKTOP)


def read(page: "Page") -> None:
    page.locator("a.mark").first.click()
    page.wait_for_selector("#reader #quote")


def assert_in_panel(page: "Page") -> None:
    panel, quote = (page.locator(one).bounding_box() for one in ("#reader", "#reader #quote"))
    assert panel
    assert quote
    assert panel["y"] <= quote["y"] <= panel["y"] + panel["height"] - quote["height"]


def test_a_citation_opens_its_document_beside_the_answer_at_the_words(page: "Page") -> None:
    page.goto(ASKED)
    assert page.locator("#reader").is_hidden()
    read(page)
    assert page.url.endswith(ASKED)
    assert page.locator("#reader #quote").inner_text() == LAMP
    assert_in_panel(page)
    assert page.locator(".sentence").first.is_visible()
    assert page.locator(".sources").is_hidden()
    assert page.locator("a.mark").first.get_attribute("aria-current") == "true"
    assert "Lamps" in page.locator("#announcer").inner_text()
    page.keyboard.press("Escape")
    assert page.locator("#reader").is_hidden()
    assert page.locator("a.mark:focus").count() == 1
    assert page.locator(".sources").is_visible()


def test_an_answer_with_all_that_it_loads_is_small(page: "Page") -> None:
    sizes: list[int] = []
    page.on("response", lambda reply: sizes.append(len(reply.body())))
    page.goto(ASKED, wait_until="networkidle")
    assert len(sizes) > 5
    assert sum(sizes) < 100_000


def test_arrows_go_from_citation_to_citation_and_enter_opens(page: "Page") -> None:
    page.goto(ASKED)
    page.locator("h1").click()
    page.keyboard.press("ArrowRight")
    assert page.locator("a.mark:focus").count() == 1
    page.keyboard.press("Enter")
    page.wait_for_selector("#reader #quote")
    everything = page.locator(".answer a.mark, .sources a.chip").count()
    place = page.locator(".reader-bar span")
    assert place.inner_text() == f"1 of {everything}"
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(f".reader-bar >> text=2 of {everything}")
    page.wait_for_selector("#reader:not([aria-busy]) #quote")
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector(f".reader-bar >> text=1 of {everything}")
    page.wait_for_selector("#reader:not([aria-busy]) #quote")
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector(f".reader-bar >> text={everything} of {everything}")
    page.wait_for_selector("#reader:not([aria-busy]) #quote")
    page.keyboard.press("/")
    assert page.locator("#q:focus").count() == 1
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert "Next citation" in page.locator("dialog").inner_text()


def test_a_hostile_document_beside_the_answer_runs_nothing(page: "Page") -> None:
    page.goto("/?q=Which+north+tower+has+a+bell,+as+it+says?")
    page.locator(".chip", has_text="<script>").first.click()
    page.wait_for_selector("#reader #quote")
    assert HOSTILE in page.locator("#reader .text").inner_text()
    assert page.locator("#reader h1").inner_text() == HOSTILE
    assert page.locator("#reader script, #reader svg, #reader img[src=x]").count() == 0
    page.wait_for_timeout(100)


def test_with_a_document_open_the_page_passes(page: "Page") -> None:
    page.goto(ASKED)
    read(page)
    assert_accessible(page)
    assert_no_sideways(page)


def test_on_a_phone_a_citation_opens_the_viewer(browser: "Browser", address: str) -> None:
    for page in opened(browser, address, **PHONE):
        page.goto(ASKED)
        assert_no_sideways(page)
        page.locator("a.mark").first.click()
        page.wait_for_selector("main #quote")
        assert "/view/" in page.url


def test_words_from_right_to_left_stand_so(page: "Page") -> None:
    page.goto(f"/?q={ARABIC}")
    shown = page.locator("blockquote", has_text=ARABIC).first
    assert shown.evaluate("one => getComputedStyle(one).direction") == "rtl"
    assert page.locator("h1").evaluate("one => getComputedStyle(one).direction") == "rtl"
    page.locator(".chip", has_text="المصباح").first.click()
    page.wait_for_selector("#reader #quote")
    assert page.locator("#reader .text p").first.evaluate("one => getComputedStyle(one).direction") == "rtl"


def copied(page: "Page", name: str) -> str:
    page.evaluate("navigator.clipboard.writeText('')")
    item = page.locator("li[data-number='1']")
    if not item.locator("details.cite[open]").count():
        item.locator("details.cite > summary").click()
        item.locator("details.cite details > summary").click()
    item.locator("a[data-format]", has_text=name).first.click()
    return str(eventually(lambda: page.evaluate("navigator.clipboard.readText()")))


@pytest.fixture
def fresh(browser: "Browser", tmp_path: Path) -> "Iterator[tuple[Page, Any]]":
    """A page of a service without documents, and a client of it."""
    options: dict[str, Any] = {**DESKTOP, "permissions": ["clipboard-read", "clipboard-write"]}
    with Library(tmp_path, embedder=WordEmbedder()) as library, live(app_of(library)) as client:
        for page in opened(browser, str(client.base_url).rstrip("/"), **options):
            yield page, client


def test_a_copied_citation_says_when_its_words_have_changed(fresh: "tuple[Page, Any]") -> None:
    page, client = fresh
    put(client, "lamps.md", f"# Lamps\n\nThe tower is old.\n\n{LAMP} He slept until noon.\n")
    page.goto(ASKED)
    assert "lamps.md@" in copied(page, "Plain text")
    assert "/view/lamps.md@" in copied(page, "Plain text")
    assert copied(page, "Link").startswith("http")
    page.goto(copied(page, "Link"))
    assert page.locator("#quote").inner_text() == LAMP
    page.goto(ASKED)
    assert "changed" not in copied(page, "BibTeX")
    link = page.locator("a.permanent").get_attribute("href") or ""
    page.locator("a.permanent").click()
    eventually(lambda: "as_of=" in page.evaluate("navigator.clipboard.readText()"))
    text = f"# Lamps\n\nThe tower is old.\n\n{LAMP.replace('keeper', 'guard')} He slept until noon.\n"
    put(client, "lamps.md", text)
    page.goto(link)
    assert page.locator(".diff ins").inner_text() == "guard"
    for name in ("Plain text", "Markdown", "BibTeX"):
        assert "changed since" in copied(page, name), name
    assert "changed since" in json.loads(copied(page, "CSL JSON"))["note"]
    assert "changed since" in json.loads(copied(page, "W3C"))["body"]["value"]
    assert "changed since" in page.locator(".toast").inner_text()


def test_the_history_stays_in_the_browser_and_can_be_cleared(page: "Page") -> None:
    page.goto("/")
    assert page.locator(".history").is_hidden()
    page.goto(ASKED)
    page.goto("/")
    link = page.locator(".history li a")
    assert link.inner_text() == "Who lit the lamp in the north tower?"
    link.click()
    page.wait_for_selector(".sentence")
    page.goto("/")
    assert page.locator(".history li").count() == 1
    page.locator(".history button").click()
    assert page.locator(".history").is_hidden()
    page.reload()
    assert page.locator(".history").is_hidden()


def test_the_first_file_is_put_in_on_the_page(fresh: "tuple[Page, Any]") -> None:
    page, _ = fresh
    page.goto("/")
    assert_accessible(page)
    for name, content, told in (
        ("a.xyz", b"\x00\x01", ".upload .told:has-text('reader')"),
        ("lamps.txt", LAMP.encode(), "text=1 document to ask"),
    ):
        page.locator("#files").set_input_files(
            {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        )
        page.locator(".upload button").click()
        page.wait_for_selector(told)


def test_a_model_writes_while_the_page_is_read(browser: "Browser", tmp_path: Path) -> None:
    says = f"{LAMP[:-1]} [1]. Napoleon lit the lamp in 1812 [1]. 🗼 <b>not bold</b>"
    with (
        stand_in(says) as model,
        Library(tmp_path, embedder=WordEmbedder()) as library,
        live(app_of(library, writer_url=model.url, writer_model="m", min_answerability=0)) as client,
    ):
        put(client, "lamps.md", f"# Lamps\n\n{LAMP}\n")
        for page in opened(browser, str(client.base_url).rstrip("/"), **DESKTOP):
            page.goto(ASKED)
            page.wait_for_selector(".written .badge.bad")
            written = page.locator(".written")
            # The badge is there before the text after it.
            page.locator("#announcer", has_text="The answer is written.").wait_for(state="attached")
            assert written.inner_text().replace(" not confirmed by the documents", "") == says
            assert written.locator("b").count() == 0
            assert page.locator(".sentence").count() == 1
            written.locator("a.mark").first.click()
            page.wait_for_selector("#reader #quote")
            assert_accessible(page)


def test_a_printed_answer_has_all_its_citations_and_no_empty_page(page: "Page") -> None:
    page.goto(ASKED)
    locators = page.locator(".sources > .passages .printed").all_text_contents()
    with closing(PdfDocument(page.pdf())) as printed:
        texts = [one.get_textpage().get_text_range() for one in printed]
    assert all(text.strip() for text in texts)
    whole = "".join("".join(texts).split())
    assert LAMP.replace(" ", "") in whole
    assert locators
    assert all("".join(one.split()) in whole for one in locators)
