"""Items that are in no list, and numbers in the margin, of HTML pages and of chapters of books."""

from __future__ import annotations

import pytest

from index.readers.books import read_epub
from index.readers.html.blocks import page_blocks
from index.readers.html.tree import parse_html
from tests.index.readers.laws import shown
from tests.index.readers.packages import book, chapter


def seen(body: str) -> list[tuple[str, str]]:
    root = parse_html(f"<html><body>{body}</body></html>", name="a.html")
    assert root is not None
    return [(block.draft.kind, block.draft.text) for block in page_blocks(root)]


def test_adjacent_items_without_a_list_form_a_list() -> None:
    assert seen("<p>Of</p><div><li>sand</li></div><div><li>mud, <b>wet</b></li></div><p>and so on</p>") == [
        ("paragraph", "Of"),
        ("list", "- sand\n- mud, wet"),
        ("paragraph", "and so on"),
    ]


def test_the_content_of_such_an_item_belongs_to_it() -> None:
    item = "<li><p>sand</p><p>of the river</p><ol><li>fine</li><li>coarse</li></ol></li>"
    assert seen(f"<div>{item}<li>mud</li></div>") == [
        ("list", "- sand\n  of the river\n  1. fine\n  2. coarse\n- mud")
    ]


def test_such_lists_are_separate_from_others() -> None:
    assert seen("<div><li>sand</li></div><ul><li>mud</li></ul><div><li>clay</li></div>") == [
        ("list", "- sand"),
        ("list", "- mud"),
        ("list", "- clay"),
    ]


def test_items_that_lay_out_a_page_are_no_list() -> None:
    assert seen("<div><li><h2>Sand</h2><p>Fine.</p></li></div>") == [
        ("heading", "Sand"),
        ("paragraph", "Fine."),
    ]


def test_an_item_in_a_table_is_in_its_cell() -> None:
    row = "<tr><td><li>sand</li></td><td>mud</td></tr>"
    assert seen(f"<table>{row}{row}</table>") == [("table", "sand | mud\nsand | mud")]


def test_links_in_such_items_count_for_the_list() -> None:
    root = parse_html('<div><li><a href="/">sand</a></li><li>mud!</li></div><p>more</p>', name="a.html")
    assert root is not None
    assert [round(block.link_share, 2) for block in page_blocks(root)] == [pytest.approx(0.36, abs=0.05), 0.0]


def test_items_of_navigation_and_content_are_not_joined() -> None:
    assert seen("<nav><li>home</li></nav><div><li>sand</li></div>") == [
        ("list", "- home"),
        ("list", "- sand"),
    ]


@pytest.mark.parametrize(
    "number",
    [
        '<label class="ocn"><a href="#o12" class="lnkocn">12</a></label>',
        '<span class="pagenum">[12]</span>',
        '<span class="x-ebookmaker-pageno"><a id="p12">[Pg 12]</a></span>',
        '<span class="pageno" id="xii">xii</span>',
        '<a class="page-number">p. 12</a>',
        '<span role="doc-pagebreak" id="p12">12</span>',
        '<div epub:type="pagebreak">12</div>',
    ],
)
def test_numbers_in_the_margin_are_left_out(number: str) -> None:
    assert seen(f"<div>{number}<p>Sand and mud.</p></div>") == [("paragraph", "Sand and mud.")]


@pytest.mark.parametrize(
    "words",
    [
        "<label>12</label>",
        '<span class="score">12</span>',
        '<span class="pagenumbers">12</span>',
        '<label class="ocn">12 men</label>',
        '<span class="pagenum">see page twelve</span>',
        '<label for="a">IX</label>',
    ],
)
def test_other_numbers_stay(words: str) -> None:
    assert seen(f"<p>{words}</p>")[0][1] in words


def test_chapters_of_books_are_read_the_same() -> None:
    def part(number: int, content: str) -> str:
        label = f'<label class="ocn"><a href="#o{number}" class="lnkocn">{number}</a></label>'
        return f'<div class="substance">{label}{content}</div>'

    body = part(1, "<p>Of <span epub:type='pagebreak'>7</span>rivers</p>") + part(2, "<li>sand</li>")
    extract = read_epub(book({"a.xhtml": chapter(body + part(3, "<li>mud</li>"))}), name="a.epub")
    assert shown(extract) == [("paragraph", "Of rivers"), ("list", "- sand\n- mud")]
