from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from index.answers import Citation
from service.http.links import base_url, with_absolute_links, with_links

ROOT = Path(__file__).parents[3]
CITED = Citation(
    locator="a/b c.md@9f2c41aab3de:4-7",
    quote="two",
    document_id="a/b c.md",
    version=2,
    title="T",
    source="",
    media_type="text/plain",
    section=(),
    pages=None,
    start=4,
    end=7,
    text_sha256="9f2c41aab3de" + "0" * 52,
    source_sha256="1" * 64,
    selectors=(),
    links={},
)


def test_a_citation_links_to_itself_its_text_and_its_page() -> None:
    assert with_links(CITED, "default").links == {
        "citation": "/v1/citations/a/b%20c.md@9f2c41aab3de:4-7",
        "text": "/v1/documents/a/b%20c.md/text?version=2",
        "view": "/view/a/b%20c.md@9f2c41aab3de:4-7#quote",
    }


def test_links_name_the_collection_unless_it_is_the_default_one() -> None:
    source = {"source": "https://example.org/#:~:text=two"}
    assert with_links(replace(CITED, links=source), "other").links == {
        "citation": "/v1/citations/a/b%20c.md@9f2c41aab3de:4-7?collection=other",
        "text": "/v1/documents/a/b%20c.md/text?version=2&collection=other",
        "view": "/view/a/b%20c.md@9f2c41aab3de:4-7?collection=other#quote",
        **source,
    }


def test_absolute_links_begin_with_the_address_of_the_service() -> None:
    source = {"source": "https://example.org/#:~:text=two"}
    found = with_absolute_links(
        with_links(replace(CITED, links=source), "default"), "https://docs.example.org/loccit"
    )
    assert found.links["view"] == "https://docs.example.org/loccit/view/a/b%20c.md@9f2c41aab3de:4-7#quote"
    assert found.links["source"] == source["source"]
    assert with_absolute_links(CITED, "") is CITED


def test_the_address_is_the_configured_one_or_that_of_the_request() -> None:
    plain = {"headers": [(b"host", b"localhost:8000")], "state": {}}
    assert base_url(plain, "") == "http://localhost:8000"
    assert base_url({**plain, "state": {"secure": True}}, "") == "https://localhost:8000"
    assert base_url(plain, "https://docs.example.org") == "https://docs.example.org"
    assert base_url({"headers": [], "state": {}}, "") == ""


def test_only_the_service_makes_addresses_of_itself() -> None:
    """Elsewhere an address may stand in a sentence, such as "GET /v1/documents lists them"."""
    made = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for package in ("index", "cli", "evaluation")
        for path in sorted((ROOT / package).rglob("*.py"))
        for line in path.read_text().splitlines()
        if re.search(r"""["'](/v1/|/view/)""", line)
    ]
    assert made == []
