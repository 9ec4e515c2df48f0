"""The widget's script: small, from one address, and complete in each language."""

from __future__ import annotations

import gzip
import json
import re

from starlette.testclient import TestClient

from service.faces.widget.routes import SCRIPT


def test_it_is_small() -> None:
    assert len(gzip.compress(SCRIPT)) < 30 * 1024


def test_everyone_may_load_it_and_a_browser_keeps_it(client: TestClient) -> None:
    response = client.get("/widget.js")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/javascript")
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "set-cookie" not in response.headers
    again = client.get("/widget.js", headers={"if-none-match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_it_writes_no_html_and_keeps_nothing() -> None:
    text = SCRIPT.decode()
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|Storage|cookie\s*=", text
    )
    assert not re.search(r"https?://", text)


def test_every_language_has_the_same_words() -> None:
    found = re.search(r"^const MESSAGES = (.*);$", SCRIPT.decode(), re.MULTILINE)
    assert found is not None
    messages = json.loads(found[1])
    for words in messages.values():
        assert words.keys() == messages["en"].keys()
        assert words["standing"].keys() == messages["en"]["standing"].keys()
