"""The site of the documentation: what is made of the pages, and what a built site holds."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pytest

from scripts.build_site import DOCS, ROOT, navigation, pages, stage, with_links

SITE = ROOT / "build" / "site"


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "source"
    stage(folder)
    return folder


@pytest.fixture
def site() -> Path:
    if not (SITE / "index.html").exists():
        pytest.skip("the site is not built: make site")
    return SITE


def test_every_page_is_in_the_navigation(staged: Path) -> None:
    lists = re.findall(r"```{toctree}\n(.*?)```", (staged / "index.md").read_text(), re.DOTALL)
    named = [line for block in lists for line in block.splitlines() if line and not line.startswith(":")]
    assert len(named) == len(set(named))
    assert {f"{name}.md" for name in named} == {str(place) for _, place in pages()} - {"index.md"}


def test_links_lead_to_pages_of_the_site(staged: Path) -> None:
    for page in staged.rglob("*.md"):
        text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\(([^)#\s]+)", re.sub(r"`[^`\n]*`", "code", text)):
            if not target.startswith("https://"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_links_are_rewritten_as_pages_move() -> None:
    path, place = DOCS / "how-to" / "team.md", PurePosixPath("how-to/team.md")
    text = "[a](../access.md#keys) [b](../../CONTRIBUTING.md) [c](../../benchmarks/results.json) [d](#here)"
    moved = "[a](../access.md#keys) [b](../contributing.md) c [d](#here)"
    assert with_links(text, path, place) == moved
    fenced = "```sh\n[b](../../CONTRIBUTING.md)\n```"
    assert with_links(fenced, path, place) == fenced


def test_a_row_of_the_first_page_is_a_list_of_pages() -> None:
    row = "| **Do** | [One](one.md) · [Part](two.md#part) · [Three](a/three.md) |"
    assert navigation(row) == "```{toctree}\n:hidden:\n:caption: Do\n\none\na/three\n```"


@pytest.mark.processes
def test_a_built_page_has_no_inline_script_or_style_and_nothing_from_elsewhere(site: Path) -> None:
    built = list(site.rglob("*.html"))
    assert len(built) > 30
    for page in built:
        html = page.read_text()
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=\"", html), page
        assert not re.search(r"<(?:script|img|link|iframe)[^>]*(?:src|href)=\"(?:https?:)?//", html), page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"@import|url\([\"']?(?:https?:)?//", sheet.read_text()), sheet
