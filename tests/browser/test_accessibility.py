"""Every page passes axe-core, on a desktop and on a phone, in light and in dark."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from index.embedding import WordEmbedder
from index.library import Library
from tests.browser.visits import DESKTOP, PHONE, assert_accessible, assert_no_sideways, opened
from tests.service.http_service import app_of, live

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

TEXT = """# Lamps

The lamp in the north tower was lit at dusk by the keeper.

## Towers

| tower | lamps |
|---|---|
| north | one |
| south | two |

```
lit = dusk
```

* The south tower has two lamps.
* The keeper sleeps in the south tower.
"""
ASKED = "/?q=Who+lit+the+lamp+in+the+north+tower?"
CHECKED = "The+lamp+in+the+north+tower+was+lit+at+dusk+by+the+keeper."
LIBRARY = {
    "library": "/library",
    "library without a find": "/library?q=nothing+of+this+name",
    "document": "/library/document?id=lamps-1.md",
    "versions": "/library/document/diff?id=lamps-1.md&old=1&new=1",
    "deletion": "/library/document/delete?id=lamps-1.md",
    "explanation": "/library/document/explain?id=lamps-1.md&q=Who+lit+the+lamp?",
    "collections": "/library/collections",
    "deletion of a collection": "/library/collections/delete?collection=default",
    "jobs": "/jobs",
    "keys": "/keys",
    "status": "/status",
    "sources": "/status/sources",
}
PAGES = {
    "ask": "/",
    "answer": ASKED,
    "help": "/help/",
    "sign in": "/sign-in",
    "check": "/check",
    "conflicts": "/check/conflicts",
    "checked text": f"/check?text={CHECKED}+The+south+tower+has+six+lamps.+Ships+sail+to+ports.",
    "reference": "/docs",
    "operation": "/docs/post-v1-ask",
    "checked quote": f"/check?text={CHECKED}",
    **LIBRARY,
}
"""Addresses by the names of the pages. Add one for each page that can be opened without a click."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("pages")
    with Library(folder, embedder=WordEmbedder()) as library, live(app_of(library)) as client:
        for number in range(3):
            body = {"text": TEXT.replace("north", "north" * (number + 1)), "title": f"Lamps {number}"}
            response = client.put(f"/v1/documents/lamps-{number}.md?wait=true", json=body)
            assert response.status_code == 201, response.text
        yield str(client.base_url).rstrip("/")


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def device(request: pytest.FixtureRequest) -> Any:
    return request.param


def check(page: "Page") -> None:
    assert_accessible(page)
    assert_no_sideways(page)


@pytest.mark.parametrize("place", PAGES)
def test_a_page_passes(browser: "Browser", address: str, device: Any, scheme: Any, place: str) -> None:
    for page in opened(browser, address, color_scheme=scheme, **device):
        page.goto(PAGES[place])
        check(page)


def test_the_viewer_passes(browser: "Browser", address: str, device: Any, scheme: Any) -> None:
    for page in opened(browser, address, color_scheme=scheme, **device):
        page.goto(ASKED)
        if device is DESKTOP:  # too narrow for the document beside the answer
            page.set_viewport_size({"width": 1000, "height": 900})
        page.locator(".chip").first.click()
        page.wait_for_selector("#quote")
        check(page)


def test_an_error_passes(browser: "Browser", address: str, device: Any, scheme: Any) -> None:
    for page in opened(browser, address, status=404, color_scheme=scheme, **device):
        page.goto("/view/lamps.md@000000000000:0-5")
        check(page)


def test_the_list_of_shortcuts_passes(browser: "Browser", address: str, device: Any, scheme: Any) -> None:
    for page in opened(browser, address, color_scheme=scheme, **device):
        page.goto("/")
        page.locator("h1, .name").first.focus()
        page.keyboard.press("?")
        page.wait_for_selector("dialog[open]")
        check(page)
