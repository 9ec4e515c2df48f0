"""What tests of the pages share: documents, how to get a page, and what is on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import log
from pathlib import Path
from typing import Any
from urllib.parse import quote as percent_encode, urlsplit

import lxml.html
from lxml.html import HtmlElement
from starlette.testclient import TestClient

from index.embedding import WordEmbedder
from index.library import Library
from index.naming import CALIBRATION_FILE
from index.search import FEATURES, Regression, load_answerability
from service.faces.pages.document import DocumentPage, ShownItem
from service.faces.pages.marks import Segment

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
LAMP = "The lamp in the north tower was lit at dusk by the keeper."
MARKDOWN = f"""# Lamps & Co

Intro <b>words</b> here.

## Care *now*

- trim the wick
- fill the oil
  - twice

| A | B |
|---|---|
| x | y |

```
if lamp:
    light(lamp)
```

1. first
2. second

> quoted block

### In the end

{LAMP}
"""
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</mark></p></div><script>alert(1)</script>",
    "{{ 7 * 7 }}{% include 'base.html.jinja' %}",
    "<!--",
    "</title><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp;",
    "javascript:alert(1)",
]
"""What documents say that would rather be programs."""


def page(client: TestClient, address: str, status: int = 200, **params: Any) -> HtmlElement:
    """The page at an address, which is of the kind that nothing in a document can run on."""
    response = client.get(address, params=params) if params else client.get(address)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(part.split(" ", 1) for part in response.headers["content-security-policy"].split("; "))
    assert policy == POLICY
    assert response.headers["x-content-type-options"] == "nosniff"
    html = lxml.html.document_fromstring(response.content.decode())
    assert html.get("lang")
    assert html.xpath("//meta[@name='viewport']")
    assert html.findtext(".//title").strip()
    assert not html.xpath("//iframe | //object | //embed | //base | //style")
    for script in html.xpath("//script"):  # our own files; a block of data runs nothing
        assert script.get("src", "").startswith("/static/") or script.get("type") == "application/json"
    for element in html.iter(lxml.html.etree.Element):
        assert not [name for name in element.attrib if name.startswith("on") or name == "style"]
        for link in ("href", "action", "src"):
            assert urlsplit(element.get(link, "")).scheme in {"", "http", "https"}
    return html


def words(element: HtmlElement) -> str:
    return "".join(element.itertext())


def told(html: HtmlElement) -> str:
    return " ".join(words(html.find(".//main")).split())


def squeezed(text: str) -> str:
    """Without white space, and without the separators of cells, which tables on pages lack."""
    return "".join(text.replace("|", "").split())


def parts_of(around: DocumentPage) -> Iterator[Segment]:
    """All segments of a part of a document."""

    def of_items(items: Iterable[ShownItem]) -> Iterator[Segment]:
        for item in items:
            yield from item.parts
            yield from of_items(item.items)

    for block in around.blocks:
        yield from block.parts
        yield from of_items(block.items)
        for row in (*block.table.head, *block.table.rows) if block.table else ():
            for cell in row.cells:
                yield from cell


def locator_of(record: dict[str, Any], start: int, end: int) -> str:
    return f"{record['document_id']}@{record['text_sha256'][:12]}:{start}-{end}"


def view(client: TestClient, locator: str, **params: Any) -> HtmlElement:
    return page(client, f"/view/{percent_encode(locator)}", **params)


def marked(html: HtmlElement, of: str = "//mark") -> str:
    return "".join(words(one) for one in html.xpath(f"//div[@class='text']{of}"))


def told_evidence(passage: dict[str, Any], most: int = 3) -> str:
    start = passage["citation"]["start"]
    spans = sorted((one["start"] - start, one["end"] - start) for one in passage["evidence"][:most])
    return "".join(passage["text"][slice(*span)] for span in spans)


def answer_always(folder: Path, probability: float, *, collection: str = "default") -> None:
    """Make a collection if need be, and let it give every answer this probability once it is opened again."""
    with Library(folder, embedder=WordEmbedder()) as library:
        place = library.open(collection, create=True).folder
        always = Regression.plain(dict.fromkeys(FEATURES, 0.0), log(probability / (1 - probability)))
        numbers = load_answerability().with_question(known=always, spelt=always, read=always, provenance={})
        numbers.save(place / CALIBRATION_FILE)
