"""The documentation at /help: the built site and nothing beside it, under the policy of all pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.library import Library
from service.state.identity import KeyOptions, Scope, new_key
from tests.service.faces.pages.pages import page, told
from tests.service.http_service import served


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder has a built site."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "build" / "site"
    (folder / "how-to").mkdir(parents=True)
    (folder / "_static").mkdir()
    (folder / "index.html").write_text("<title>Loccit</title>", encoding="utf-8")
    (folder / "how-to" / "team.html").write_text("<title>Team…</title>", encoding="utf-8")
    (folder / "_static" / "site.css").write_text("a {}", encoding="utf-8")
    (folder / "_static" / "search.js").write_text("1;", encoding="utf-8")
    (tmp_path / "secret.html").write_text("secret", encoding="utf-8")
    (folder / "link.html").symlink_to(tmp_path / "secret.html")


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("", "text/html; charset=utf-8"),
        ("index.html", "text/html; charset=utf-8"),
        ("how-to/team.html", "text/html; charset=utf-8"),
        ("_static/site.css", "text/css; charset=utf-8"),
        ("_static/search.js", "text/javascript; charset=utf-8"),
    ],
)
def test_files_of_the_site_are_served(library: Library, name: str, media_type: str) -> None:
    with served(library) as client:
        response = client.get(f"/help/{name}")
        assert response.status_code == 200
        assert response.headers["content-type"] == media_type
        assert response.headers["x-content-type-options"] == "nosniff"
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


@pytest.mark.usefixtures("site")
def test_its_address_without_a_slash_leads_to_it(library: Library) -> None:
    with served(library, public_url="https://example.org/loccit") as client:
        response = client.get("/help", follow_redirects=False)
        assert (response.status_code, response.headers["location"]) == (308, "/loccit/help/")
        assert 'href="/loccit/help/"' in client.get("/").text


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    "name",
    [
        "none.html",
        "how-to",
        "..%2fsecret.html",
        "%2e%2e/secret.html",
        "link.html",
        "a%00b",
        "x" * 5000,
        "%2fetc/passwd",
    ],
)
def test_nothing_else_is_served(library: Library, name: str) -> None:
    with served(library) as client:
        response = client.get(f"/help/{name}")
        assert response.status_code in (404, 422)
        assert "secret" not in response.text.replace("secret.html", "")


@pytest.mark.usefixtures("site")
def test_it_needs_a_key_where_the_service_needs_one(library: Library) -> None:
    with served(library, api_key="correct-horse") as client:
        assert client.get("/help/").status_code == 401
        token, key = new_key("a reader", Scope.ASK, KeyOptions())
        client.app.state.runtime.keyring.add(key)  # type: ignore[attr-defined]
        assert client.get("/help/", headers={"authorization": f"Bearer {token}"}).status_code == 200


def test_without_a_site_a_page_explains_what_people_see(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with served(library) as client:
        (link,) = page(client, "/").xpath("//header//a[. = 'Help']/@href")
        for said in ("Probability", "matched", "Filters", "Cite", "changed or gone", "Keys", "make site"):
            assert said in told(page(client, link))
        assert "帮助" in client.get(link, headers={"accept-language": "zh"}).text
        assert "not built here" in told(page(client, "/help/formats.html", 404))
    with served(library, api_key="correct-horse") as client:
        assert "Help" not in told(page(client, "/sign-in")).split()
        token, key = new_key("one", Scope.ASK, KeyOptions())
        client.app.state.runtime.keyring.add(key)  # type: ignore[attr-defined]
        client.headers["x-api-key"] = token
        text = told(page(client, "/help/"))
        assert "make site" not in text  # who asks does not run the service
        assert "Check a text" not in text  # nor may check
