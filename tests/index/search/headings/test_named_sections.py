"""The section that a question names by its heading stands first, whole, and no other one is shown."""

from __future__ import annotations

import pytest

from benchmarks.retrieval.headings import FORMATS, Asked, documents, is_right, source
from index.collection import Collection
from index.ingest.preparation import Source
from index.search.extraction import divide_question, extract_answer

MADE = documents()
LEAST = 0.5


def quotes(collection: Collection, question: str) -> list[str]:
    answer = collection.ask(question)
    with collection.archive.resolution() as resolution:
        extract = extract_answer(resolution, divide_question(question), [answer], most=3, least=LEAST)
    return [one.citation.quote for one in extract.sentences if not one.introduces]


@pytest.mark.parametrize("format_", FORMATS)
def test_lists_steps_and_paragraphs_of_the_named_section(collection: Collection, format_: str) -> None:
    made = [MADE[0], MADE[6], MADE[21]]
    for one in made:
        collection.put(source(one, format_))
    collection.embed_pending()
    wrong: list[tuple[Asked, list[str]]] = []
    for asked in (asked for one in made for asked in one.asked):
        found = quotes(collection, asked.question)
        if not is_right(asked, found[0] if found else ""):
            wrong.append((asked, found))
    assert not wrong


FILLER = "\n\n".join(
    f"Paragraph {'abcdefghij'[n % 10] * 4} tells of boats and lamps at length." for n in range(60)
)


def test_a_heading_counts_as_said_far_below_it(collection: Collection) -> None:
    told = "Nora Falk wrote the export of maps."
    text = f"2.2.0\n\n{FILLER}\n\n{told}\n\n2.1.0\n\n{FILLER}\n\nA list came."
    collection.put(Source("changes.txt", text.encode()))
    collection.embed_pending()
    assert collection.ask("Who wrote the export of maps in 2.2.0?").missing == ()
    assert quotes(collection, "Who wrote the export of maps in 2.2.0?") == [told]
    assert told not in quotes(collection, "Who wrote the export of maps in 2.1.0?")


CLAUSES = """LEASE OF THE GRANARY

1. Premises
1.1 The Owner lets the granary by the mill to the Guild.
1.2 "Yard" means the court and the well.

2. Rent
2.1 The rent is 640 crowns a month, payable in advance.
2.2 The rent rises by two per cent each June.

3. Repairs
3.1 The Guild bears small repairs up to 90 crowns each.
3.2 The Owner maintains roof and walls.
"""


@pytest.mark.parametrize(
    ("question", "clause"),
    [
        ("What does clause 3.1 say?", "3.1 The Guild bears small repairs up to 90 crowns each."),
        ("What does clause 2.2 say?", "2.2 The rent rises by two per cent each June."),
        ("What does the Yard mean?", '1.2 "Yard" means the court and the well.'),
    ],
)
def test_a_clause_is_quoted_alone_with_its_number(collection: Collection, question: str, clause: str) -> None:
    collection.put(Source("lease.txt", CLAUSES.encode()))
    collection.embed_pending()
    assert quotes(collection, question)[:1] == [clause]


def test_a_clause_that_is_not_there_has_no_answer(collection: Collection) -> None:
    collection.put(Source("lease.txt", CLAUSES.encode()))
    collection.embed_pending()
    assert quotes(collection, "What does clause 8.2 say?") == []


@pytest.mark.parametrize("text", ["# Elena Varga\n", "# Elena Varga\n\n## Elena Varga\n", "Elena Varga\n"])
def test_a_document_that_is_only_a_title_answers_nothing(collection: Collection, text: str) -> None:
    collection.put(Source("a.md", text.encode(), title="Elena Varga"))
    collection.embed_pending()
    question = "When was Elena Varga born?"
    assert quotes(collection, question) == []
    assert collection.ask(question).answerability < LEAST


def test_what_announces_gives_way_to_what_tells(collection: Collection) -> None:
    announces, tells = "This page explains how a lamp is tested.", "A lamp is tested by its flame."
    collection.put(Source("a.md", f"# Lamps\n\n{announces} {tells}\n".encode()))
    collection.embed_pending()
    assert quotes(collection, "How is a lamp tested?")[0] == tells


def test_one_line_with_a_date_does_not_say_of_what_day_a_text_is(collection: Collection) -> None:
    told = "Six boats were lost in the storm."
    collection.put(Source("a.txt", f"Storms\n\n4 June 2021\n\n{told}\n\nNo one was hurt.".encode()))
    collection.embed_pending()
    (hit,) = collection.ask("How many boats were lost in the storm on 2 March 2021?").hits
    assert hit.text[hit.evidence[0].start :].startswith(told)
