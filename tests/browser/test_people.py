"""Administrators change people's groups in Chromium, and people see what they may see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from index.embedding import WordEmbedder
from index.library import Library
from tests.browser.visits import DESKTOP, PHONE, assert_accessible, assert_no_sideways, opened
from tests.service.http_service import app_of, live
from tests.service.issuing import bearer, write_settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

KEY = "correct-horse"
ADMIN: dict[str, Any] = {"extra_http_headers": {"x-api-key": KEY}}
GROUPS = [f"a group of number {number}" for number in range(12)]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("people")
    rules = (
        '[[providers.rules]]\nclaim = "groups"\nvalues = ["*"]\ngroups_of_values = true\n'
        '[[providers.rules]]\nclaim = "roles"\nvalues = ["operator"]\nscope = "admin"\n'
    )
    settings = write_settings(folder, more='client_id = "loccit"', rules=rules)
    with (
        Library(folder / "data", embedder=WordEmbedder()) as library,
        live(app_of(library, api_key=KEY, **settings)) as client,
    ):
        for name in ("staff", "board"):
            body = {"text": f"The lamp of {name}.", "groups": [name]}
            sent = client.put(f"/v1/documents/{name}.txt", json=body, headers={"x-api-key": KEY})
            assert sent.status_code == 201, sent.text
        for said in (
            {"name": "Ada Lovelace", "sub": "ada", "groups": ["staff"]},
            {"name": "Grace Brewster Murray Hopper-of-the-Navy", "sub": "7" * 90, "groups": GROUPS},
            {"name": "Olga", "sub": "olga", "groups": ["staff"], "roles": "operator"},
        ):
            assert client.get("/v1/documents", headers=bearer(**said)).status_code == 200
        yield str(client.base_url).rstrip("/")


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def device(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_pass(browser: Browser, address: str, device: Any, scheme: str) -> None:
    for page in opened(browser, address, color_scheme=scheme, **ADMIN, **device):
        for name in ("", "Ada Lovelace", "Grace", "Olga"):
            page.goto("/people")
            if name:
                page.get_by_role("link", name=name).click()
                page.get_by_role("heading", name="Change groups by hand").wait_for()
            assert_accessible(page)
            assert_no_sideways(page)
        page.goto("/keys")
        page.get_by_label("Sites whose pages may use it").wait_for()
        assert_accessible(page)


def test_an_administrator_gives_and_takes_groups(browser: Browser, address: str) -> None:
    ada = bearer(name="Ada Lovelace", sub="ada", groups=["staff"])

    def readable() -> set[str]:
        listed = httpx.get(f"{address}/v1/documents", headers=ada).json()["documents"]
        return {one["document_id"] for one in listed}

    assert readable() == {"staff.txt"}
    for page in opened(browser, address, **ADMIN, **DESKTOP):
        page.goto("/library")
        page.get_by_role("link", name="People").click()
        page.get_by_label("Find a person").fill("love")
        page.get_by_role("button", name="Find").click()
        page.get_by_role("link", name="Ada Lovelace").click()
        page.get_by_label("Groups given beside").fill("board")
        page.get_by_label("Groups taken away").fill("staff")
        page.get_by_role("button", name="Change the groups").click()
        page.get_by_label("Groups given beside").wait_for()
        assert readable() == {"board.txt"}
        page.get_by_role("link", name="People").first.click()
        assert page.get_by_text("changed by hand").count() == 1
    for page in opened(browser, address, status=422, **ADMIN, **DESKTOP):
        page.goto("/people?q=ada")
        page.get_by_role("link", name="Ada Lovelace").click()
        page.get_by_label("Groups given beside").fill("*")
        page.get_by_role("button", name="Change the groups").click()
        page.get_by_role("alert").wait_for()
        assert_accessible(page)


def test_a_person_sees_what_it_may_see(browser: Browser, address: str, device: Any) -> None:
    ada = {"extra_http_headers": bearer(name="Ada Lovelace", sub="ada2", groups=["staff"])}
    for page in opened(browser, address, **ada, **device):
        page.goto("/sign-in")
        page.get_by_text("open to all in these groups").wait_for()
        assert_accessible(page)
        assert_no_sideways(page)
        assert not page.get_by_role("link", name="People").count()
        page.get_by_role("main").get_by_role("link", name="default").click()
        page.get_by_text("staff.txt").wait_for()
