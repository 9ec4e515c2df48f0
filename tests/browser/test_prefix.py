"""The pages behind a proxy that serves them under a prefix, with keys, by keyboard."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from index.embedding import WordEmbedder
from index.library import Library
from tests.browser.visits import DESKTOP, opened
from tests.patience import PATIENCE
from tests.service.http_service import app_of, live

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PREFIX = "/tools/loccit"
KEY = "correct-horse"
LAMP = "The lamp in the north tower was lit at dusk by the keeper."
_OF_A_HOP = {"connection", "transfer-encoding", "content-length", "content-encoding", "keep-alive"}


@contextmanager
def proxied() -> Iterator[ThreadingHTTPServer]:
    """A proxy whose attribute ``upstream`` is the address of the service; it takes off the prefix."""

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            if not self.path.startswith(f"{PREFIX}/"):
                self.send_error(404)
                return
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_A_HOP}
            reply = httpx.request(
                self.command,
                f"{self.server.upstream}{self.path.removeprefix(PREFIX)}",  # type: ignore[attr-defined]
                headers=headers,
                content=body,
                timeout=PATIENCE,
            )
            self.send_response(reply.status_code)
            for name, value in reply.headers.multi_items():
                if name not in _OF_A_HOP:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(reply.content)))
            self.end_headers()
            self.wfile.write(reply.content)

        do_GET = do_POST = handle_one  # noqa: N815 -- the names of the library

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with proxied() as proxy, Library(tmp_path_factory.mktemp("pages"), embedder=WordEmbedder()) as library:
        public = f"http://127.0.0.1:{proxy.server_port}{PREFIX}"
        with live(app_of(library, api_key=KEY, public_url=public)) as client:
            proxy.upstream = str(client.base_url).rstrip("/")  # type: ignore[attr-defined]
            headers = {"authorization": f"Bearer {KEY}"}
            body = {"text": f"# Lamps\n\n{LAMP}\n"}
            assert client.put("/v1/documents/lamps.md?wait=true", json=body, headers=headers).is_success
            yield public


def visit(page: "Page", path: str) -> None:
    page.goto(f"{PREFIX}{path}")


def assert_below_the_prefix(page: "Page") -> None:
    found = page.eval_on_selector_all(
        "[href], [src], [action], [formaction]",
        "all => all.map(one => one.href || one.src || one.action || one.formAction)",
    )
    inside = re.compile(rf"http://127\.0\.0\.1:\d+{PREFIX}/")
    assert found
    assert [one for one in found if isinstance(one, str) and not inside.match(one)] == []


def signed_in(page: "Page") -> None:
    visit(page, "/sign-in")
    page.wait_for_selector("#key:focus")
    page.keyboard.type(KEY)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{PREFIX}/")


def test_a_key_opens_the_pages_until_one_signs_out(browser: "Browser", address: str) -> None:
    origin = address.removesuffix(PREFIX)
    for page in opened(browser, origin, status=401, **DESKTOP):
        visit(page, "/check")
        page.wait_for_selector("#key")
        page.keyboard.type("wrong")
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=alert]")
        page.fill("#key", KEY)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{PREFIX}/check")
        page.locator(".tools a").click()
        page.locator("main button[type=submit]:not([name])").click()
        page.wait_for_selector("#key")
        visit(page, "/")
        page.wait_for_selector("#key")
        assert LAMP not in page.content()


def test_every_link_and_asset_is_below_the_prefix(browser: "Browser", address: str) -> None:
    for page in opened(browser, address.removesuffix(PREFIX), **DESKTOP):
        signed_in(page)
        question = "/?q=Who+lit+the+lamp+in+the+north+tower?"
        paths = [
            "/",
            question,
            "/check",
            f"/check?text={LAMP.replace(' ', '+')}",
            "/library",
            "/library/document?id=lamps.md",
            "/jobs",
            "/keys",
            "/status",
            "/docs",
            "/docs/post-v1-ask",
        ]
        for path in paths:
            visit(page, path)
            assert_below_the_prefix(page)
            page.evaluate("document.fonts.ready")


def test_from_the_question_to_the_citation_by_keyboard(browser: "Browser", address: str) -> None:
    # So narrow that the document does not open beside the answer.
    narrow: Any = {"viewport": {"width": 900, "height": 900}}
    for page in opened(browser, address.removesuffix(PREFIX), **narrow):
        signed_in(page)
        page.wait_for_selector("#q:focus")
        page.keyboard.type("Who lit the lamp in the north tower?")
        page.keyboard.press("Enter")
        page.wait_for_selector("main a[href*='/view/']")
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.locator("main a[href*='/view/']:focus").count():
                break
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(rf"{PREFIX}/view/.*#quote$"))
        assert LAMP in page.locator("main").inner_text()
        assert_below_the_prefix(page)


def test_the_language_is_kept_below_the_prefix(browser: "Browser", address: str) -> None:
    for page in opened(browser, address.removesuffix(PREFIX), locale="en", **DESKTOP):
        signed_in(page)
        visit(page, "/check")
        page.locator(".language button[value=zh]").click()
        page.wait_for_selector("html[lang=zh]")
        assert page.url.endswith(f"{PREFIX}/check")
        (cookie,) = [one for one in page.context.cookies() if one["name"] == "loccit_language"]
        assert cookie["path"] == f"{PREFIX}/"
