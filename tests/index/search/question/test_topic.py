"""A follow-up question that names no subject stays in the document that the last answer quotes."""

from __future__ import annotations

from itertools import permutations

import pytest

from index.answers import Turn
from index.collection import Collection
from index.ingest import Source
from index.search.extraction import first_sentence

HOUSES = {
    "ferry": "The ferry to Lunga leaves Port Ansel every morning.",
    "museum": "The museum of clocks opens its doors every morning.",
    "cinema": "The cinema in the old mill shows films every morning.",
}
PRICES = {"ferry": 17, "museum": 19, "cinema": 21}


def house(name: str, told: str) -> Source:
    price = PRICES[name]
    prices = f"An adult pays {price} euros. It costs {price - 4} euros for a child."
    text = f"# Visitors\n\n{told} Dogs stay outside.\n\n{prices}\n"
    return Source(f"{name}.md", text.encode())


@pytest.mark.parametrize(("name", "other"), list(permutations(HOUSES, 2)))
@pytest.mark.parametrize("ask", ["what does it cost for an adult", "And what does it cost for an adult?"])
def test_a_follow_up_stays_in_the_document(collection: Collection, name: str, other: str, ask: str) -> None:
    for one, told in HOUSES.items():
        collection.put(house(one, told))
    collection.embed_pending()
    asked = f"When does the {name} begin in the morning?"
    first = first_sentence(
        collection.ask(ask, turns=[Turn("user", asked), Turn("assistant", f"{HOUSES[name]} [1]")])
    )
    assert first is not None
    assert first.hit.citation.document_id == f"{name}.md"
    # What names another subject is looked for there.
    turns = [Turn("user", asked), Turn("assistant", f"{HOUSES[name]} [1]")]
    named = first_sentence(collection.ask(f"When does the {other} begin in the morning?", turns=turns))
    assert named is not None
    assert named.hit.citation.document_id == f"{other}.md"
