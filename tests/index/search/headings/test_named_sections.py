"""The section that a question names by its heading stands first, whole, and no other one is shown."""

from __future__ import annotations

import pytest

from benchmarks.retrieval.headings import FORMATS, Asked, documents, is_right, source
from index.collection import Collection
from index.search.extraction import divide_question, extract_answer

MADE = documents()
LEAST = 0.5


def quotes(collection: Collection, question: str) -> list[str]:
    answer = collection.ask(question)
    with collection.archive.resolution() as resolution:
        extract = extract_answer(resolution, divide_question(question), [answer], most=3, least=LEAST)
    return [one.citation.quote for one in extract.sentences]


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
