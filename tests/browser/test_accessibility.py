"""Every page passes axe-core, on a desktop and on a phone, in light and in dark, in each language."""

import gzip
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from index.embedding import WordEmbedder
from index.library import Library
from index.sources.applications import Run, Source, note_run, put_source
from tests.browser.visits import (
    DESKTOP,
    PHONE,
    Visit,
    assert_accessible,
    assert_no_sideways,
    opened,
    visiting,
)
from tests.patience import eventually
from tests.service.faces.pages.pages import answer_always
from tests.service.http_service import app_of, live
from tests.sizes import FULL

if TYPE_CHECKING:
    import httpx
    from playwright.sync_api import Browser, Page, Response

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
LEAVE = "Employees of the harbour receive {} days of annual leave.\n"
ZEPPELIN = "Does the zeppelin of Valparaiso quack?"
HARBOUR = "harbour"
"""A collection beside the default one, with a title, gaps, a source, and documents that disagree."""
ASKED = "/?q=Who+lit+the+lamp+in+the+north+tower?"
LEAVE_ASKED = f"/?collection={HARBOUR}&q=How+many+days+of+annual+leave+do+employees+receive?"
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
FILLED = {
    "several collections to ask": "/?also=*",
    "answer from several collections": f"{ASKED}&also=*",
    "answer that others contradict": LEAVE_ASKED,
    "declined answer": f"/?collection={HARBOUR}&q={ZEPPELIN.replace(' ', '+')}",
    "judged answer": f"{LEAVE_ASKED}&judged=1",
    "suggestions": "/suggestions",
    "no suggestions": "/suggestions?collection=empty",
    "conflicts that there are": f"/check/conflicts?collection={HARBOUR}",
    "check of another collection": f"/check?collection={HARBOUR}",
    "overview": f"/library/overview?collection={HARBOUR}",
    "overview of nothing": "/library/overview?collection=empty",
    "gaps before they are kept": "/library/gaps",
    "gaps": f"/library/gaps?collection={HARBOUR}",
    "gaps of another week": f"/library/gaps?collection={HARBOUR}&week=2",
    "renamed document": "/library/document?id=lights-3.md&was=lamps-3.md",
    "old link of a renamed document": "/library/document?id=lamps-3.md",
    "library with a job": f"/library?collection={HARBOUR}&job={{job}}",
    "job": "/jobs/{job}",
    "library without documents": "/library?collection=empty",
}
"""Pages that say what was done before: see :func:`fill`."""
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
    **FILLED,
}
"""Addresses by the names of the pages. Add one for each page that can be opened without a click."""


MOST_KILOBYTES = 20
"""A page with its styles and scripts, compressed."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a service in use, and the job that has filled a collection of it."""
    folder = tmp_path_factory.mktemp("pages")
    answer_always(folder, 0.95)
    with Library(folder, embedder=WordEmbedder()) as library, live(app_of(library)) as client:
        yield str(client.base_url).rstrip("/"), fill(client, library)


@pytest.fixture(scope="module")
def address(service: tuple[str, str]) -> str:
    return service[0]


def fill(client: "httpx.Client", library: Library) -> str:
    """Do what the pages tell of; returns the job of an upload in which a file was refused."""
    for number in range(4):
        text = TEXT.replace("north", "north" * (number + 1))
        put(client, f"lamps-{number}.md", text, title=f"Lamps {number}", metadata={"shelf": number})
    renamed = client.patch("/v1/documents/lamps-3.md", json={"document_id": "lights-3.md"})
    assert renamed.status_code == 200, renamed.text
    for name, title in ((HARBOUR, "The harbour: rules & tides"), ("empty", "")):
        made = client.put(f"/v1/collections/{name}", json={"title": title})
        assert made.is_success, made.text
    kept = client.post(f"/library/gaps/keep?collection={HARBOUR}")
    assert kept.status_code == 303, kept.text
    put(client, "old.txt", LEAVE.format(25), collection=HARBOUR)
    put(client, "new.txt", LEAVE.format(30), collection=HARBOUR, metadata={"supersedes": "old.txt"})
    for question in (ZEPPELIN, ZEPPELIN, f"{ZEPPELIN[:-1]} today?"):
        client.post("/v1/ask", json={"question": question, "collection": HARBOUR}).raise_for_status()
    opened = library.open(HARBOUR)
    for name, problem in (("wiki", ""), ("drive", "The server refuses the credentials.")):
        put_source(opened, Source(name, "nextcloud", "Manuals", "https://cloud.example", "keeper"))
        counts = dict.fromkeys(("added", "replaced", "retired", "unchanged"), 1)
        note_run(opened, name, Run(1e9, 2.0, counts, problem))
    put_source(opened, Source("never", "nextcloud", "Tides", "https://cloud.example", "keeper"))
    return upload(client)


