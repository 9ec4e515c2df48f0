"""What people do with their documents in a browser, from the first file to a gap that is mended."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from index.embedding import WordEmbedder
from index.library import Library
from index.sources.applications import Source, put_source
from tests.browser.visits import DESKTOP, PHONE, assert_no_sideways, opened
from tests.service.faces.pages.pages import answer_always
from tests.service.http_service import app_of, live

if TYPE_CHECKING:
    import httpx
    from playwright.sync_api import Browser, Download, Page

pytestmark = pytest.mark.browser

LAMP = "The lamp in the north tower was lit at dusk by the keeper."
LAMPS = f"# Lamps\n\n## Who lit the lamp?\n\n{LAMP} The south tower has 312 lamps and no keeper at all.\n"
SUGGESTING = (
    "# Lamps\n\n## Who lit the lamp?\n\nThe keeper lit the lamp at dusk, every day of the year.\n\n"
    "## Wick\n\nA wick is a cord that draws oil to the flame.\n"
)
ASKED = "Who lit the lamp in the north tower at dusk?"
LEAVE = "Employees of the harbour receive {} days of annual leave.\n"
LEAVE_ASKED = "How many days of annual leave do employees of the harbour receive?"
ZEPPELIN = "Does the zeppelin of Valparaiso quack?"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    answer_always(tmp_path / "data", 0.95, collection="certain")
    with Library(tmp_path / "data", embedder=WordEmbedder()) as library:
        yield library


@pytest.fixture
def client(library: Library) -> "Iterator[httpx.Client]":
    """A service with a document in the collection default."""
    with live(app_of(library)) as client:
        put(client, "lamps.md", LAMPS, metadata={"shelf": "upper"})
        yield client


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def page(request: pytest.FixtureRequest, browser: "Browser", client: "httpx.Client") -> "Iterator[Page]":
    for one in opened(browser, str(client.base_url).rstrip("/"), accept_downloads=True, **request.param):
        yield one
        assert_no_sideways(one)


def put(client: "httpx.Client", name: str, text: str, *, collection: str = "default", **more: Any) -> None:
    address = f"/v1/documents/{name}?wait=true&collection={collection}"
    assert client.put(address, json={"text": text, **more}).status_code == 201


def make(client: "httpx.Client", name: str, title: str) -> None:
    assert client.put(f"/v1/collections/{name}", json={"title": title}).status_code == 201


def test_two_collections_are_asked_at_once(page: "Page", client: "httpx.Client") -> None:
    make(client, "harbour", "The harbour: rules")
    put(client, "leave.txt", LEAVE.format(30), collection="harbour")
    page.goto("/")
    page.get_by_text("Ask several collections").click()
    page.get_by_label("The harbour: rules").check()
    page.get_by_label("Ask your documents").fill(LEAVE_ASKED)
    page.get_by_role("button", name="Ask", exact=True).first.click()
    page.get_by_text("2 collections are asked at once").wait_for()
    assert "30 days of annual leave" in page.inner_text(".answer")
    page.get_by_label("Ask a follow-up question").fill(ASKED)
    page.locator(".follow").get_by_role("button", name="Ask").click()
    page.get_by_role("heading", name=ASKED).wait_for()
    assert LAMP in page.inner_text(".answer")
    page.goto(f"/?also=*&q={LEAVE_ASKED}")
    page.get_by_text("All collections are asked at once").wait_for()
    page.goto(str(page.locator(".answer .mark").first.get_attribute("href")))
    assert "30 days" in page.inner_text("#quote")


DROP = """async (files) => {
    const carried = new DataTransfer();
    for (const [name, text] of files) carried.items.add(new File([text], name));
    for (const type of ["dragover", "drop"])
        document.getElementById("drop").dispatchEvent(
            new DragEvent(type, {dataTransfer: carried, bubbles: true, cancelable: true}));
}"""


def test_dropped_files_appear_where_they_were_dropped(page: "Page") -> None:
    page.goto("/library")
    page.evaluate("window.kept = true")  # gone after a reload
    page.locator("#add > summary").click()
    page.wait_for_selector("#drop-hint:not([hidden])")
    page.evaluate(DROP, [[f"{number}.txt", f"{LAMP} It is number {number}."] for number in range(20)])
    page.get_by_text("21 documents", exact=True).wait_for()
    page.locator("#progress[data-finished]").wait_for()
    page.get_by_text("all ready").wait_for()
    assert page.get_by_role("link", name="19.txt", exact=True).is_visible()
    assert page.evaluate("window.kept")
    page.get_by_role("link", name="Ask these documents").click()
    page.get_by_label("Ask your documents").fill("Which lamp is number 7?")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Which lamp is number 7?").wait_for()
    assert "It is number 7." in page.inner_text("main")


def test_a_renamed_document_is_led_to_by_its_old_link(page: "Page") -> None:
    page.goto(f"/?q={ASKED}")
    cited = str(page.locator(".answer .mark").first.get_attribute("href"))
    old = "/library/document?id=lamps.md"
    page.goto(old)
    page.get_by_text("Rename it, change its tags, or who may read it").click()
    page.get_by_label("Title").fill("Lights of the towers")
    page.get_by_label("Name", exact=True).fill("lights/towers & lamps.md")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Lights of the towers").wait_for()
    for address in (page.url, old):
        page.goto(address)
        page.get_by_text("This document was called lamps.md before.").wait_for()
        assert page.locator("dd").first.inner_text() == "lights/towers & lamps.md"
    page.goto(cited)
    assert LAMP in page.inner_text("#quote")
    assert "This document was called lamps.md when it was cited." in page.inner_text("main")


def test_tags_are_changed_added_and_taken_away(page: "Page") -> None:
    page.goto("/library/document?id=lamps.md")
    for shelf, year in (("lower", "2024"), ("", "2025")):
        page.get_by_text("Rename it, change its tags, or who may read it").click()
        page.get_by_label("Value of shelf").fill(shelf)
        known = page.get_by_label("Value of year")
        if known.count():
            known.fill(year)
        else:
            page.locator("[name=tag]:not([readonly])").first.fill("year")
            page.get_by_label("Value", exact=True).first.fill(year)
        page.get_by_role("button", name="Save").click()
        page.locator(".fields").get_by_text(year, exact=True).wait_for()
        told = page.locator("dl.fields").first.inner_text()
        assert ("lower" in told) is bool(shelf)
        assert "upper" not in told


def test_the_check_has_an_example_of_these_documents(page: "Page") -> None:
    page.goto("/check")
    page.get_by_role("link", name="Check the example").click()
    page.wait_for_selector(".sentence")
    assert page.locator(".sentence.good").count() == 1
    assert page.locator(".sentence.bad").count() == 1
    assert "313" in page.inner_text(".sentence.bad mark")


def test_suggestions_come_by_themselves_and_are_answered(page: "Page", client: "httpx.Client") -> None:
    put(client, "lamps.md", SUGGESTING, collection="certain")
    page.goto("/?collection=certain")
    first = page.locator(".suggestions a").first
    first.wait_for()
    question = first.inner_text()
    first.click()
    page.get_by_role("heading", name=question).wait_for()
    assert page.locator(".declined").count() == 0
    assert page.locator(".answer .sentence").count() >= 1


def test_the_overview_leads_to_questions(page: "Page") -> None:
    page.goto("/library")
    page.get_by_role("link", name="Overview").click()
    assert "Text and Markdown 1" in page.inner_text("dl.fields")
    page.get_by_role("link", name="Text and Markdown").click()
    assert page.locator("details.filters").get_attribute("open") is not None
    page.goto("/library/overview")
    page.get_by_role("link", name="Questions worth asking").click()
    page.get_by_role("heading", name="Questions worth asking").wait_for()


def test_a_gap_is_seen_and_mended(page: "Page", client: "httpx.Client") -> None:
    page.goto("/library")
    page.get_by_role("link", name="Gaps").click()
    page.get_by_text("Questions can hold personal data: tell the people who ask.").wait_for()
    page.get_by_role("button", name="Keep questions for 30 days").click()
    page.goto(f"/?q={ZEPPELIN}")
    page.get_by_label("Why, if you like").fill("Nothing about airships")
    page.get_by_role("button", name="It does not answer").click()
    page.get_by_text("Thank you. It is kept").wait_for()
    page.goto("/library/gaps")
    page.locator(".gaps li").get_by_role("heading", name=ZEPPELIN).wait_for()
    assert "Nothing about airships" in page.inner_text(".gaps")
    assert "answered by now" not in page.inner_text(".gaps")
    put(client, "zeppelins.txt", "The zeppelin of Valparaiso does quack at dawn, says its captain.")
    page.reload()
    page.get_by_text("answered by now").wait_for()
    page.locator(".gaps").get_by_role("link", name=ZEPPELIN).click()
    assert "does quack at dawn" in page.inner_text(".answer")
    page.goto("/library/gaps")
    page.get_by_role("button", name="Turn it off, and erase all questions").click()
    page.get_by_role("button", name="Keep questions for 30 days").wait_for()


def test_an_answer_is_handed_on_in_files(page: "Page") -> None:
    page.goto(f"/?q={ASKED}")

    def downloaded(name: str) -> tuple[str, str]:
        with page.expect_download() as waiting:
            page.get_by_role("link", name=name).click()
        found: Download = waiting.value
        return found.suggested_filename, Path(found.path()).read_text()

    name, markdown = downloaded("The answer as Markdown")
    assert name == "answer.md"
    assert markdown.startswith(f"# {ASKED}\n")
    assert f"> {LAMP}" in markdown
    name, bibtex = downloaded("BibTeX")
    assert name == "citations.bib"
    assert "title = {{Lamps}}" in bibtex
    name, csl = downloaded("CSL JSON")
    assert name == "citations.json"
    assert [one["title"] for one in json.loads(csl)] == ["Lamps"]


def test_documents_that_disagree_are_listed(page: "Page", client: "httpx.Client") -> None:
    put(client, "old.txt", LEAVE.format(25))
    put(client, "new.txt", LEAVE.format(30), metadata={"supersedes": "old.txt"})
    page.goto("/check")
    page.get_by_role("link", name="Documents that disagree").click()
    page.get_by_role("heading", name="Documents that disagree").wait_for()
    assert sorted(page.locator("main mark").all_inner_texts()) == ["25", "30"]
    page.locator(".passages a").first.click()
    assert "days of annual leave" in page.inner_text("#quote")


def test_a_source_is_run_by_a_click_and_says_why_it_fails(page: "Page", library: Library) -> None:
    put_source(library.open("default"), Source("wiki", "nextcloud", "Manuals", "https://cloud.example", "me"))
    page.goto("/status")
    page.get_by_role("link", name="Sources").click()
    page.get_by_role("button", name="Synchronize wiki now").click()
    page.wait_for_url(re.compile("/jobs/"))
    page.locator("#progress[data-finished]").wait_for(state="attached")
    assert "LOCCIT_SOURCE_SECRET_WIKI" in page.inner_text("main")
    page.goto("/status/sources")
    page.locator(".badge.bad").wait_for()
