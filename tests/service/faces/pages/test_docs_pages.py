"""The reference of the API: every operation has a page, which loads nothing from elsewhere."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.faces.pages.reference import Operation, reference_of, with_code
from service.http.openapi import describe
from tests.service.http_service import app_of, served


@pytest.fixture(scope="module")
def client(shared_client: TestClient) -> TestClient:
    return shared_client


@pytest.fixture
def api(library: Library) -> dict[str, Any]:
    return describe(app_of(library))


def operations(api: dict[str, Any]) -> list[Operation]:
    return [one for section in reference_of(api).sections for one in section.operations]


def test_every_operation_has_a_page(client: TestClient) -> None:
    api = client.get("/openapi.json").json()
    index = client.get("/docs").text
    found = operations(api)
    described = {(method.upper(), path) for path, methods in api["paths"].items() for method in methods}
    assert {(one.method, one.path) for one in found} == described
    assert len({one.key for one in found}) == len(found)
    for one in found:
        assert f'href="/docs/{one.key}"' in index
        response = client.get(f"/docs/{one.key}")
        assert response.status_code == 200
        text = unescape(re.sub(r"<[^>]+>", "", response.text))
        told = api["paths"][one.path][one.method.lower()]
        for parameter in told.get("parameters", ()):
            assert parameter["name"] in text
        for status in told["responses"]:
            assert f"<code>{status}</code>" in response.text


def test_a_page_has_fields_examples_and_errors(client: TestClient) -> None:
    html = client.get("/docs/post-v1-ask").text
    for field in ("question", "min_answerability", "passages", "evidence"):
        assert f"<dt><code>{field}</code>" in html
    assert "How long may a passage be?" in html
    assert "<code>question_too_long</code>" in html
    assert "scope <code>ask</code>" in html
    assert "``" not in html
    assert ":class:" not in html


def test_the_pages_allow_no_scripts_of_their_own(client: TestClient) -> None:
    assert client.get("/openapi.json").json()["info"]["title"] == "Loccit"
    for path in ("/docs", "/docs/post-v1-ask"):
        page = client.get(path)
        assert "unsafe-inline" not in page.headers["content-security-policy"]
        assert page.headers["content-security-policy"] == client.get("/").headers["content-security-policy"]
        assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//|<style|style=", page.text)


def test_operations_are_found_by_words(client: TestClient) -> None:
    html = client.get("/docs?q=post+VERIFY").text
    assert "/docs/post-v1-verify" in html
    assert "/docs/post-v1-ask" not in html
    nothing = client.get('/docs?q=<script>alert("x")</script>').text
    assert '<p class="note" id="none" role="status">' in nothing
    assert "<script>alert" not in nothing


def test_an_unknown_operation_is_a_page_that_is_not_found(client: TestClient) -> None:
    response = client.get("/docs/post-v1-nothing")
    assert response.status_code == 404
    assert "no such operation" in response.text


def test_command_lines_have_what_the_operation_needs(api: dict[str, Any]) -> None:
    found = {one.key: one.curl("http://h") for one in operations(api)}
    assert found["get-v1-documents-document-id"].startswith("curl http://h/v1/documents/")
    assert "{" not in found["get-v1-documents-document-id-diff"]
    assert "old=" in found["get-v1-documents-document-id-diff"]
    assert found["post-v1-verify"].startswith("curl -X POST http://h/v1/verify -H 'Content-Type")


def test_descriptions_become_paragraphs_and_code() -> None:
    assert with_code("Uses ``k`` <b>.\n\nSee :class:`a.b.Thing`.") == (
        "<p>Uses <code>k</code> &lt;b&gt;.</p>\n\n<p>See <code>Thing</code>.</p>"
    )


def test_behind_a_key_and_a_prefix(library: Library) -> None:
    with served(library, api_key="correct-horse", public_url="https://example.org/loccit") as client:
        assert client.get("/docs").status_code == 401
        headers = {"authorization": "Bearer correct-horse"}
        html = client.get("/docs/post-v1-ask", headers=headers).text
        assert "curl -X POST https://example.org/loccit/v1/ask" in html
        assert 'href="/docs' not in html
