"""The page that checks a text: what it recognises, what it says of each sentence, and its limits."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.faces.api.requests.cited_spans import MAX_QUOTES
from service.faces.pages.checking import parse_pasted_input
from tests.service.http_service import put, served

LAMP = "The lamp in the north tower was lit at dusk by the keeper."
TOWER = "The south tower has two lamps and no keeper at all."
TEXT = f"# Lamps\n\n{LAMP} {TOWER}\n"


@pytest.fixture
def checking(client: TestClient) -> TestClient:
    put(client, "lamps.md", TEXT)
    return client


def put_in(client: TestClient, collection: str, text: str, **more: Any) -> None:
    """Put a document into a collection that is made for it."""
    assert client.put(f"/v1/collections/{collection}", **more).status_code == 201
    address = f"/v1/documents/lamps.md?wait=true&collection={collection}"
    assert client.put(address, json={"text": text}, **more).status_code == 201


def locator_of(client: TestClient, quote: str) -> str:
    body = client.post("/v1/verify", json={"quotes": [quote]}).json()
    locator: str = body["quotes"][0]["citation"]["locator"]
    return locator


def checked(client: TestClient, text: str, **fields: str) -> str:
    response = client.post("/check", data={"text": text, **fields})
    assert response.status_code == 200, response.text
    return shown(response.text)


def shown(html: str) -> str:
    """The words of a page, without its form."""
    main = html[html.index("<main") :]
    main = re.sub(r"<form.*?</form>", "", main, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def copies(html: str) -> dict[str, str]:
    """The copies that a page offers, by their names."""
    found = re.findall(r"<textarea id=\"copy-(\w+)\"[^>]*>\n(.*?)</textarea>", html, re.DOTALL)
    return {name: unescape(text) for name, text in found}


def states(client: TestClient, text: str) -> list[str]:
    html = client.post("/check", data={"text": text}).text
    return re.findall(r'id="t\d+" class="sentence (\w+)"', html)


def test_every_sentence_has_a_verdict_with_its_source(checking: TestClient) -> None:
    text = f"{LAMP} {TOWER.replace('two', 'three')} Ships sail to distant ports at noon. Is it?"
    assert states(checking, text) == ["good", "bad", "warn", "none"]
    said = checked(checking, text)
    assert "The text has “three”, the source “two”." in said
    assert TOWER in said
    assert "1 different" in said
    assert "1 matched" in said
    assert "Every sentence that was compared" not in said
    assert "Every sentence that was compared matches a source." in checked(checking, f"{LAMP} {TOWER} Yes.")


def test_altered_words_of_a_quote_are_shown(checking: TestClient) -> None:
    html = checking.post(
        "/check", data={"text": f"He says “{LAMP.replace('dusk', 'dawn')}”, as we know."}
    ).text
    assert "<del>dawn</del><ins>dusk</ins>" in html
    assert states(checking, f"He says “{LAMP}”, as we know.") == ["good"]


def test_citations_in_the_text_are_resolved(checking: TestClient) -> None:
    lamp, tower = locator_of(checking, LAMP), locator_of(checking, TOWER)
    text = f"{LAMP[:-1]} [1]. {TOWER} ({tower})\n\n[^1]: Lamps. ({lamp})\n"
    assert states(checking, text) == ["good", "good"]
    crossed = f"{TOWER[:-1]} [1].\n\n[^1]: Lamps. ({lamp})\n"
    assert states(checking, crossed) == ["warn"]
    unknown = checked(checking, f"{LAMP[:-1]} (lamps.md@000000000000:0-5). {TOWER[:-1]} [7].")
    assert "lamps.md@000000000000:0-5 names nothing that is kept." in unknown
    assert "have no source in the text: 7." in unknown


def test_the_text_can_be_copied_with_its_citations(checking: TestClient) -> None:
    locator = locator_of(checking, LAMP)
    html = checking.post(
        "/check", data={"text": f"{LAMP[:-1]} ({locator}).\n\nShips sail to ports at noon."}
    ).text
    plain, markdown, copy = copies(html).values()
    assert "Ships sail to ports at noon.\n\n[1] " in plain
    assert f"[{locator}]" in plain.splitlines()[-1]
    assert "[^1]" in markdown.splitlines()[0]
    assert markdown.splitlines()[-1].startswith("[^1]: “")
    assert "<sup>[1]</sup>" in copy
    assert f'<a href="http://testserver/view/{locator}#quote">' in copy
    assert "lamps.md@" not in plain.splitlines()[0]


@pytest.mark.parametrize("written", ["{}", "({})", "/v1/citations/{}", "https://example.org/view/{}#quote"])
def test_a_locator_alone_is_looked_up(checking: TestClient, written: str) -> None:
    locator = locator_of(checking, LAMP)
    put(checking, "lamps.md", TEXT.replace("dusk", "dawn"))
    put(checking, "copy.md", f"# A copy\n\n{LAMP}\n", title="A copy")
    html = checking.get("/check", params={"text": written.format(locator)}).text
    assert "Where it stands" in html
    assert "version 1 of 2" in shown(html)
    assert "Other words in their place" in shown(html)
    assert "<del>dusk</del><ins>dawn</ins>" in html
    assert "The same words elsewhere A copy" in shown(html)


def test_a_quote_alone_is_looked_up(checking: TestClient) -> None:
    assert "The quote is exact" in checked(checking, LAMP)
    differ = "The nearest words in the documents differ"
    said = checked(checking, f"“{LAMP.replace('dusk', 'dawn')}”")
    assert differ in said
    assert "The nearest words Lamps" in said
    assert "The same words at the same place" not in said
    assert differ in checked(checking, LAMP.replace("dusk", "dawn"), kind="quote")
    assert "No words like these were found" in checked(checking, "“Ships sail to distant ports at noon.”")


@pytest.mark.parametrize(
    ("quote", "note"),
    [
        (f"t{LAMP[1:]}", "The case of its first letter is adapted."),
        ("The lamp in the north tower was lit,", "The mark at its end differs."),
        ("the lamp [...] was lit", "It leaves out words of the source"),
    ],
)
def test_a_quote_in_a_sentence_is_exact_but_for_what_the_sentence_needs(
    checking: TestClient, quote: str, note: str
) -> None:
    html = checking.post("/check", data={"text": f"He says that “{quote}” and more."}).text
    assert "The quote is exact" in shown(html)
    assert "<del>" not in html
    assert note in shown(html) or "[...]" in quote


def test_an_exact_quote_is_cited_where_the_sentence_around_it_is_not_found(checking: TestClient) -> None:
    text = f"Napoleon Bonaparte wrote to Josephine: “{LAMP}”"
    html = checking.post("/check", data={"text": text}).text
    assert states(checking, text) == ["warn"]
    assert "The quote is exact" in shown(html)
    assert "What the sentence says around the quote was not found" in shown(html)
    assert f"{text} [1]" in copies(html)["plain"]
    assert html.count(f">{LAMP}</blockquote>") == 1


def test_a_place_is_shown_and_cited_once(checking: TestClient) -> None:
    text = "The lamp “in the north tower” was lit at dusk by the keeper."
    html = checking.post("/check", data={"text": text}).text
    assert html.count("</blockquote>") == 1
    assert copies(html)["plain"].count("[lamps.md@") == 1


@pytest.mark.parametrize("name", ["plain", "markdown", "html"])
def test_a_copy_is_checked_like_the_text(client: TestClient, name: str) -> None:
    """A citation of one sentence is read with its passage, which has names that the sentence lacks."""
    paragraph = (
        "Captain Rudge kept the log of Skelling Point. He wrote each day. The second boat carried oil."
    )
    put(client, "My log_(new).md", f"# Log\n\n{paragraph} The weather was calm.\n\n{LAMP} {TOWER}\n")
    text = (
        "Captain Rudge wrote that “the second boat carried oil.” He says: “the weather was [...] calm”.\n\n"
        f"{LAMP} {TOWER.replace('two', 'three')}\n\nShips sail to distant ports at noon. Is it “{LAMP}”?"
    )
    before = states(client, text)
    assert set(before) == {"good", "bad", "warn"}
    copy = copies(client.post("/check", data={"text": text}).text)[name]
    assert "My log" in copy
    assert states(client, copy)[: len(before)] == before
    assert "need a look" not in checked(client, copy)


@pytest.mark.parametrize(
    ("quote", "label"),
    [
        (LAMP, "The quote is exact"),
        ("The lamp … was lit at dusk", "The quote is exact"),
        ("He says “the lamp” “was lit”", "No words like these were found"),
        (LAMP.replace("dusk", "dawn"), "The nearest words in the documents differ"),
    ],
)
def test_the_quote_of_a_footnote_is_compared_with_what_it_cites(
    checking: TestClient, quote: str, label: str
) -> None:
    text = f"{LAMP[:-1]}.[^1]\n\n[^1]: “{quote}” — Lamps. ({locator_of(checking, LAMP)})"
    said = checked(checking, text)
    assert label in said[said.index("Citations in the text [1] Lamps") :]
    assert ("need a look: 1" in said) == (label != "The quote is exact")


def test_what_a_sentence_cites_is_shown_where_nothing_is_near(checking: TestClient) -> None:
    lamp = locator_of(checking, LAMP)
    html = checking.post("/check", data={"text": f"Ships sail to distant ports at noon ({lamp})."}).text
    assert "Neither what it cites nor any other passage is near. What it cites: Lamps" in shown(html)
    assert f"/view/{lamp}" in html[html.index('class="sources"') : html.index('id="cited"')]


def test_a_citation_that_the_newest_version_lacks_colours_its_sentence(checking: TestClient) -> None:
    lamp = locator_of(checking, LAMP)
    put(checking, "lamps.md", f"# Lamps\n\n{TOWER}\n")
    text = f"{LAMP[:-1]} ({lamp})."
    assert states(checking, text) == ["old"]
    said = checked(checking, text)
    assert "1 out of date" in said
    assert "The newest version has: ! No words like these" in said
    assert "Every sentence that was compared" not in said


def test_the_page_says_what_its_verdicts_mean(checking: TestClient) -> None:
    said = checked(checking, f"{LAMP} Ships sail to distant ports at noon.")
    assert "How this is judged" in said
    assert "A match is a place to read, not a proof." in said


def test_the_collection_is_in_the_address_and_in_the_result(checking: TestClient) -> None:
    put_in(checking, "lights", TEXT)
    response = checking.post("/check", data={"text": f"{LAMP} Yes.", "collection": "lights"})
    assert str(response.url).endswith("/check?collection=lights")
    assert "documents of the collection lights" in shown(response.text)
    assert '<option value="lights" selected>lights</option>' in response.text


def test_the_address_with_the_collection_keeps_the_path_of_a_proxy(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build" / "site").mkdir(parents=True)
    (tmp_path / "build" / "site" / "index.html").write_text("Help")
    with served(library, public_url="https://example.org/docs") as client:
        put_in(client, "lights", TEXT)
        form = {"text": f"{LAMP} Yes.", "collection": "lights"}
        response = client.post("/check", data=form, follow_redirects=False)
        assert response.status_code == 307
        assert response.headers["location"] == "/docs/check?collection=lights"
        html = client.post("/check?collection=lights", data=form).text
        assert 'href="/docs/help/citations.html#claims"' in html


def test_in_chinese_the_reasons_are_chinese(checking: TestClient) -> None:
    text = (
        f"Ships sail to distant ports at noon. The lamp was lit at dusk by Napoleon. {LAMP} "
        f"{TOWER.replace('two', 'three')} Keepers sail to ports ({locator_of(checking, LAMP)}). "
        "He says “the lamp in [the] north tower”."
    )
    html = checking.post("/check", data={"text": text}, headers={"accept-language": "zh"}).text
    reasons = re.findall(r'<p class="reason">(.*?)</p>', html)
    assert len(reasons) > 3
    assert all(re.search(r"[\u4e00-\u9fff]", one) for one in reasons), reasons


def test_other_collections_that_hold_the_text_are_named(library: Library) -> None:
    with served(library, api_key="correct-horse") as client:
        admin = {"authorization": "Bearer correct-horse"}
        for name, text in (("ships", "Ships sail to distant ports.\n"), ("lights", TEXT), ("hidden", TEXT)):
            put_in(client, name, text, headers=admin)
        wanted = {"name": "reader", "scope": "read", "collections": "ships, lights"}
        made = client.post("/keys/create", data=wanted, headers=admin).text
        key = made.partition('id="token">')[2].partition("<")[0]
        own = {"authorization": f"Bearer {key}"}
        locator = client.post("/v1/verify?collection=lights", json={"quotes": [LAMP]}, headers=own).json()
        locator = locator["quotes"][0]["citation"]["locator"]
        for text in (f"{LAMP} {TOWER}", f"“{LAMP}”", locator):
            html = client.post(
                "/check?collection=ships", data={"text": text, "collection": "ships"}, headers=own
            ).text
            assert "Nothing of this was found in the collection ships." in shown(html)
            assert re.findall(r'name="instead" value="(\w+)"', html) == ["lights"]
        again = {"text": f"{LAMP} {TOWER} Yes.", "collection": "ships", "instead": "lights"}
        html = client.post("/check?collection=ships", data=again, headers=own).text
        assert "2 matched" in shown(html)


def test_a_locator_of_an_erased_document_names_nothing(checking: TestClient) -> None:
    locator = locator_of(checking, LAMP)
    checking.delete("/v1/documents/lamps.md")
    response = checking.post("/check", data={"text": locator})
    assert response.status_code == 404
    assert "Its document was deleted" in response.text
    assert locator in response.text


def test_files_are_checked(checking: TestClient) -> None:
    sent = {
        "file": ("answer.md", f"\ufeff{LAMP}\r\n\r\nShips sail to ports at noon.".encode(), "text/markdown")
    }
    html = checking.post("/check", data={"text": "ignored"}, files=sent).text
    assert re.findall(r'class="sentence (\w+)"', html) == ["good", "warn"]
    for name, data in (("a.pdf", b"%PDF"), ("a.txt", b"\xff\xfe\x00"), ("a.exe", b"MZ")):
        response = checking.post("/check", files={"file": (name, data)})
        assert response.status_code == 422
        assert 'role="alert"' in response.text


@pytest.mark.parametrize("written", ["<h2>On lamps</h2><p>{}</p><p>{}</p>", "{{\\rtf1 {}\\par\\par {}}}"])
def test_files_of_other_formats_are_read_like_documents(checking: TestClient, written: str) -> None:
    name = "answer.html" if "<" in written else "answer.rtf"
    data = written.format(LAMP, "Ships sail to distant ports at noon.").encode()
    html = checking.post("/check", files={"file": (name, data)}).text
    assert re.findall(r'class="sentence (\w+)"', html) == ["good", "warn"]


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [("", 422, "There is nothing to check"), (" \n", 422, "is nothing"), ("A. " * 20000, 422, "50,000")],
    ids=["nothing", "white space", "too long"],
)  # fmt: skip
def test_what_cannot_be_checked_is_told(checking: TestClient, text: str, status: int, said: str) -> None:
    response = checking.post("/check", data={"text": text})
    assert response.status_code == status
    assert said in response.text
    assert "<textarea" in response.text


def test_a_text_with_too_many_citations_is_refused(checking: TestClient) -> None:
    locators = " ".join(f"a@{number:012x}:0-1" for number in range(MAX_QUOTES + 1))
    response = checking.post("/check", data={"text": locators})
    assert response.status_code == 422
    assert f"at most {MAX_QUOTES} are resolved at once" in response.text


def test_a_form_of_another_page_is_refused(checking: TestClient) -> None:
    assert checking.post("/check", data={"text": "A.", "kind": "poem"}).status_code == 422
    broken = {"content-type": "multipart/form-data; boundary=x"}
    assert checking.post("/check", content=b"--x\r\nnonsense", headers=broken).status_code == 422


def test_without_documents_the_page_says_so(client: TestClient) -> None:
    assert "There are no documents" in client.get("/check").text
    assert client.get("/check?collection=none").status_code == 404


def test_a_hostile_text_is_text(checking: TestClient) -> None:
    hostile = (
        "<script>alert(1)</script> says “<img src=x onerror=alert(2)> to us all”. \u202e\u0000 {{ 7*7 }}"
    )
    html = checking.post("/check", data={"text": hostile}).text
    assert "<script>alert" not in html
    assert "<img" not in html
    assert "{{ 7*7 }}" in html


def test_keys_see_the_documents_of_their_groups(library: Library) -> None:
    with served(library, api_key="correct-horse") as client:
        admin = {"authorization": "Bearer correct-horse"}
        body = {"text": TEXT, "groups": ["board"]}
        assert client.put("/v1/documents/lamps.md?wait=true", json=body, headers=admin).status_code == 201
        own = client.post("/check", data={"text": LAMP}, headers=admin)
        other = client.post("/check", data={"text": LAMP}, headers={**admin, "x-on-behalf-of": "staff"})
        assert "lamps.md" in own.text
        assert other.status_code == 200
        assert "lamps.md" not in other.text


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("“To be or not.”", "To be or not."), ("> To be\n> or not", "To be\nor not"), ("“A.” and “B.”", ""),
        ("To be.", ""),
    ],
)  # fmt: skip
def test_a_quote_is_recognised_by_its_marks(text: str, quote: str) -> None:
    assert parse_pasted_input(text, "auto").quote == quote
