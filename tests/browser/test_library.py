"""The library in a browser: from an upload to an answer, what is refused, and what is deleted."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from index.embedding import WordEmbedder
from index.library import Library
from tests.browser.visits import opened
from tests.patience import PATIENCE
from tests.service.http_service import app_of, live
from tests.service.state.jobs.zip_files import encrypted, written

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

LAMP = "The lamp in the north tower was lit at dusk by the keeper."
HOSTILE = "<img src=x onerror=alert(1)>.txt"
SLOW = 1000 * PATIENCE


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with Library(tmp_path / "data", embedder=WordEmbedder()) as library, live(app_of(library)) as client:
        yield str(client.base_url).rstrip("/")


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def page(request: pytest.FixtureRequest, browser: "Browser", address: str) -> "Iterator[Page]":
    for one in opened(browser, address, java_script_enabled=request.param):
        one.set_default_timeout(SLOW)
        yield one


def upload(page: "Page", *files: tuple[str, bytes]) -> bool:
    """Choose files, send them, and wait until their job is finished. Whether scripts run."""
    page.goto("/library")
    has_scripts = page.locator("#drop-hint:not([hidden])").count() > 0
    if not page.locator("#files").is_visible():
        page.locator("#add > summary").click()
    page.locator("#files").set_input_files(
        [{"name": name, "mimeType": "", "buffer": data} for name, data in files]
    )
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url(re.compile("/jobs/|job="))
    if has_scripts:  # the library shows the progress, and has a link
        page.get_by_role("link", name=re.compile("Each file of it|What was refused")).click()
    wait_for_job(page, has_scripts=has_scripts)
    return has_scripts


def wait_for_job(page: "Page", *, has_scripts: bool) -> None:
    """With scripts the page follows the job; without, a link shows how far it is."""
    done = page.get_by_role("button", name="Remove from the list")
    while not has_scripts and not done.count():
        page.locator("#refresh").click()
    done.wait_for()


def test_from_an_upload_to_an_answer(page: "Page") -> None:
    upload(page, ("lamps.md", f"# Lamps\n\n{LAMP}\n".encode()))
    assert "Done: everything can be found." in page.inner_text("main")
    page.get_by_role("link", name="lamps.md").click()
    assert page.inner_text("h1") == "Lamps"
    page.goto("/?q=Who+lit+the+lamp%3F")
    assert LAMP in page.inner_text("main")


def test_what_is_refused_has_a_reason_and_is_retried(page: "Page") -> None:
    locked = written([encrypted("a.md", LAMP.encode(), "dusk")])
    has_scripts = upload(page, ("bad.pdf", b"%PDF-1.4"), ("folder.zip", locked))
    assert "The PDF file is damaged" in page.inner_text("main")
    assert "2 files were refused" in page.inner_text("main")
    page.get_by_label("Password of the encrypted files").fill("dusk")
    page.get_by_role("button", name="Retry what was refused").click()
    wait_for_job(page, has_scripts=has_scripts)
    assert "one file was refused" in page.inner_text("main")
    page.get_by_role("button", name="Remove from the list").click()
    page.wait_for_url(re.compile("/jobs$"))
    assert "no jobs here" in page.inner_text("main")


def test_a_document_is_deleted_after_a_question(page: "Page") -> None:
    upload(page, ("lamps.txt", LAMP.encode()))
    page.get_by_role("link", name="To the library").click()
    page.get_by_role("link", name="Delete lamps.txt").click()
    assert "all its citations" in page.inner_text("main")
    page.get_by_role("link", name="Keep it").click()
    page.get_by_role("link", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete for good").click()
    page.wait_for_url(re.compile(r"/library\?"))
    assert "1 document was deleted." in page.inner_text("main")
    assert "no documents" in page.inner_text("main")


def test_several_documents_are_deleted_after_one_question(page: "Page") -> None:
    has_scripts = upload(page, *((f"{name}.txt", LAMP.encode()) for name in "abc"))
    page.goto("/library")
    for name in "ac":
        page.get_by_label(f"Choose {name}.txt").check()
    page.get_by_role("button", name="Delete the chosen").click()
    assert page.inner_text("h1") == "Delete 2 documents?"
    page.get_by_role("link", name="Keep them").click()
    if has_scripts:
        page.get_by_label("Choose all on this page").check()
        page.get_by_role("button", name="Delete the chosen (3)").wait_for()
        page.get_by_label("Choose b.txt").uncheck()
    else:
        for name in "ac":
            page.get_by_label(f"Choose {name}.txt").check()
    page.get_by_role("button", name="Delete the chosen").click()
    page.get_by_role("button", name="Delete for good").click()
    page.get_by_text("2 documents were deleted.").wait_for()
    assert page.locator("tbody th").all_inner_texts() == ["b.txt"]


def test_hostile_names_run_nothing(page: "Page") -> None:
    upload(page, (HOSTILE, LAMP.encode()), (f"bad{HOSTILE}.pdf", b"%PDF-1.4"))
    assert page.locator("main img").count() == 0
    page.get_by_role("link", name=HOSTILE).click()
    assert page.inner_text("h1") == HOSTILE
    page.goto("/library")
    assert HOSTILE in page.inner_text("main")
    assert page.locator("main img").count() == 0
    page.wait_for_timeout(100)


DROP = """async ([name, text]) => {
    const carried = new DataTransfer();
    carried.items.add(new File([text], name));
    for (const type of ["dragover", "drop"])
        document.getElementById("drop").dispatchEvent(
            new DragEvent(type, {dataTransfer: carried, bubbles: true, cancelable: true}));
}"""


def test_files_are_dropped_on_the_page(browser: "Browser", address: str) -> None:
    for page in opened(browser, address):
        page.set_default_timeout(SLOW)
        page.goto("/library")
        page.wait_for_selector("#drop-hint:not([hidden])")
        page.get_by_role("button", name="Upload").click()
        assert "Choose a file first." in page.inner_text("#upload-problem")
        page.evaluate(DROP, ["dropped.txt", LAMP])
        page.wait_for_url(re.compile("job="))
        page.get_by_text("Done: everything can be found.").wait_for()
        page.get_by_role("link", name="dropped.txt", exact=True).wait_for()


def test_the_library_is_used_by_keyboard_alone(browser: "Browser", address: str) -> None:
    for page in opened(browser, address):
        page.set_default_timeout(SLOW)
        upload(page, ("lamps.txt", LAMP.encode()))
        page.goto("/library")
        page.wait_for_load_state("networkidle")
        page.keyboard.press("/")
        page.keyboard.type("lamps")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("q=lamps"))
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.locator("tbody th a:focus").count():
                break
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/library/document"))


def test_a_folder_is_followed_where_it_was_dropped_without_a_reload(browser: "Browser", address: str) -> None:
    for page in opened(browser, address):
        page.set_default_timeout(SLOW)
        page.goto("/library")
        page.evaluate("window.kept = true")  # gone after a reload
        page.wait_for_selector("#drop-hint:not([hidden])")
        files = [{"name": f"{n}.txt", "mimeType": "", "buffer": f"{LAMP} {n}".encode()} for n in range(60)]
        page.locator("#files").set_input_files(files)
        page.get_by_role("button", name="Upload").click()
        page.get_by_role("link", name="Ask these documents").wait_for()
        page.get_by_text("60 documents", exact=True).wait_for()
        page.locator("#progress[data-finished]").wait_for()
        page.get_by_text("all ready").wait_for()
        page.get_by_label("Choose 0.txt").check()
        page.get_by_role("button", name="Delete the chosen (1)").wait_for()
        page.get_by_label("Choose 0.txt").uncheck()
        # The same files again, in a folder: what is there is noticed, and one is asked.
        page.locator("#add > summary").click()
        page.locator("#files").set_input_files([{**one, "name": f"x{one['name']}"} for one in files[:3]])
        page.get_by_role("button", name="Upload").click()
        page.get_by_text("3 files were left out: documents here have the same bytes").wait_for()
        assert page.get_by_text("60 documents", exact=True).is_visible()
        assert page.evaluate("window.kept")
        page.get_by_role("button", name="Add them all the same").click()
        page.wait_for_url(re.compile("/jobs/"))
        page.get_by_text("Done: everything can be found.").wait_for()
