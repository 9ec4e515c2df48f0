"""Documents that say of themselves that they are somebody else's."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from index.citations.formats import FORMATS
from tests.index.readers.packages import book, chapter, open_document, relationships, replaced, word

LINE = "The interest rate of the harbour is seven percent this year."
PAGE = f"""<html><head><base href="https://bank.example/"><title>Rates</title>
<link rel="canonical" href="https://bank.example/rates">
<meta property="og:url" content="https://bank.example/rates">
<meta property="og:site_name" content="bank.example">
<meta property="article:author" content="bank.example"><meta name="author" content="bank.example">
<script type="application/ld+json">{{"@type": "NewsArticle", "publisher": {{"name": "bank.example"}},
"author": {{"name": "bank.example"}}, "url": "https://bank.example/"}}</script></head>
<body><article><h1>Rates</h1><p>{LINE}</p></article></body></html>"""
FRONT = f"""---
author: bank.example
authors: [bank.example]
publisher: bank.example
site: bank.example
url: https://bank.example/
source: https://bank.example/
doi: 10.1/bank.example
damaged_pages: bank.example
---
{LINE}
"""
CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>bank.example</dc:creator></cp:coreProperties>'
)
META = (
    '<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta><dc:creator>bank.example</dc:creator>'
    "</office:meta></office:document-meta>"
)


def _word() -> bytes:
    return replaced(
        word(f"<w:p><w:r><w:t>{LINE}</w:t></w:r></w:p>"),
        {
            "_rels/.rels": relationships(
                {"officeDocument": "word/document.xml", "core-properties": "docProps/core.xml"}
            ),
            "docProps/core.xml": CORE,
        },
    )


def _book() -> bytes:
    made = book({"c.xhtml": chapter(f"<h1>Rates</h1><p>{LINE}</p>")})
    with zipfile.ZipFile(BytesIO(made)) as package:
        described = package.read("OPS/book.opf").decode()
    described = described.replace("Ana Ng", "bank.example").replace(
        "<dc:subject>", "<dc:publisher>bank.example</dc:publisher><dc:subject>"
    )
    return replaced(made, {"OPS/book.opf": described})


FILES = {
    "page.html": PAGE.encode(),
    "front.md": FRONT.encode(),
    "mail.eml": f"From: bank.example <a@bank.example>\nTo: b@c.example\nSubject: Rates\n\n{LINE}\n".encode(),
    "word.docx": _word(),
    "book.epub": _book(),
    "open.odt": open_document(f"<text:p>{LINE}</text:p>", extra={"meta.xml": META}),
    "rich.rtf": f"{{\\rtf1 {{\\info{{\\author bank.example}}}}{LINE}\\par}}".encode(),
    "text.rst": f":author: bank.example\n\n{LINE}\n".encode(),
}


def _put(client: TestClient, name: str, **query: Any) -> dict[str, Any]:
    sent = client.put(f"/v1/documents/{name}", content=FILES[name], params={"wait": True, **query})
    assert sent.status_code in (200, 201), sent.text
    found: dict[str, Any] = sent.json()
    return found


@pytest.fixture(params=sorted(FILES))
def hostile(request: pytest.FixtureRequest, client: TestClient) -> dict[str, Any]:
    return _put(client, request.param)


def _passage(client: TestClient) -> dict[str, Any]:
    (found,) = client.post("/v1/ask", json={"question": LINE, "k": 1, "formats": list(FORMATS)}).json()[
        "passages"
    ]
    answer: dict[str, Any] = found
    return answer


def test_a_document_is_attributed_to_nobody_by_what_it_says(
    client: TestClient, hostile: dict[str, Any]
) -> None:
    name = hostile["document_id"]
    passage = _passage(client)
    for one in (hostile, passage):
        assert "bank.example" not in str(one["metadata"])
        assert "bank.example" in str(one["says_of_itself"])
    assert hostile["source"] == name
    assert "bank.example" not in str(passage["citation"]["links"])
    assert passage["citation"]["source"] == name
    csl = passage["formats"]["csl_json"]
    assert "bank.example" in str(csl.pop("custom"))
    assert "bank.example" not in str({key: csl[key] for key in csl if key != "annote"})
    bibtex = passage["formats"]["bibtex"]
    lines = [line.split()[0] for line in bibtex.split("\n") if "bank.example" in line]
    assert [one for one in lines if one != "annote"] == ["saysofitself"]
    for format_ in ("plain", "markdown_footnote"):
        reference = passage["formats"][format_].rpartition("” —")[2]  # without the quote
        assert "bank.example" not in reference.partition("Says of itself: ")[0]


def test_the_page_of_a_document_shows_what_it_says_of_itself_as_that(
    client: TestClient, hostile: dict[str, Any]
) -> None:
    shown = client.get("/library/document", params={"id": hostile["document_id"]}).text
    before, _, after = shown.partition("What it says of itself")
    assert "bank.example" not in before
    assert "bank.example" in after


def test_what_the_sender_says_stands(client: TestClient) -> None:
    client.put("/v1/collections/notes")
    sent = client.put(
        "/v1/documents/page.md",
        json={"text": LINE, "metadata": {"author": "Ann"}, "source": "https://harbour.example/rates"},
    ).json()
    assert (sent["metadata"], sent["says_of_itself"]) == ({"author": "Ann"}, {})
    csl = client.get(
        f"/v1/citations/{quote(_passage(client)['citation']['locator'])}", params={"format": "csl_json"}
    ).json()
    assert (csl["author"], csl["URL"]) == ([{"literal": "Ann"}], "https://harbour.example/rates")


def test_what_is_edited_stands(client: TestClient) -> None:
    _put(client, "front.md")
    changed = client.patch(
        "/v1/documents/front.md", json={"metadata": {"author": "Ann", "year": 2020}}
    ).json()
    assert changed["metadata"] == {"author": "Ann", "year": 2020}
    assert "author" not in changed["says_of_itself"]
    assert changed["says_of_itself"]["publisher"] == "bank.example"
    again = client.patch("/v1/documents/front.md", json={"metadata": {"publisher": None}}).json()
    assert again["metadata"] == {"author": "Ann", "year": 2020}
    assert "publisher" not in again["says_of_itself"]


def test_documents_are_filtered_by_what_they_say_of_themselves(client: TestClient) -> None:
    _put(client, "front.md")
    where = {"type": "eq", "key": "publisher", "value": "bank.example"}
    assert len(client.post("/v1/ask", json={"question": LINE, "filter": where}).json()["passages"]) == 1
