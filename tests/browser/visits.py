"""How the tests open pages, and what they hold every page against."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from tests.patience import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request, Response

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 800}, "is_mobile": True, "has_touch": True}


Visit = Callable[[], "AbstractContextManager[Page]"]
"""Shows a page that has nothing of the visit before."""


def opened(browser: "Browser", address: str, *, status: int = 200, **options: Any) -> "Iterator[Page]":
    """A page on which nothing goes wrong: no script runs or is refused, nothing is missing or from elsewhere.

    ``status`` is that of a page itself; what it loads is there.
    """
    context = browser.new_context(base_url=address, **options)
    context.set_default_timeout(1000 * PATIENCE)
    try:
        page = context.new_page()
        wrong = _watch(page, address, status)
        yield page
        assert wrong == []
    finally:
        context.close()


@contextmanager
def visiting(browser: "Browser", address: str, **options: Any) -> Iterator[Visit]:
    """One page for many visits, on each of which nothing goes wrong either.

    A page of its own is a process of its own, in which axe-core takes a second to start. Nothing is kept from
    one visit for the next: what is loaded is not cached, and what is stored is removed.
    """
    context = browser.new_context(base_url=address, **options)
    context.set_default_timeout(1000 * PATIENCE)
    try:
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        wrong = _watch(page, address, 200)

        @contextmanager
        def visit() -> "Iterator[Page]":
            try:
                yield page
                assert wrong == []
            finally:
                wrong.clear()
                page.evaluate("sessionStorage.clear()")
                session.send("Storage.clearDataForOrigin", {"origin": address, "storageTypes": "all"})

        yield visit
    finally:
        context.close()


def _watch(page: "Page", address: str, status: int) -> list[str]:
    """Collect what goes wrong on a page from now on."""
    wrong: list[str] = []

    def check_request(request: "Request") -> None:
        if not request.url.startswith((f"{address}/", "blob:")):
            wrong.append(f"elsewhere {request.url}")

    def check_response(reply: "Response") -> None:
        if reply.status >= 400 and not (reply.status == status and reply.request.is_navigation_request()):
            wrong.append(f"{reply.status} {reply.url}")

    def check_failure(request: "Request") -> None:
        # A page that is left ends what it still loads.
        if request.failure != "net::ERR_ABORTED":
            wrong.append(f"failed {request.url}: {request.failure}")

    def is_bad(kind: str, text: str) -> bool:
        # Chromium also says in the console that a page has the status that is expected.
        return kind == "error" and not (status != 200 and f"status of {status}" in text)

    page.on("dialog", lambda dialog: (wrong.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("pageerror", lambda error: wrong.append(f"error {error}"))
    page.on("console", lambda told: is_bad(told.type, told.text) and wrong.append(f"console {told.text}"))
    page.on("request", check_request)
    page.on("response", check_response)
    page.on("requestfailed", check_failure)
    return wrong


def assert_accessible(page: "Page") -> None:
    """axe-core finds nothing against the page: no rule of WCAG 2.2, and none of good practice."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    told = [
        f"{one['id']} ({one['impact']}): {node['html'][:200]} {node.get('failureSummary', '')}"
        for one in found
        for node in one["nodes"]
    ]
    assert told == [], page.url


def assert_no_sideways(page: "Page") -> None:
    """Nothing of the page is beyond the edge of the window."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert page.viewport_size is not None
    assert wide <= page.viewport_size["width"], page.url
