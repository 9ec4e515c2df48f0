"""What holds of all pages."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.faces.pages.rendering import TEMPLATES
from tests.service.faces.pages.pages import LAMP, locator_of
from tests.service.http_service import served


@pytest.fixture
def locked(library: Library) -> Iterator[TestClient]:
    with served(library, api_key="correct-horse") as client:
        yield client


def test_a_browser_brings_the_key_as_a_password(locked: TestClient) -> None:
    key = {"x-api-key": "correct-horse"}
    record = locked.put("/v1/documents/a.txt?wait=true", json={"text": LAMP}, headers=key).json()
    basic = base64.b64encode(b"me:correct-horse").decode()
    for address in ("/", "/?q=lamp", f"/view/{locator_of(record, 0, 5)}"):
        refused = locked.get(address)
        assert refused.status_code == 401
        assert "Lamp" not in refused.text
        assert locked.get(address, headers={"authorization": f"Basic {basic}"}).status_code == 200
    # No browser is asked for them: it shows the form.
    assert locked.get("/").headers["www-authenticate"].startswith("Bearer ")


def test_templates_are_part_of_the_package() -> None:
    names = {one.name for one in TEMPLATES.iterdir()}
    assert {"base.html.jinja", "ask.html.jinja", "view.html.jinja", "error.html.jinja"} <= names
