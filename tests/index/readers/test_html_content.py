from __future__ import annotations

import pytest

from index.readers.html_blocks import PageBlock, walk
from index.readers.html_content import content_blocks, seen_blocks, shows
from index.readers.html_tree import parse
from tests.index.readers.test_html import DELTA, PROSE


def page_of(html: str) -> list[PageBlock]:
    root = parse(html, name="a.html")
    assert root is not None
    return walk(root)


def test_content_is_what_the_witness_confirms_with_its_headings() -> None:
    html = (
        f"<h1>Rivers</h1><h2>Course</h2><p>{PROSE}</p><h2>Adverts</h2><p>Buy a boat</p><h2>Mouth</h2>"
        f"<p>{DELTA}</p><p>Share this</p><h2>More</h2>"
    )
    page = page_of(html)
    chosen = [block.draft.text for block in content_blocks(page, f"{PROSE}\n{DELTA}")]
    assert chosen == ["Rivers", "Course", PROSE, "Mouth", DELTA]
    assert content_blocks(page, "Other words that are not on this page at all.") == []
    assert shows(page, PROSE)
    assert not shows(page, "Other words that are not on this page at all.")


def test_prose_that_the_witness_passed_over_is_kept() -> None:
    links = "<a href=x>" + " ".join(["link"] * 20) + "</a>"
    html = f"<p>{PROSE}</p><p>{PROSE.upper()} again</p><p>{links}</p><p>few words</p><pre>code</pre>"
    page = page_of(f"{html}<p>{DELTA}</p>")
    witness = f"{PROSE[:60]} {PROSE[60:]}\n{DELTA}"
    chosen = [block.draft.text for block in content_blocks(page, witness)]
    assert chosen == [PROSE, f"{PROSE.upper()} again", "code", DELTA]


def test_prose_is_kept_before_and_after_too_until_something_else_comes() -> None:
    more = [f"{DELTA} {n}" for n in range(6)]
    page = page_of(
        f"<p>{more[0]}</p><p>Share this</p><p>{more[1]}</p><p>{more[2]}</p><p>{PROSE}</p>"
        f"<h2>Mouth</h2><p>{more[3]}</p><nav><p>{more[4]}</p></nav><p>{more[5]}</p>"
    )
    chosen = [block.draft.text for block in content_blocks(page, PROSE)]
    assert chosen == [more[1], more[2], PROSE, "Mouth", more[3]]


def test_what_is_beside_is_seen_only_where_there_is_nothing_else() -> None:
    page = page_of("<nav><p>Menu</p></nav><p>Words</p>")
    assert [block.draft.text for block in seen_blocks(page)] == ["Words"]
    page = page_of("<nav><p>Menu</p></nav>")
    assert [block.draft.text for block in seen_blocks(page)] == ["Menu"]


@pytest.mark.parametrize("witness", ["", "\n", "Rivers", "Rivers\nLakes\nPonds"])
@pytest.mark.parametrize(
    ("html", "lines"), [("<ul><li>Rivers<li>Lakes</ul>", 2), ("<p>Rivers", 1), ("<p>...", 9)]
)
def test_a_few_words_must_be_lines_of_the_witness(witness: str, html: str, lines: int) -> None:
    confirmed = len(content_blocks(page_of(html), witness)) == 1
    assert confirmed == (lines <= len(witness.split()))
