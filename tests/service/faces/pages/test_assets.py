"""Stylesheets and scripts: open to everyone, kept by browsers, and nothing from elsewhere in them."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.faces.pages.assets import ASSETS, VERSION, asset_path
from tests.service.http_service import assert_error, served


@pytest.mark.parametrize("name", ASSETS)
def test_nothing_is_loaded_from_elsewhere(client: TestClient, name: str) -> None:
    response = client.get(asset_path(name))
    assert response.status_code == 200
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in response.headers["cache-control"]
    kind = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}[name.rpartition(".")[2]]
    assert response.headers["content-type"].split(";")[0] == kind
    text = response.text.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|url\(|@import|\beval\b|innerHTML|new Function", text)


def test_an_older_address_gives_the_newest_file_and_is_not_kept(client: TestClient) -> None:
    assert client.get("/static/000000000000/base.css").headers["cache-control"] == "no-cache"
    assert client.get(f"/static/{VERSION}/base.css").text == client.get("/static/old/base.css").text


@pytest.mark.parametrize("name", ["none.css", "../rendering.py", "%2e%2e/rendering.py", "scripts", ""])
def test_nothing_else_is_served(client: TestClient, name: str) -> None:
    assert client.get(f"/static/{VERSION}/{name}").status_code == 404


def test_everyone_may_load_them(library: Library) -> None:
    with served(library, api_key="correct-horse") as client:
        assert client.get(asset_path("base.css")).status_code == 200
        assert client.get("/static/1/none.css").status_code == 404


def test_a_language_is_chosen_and_kept(client: TestClient) -> None:
    assert 'lang="zh"' in client.get("/", headers={"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"}).text
    assert 'lang="en"' in client.get("/", headers={"accept-language": "tlh, zh;q=0.1, en;q=0.8"}).text
    chosen = client.post("/language", data={"language": "zh", "next": "/?q=x"}, follow_redirects=False)
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/?q=x")
    assert 'lang="zh"' in client.get("/", headers={"accept-language": "en"}).text
    away = client.post("/language", data={"language": "en", "next": "//evil.example"}, follow_redirects=False)
    assert away.headers["location"] == "/"
    assert_error(client.post("/language", data={"language": "xx"}), 422, "invalid_request")


def test_pages_behind_a_prefix_link_to_it(library: Library) -> None:
    with served(library, public_url="https://example.org/loccit") as client:
        html = client.get("/").text
        assert 'data-prefix="/loccit"' in html
        addresses = re.findall(r'(?:href|src|action)="([^"]*)"', html)
        assert addresses
        assert all(address.startswith(("/loccit/", "#")) for address in addresses), addresses
        chosen = client.post("/language", data={"language": "zh", "next": "/"}, follow_redirects=False)
        assert chosen.headers["location"] == "/loccit/"
