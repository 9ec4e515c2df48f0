from __future__ import annotations

import pytest

from index.readers.html import contain_text, content_blocks, without_boilerplate
from index.readers.html.blocks import PageBlock, page_blocks
from index.readers.html.tree import parse_html
from tests.index.readers.html.test_html import DELTA, PROSE


def page_of(html: str) -> list[PageBlock]:
    root = parse_html(html, name="a.html")
    assert root is not None
    return page_blocks(root)


def test_blocks_in_the_main_text_are_kept_with_their_headings() -> None:
    html = (
        f"<h1>Rivers</h1><h2>Course</h2><p>{PROSE}</p><h2>Adverts</h2><p>Buy a boat</p><h2>Mouth</h2>"
        f"<p>{DELTA}</p><p>Share this</p><h2>More</h2>"
    )
    page = page_of(html)
    chosen = [block.draft.text for block in content_blocks(page, f"{PROSE}\n{DELTA}")]
    assert chosen == ["Rivers", "Course", PROSE, "Mouth", DELTA]
    assert content_blocks(page, "Other words that are not on this page at all.") == []
    assert contain_text(page, PROSE)
    assert not contain_text(page, "Other words that are not on this page at all.")


def test_prose_between_kept_blocks_is_kept() -> None:
    links = "<a href=x>" + " ".join(["link"] * 20) + "</a>"
    html = f"<p>{PROSE}</p><p>{PROSE.upper()} again</p><p>{links}</p><p>few words</p><pre>code</pre>"
    page = page_of(f"{html}<p>{DELTA}</p>")
    witness = f"{PROSE[:60]} {PROSE[60:]}\n{DELTA}"
    chosen = [block.draft.text for block in content_blocks(page, witness)]
    assert chosen == [PROSE, f"{PROSE.upper()} again", "code", DELTA]


def test_prose_next_to_kept_blocks_is_kept() -> None:
    more = [f"{DELTA} {n}" for n in range(6)]
    page = page_of(
        f"<p>{more[0]}</p><p>Share this</p><p>{more[1]}</p><p>{more[2]}</p><p>{PROSE}</p>"
        f"<h2>Mouth</h2><p>{more[3]}</p><nav><p>{more[4]}</p></nav><p>{more[5]}</p>"
    )
    chosen = [block.draft.text for block in content_blocks(page, PROSE)]
    assert chosen == [more[1], more[2], PROSE, "Mouth", more[3]]


def test_boilerplate_is_kept_only_if_there_is_nothing_else() -> None:
    page = page_of("<nav><p>Menu</p></nav><p>Words</p>")
    assert [block.draft.text for block in without_boilerplate(page)] == ["Words"]
    page = page_of("<nav><p>Menu</p></nav>")
    assert [block.draft.text for block in without_boilerplate(page)] == ["Menu"]


@pytest.mark.parametrize("witness", ["", "\n", "Rivers", "Rivers\nLakes\nPonds"])
@pytest.mark.parametrize(
    ("html", "lines"), [("<ul><li>Rivers<li>Lakes</ul>", 2), ("<p>Rivers", 1), ("<p>...", 9)]
)
def test_a_text_of_a_few_words_must_be_a_line_of_the_main_text(witness: str, html: str, lines: int) -> None:
    confirmed = len(content_blocks(page_of(html), witness)) == 1
    assert confirmed == (lines <= len(witness.split()))