def put(client: "httpx.Client", name: str, text: str, *, collection: str = "default", **more: Any) -> None:
    response = client.put(
        f"/v1/documents/{name}?wait=true&collection={collection}", json={"text": text, **more}
    )
    assert response.status_code == 201, response.text


def upload(client: "httpx.Client") -> str:
    files = [("files", (name, data)) for name, data in {"bad.pdf": b"%PDF-1.4", "still.txt": b" \n"}.items()]
    response = client.post(f"/v1/ingest?collection={HARBOUR}", files=files)
    assert response.status_code == 202, response.text
    job: str = response.json()["job_id"]
    eventually(lambda: client.get(f"/v1/jobs/{job}").json()["state"] == "done")
    return job


def views() -> list[dict[str, Any]]:
    """How browsers show pages: each device, colour and language once; at full size all of them together."""
    shapes = itertools.product((DESKTOP, PHONE), ("light", "dark"), ("en", "zh"))
    every = [{**device, "color_scheme": scheme, "locale": language} for device, scheme, language in shapes]
    return every if FULL else [every[0], every[-1]]


def _name(view: dict[str, Any]) -> str:
    device = "phone" if "is_mobile" in view else "desktop"
    return f"{device}-{view['color_scheme']}-{view['locale']}"


@pytest.fixture(scope="module", params=views(), ids=_name)
def view(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(scope="module")
def visit(browser: "Browser", address: str, view: dict[str, Any]) -> Iterator[Visit]:
    with visiting(browser, address, **view) as visit:
        yield visit


def check(page: "Page", view: dict[str, Any]) -> None:
    """The page passes in its language, with all that can be unfolded in it."""
    root = page.locator("html")
    # Where the documentation is built, it is the help, and in English.
    is_documentation = root.get_attribute("data-prefix") is None
    assert root.get_attribute("lang") == ("en" if is_documentation else view["locale"])
    assert_no_sideways(page)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert_accessible(page)
    assert_no_sideways(page)


def weigh(page: "Page", address: str) -> dict[str, int]:
    """Open a page; the compressed sizes of it and of its styles and scripts."""
    loaded: list[Response] = []

    def note(response: "Response") -> None:
        loaded.append(response)

    page.on("response", note)
    page.goto(address)
    page.remove_listener("response", note)
    return {one.url: len(gzip.compress(one.body())) for one in loaded if one.ok}


@pytest.mark.parametrize("place", PAGES)
def test_a_page_passes_and_weighs_little(
    visit: Visit, service: tuple[str, str], view: dict[str, Any], place: str
) -> None:
    _, job = service
    with visit() as page:
        weights = weigh(page, PAGES[place].format(job=job))
        assert sum(weights.values()) < 1024 * MOST_KILOBYTES, weights
        check(page, view)


def test_the_viewer_passes(browser: "Browser", address: str, view: dict[str, Any]) -> None:
    for page in opened(browser, address, **view):
        page.goto(ASKED)
        if "is_mobile" not in view:  # too narrow for the document beside the answer
            page.set_viewport_size({"width": 1000, "height": 900})
        page.locator(".chip").first.click()
        page.wait_for_selector("#quote")
        check(page, view)


def test_an_error_passes(browser: "Browser", address: str, view: dict[str, Any]) -> None:
    for page in opened(browser, address, status=404, **view):
        page.goto("/view/lamps.md@000000000000:0-5")
        check(page, view)


def test_the_list_of_shortcuts_passes(browser: "Browser", address: str, view: dict[str, Any]) -> None:
    for page in opened(browser, address, **view):
        page.goto("/")
        page.locator("h1, .name").first.focus()
        page.keyboard.press("?")
        page.wait_for_selector("dialog[open]")
        check(page, view)


def test_a_visit_has_nothing_of_the_one_before(browser: "Browser", address: str) -> None:
    with visiting(browser, address, **DESKTOP) as visit:
        weights = []
        for _ in range(2):
            with visit() as page:
                # What it still loads would end when the next page is opened, and could not be weighed.
                page.goto("/", wait_until="networkidle")
                assert page.evaluate("localStorage.length + sessionStorage.length") == 0
                assert page.context.cookies() == []
                weights.append(weigh(page, ASKED))
                page.evaluate("document.cookie = 'a=b'; sessionStorage.setItem('a', 'b')")
                assert page.evaluate("localStorage.length") == 1  # what was asked
    assert len(weights[0]) > 5
    assert weights[0].keys() == weights[1].keys()
    assert all(abs(size - weights[1][url]) < 50 for url, size in weights[0].items())
