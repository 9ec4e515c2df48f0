"""Rows in an answer have the names of their columns, whatever file the table comes from."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from docx import Document

from index.citations import parse_locator
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.ingest.preparation import Source
from index.search.extraction import divide_question, extract_answer
from index.search.extraction.column_names import column_names
from index.types import Block, Columns
from tests.opening import collection_in

ROWS = [
    ["Part", "Sloop", "Ketch"],
    ["Mast", "11 m", "14 m"],
    ["Keel", "1.6 m", "1.9 m"],
    ["Boom", "4 m", "5 m"],
]


def _docx() -> bytes:
    document, written = Document(), io.BytesIO()
    table = document.add_table(rows=0, cols=3)
    for row in ROWS:
        for cell, words in zip(table.add_row().cells, row, strict=True):
            cell.text = words
    document.save(written)
    return written.getvalue()


def _markdown() -> bytes:
    lines = [f"| {' | '.join(row)} |" for row in ROWS]
    return "\n".join(["# Boats", "", lines[0], "| --- | --- | --- |", *lines[1:]]).encode()


def _html() -> bytes:
    rows = ["".join(f"<td>{cell}</td>" for cell in row) for row in ROWS]
    head = "".join(f"<th>{cell}</th>" for cell in ROWS[0])
    return f"<h1>Boats</h1><table><tr>{head}</tr><tr>{'</tr><tr>'.join(rows[1:])}</tr></table>".encode()


FILES = {
    "boats.md": _markdown(),
    "boats.html": _html(),
    "boats.docx": _docx(),
    "boats.csv": "\n".join(map(",".join, ROWS)).encode(),
}


@pytest.mark.parametrize("name", FILES)
def test_the_row_that_answers_has_its_column_names(tmp_path: Path, name: str) -> None:
    question = "How long is the keel of the ketch?"
    with collection_in(tmp_path / "default", embedder=WordEmbedder(), config=LibraryConfig()) as collection:
        collection.put(Source(id=name, data=FILES[name]))
        collection.embed_pending()
        answer = collection.ask(question)
        with collection.archive.resolution() as resolution:
            parts = divide_question(question)
            sentence = extract_answer(resolution, parts, [answer], most=1, least=0.0).sentences[0]
            names = sentence.names
            if name.endswith(".csv"):
                assert names is None
                assert sentence.citation.quote == "Part: Keel; Sloop: 1.6 m; Ketch: 1.9 m"
            else:
                assert names is not None
                assert sentence.citation.quote == "Keel | 1.6 m | 1.9 m"
                assert (
                    resolution.cite(parse_locator(names.locator)).quote
                    == names.quote
                    == "Part | Sloop | Ketch"
                )
    assert [one.column for one in sentence.cells] == ROWS[0]
    assert [one.column for one in sentence.answering] == ["Ketch"]


TEXT = "Part | Keel\nMast | 1 m\nBoom | 2 m"


def block(start: int, end: int, body: int, *names: str) -> Block:
    return Block("table", start, end, columns=Columns(names, body=body, labelled=False))


def test_a_table_that_goes_on_has_its_names_in_the_first_block() -> None:
    first, second = block(0, 22, 12, "Part", "Keel"), block(23, 33, 23, "Part", "Keel")
    assert column_names([first, second], (23, 33), lambda start, end: TEXT[start:end]) == (0, 11)
    other = block(23, 33, 23, "Part", "Boom")
    assert column_names([first, other], (23, 33), lambda start, end: TEXT[start:end]) is None


def test_the_line_of_names_itself_has_none() -> None:
    assert (
        column_names([block(0, 33, 12, "Part", "Keel")], (0, 11), lambda start, end: TEXT[start:end]) is None
    )
