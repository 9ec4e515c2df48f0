"""Headings with numbers look like items of a list, in any format: no quote goes past one."""

from __future__ import annotations

import pytest

from index.collection import Collection
from index.ingest.preparation import Source
from index.records import Structure
from index.search.extraction import divide_question, extract_answer
from index.search.sections import running_text
from index.types import Block
from tests.index.readers.packages import word

LATE = "The new ferry is late, because the yard had a fire in its workshop."
DECIDED = "The council decided:"
DECISIONS = ("1. The ferry sails from May on.", "2. The fare is set at 4 euros.")
REJECTED = ("- A bridge to the island was rejected.", "- A tunnel was postponed.")
HEADS = ("Status of the ferry", "Decisions", "Rejected proposals", "Other business")
NUMBERS = (("1. ", "2. ", "3. ", "4. "), ("(1) ", "(2) ", "(3) ", "(4) "), ("a) ", "b) ", "c) ", "d) "))


def _html_list(items: tuple[str, ...], tag: str) -> str:
    return f"<{tag}>{''.join(f'<li>{item[2:].strip()}</li>' for item in items)}</{tag}>"


def _docx(heads: tuple[str, ...]) -> bytes:
    def lines(*texts: str, style: str = "") -> str:
        return "".join(f"<w:p><w:pPr>{style}</w:pPr><w:r><w:t>{one}</w:t></w:r></w:p>" for one in texts)

    def heading(text: str) -> str:
        return lines(text, style='<w:outlineLvl w:val="0"/>')

    bodies = (LATE,), (DECIDED, *DECISIONS), REJECTED, ("There was none.",)
    return word("".join(heading(head) + lines(*body) for head, body in zip(heads, bodies, strict=True)))


def minutes(name: str, heads: tuple[str, ...]) -> bytes:
    """Minutes with a section below each heading, in the format of the name."""
    if name.endswith("docx"):
        return _docx(heads)
    status, decisions, rejected, other = heads
    listed, refused = "\n".join(DECISIONS), "\n".join(REJECTED)
    if name.endswith("html"):
        return (
            f"<h1>Minutes</h1><h2>{status}</h2><p>{LATE}</p><h2>{decisions}</h2><p>{DECIDED}</p>"
            f"{_html_list(DECISIONS, 'ol')}<h2>{rejected}</h2>{_html_list(REJECTED, 'ul')}"
            f"<h2>{other}</h2><p>There was none.</p>"
        ).encode()
    marks = {"md": "## {}", "rst": "{}\n" + "-" * 30, "txt": "== {} =="}
    mark = marks[name.rpartition(".")[2]]
    bodies = LATE, f"{DECIDED}\n\n{listed}", refused, "There was none."
    return "\n\n".join(
        f"{mark.format(head)}\n\n{body}" for head, body in zip(heads, bodies, strict=True)
    ).encode()


def quotes(collection: Collection, question: str) -> list[str]:
    answer = collection.ask(question)
    with collection.archive.resolution() as resolution:
        extract = extract_answer(resolution, divide_question(question), [answer], most=3, least=0.0)
    return [one.citation.quote for one in extract.sentences]


@pytest.mark.parametrize("numbers", NUMBERS, ids=[one[0].strip() for one in NUMBERS])
@pytest.mark.parametrize("name", ["a.md", "a.html", "a.rst", "a.txt", "a.docx"])
def test_a_quote_goes_past_no_heading(collection: Collection, name: str, numbers: tuple[str, ...]) -> None:
    heads = tuple(number + head for number, head in zip(numbers, HEADS, strict=True))
    collection.put(Source(name, minutes(name, heads)))
    collection.embed_pending()
    found = {
        question: quotes(collection, question)
        for question in (
            "Why is the new ferry late?",
            "Which decisions were made by the council on the ferry?",
            "Which proposals were rejected?",
            "What did the council decide on the fare?",
        )
    }
    for question, all_quotes in found.items():
        for quote in all_quotes:
            parts = [
                any(one[2:].strip(" )") in quote for one in lines) for lines in ((LATE,), DECISIONS, REJECTED)
            ]
            parts += [head in quote for head in HEADS]
            assert sum(parts) <= 1, (question, quote)
    assert any(quote == LATE for quote in found["Why is the new ferry late?"])
    decided = found["Which decisions were made by the council on the ferry?"][0]
    assert all(one[3:] in decided for one in DECISIONS)


@pytest.mark.parametrize(
    ("name", "below"),
    [
        ("a.md", "```\n- port: 8080\n- host: pier\n```"),
        ("a.md", "### 1. Fares\n\nFrom | To\n--- | ---\nPier | Island"),
        (
            "a.html",
            "<p>1) Fares</p><table><tr><th>From<th>To</tr><tr><td>Pier<td>Island</tr></table>",
        ),
    ],
)
def test_a_quote_brings_no_code_and_no_caption(collection: Collection, name: str, below: str) -> None:
    words = "The ferry sails by these rules."
    collection.put(Source(name, f"{words}\n\n{below}\n".encode()))
    collection.embed_pending()
    assert quotes(collection, "Which rules does the ferry sail by?")[0] == words


def test_a_list_of_paragraphs_may_end_above_a_table() -> None:
    kinds = "heading paragraph paragraph paragraph table paragraph".split()
    blocks = tuple(Block(kind, 10 * at, 10 * at + 8) for at, kind in enumerate(kinds))  # type: ignore[arg-type]
    structure = Structure(blocks, ())
    assert running_text(structure, 10, 14) == (10, 38)
    assert running_text(structure, 20, 28) == (10, 28)
    assert running_text(structure, 50, 58) == (50, 58)
    assert running_text(structure, 42, 44) == (40, 48)
    assert running_text(structure, 9, 9) == (9, 9)
