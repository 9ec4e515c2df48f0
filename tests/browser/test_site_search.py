"""The search of the documentation: what readers type leads to the page that answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.build_site import DOCS, stage
from scripts.site_search import script
from tests.docs.test_docs import anchors

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

EXPECTED = {
    "401": "reference/errors.html#unauthorized",
    "unauthorized": "reference/errors.html#unauthorized",
    "privacy": "trust.html",
    "GDPR": "data.html#erasure",
    "cluster": "load-and-models.html#several-machines",
    "several machines": "load-and-models.html#several-machines",
    "cron": "running.html",
    "upgrade": "running.html#upgrade",
    "update Loccit": "running.html#",
    "backup": "how-to/back-up.html",
    "back up": "how-to/back-up.html",
    "restore": "how-to/back-up.html",
    "widget": "widget.html",
    "support bot": "integrations/support-bot.html",
    "explain an error": "reference/errors.html",
    "invalid_limit": "reference/errors.html#invalid_limit",
    "memory": "load-and-models.html#sizing",
    "RAM": "load-and-models.html#sizing",
    "CORS": "access.html#pages-of-other-sites",
    "rate limit": "access.html#rate-limits",
    "docker": "running.html#in-a-container",
    "sso": "access.html#people-in-a-browser",
    "bibtex": "how-to/cite-in-a-paper.html",
    "what does the probability mean": "how-it-works.html#what-the-probability-means",
    "OCR": "formats.html#ocr-for-pages-that-are-images",
    "install": "install.html",
    "openai": "integrations/openai.html",
    "mcp": "integrations/mcp.html",
    "groups": "access.html#groups",
    "limits": "limits.html",
    "LOCCIT_MAX_QUEUE": "limits.html",
    "metrics": "running.html#monitoring",
    "loccit keys create": "reference/commands.html#loccit-keys-create",
    "hallucination": "integrations/check-a-model.html",
    "slack": "sources.html#slack",
    "Google Drive": "sources.html#slack",
    "connectors": "sources.html",
    "summary": "what-it-is-not.html",
    "summarize": "what-it-is-not.html",
    "translation": "what-it-is-not.html",
    "password protected pdf": "formats.html#pdf-files-with-a-password",
    "encrypted PDF": "formats.html#pdf-files-with-a-password",
    "ollama": "answers.html",
    "disk": "load-and-models.html#sizing",
    "system requirements": "load-and-models.html#sizing",
}
"""What is typed, and the beginning of an address that must be among the first three."""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("site") / "source"
    stage(folder)
    return script(folder)


@pytest.fixture(scope="module")
def search(browser: "Browser", index: str) -> "Iterator[Page]":
    page = browser.new_page()
    page.add_script_tag(content=index)
    page.add_script_tag(path=DOCS / "theme" / "loccit" / "static" / "search.js")
    yield page
    page.close()


@pytest.mark.parametrize("question", EXPECTED)
def test_the_page_that_answers_is_among_the_first(search: "Page", question: str) -> None:
    first = search.evaluate("question => window.loccitSearch(question)", question)[:3]
    assert any(address.startswith(EXPECTED[question]) for address in first), first


def test_words_are_whole(search: "Page") -> None:
    for part in ("diagra", "progra", "xyzzy"):
        assert search.evaluate("question => window.loccitSearch(question)", part) == []


def test_addresses_have_anchors_of_headings(search: "Page") -> None:
    for address in search.evaluate("() => window.loccitPages.sections.map(one => one[0])"):
        page, _, anchor = address.partition("#")
        file: Path = DOCS / page.replace(".html", ".md")
        if anchor and file.exists():
            assert anchor in anchors(file.read_text()) or anchor[-2:-1] == "-", address
