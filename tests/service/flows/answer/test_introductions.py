"""Answers show items of lists below what introduces them, in any format and on any interface."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.ingest import Source
from index.library import Library
from tests.index.readers.packages import word
from tests.service.every_face import faces
from tests.service.faces.pages.pages import page, words
from tests.service.http_service import put, served

HEAD, REMOVED, FAX = "Tarn Ledger 4.0", "Removed", "The fax gateway for invoices."
POLICY, NOT_COVERED = "Household policy", "We do not pay for:"
MICE, RUST = "damage by mice and other rodents", "rust on garden tools"
ADDED = "Invoices can be sent by courier."


def _docx() -> bytes:
    def line(text: str, level: str = "") -> str:
        style = f'<w:pPr><w:outlineLvl w:val="{level}"/></w:pPr>' if level else ""
        return f"<w:p>{style}<w:r><w:t>{text}</w:t></w:r></w:p>"

    return word(
        line(HEAD, "0")
        + line("Added", "1")
        + line(f"- {ADDED}")
        + line(REMOVED, "1")
        + line("- The Linux version of 2012.")
        + line(f"- {FAX}")
        + line(POLICY, "0")
        + line(NOT_COVERED)
        + line(f"- {RUST}")
        + line(f"- {MICE}")
    )


def _html() -> bytes:
    return (
        f"<h1>{HEAD}</h1><h2>Added</h2><ul><li>{ADDED}</ul><h2>{REMOVED}</h2>"
        f"<ul><li>The Linux version of 2012.<li>{FAX}</ul>"
        f"<h1>{POLICY}</h1><p>{NOT_COVERED}</p><ul><li>{RUST}<li>{MICE}</ul>"
    ).encode()


def _plain(mark: str) -> bytes:
    one, two = (f"{mark * level} ".lstrip() for level in (1, 2))
    return (
        f"{one}{HEAD}\n\n{two}Added\n\n- {ADDED}\n\n"
        f"{two}{REMOVED}\n\n- The Linux version of 2012.\n- {FAX}\n\n"
        f"{one}{POLICY}\n\n{NOT_COVERED}\n- {RUST}\n- {MICE}\n"
    ).encode()


FILES = {"a.md": _plain("#"), "a.txt": _plain(""), "a.html": _html(), "a.docx": _docx()}
QUESTIONS = (
    ("Does Tarn Ledger have a fax gateway?", REMOVED, FAX),
    ("Is damage by mice paid?", NOT_COVERED, MICE),
)


def ask(client: TestClient, question: str) -> dict[str, Any]:
    response = client.post("/v1/answer", json={"question": question, "min_answerability": 0})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    with served(library, min_answerability=0.0) as client:
        yield client


@pytest.fixture(params=FILES)
def filled(request: pytest.FixtureRequest, client: TestClient, library: Library) -> TestClient:
    collection = library.open("default", create=True)
    collection.put(Source(request.param, FILES[request.param]))
    collection.embed_pending()
    return client


@pytest.mark.parametrize(("question", "above", "item"), QUESTIONS)
def test_an_item_stands_below_its_introduction(
    filled: TestClient, question: str, above: str, item: str
) -> None:
    found = ask(filled, question)
    introduction, answer = found["sentences"][:2]
    assert (introduction["introduces"], answer["introduces"]) == (True, False)
    assert introduction["text"] == above
    assert answer["text"].endswith(item)
    assert found["answer"].startswith(f"{above} [1]\n{answer['text']} [2]")
    for number, one in enumerate(found["sentences"]):
        cited = one["citation"]
        assert found["answer"][one["start"] : one["end"]] == one["text"] == cited["quote"]
        assert found["sources"][number] == cited
    body = {"model": "loccit", "messages": [{"role": "user", "content": question}]}
    reply = filled.post("/v1/chat/completions", json=body).json()
    assert reply["choices"][0]["message"]["content"].startswith(f"{above} [1]\n{answer['text']} [2]")


def test_every_face_that_shows_one_sentence_shows_its_introduction(
    filled: TestClient, library: Library
) -> None:
    question, above, item = QUESTIONS[0]
    first = filled.post("/v1/ask", json={"question": question}).json()["first"]
    assert (first["introduction"], first["text"].endswith(item)) == (above, True)
    assert faces(filled, library)["mcp"](question, ()) == f"{above}\n{first['text']}"
    shown = [words(one) for one in page(filled, "/", q=question).xpath("//p[contains(@class, 'sentence')]")]
    assert shown[0].startswith(above)
    assert item in shown[1]


def test_a_row_that_stands_first_tells_which_cells_answer(filled: TestClient) -> None:
    prices = "skate,adult,child\nfigure skates,7 GBP,5 GBP\nhockey skates,9 GBP,6 GBP\n"
    put(filled, "prices.csv", prices, media_type="text/csv")
    question = "What do hockey skates cost for a child?"
    first = filled.post("/v1/ask", json={"question": question}).json()["first"]
    (cell,) = first["answering"]
    assert (cell["row"], cell["column"]) == ("hockey skates", "child")
    assert first["text"][cell["start"] - first["start"] : cell["end"] - first["start"]] == "6 GBP"


def test_the_first_sentence_is_cited_by_a_locator(filled: TestClient) -> None:
    for question, *_ in QUESTIONS:
        first = filled.post("/v1/ask", json={"question": question}).json()["first"]
        cited = filled.get(f"/v1/citations/{first['locator']}").json()
        assert (cited["quote"], cited["start"], cited["end"]) == (first["text"], first["start"], first["end"])


def test_a_sentence_that_leaves_out_what_the_one_before_says_comes_with_it(client: TestClient) -> None:
    text = "The glue stays wet for six hours. Do not lift the board while it is. It smells of almonds."
    put(client, "glue.txt", text)
    found = ask(client, "May I lift the board?")["sentences"][0]["text"]
    assert found == "The glue stays wet for six hours. Do not lift the board while it is."


def test_items_of_one_list_share_their_introduction(client: TestClient) -> None:
    items = "- tenants of a garden below 90 square metres\n- tenants of a garden by the school\n"
    text = f"Bees may not be kept by\n\n{items}"
    put(client, "bees.txt", text)
    found = ask(client, "Can a tenant of a garden keep bees?")["sentences"]
    assert [one["introduces"] for one in found][:1] == [True]
    assert sum(one["introduces"] for one in found) == 1
