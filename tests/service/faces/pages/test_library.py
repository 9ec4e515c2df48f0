"""The library in the browser: documents found by name, added, compared and deleted by plain forms."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import lxml.html
import pytest
from lxml.html import HtmlElement
from starlette.testclient import TestClient

from index.library import Library
from index.readers import MEDIA_TYPES
from service.state.identity import KeyOptions, Scope, new_key
from service.state.jobs.records import FINISHED
from tests.patience import eventually
from tests.service.faces.pages.pages import HOSTILE, LAMP, page, told, words
from tests.service.http_service import put, served

BOARD = {"groups": ["board"]}


def rows(html: HtmlElement) -> list[str]:
    return [words(one) for one in html.xpath("//table//tbody/tr/th//a/bdi")]


def sent(client: TestClient, *files: tuple[str, bytes], **more: Any) -> HtmlElement:
    """The page that a form with files leads to, when its job is finished."""
    response = client.post("/library/upload", files=[("files", one) for one in files], **more)
    assert response.status_code == 200, response.text
    return finished(client, urlsplit(str(response.url)).path)


def finished(client: TestClient, path: str) -> HtmlElement:
    eventually(lambda: client.get(f"/v1{path}").json()["state"] in FINISHED)
    return page(client, path)


def key(client: TestClient, scope: Scope, **options: Any) -> dict[str, str]:
    token, made = new_key("a key", scope, KeyOptions(**options))
    client.app.state.runtime.keyring.add(made)  # type: ignore[attr-defined]
    return {"authorization": f"Bearer {token}"}


# Lists


def test_the_library_lists_documents_by_name(client: TestClient) -> None:
    assert "no documents in the collection default yet" in told(page(client, "/library"))
    put(client, "b.txt", LAMP, title="Lamps")
    put(client, "a.md", LAMP, title="Oil")
    html = page(client, "/library")
    assert rows(html) == ["Oil", "Lamps"]
    assert "2 documents all ready" in told(html)
    assert [words(one).strip() for one in html.xpath("//td[@data-label='State']")] == ["ready", "ready"]
    assert rows(page(client, "/library", q="lamp")) == ["Lamps"]
    assert rows(page(client, "/library", q="MD")) == ["Oil"]
    assert "No document has “nothing”" in told(page(client, "/library", q="nothing"))


def test_a_long_list_has_pages(client: TestClient) -> None:
    body = {"documents": [{"document_id": f"{at:03}.txt", "text": LAMP} for at in range(60)]}
    job = client.post("/v1/ingest", json=body).json()["job_id"]
    eventually(lambda: client.get(f"/v1/jobs/{job}").json()["state"] in FINISHED)
    first = page(client, "/library")
    assert len(rows(first)) == 50
    (following,) = first.xpath("//a[@rel='next']/@href")
    second = page(client, following)
    assert [*rows(first), *rows(second)] == [f"{at:03}.txt" for at in range(60)]
    assert not second.xpath("//a[@rel='next']")


def test_hostile_names_are_only_words(client: TestClient) -> None:
    for number, hostile in enumerate(HOSTILE):
        put(client, f"{number}{hostile}", LAMP, title=hostile, source=hostile, metadata={hostile: hostile})
    html = page(client, "/library")
    assert rows(html) == HOSTILE
    for link in html.xpath("//table//a/@href"):
        assert LAMP not in told(page(client, link))
    for number, hostile in enumerate(HOSTILE):
        shown = page(client, "/library/document", id=f"{number}{hostile}")
        assert words(shown.find(".//h1")) == hostile
        assert hostile in " ".join(words(one) for one in shown.xpath("//dd"))
        page(client, "/library", q=hostile)


# Adding


def test_files_of_a_plain_form_become_documents(client: TestClient) -> None:
    html = sent(client, ("folder/good.md", b"# Good\n\nText."), ("bad.pdf", b"%PDF-1.4"))
    assert "one file was refused" in told(html)
    assert "The PDF file is damaged" in told(html)  # without its name, which stands beside it
    assert "bad.pdf: " not in told(html)
    (link,) = html.xpath("//table//a/@href")
    assert words(page(client, link).find(".//h1")) == "Good"
    assert not page(client, "/library").xpath("//details[@id='add']/@open")


def test_the_form_names_groups_and_a_folder(client: TestClient) -> None:
    sent(client, ("a.txt", LAMP.encode()), data={"groups": "board, staff", "prefix": "manuals"})
    found = client.get("/v1/documents/manuals/a.txt").json()
    assert found["groups"] == ["board", "staff"]
    sent(client, ("a.txt", b"Other words."), data={"groups": " ", "prefix": ""})
    assert client.get("/v1/documents/a.txt").json()["groups"] == []


def test_the_form_says_what_it_takes(client: TestClient) -> None:
    html = page(client, "/library")
    assert "At most 67.1 MB a file, and 10000 files at once." in told(html)
    suffixes = " ".join(words(one) for one in html.xpath("//details[@id='formats']//dd")).split()
    assert sorted(suffixes) == sorted([*MEDIA_TYPES, ".zip"])
    labels = [words(one) for one in html.xpath("//div[@id='drop']/label | //details[@id='add']//summary")]
    assert len(set(labels)) == len(labels) == 6


def test_hidden_files_are_left_out_and_counted(client: TestClient) -> None:
    names = ("a/b.txt", "a/.DS_Store", "a/Thumbs.db", "__MACOSX/a/b.txt", ".git/config")
    html = sent(client, *((name, LAMP.encode()) for name in names))
    assert words(html.find(".//tbody")).split()[0] == "a/b.txt"
    assert "1 of 1 files" in told(html)
    response = client.post("/library/upload", files=[("files", (name, b"A.")) for name in names])
    assert "4 hidden files were left out." in response.text


def test_the_library_follows_a_job(client: TestClient) -> None:
    job = client.post("/v1/ingest", files={"files": ("bad.pdf", b"%PDF-1.4")}).json()["job_id"]
    eventually(lambda: client.get(f"/v1/jobs/{job}").json()["state"] in FINISHED)
    html = page(client, "/library", job=job, left_out=2)
    for said in ("one file was refused", "1 of 1 files", "2 hidden files were left out."):
        assert said in told(html)
    assert html.xpath("//section//a/@href")[-1] == f"/jobs/{job}"
    assert "Adding documents" not in told(page(client, "/library", job="none"))


def test_a_form_without_files_says_so(client: TestClient) -> None:
    form = '--x\r\nContent-Disposition: form-data; name="files"; filename=""\r\n\r\n\r\n--x--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=x"}
    response = client.post("/library/upload", content=form, headers=headers)
    assert response.status_code == 422
    assert "nothing to ingest" in response.text
    assert response.headers["content-type"].startswith("text/html")


def test_addresses_are_fetched(client: TestClient) -> None:
    for how, kind in (("pages", "url"), ("sitemaps", "sitemap"), ("sites", "crawl")):
        body = {"addresses": " http://127.0.0.1:9/a \r\n\r\n", "how": how, "groups": ""}
        response = client.post("/library/fetch", data=body)
        html = finished(client, urlsplit(str(response.url)).path)
        assert "127.0.0.1:9/a" in told(html), kind
        assert "refused" in told(html)
    many = "\n".join(["https://example.org/"] * 1001)
    assert client.post("/library/fetch", data={"addresses": many}).status_code == 422
    assert client.post("/library/fetch", data={"addresses": "nonsense"}).status_code == 422
    assert client.post("/library/fetch", data={"addresses": ""}).status_code == 422


@pytest.mark.parametrize("path", ["/library/upload", "/library/fetch", "/library/document/delete?id=a.txt"])
def test_forms_of_other_sites_are_refused_and_own_ones_are_not(client: TestClient, path: str) -> None:
    put(client, "a.txt", LAMP)
    for headers, is_own in (
        ({"sec-fetch-site": "cross-site", "origin": "https://evil.example"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"sec-fetch-site": "same-origin", "origin": "http://testserver"}, True),
        ({"origin": "http://testserver"}, True),
    ):
        put(client, "a.txt", LAMP)
        response = client.post(path, headers=headers)
        assert (response.status_code == 403) == (not is_own), response.text


# A document


def test_a_document_is_described_with_its_versions(client: TestClient) -> None:
    for year in (1850, 1851):
        put(
            client,
            "a b/lamps.md",
            f"# Lamps\n\nLit in {year}.",
            source="https://example.org/lamps",
            metadata={"year": year, "tags": ["x", "y"]},
            groups=["board"],
        )
    html = page(client, "/library/document", id="a b/lamps.md")
    text = told(html)
    for said in (
        "a b/lamps.md",
        "MD (text/markdown)",
        "open to all in the group board",
        "x, y",
        "1851",
        "Version 2",
        "today",
    ):
        assert said in text
    for link in html.xpath("//main//a/@href"):
        if link.startswith("/") and "/original" not in link:
            assert client.get(link).status_code == 200, link
    assert html.xpath("//form[@action='/library/document/diff']")
    compared = page(client, "/library/document/diff", id="a b/lamps.md", old=1, new=2)
    assert [words(one) for one in compared.xpath("//del | //ins")] == ["1850", "1851"]
    same = page(client, "/library/document/diff", id="a b/lamps.md", old=2, new=2)
    assert "the same text" in told(same)


def test_what_is_not_there_is_told(client: TestClient) -> None:
    put(client, "a.txt", LAMP)
    assert "There is no document" in told(page(client, "/library/document", 404, id="none"))
    assert "no version 7" in told(page(client, "/library/document/diff", 404, id="a.txt", old=7, new=1))
    page(client, "/library", 404, collection="none")
    assert client.post("/library/document/delete?id=none").status_code == 404


def test_a_retired_document_is_shown_as_such(client: TestClient, library: Library) -> None:
    put(client, "a.txt", LAMP)
    library.open("default").editor.retire(["a.txt"])
    html = page(client, "/library/document", id="a.txt")
    assert "is retired since" in told(html)
    assert rows(page(client, "/library")) == []


def test_a_deletion_says_first_what_it_breaks(client: TestClient) -> None:
    put(client, "a.txt", LAMP)
    put(client, "a.txt", f"{LAMP} Twice.")
    html = page(client, "/library/document/delete", id="a.txt")
    for said in ("its 2 versions", "1 passage that questions find", "all its citations"):
        assert said in told(html)
    assert client.get("/v1/documents/a.txt").status_code == 200
    (form,) = html.xpath("//main//form")
    assert form.get("method") == "post"
    gone = client.post(form.get("action"))
    assert (gone.status_code, urlsplit(str(gone.url)).path) == (200, "/library")
    assert client.get("/v1/documents/a.txt").status_code == 404
    assert "1 document was deleted." in gone.text


def test_several_documents_are_deleted_when_that_is_confirmed(client: TestClient) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        put(client, name, LAMP)
    put(client, "b.txt", f"{LAMP} Twice.")
    (form,) = page(client, "/library").xpath("//form[@id='documents']")
    assert form.xpath(".//input[@name='id']/@value") == ["a.txt", "b.txt", "c.txt"]
    asked = client.post(form.get("action"), data={"id": ["a.txt", "b.txt", "gone.txt"]})
    html = lxml.html.document_fromstring(asked.text)
    for said in ("Delete 2 documents?", "3 versions", "2 passages", "all citations to them"):
        assert said in told(html)
    assert client.get("/v1/documents/a.txt").status_code == 200
    again = {"id": html.xpath("//input[@name='id']/@value"), "confirmed": "yes"}
    assert again["id"] == ["a.txt", "b.txt"]
    assert "2 documents were deleted." in client.post(form.get("action"), data=again).text
    assert [one["document_id"] for one in client.get("/v1/documents").json()["documents"]] == ["c.txt"]
    assert client.post(form.get("action"), data={}).status_code == 422
    assert client.post(form.get("action"), data={"id": "a.txt"}).status_code == 404


# Keys


def test_a_key_sees_and_may_do_what_its_scope_allows(library: Library) -> None:
    with served(library, api_key="correct-horse") as client:
        client.headers["authorization"] = "Bearer correct-horse"
        put(client, "a.txt", LAMP)
        del client.headers["authorization"]
        assert "Sign in" in client.get("/library").text
        assert client.post("/library/upload").status_code == 401
        for scope, places in (
            (Scope.ASK, []),
            (Scope.READ, ["Library"]),
            (Scope.WRITE, ["Library", "Jobs"]),
            (Scope.ADMIN, ["Library", "Jobs", "Keys", "Status"]),
        ):
            client.headers.update(key(client, scope))
            shown = page(client, "/").xpath("//header/nav/a/text()")
            assert [one for one in shown if one in ("Library", "Jobs", "Keys", "Status")] == places
            response = client.get("/library")
            assert response.status_code == (403 if scope is Scope.ASK else 200)
            assert ("Add documents" in response.text) == (scope >= Scope.WRITE)
            assert ("Delete" in response.text) == (scope >= Scope.WRITE)
            assert ("Manage collections" in response.text) == (scope is Scope.ADMIN)


def test_a_document_of_another_group_is_not_listed_counted_or_shown(library: Library) -> None:
    with served(library, api_key="correct-horse") as client:
        admin = {"authorization": "Bearer correct-horse"}
        for name, groups in (("open.txt", []), ("minutes.txt", ["board"])):
            client.put(
                f"/v1/documents/{name}?wait=true", json={"text": LAMP, "groups": groups}, headers=admin
            )
        client.headers.update(key(client, Scope.WRITE, groups=["staff"]))
        html = page(client, "/library")
        assert rows(html) == ["open.txt"]
        assert "1 document" in told(html)
        assert rows(page(client, "/library", q="minutes")) == []
        for path in ("", "/delete", "/diff"):
            page(client, f"/library/document{path}", 404, id="minutes.txt")
        assert client.post("/library/document/delete?id=minutes.txt").status_code == 404
        client.headers.update(key(client, Scope.WRITE, groups=["board"]))
        assert rows(page(client, "/library")) == ["minutes.txt", "open.txt"]
        assert "only board" in told(page(client, "/library"))


def test_a_key_of_one_collection_begins_there(library: Library) -> None:
    with served(library, api_key="correct-horse") as client:
        admin = {"authorization": "Bearer correct-horse"}
        for name in ("default", "zoo", "art"):
            client.put(f"/v1/collections/{name}", headers=admin)
            client.put(f"/v1/documents/{name}.txt?collection={name}", json={"text": LAMP}, headers=admin)
        client.headers.update(key(client, Scope.READ, collections=["zoo"]))
        assert rows(page(client, "/library")) == ["zoo.txt"]
        assert "art" not in page(client, "/library").text_content()
        page(client, "/library", 404, collection="art")


def test_after_signing_in_a_form_leads_to_its_page(library: Library) -> None:
    with served(library, api_key="correct-horse") as client:
        response = client.post("/jobs/x/retry")
        assert response.status_code == 401
        assert 'name="next" value="/jobs"' in response.text
