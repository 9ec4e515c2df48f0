"""The page that checks a text: what it recognises, what it says of each sentence, and its limits."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.browser.checking import pasted
from service.settings import Settings
from tests.service.http_service import served

LAMP = "The lamp in the north tower was lit at dusk by the keeper."
TOWER = "The south tower has two lamps and no keeper at all."
TEXT = f"# Lamps\n\n{LAMP} {TOWER}\n"
SETTINGS = Settings()


@pytest.fixture
def checking(client: TestClient) -> TestClient:
    put(client, "lamps.md", TEXT)
    return client


def put(client: TestClient, document_id: str, text: str, **more: Any) -> None:
    response = client.put(f"/v1/documents/{document_id}?wait=true", json={"text": text, **more})
    assert response.status_code in (200, 201), response.text


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


def states(client: TestClient, text: str) -> list[str]:
    html = client.post("/check", data={"text": text}).text
    return re.findall(r'id="t\d+" class="sentence (\w+)"', html)


def test_every_sentence_has_a_verdict_with_its_source(checking: TestClient) -> None:
    text = f"{LAMP} {TOWER.replace('two', 'three')} Ships sail to distant ports at noon. Is it?"
    assert states(checking, text) == ["good", "bad", "warn", "none"]
    said = checked(checking, text)
    assert "The text has “three”, the source “two”." in said
    assert TOWER in said
    assert "1 wrong" in said
    assert "1 supported" in said


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
    copies = [
        unescape(one)
        for one in re.findall(r"<textarea id=\"copy-\w+\"[^>]*>\n(.*?)</textarea>", html, re.DOTALL)
    ]
    plain, markdown, copy = copies
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
    assert "The source has other words" in checked(checking, f"“{LAMP.replace('dusk', 'dawn')}”")
    assert "The source has other words" in checked(checking, LAMP.replace("dusk", "dawn"), kind="quote")
    assert "Nothing like this quote was found" in checked(checking, "“Ships sail to distant ports at noon.”")


def test_a_locator_of_an_erased_document_names_nothing(checking: TestClient) -> None:
    locator = locator_of(checking, LAMP)
    checking.delete("/v1/documents/lamps.md")
    response = checking.post("/check", data={"text": locator})
    assert response.status_code == 404
    assert "No stored version" in response.text
    assert locator in response.text


def test_files_are_checked(checking: TestClient) -> None:
    sent = {
        "file": ("answer.md", f"\ufeff{LAMP}\r\n\r\nShips sail to ports at noon.".encode(), "text/markdown")
    }
    html = checking.post("/check", data={"text": "ignored"}, files=sent).text
    assert re.findall(r'class="sentence (\w+)"', html) == ["good", "warn"]
    for name, data in (("a.pdf", b"%PDF"), ("a.txt", b"\xff\xfe\x00")):
        response = checking.post("/check", files={"file": (name, data)})
        assert response.status_code == 422
        assert 'role="alert"' in response.text


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
    locators = " ".join(f"a@{number:012x}:0-1" for number in range(SETTINGS.max_quotes + 1))
    response = checking.post("/check", data={"text": locators})
    assert response.status_code == 422
    assert f"at most {SETTINGS.max_quotes} are resolved at once" in response.text


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
    assert pasted(text, "auto", SETTINGS).quote == quote
