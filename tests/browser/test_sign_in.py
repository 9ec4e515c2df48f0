"""A person signs in at a provider on another site, in Chromium, and reads behind a path prefix."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.test_prefix import PREFIX, proxied
from tests.browser.visits import DESKTOP, assert_accessible
from tests.patience import PATIENCE
from tests.service.signing_in import Provider, signing_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.node]


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with proxied() as proxy:
        public = f"http://127.0.0.1:{proxy.server_port}{PREFIX}"
        # Its host makes it another site: a browser that comes back does not send strict cookies.
        with signing_in(tmp_path_factory.mktemp("sso"), host="localhost", public=public) as provider:
            proxy.upstream = provider.upstream  # type: ignore[attr-defined]
            provider.control(claims={"name": "Ada Lovelace", "groups": ["staff"]})
            yield provider


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(**DESKTOP)
    context.set_default_timeout(1000 * PATIENCE)
    yield context.new_page()
    context.close()


def test_a_person_comes_back_to_the_page_that_was_wanted(provider: Provider, page: Page) -> None:
    wanted = f"{provider.service}/library"
    page.goto(wanted)
    assert_accessible(page)
    page.get_by_role("link", name="Sign in with Example & Co").click()
    page.wait_for_url(wanted)
    assert page.get_by_text("staff.txt").count()
    assert not page.get_by_text("board.txt").count()
    assert not page.evaluate("document.cookie")  # no script reads them
    page.get_by_role("link", name="Ada Lovelace").click()
    page.get_by_role("heading", name="Signed in").wait_for()
    assert page.get_by_text("Example & Co").count()
    assert_accessible(page)
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url(f"{provider.url}/session/end**")
    page.goto(wanted)
    page.get_by_role("heading", name="Sign in", exact=True).wait_for()
