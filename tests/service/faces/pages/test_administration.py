"""Collections, keys and the state of the service in the browser, for administrators."""

from __future__ import annotations

from typing import Any

import lxml.html
import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.state.identity import KeyOptions, Scope, new_key
from tests.service.faces.pages.pages import LAMP, page, told, words
from tests.service.http_service import put, served

ADMIN = {"authorization": "Bearer correct-horse"}


def names(html: Any) -> list[str]:
    return [words(one).strip() for one in html.xpath("//tbody/tr/th")]


def test_collections_are_made_and_deleted(client: TestClient) -> None:
    put(client, "a.txt", LAMP)
    made = client.post("/library/collections/create", data={"name": "notes"})
    assert "no documents in the collection notes yet" in made.text
    put(client, "b.txt", LAMP, collection="notes")
    assert names(page(client, "/library/collections")) == ["default", "notes"]
    html = page(client, "/library/collections/delete", collection="notes")
    for said in (
        "1 document with all its versions",
        "1 passage that questions find",
        "all citations to them",
    ):
        assert said in told(html)
    (address,) = html.xpath("//main//form/@action")
    assert "Delete the collection" in client.post(address, data={"name": "other"}).text
    assert client.get("/v1/collections/notes").status_code == 200
    client.post(address, data={"name": "notes"})
    assert names(page(client, "/library/collections")) == ["default"]
    page(client, "/library/collections/delete", 404, collection="notes")


def test_a_new_collection_gets_no_files_of_a_deleted_one(client: TestClient) -> None:
    jobs = client.app.state.runtime.jobs  # type: ignore[attr-defined]
    jobs.runner.stop()
    client.put("/v1/collections/notes")
    client.post("/v1/ingest?collection=notes", files={"files": ("a.txt", LAMP.encode())})
    client.post("/library/collections/delete?collection=notes", data={"name": "notes"})
    client.put("/v1/collections/notes")
    assert [one.state for one in jobs.store.jobs(limit=10)] == ["cancelled"]


@pytest.mark.parametrize("name", ["", "A B", "../x", "x" * 64])
def test_a_wrong_name_of_a_collection_is_refused(client: TestClient, name: str) -> None:
    response = client.post("/library/collections/create", data={"name": name})
    assert response.status_code == 422
    html = lxml.html.document_fromstring(response.text)
    assert html.xpath("//*[@role='alert']")
    (field,) = html.xpath("//input[@id='name']")
    assert field.get("value") == name
    assert "my-essays" in field.get("title")  # which browsers show in what they say of it


def test_an_empty_collection_has_no_share(client: TestClient) -> None:
    client.put("/v1/collections/empty")
    assert "–" in told(page(client, "/library/collections"))
    for address in ("/library/collections", "/status", "/library?collection=empty"):
        assert "100 %" not in told(page(client, address))


def test_without_keys_none_are_made_in_the_browser(client: TestClient) -> None:
    assert "loccit keys create" in told(page(client, "/keys"))
    assert client.post("/keys/create", data={"name": "a", "scope": "admin"}).status_code == 403
    assert "Keys" not in page(client, "/").xpath("//header/nav/a/text()")
    assert "no keys" not in client.get("/status").text


def test_a_key_is_shown_once_and_revoked(library: Library) -> None:
    with served(library, api_key="correct-horse") as client:
        client.headers.update(ADMIN)
        form = {
            "name": "a <program>",
            "scope": "read",
            "collections": "default, notes",
            "groups": "board",
            "expires": "2099-01-31",
            "rate": "60:5",
        }
        made = client.post("/keys/create", data=form)
        assert made.headers["cache-control"] == "no-store"
        token = made.text.partition('id="token">')[2].partition("<")[0]
        html = page(client, "/keys")
        assert token not in html.text_content()
        for said in ("a <program>", "default, notes", "board", "valid", "until 2099-01-31 23:59", "never"):
            assert said in told(html)
        as_key = {"authorization": f"Bearer {token}"}
        assert client.get("/library", headers=as_key).status_code in (200, 404)
        (address,) = html.xpath("//form[contains(@action, '/revoke')]/@action")
        assert "revoked" in client.post(address).text
        assert client.get("/library", headers=as_key).status_code == 401


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "1 to 100"), ({"scope": "god"}, "scopes ask, read"),
        ({"expires": "soon"}, "2030-01-31"),
        ({"expires": "2001-01-01"}, "expired already"), ({"rate": "x"}, "rate"),
        ({"groups": "a\u0007"}, "group"),
        ({"collections": "A B"}, "collection"),
    ],
)  # fmt: skip
def test_a_wrong_key_is_told_on_the_page(library: Library, wrong: dict[str, str], said: str) -> None:
    with served(library, api_key="correct-horse") as client:
        response = client.post("/keys/create", data={"name": "a", "scope": "read", **wrong}, headers=ADMIN)
        assert response.status_code == 422
        assert said in response.text
        assert "New key" in response.text


def test_an_administrator_of_some_collections_makes_no_keys(library: Library) -> None:
    with served(library, api_key="correct-horse") as client:
        token, key = new_key("some", Scope.ADMIN, KeyOptions(collections=["notes"]))
        client.app.state.runtime.keyring.add(key)  # type: ignore[attr-defined]
        some = {"authorization": f"Bearer {token}"}
        assert client.get("/keys", headers=some).status_code == 403
        form = {"name": "a", "scope": "admin"}
        assert client.post("/keys/create", data=form, headers=some).status_code == 403
        assert client.post(f"/keys/{key.id}/revoke", headers=some).status_code == 403
        narrowed = {**ADMIN, "x-on-behalf-of": "board"}
        assert client.post("/keys/create", data=form, headers=narrowed).status_code == 403
        assert len(client.app.state.runtime.keyring.store.all()) == 1  # type: ignore[attr-defined]
        assert "Free on the disk" not in client.get("/status", headers=some).text


def test_the_state_of_the_service_is_told(client: TestClient) -> None:
    put(client, "a.txt", LAMP)
    html = page(client, "/status")
    text = told(html)
    for said in (
        "everything works",
        "Not ready to be found yet0 passages",
        "Python",
        "Loccit",
        "Free on the disk",
    ):
        assert said in text
    assert names(html) == ["default"]


def test_a_key_for_pages_of_a_site_comes_with_the_tag_for_them(library: Library) -> None:
    with served(library, api_key="correct-horse") as client:
        data = {"name": "site", "scope": "ask", "origins": "https://www.example.org"}
        html = lxml.html.document_fromstring(client.post("/keys/create", data=data, headers=ADMIN).text)
        token, tag = (html.get_element_by_id(name).text_content() for name in ("token", "tag"))
        assert f'/widget.js" data-key="{token}" async></script>' in tag
        plain = client.post("/keys/create", data={"name": "a", "scope": "read"}, headers=ADMIN).text
        assert "widget.js" not in plain
        for address in ("/keys", "/people", "/status", "/library", "/check", "/"):
            assert "LOCCIT_" not in client.get(address, headers=ADMIN).text.partition("<main")[2]
