"""The widget on pages of another origin: it asks, streams, cites, and leaves the page alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from index.embedding import WordEmbedder
from index.library import Library
from service.state.identity import KeyOptions, Scope, new_key
from tests.browser.visits import PHONE, assert_accessible, assert_no_sideways
from tests.patience import PATIENCE
from tests.service.http_service import app_of, live

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

ADMIN = {"x-api-key": "correct-horse"}
LAMP = "The lamp in the north tower was lit at dusk by the keeper."
ASKED = "Who lit the lamp in the north tower?"
HOSTILE = '<img src=x onerror="document.title=1"> **bold** [9] javascript:alert(1)'
STRICT = (
    "default-src 'none'; script-src {service}; connect-src {service}; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A service, the site whose pages use it, and the site's key."""

    service: str
    site: str
    pages: dict[str, str]
    policies: dict[str, str]
    key: str
    admin: httpx.Client

    def page(self, path: str, body: str, *, policy: str = "") -> str:
        """The address of a page with this body."""
        self.pages[path] = (
            '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">'
            f"<title>A site</title><main><h1>A site</h1>{body}</main></html>"
        )
        self.policies[path] = policy.format(service=self.service)
        return f"{self.site}{path}"

    def tag(self, **data: str) -> str:
        """The script tag."""
        written = " ".join(f'data-{name}="{value}"' for name, value in {"key": self.key, **data}.items())
        return f'<script src="{self.service}/widget.js" {written} async></script>'


@contextmanager
def site() -> Iterator[tuple[str, dict[str, str], dict[str, str]]]:
    """A web site of another origin, whose pages are in a dictionary, with their policies."""
    pages: dict[str, str] = {}
    policies: dict[str, str] = {}

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path, "").encode()
            self.send_response(200 if body else 204)
            self.send_header("content-type", "text/html; charset=utf-8")
            if policy := policies.get(self.path):
                self.send_header("content-security-policy", policy)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", pages, policies
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("widget")
    with site() as (origin, pages, policies), Library(folder, embedder=WordEmbedder()) as library:
        app = app_of(library, api_key=ADMIN["x-api-key"], cors_origins=origin)
        with live(app) as client:
            client.headers.update(ADMIN)
            for name, text in (
                ("lamps.md", f"# Lamps\n\n{LAMP}\n"),
                ("odd.txt", f"The odd lamp says {HOSTILE}."),
            ):
                assert client.put(f"/v1/documents/{name}?wait=true", content=text).status_code == 201
            token, key = new_key("a site", Scope.ASK, KeyOptions(origins=(origin,)))
            app.state.runtime.keyring.add(key)
            yield Place(str(client.base_url).rstrip("/"), origin, pages, policies, token, client)


@contextmanager
def visit(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """A page on which no script fails, and that keeps nothing."""
    context = browser.new_context(**options)
    context.set_default_timeout(1000 * PATIENCE)
    try:
        page = context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda told: told.type == "error" and wrong.append(told.text))
        page.goto(address)
        yield page
        assert wrong == []
        assert context.cookies() == []
        assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    finally:
        context.close()


def asked(page: Page, question: str = ASKED) -> Any:
    """The answer, when it is whole."""
    if not page.locator("dialog[open]").count():
        page.locator(".open").click()
    field = page.get_by_role("textbox", name="Your question")
    field.fill(question)
    field.press("Enter")
    answer = page.locator(".answer:not([aria-busy])").last
    answer.wait_for()
    return answer


def test_one_tag_asks_and_opens_the_citation_without_a_key(browser: Browser, place: Place) -> None:
    with visit(browser, place.page("/one", place.tag())) as page:
        answer = asked(page)
        assert answer.locator("p").first.inner_text().startswith(LAMP)
        with page.context.expect_page() as opening:
            answer.get_by_role("link", name="Source 1: Lamps").first.click()
        viewer = opening.value
        viewer.wait_for_load_state()
        assert viewer.locator("mark").first.inner_text() == LAMP
        assert_accessible(page)


def test_it_says_so_when_the_documents_do_not(browser: Browser, place: Place) -> None:
    with visit(browser, place.page("/none", place.tag())) as page:
        answer = asked(page, "What does a ticket to Saturn cost in winter?")
        assert "The documents do not say." in answer.inner_text()


def test_an_answer_is_judged_with_a_reason_and_kept(browser: Browser, place: Place) -> None:
    with visit(browser, place.page("/plain", place.tag())) as page:
        assert asked(page).get_by_role("button", name="It answers").count() == 0
    place.admin.post("/library/gaps/keep")
    with visit(browser, place.page("/judge", place.tag(judge=""))) as page:
        answer = asked(page)
        assert_accessible(page)
        answer.get_by_role("textbox", name="Why, if you like").fill("Only <b>the tower</b>.")
        answer.get_by_role("button", name="It does not answer").click()
        answer.get_by_role("status").wait_for()
        assert "Thank you." in answer.inner_text()
    (gap,) = place.admin.get("/v1/gaps").json()["gaps"]
    assert (gap["question"], gap["disliked"], gap["reasons"]) == (ASKED, 1, ["Only <b>the tower</b>."])
    place.admin.post("/library/gaps/stop")


