"""The viewer shows tables, lists, code and mails as what they are."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from hypothesis import given, strategies as st
from lxml.html import HtmlElement
from starlette.testclient import TestClient

from index.records import Structure
from index.types import Block, Columns
from service.faces.pages.document import (
    MOST_CELLS,
    MOST_COLUMNS,
    WINDOW,
    document_page,
    shown_items,
    shown_table,
)
from service.faces.pages.marks import Marking
from service.faces.pages.wording import code_language, is_mail, is_presentation
from tests.service.faces.pages.pages import HOSTILE, locator_of, marked, parts_of, view, words
from tests.service.http_service import put

ROWS = "\n".join(f"Tower {number} | Keeper {number}" for number in range(40))


def table(text: str, quote: tuple[int, int] = (0, 0), **columns: Any) -> Any:
    block = Block("table", 0, len(text), columns=Columns(**columns) if columns else None)
    return shown_table(Marking(text, quote, ()), block)


def told(rows: Any) -> list[list[str]]:
    return [["".join(part.text for part in cell) for cell in row.cells] for row in rows]


def shown(html: HtmlElement, path: str) -> list[str]:
    return [words(one) for one in html.xpath(f"//div[@class='text']{path}")]


# Tables


def test_a_question_on_a_sheet_lights_one_row(client: TestClient) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.title = "Towers"
    for row in (("Tower", "Keeper"), *((f"Tower {at}", f"Keeper {at}") for at in range(40))):
        workbook.active.append(row)
    data = io.BytesIO()
    workbook.save(data)
    response = client.put("/v1/documents/a.xlsx?wait=true", content=data.getvalue())
    assert response.status_code == 201, response.text
    text = client.get("/v1/documents/a.xlsx/text").text
    row = text.index("Tower 7")
    cited = locator_of(response.json(), 0, len(text))
    html = view(client, cited, of=[f"{cited}|{row}-{text.index(chr(10), row)}"])
    assert shown(html, "/h2") == ["Towers"]
    assert shown(html, "//thead//th") == ["Tower", "Keeper"]
    assert len(shown(html, "//tbody/tr")) == 40
    assert shown(html, "//table[@class='lit']//tr[@class='lit']/td") == ["Tower 7", "Keeper 7"]
    assert marked(html, "//mark[@class='evidence']").split() == ["Tower", "7Keeper", "7"]
    plain = view(client, locator_of(response.json(), row, row + 7))
    assert not plain.xpath("//*[@class='lit']")
    assert marked(plain) == "Tower 7"


def test_empty_cells_keep_the_others_in_their_columns() -> None:
    found = table("a | | c\n | b |\nd", names=("x", "y", "z"), body=0)
    assert told(found.rows) == [["a", "", "c"], ["", "b", ""], ["d", "", ""]]
    assert (found.head, found.names, found.width) == ((), (), 3)


def test_lines_of_names_are_the_head() -> None:
    found = table("x | y\n1 | 2", names=("x", "y"), body=6)
    assert (told(found.head), told(found.rows)) == ([["x", "y"]], [["1", "2"]])


def test_labelled_cells_stand_under_their_names() -> None:
    text = "Name: Ada; Born: 1815\nBorn: 1912\nName: Eve; Died: 1900"
    found = table(text, names=("Name", "Born", "Died"), body=0, labelled=True)
    assert found.names == ("Name", "Born", "Died")
    assert told(found.rows) == [["Ada", "1815", ""], ["", "1912", ""], ["Eve", "", "1900"]]


def test_a_huge_table_is_shown_around_its_quote() -> None:
    text = "\n".join("a | b | c | d" for _ in range(20_000))
    start = 15_000 * 14
    found = table(text, (start, start + 1))
    assert len(found.rows) * found.width <= MOST_CELLS
    assert found.before + len(found.rows) + found.after == 20_000
    assert sum(bool(part.mark) for row in found.rows for cell in row.cells for part in cell) == 1
    last = table(text, (len(text) - 1, len(text)))
    assert last.after == 0
    assert last.rows[-1].cells[-1][-1].mark == "quote"


def test_a_row_with_too_many_cells_has_the_rest_in_its_last(client: TestClient) -> None:
    found = table(" | ".join(str(number) for number in range(500)))
    assert found.width == MOST_COLUMNS
    (cells,) = told(found.rows)
    assert cells[0] == "0"
    assert cells[-1].startswith(f"{MOST_COLUMNS - 1} | ")
    assert cells[-1].endswith("499")


@given(text=st.text("ab |\n", max_size=80), data=st.data())
def test_no_word_of_a_table_is_lost(text: str, data: st.DataObject) -> None:
    body = data.draw(st.integers(0, len(text)))
    names = tuple(data.draw(st.lists(st.sampled_from(["", "a", "b"]), max_size=4)))
    body = text.rfind("\n", 0, body) + 1
    found = table(text, (0, len(text)), names=names, body=body)
    cells = "".join(cell for rows in (found.head, found.rows) for row in told(rows) for cell in row)
    assert sorted(cells.replace("|", "").replace(" ", "")) == sorted("".join(text.replace("|", "").split()))


def test_a_cut_table_begins_with_a_whole_row() -> None:
    line = "first cell | second cell\n"
    text = line * 6000
    structure = Structure((Block("table", 0, len(text)),), ())
    page = document_page(Marking(text, (70_001, 70_005), ()), structure, at=70_000)
    (block,) = page.blocks
    assert block.table is not None
    assert {tuple(row) for row in told(block.table.rows)} == {("first cell", "second cell")}
    assert page.has_quote
    assert page.before is not None
    assert sum(len(part.text) for part in parts_of(page)) < 3 * WINDOW


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_is_in_cells_is_shown_and_never_run(client: TestClient, hostile: str) -> None:
    text = f"| A | B |\n|---|---|\n| `` {hostile.replace('|', '')} `` | lamp |\n"
    html = view(client, locator_of(put(client, "a.md", text), 0, 5))
    assert words(html.xpath("//tbody//td")[0]) == hostile.replace("|", "")


# Lists, code and mails


def test_items_are_below_each_other_as_they_are_indented() -> None:
    text = "- a\n  - b\n    1. c\n  - d\n- e\n      - f"

    def of(items: Any) -> Any:
        return [("".join(part.text for part in one.parts), of(one.items)) for one in items]

    assert of(shown_items(Marking(text, (0, 0), ()), 0, len(text))) == [
        ("- a", [("- b", [("1. c", [])]), ("- d", [])]),
        ("- e", [("- f", [])]),
    ]


def test_a_list_without_end_of_depth_is_shown() -> None:
    text = "\n".join(f"{' ' * number}- item" for number in range(200))
    page = document_page(Marking(text, (0, 0), ()), Structure((Block("list", 0, len(text)),), ()), at=0)
    assert sum(part.text.count("item") for part in parts_of(page)) == 200


def test_code_is_whole_and_tells_its_language(client: TestClient) -> None:
    code = "import lamps\n\n\nclass Tower:\n    height = 3\n\n    def light(self):\n        return lamps\n"
    response = client.put("/v1/documents/tower.py?wait=true", content=code.encode())
    assert response.status_code == 201, response.text
    start = code.index("def light")
    html = view(client, locator_of(response.json(), start, start + 15))
    assert shown(html, "/pre[@data-language='Python']/code") == [code.strip()]
    assert marked(html) == "def light(self)"
    cut = view(client, locator_of(response.json(), start, start + 15), at=start)
    assert "    def light" in words(cut.find(".//pre"))


def test_a_mail_has_its_head(client: TestClient) -> None:
    mail = (
        b"From: Ada <ada@example.org>\r\nTo: Bob <bob@example.org>\r\nSubject: Lamps\r\n"
        b"Date: Thu, 27 Jun 2013 13:29:57 +0200\r\n\r\nFrom: here on it is dark.\r\n\r\nLit at dusk.\r\n"
    )
    response = client.put("/v1/documents/a.eml?wait=true", content=mail)
    assert response.status_code == 201, response.text
    html = view(client, locator_of(response.json(), 0, 3))
    assert shown(html, "/h2") == ["Lamps"]
    assert [one.strip() for one in shown(html, "/dl[1]//dt")] == ["From:", "To:", "Date:"]
    assert shown(html, "/dl[1]//dd")[0] == "Ada <ada@example.org>"
    assert "Lit at dusk." in shown(html, "/p")
    other = put(client, "a.txt", "From: Ada\nTo: Bob\n\nLit at dusk.")
    assert not view(client, locator_of(other, 0, 3)).xpath("//dl")


def test_kinds_of_files() -> None:
    assert code_language("a/b.rs", "text/x-source-code") == "Rust"
    assert code_language("a/b.py", "text/plain") == ""
    assert code_language("Makefile", "text/x-source-code") == ""
    assert is_mail("message/rfc822")
    assert not is_mail("text/plain")
    assert is_presentation("application/vnd.oasis.opendocument.presentation")
    assert is_presentation("application/vnd.openxmlformats-officedocument.presentationml.presentation")
    assert not is_presentation("application/pdf")
