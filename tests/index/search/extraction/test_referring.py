"""What a sentence refers to stands before it, and what was decided before what led to it."""

from __future__ import annotations

import pytest

from index.collection import Collection
from index.ingest import Source
from index.search.extraction import first_sentence

QUIET = "# Rules\n\n## Quiet hours\n\nQuiet hours are from 22 to 6. {} on quiet Sundays and quiet holidays.\n"


@pytest.mark.parametrize("referring", ["The same applies", "This also applies"])
def test_what_is_referred_to_stands_first(collection: Collection, referring: str) -> None:
    collection.put(Source("rules.md", QUIET.format(referring).encode()))
    collection.embed_pending()
    first = first_sentence(collection.ask("When are the quiet hours on quiet Sundays?"))
    assert first is not None
    assert first.text == "Quiet hours are from 22 to 6."


def test_a_decision_stands_before_what_was_proposed(collection: Collection) -> None:
    text = (
        "# Minutes\n\n## 2. Membership fee\n\nTom proposed to raise the membership fee to 55 crowns.\n"
        "Decision: postponed to 9 May.\n\n## 3. Bees\n\nRosa asked for hives.\nDecision: allowed.\n"
    )
    collection.put(Source("minutes.md", text.encode()))
    collection.embed_pending()
    first = first_sentence(collection.ask("What was decided about the membership fee?"))
    assert first is not None
    assert first.text == "Decision: postponed to 9 May."


@pytest.mark.parametrize("line", ["Going back to sports", "You may go back to sports:"])
def test_a_line_that_says_nothing_alone_has_those_below_it(collection: Collection, line: str) -> None:
    block = f"{line}\nCycling: two weeks\nRunning: six weeks"
    collection.put(Source("leaflet.txt", f"Leave the bandage on.\n\n{block}\n\nCall us.\n".encode()))
    collection.embed_pending()
    first = first_sentence(collection.ask("When may I go back to sports?"))
    assert first is not None
    assert (first.text, first.end - first.start) == (block, len(block))