def test_earlier_questions_are_the_conversation(browser: Browser, place: Place) -> None:
    with visit(browser, place.page("/more", place.tag())) as page:
        sent: list[Any] = []
        page.on("request", lambda one: one.method == "POST" and sent.append(one.post_data_json))
        asked(page)
        asked(page, "And when?")
        assert [turn["role"] for turn in sent[-1]["turns"]] == ["user", "assistant"]
        page.get_by_role("button", name="Start again").click()
        assert page.locator(".answer").count() == 0
        asked(page)
        assert sent[-1]["turns"] == []


def test_a_strict_page_does_not_break_it(browser: Browser, place: Place) -> None:
    with visit(browser, place.page("/strict", place.tag(), policy=STRICT)) as page:
        assert LAMP in asked(page).inner_text()
        box = page.locator("dialog").bounding_box()
        assert box is not None
        assert box["width"] > 300  # its style is in force


def test_words_of_a_document_are_only_words(browser: Browser, place: Place) -> None:
    with visit(browser, place.page("/odd", place.tag())) as page:
        answer = asked(page, "What does the odd lamp say?")
        assert "onerror" in answer.inner_text()
        assert answer.locator("img, b, strong").count() == 0
        assert page.title() == "A site"


def test_two_widgets_on_one_page(browser: Browser, place: Place) -> None:
    tags = place.tag() + place.tag(position="left", language="zh", greeting="你好", accent="#7a1f5c")
    with visit(browser, place.page("/two", tags)) as page:
        assert page.locator("loccit-dialog").count() == 2
        chinese = page.locator("loccit-dialog[language=zh]")
        chinese.locator(".open").click()
        assert chinese.locator(".greeting").inner_text() == "你好"
        chinese.locator("input").fill(ASKED)
        chinese.locator("input").press("Enter")
        chinese.locator(".answer:not([aria-busy])").wait_for()
        assert LAMP in chinese.locator(".answer").inner_text()
        assert page.locator(".answer").count() == 1


def test_a_page_that_the_key_does_not_allow_is_told_so(browser: Browser, place: Place) -> None:
    context = browser.new_context()
    try:
        with site() as (other, pages, _):
            pages["/blocked"] = f"<!doctype html><title>Another site</title>{place.tag()}"
            page = context.new_page()
            page.goto(f"{other}/blocked")
            assert "cannot be reached" in asked(page).inner_text()
    finally:
        context.close()


def test_by_keyboard_alone_on_a_phone_in_the_dark(browser: Browser, place: Place) -> None:
    with visit(browser, place.page("/phone", place.tag()), **PHONE, color_scheme="dark") as page:
        page.locator(".open").wait_for()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.type(ASKED)
        page.keyboard.press("Enter")
        page.locator(".answer:not([aria-busy])").wait_for()
        assert_no_sideways(page)
        assert_accessible(page)
        page.keyboard.press("Escape")
        assert page.locator("dialog[open]").count() == 0


def test_a_page_may_draw_the_answer_itself(browser: Browser, place: Place) -> None:
    script = f'<script src="{place.service}/widget.js"></script>'
    element = f'<loccit-question key="{place.key}"></loccit-question>'
    with visit(browser, place.page("/own", script + element)) as page:
        told = page.evaluate(
            """async (question) => {
                const told = [];
                const asks = document.querySelector("loccit-question");
                for (const name of ["found", "delta", "sentence", "finished"])
                    document.addEventListener(`loccit-${name}`, () => told.push(name));
                const answer = await asks.ask(question);
                return [told, answer.sentences[0].text];
            }""",
            ASKED,
        )
        assert told == [["found", "delta", "sentence", "finished"], LAMP]
        assert page.locator("loccit-dialog").count() == 0


@pytest.mark.parametrize("collection", ["default, lanterns", "*"])
def test_several_collections_answer_together(browser: Browser, place: Place, collection: str) -> None:
    place.admin.put("/v1/collections/lanterns")
    text = "The lantern of the south tower was lit by Ann at dawn."
    place.admin.put("/v1/documents/ann.txt?wait=true&collection=lanterns", content=text)
    with visit(browser, place.page("/several", place.tag(collection=collection))) as page:
        answer = asked(page, "Who lit the lantern of the south tower at dawn?")
        assert answer.locator("p").first.inner_text().startswith(text)
        with page.context.expect_page() as opening:
            answer.get_by_role("link", name="Source 1: ann.txt").first.click()
        viewer = opening.value
        viewer.wait_for_load_state()
        assert viewer.locator("mark").first.inner_text() == text


def test_a_citation_on_a_page_says_whether_it_still_stands(browser: Browser, place: Place) -> None:
    text = "Oil was carried up the stairs of the south tower each evening."
    place.admin.put("/v1/documents/oil.txt?wait=true", content=text)
    answer = httpx.post(
        f"{place.service}/v1/ask",
        json={"question": "Where was the oil carried each evening?"},
        headers={"x-api-key": place.key},
        timeout=PATIENCE,
    ).json()
    link = answer["passages"][0]["citation"]["links"]["citation"]
    element = f'<loccit-citation href="{link}" key="{place.key}">as it was</loccit-citation>'
    address = place.page("/cite", f'<script src="{place.service}/widget.js"></script>{element}')
    for changed, standing in (
        (text, "unchanged"),
        (text.replace("each evening", "each morning"), "changed since"),
        ("Nothing of it is left here, not a word.", "no longer there"),
    ):
        place.admin.put("/v1/documents/oil.txt?wait=true", content=changed)
        with visit(browser, address) as page:
            page.locator("figcaption").wait_for()
            assert page.locator("blockquote").inner_text() == text
            assert page.locator(".standing").inner_text().strip() == standing
            assert_accessible(page)
