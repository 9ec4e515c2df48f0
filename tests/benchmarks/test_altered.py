"""Sentences in which one fact is changed."""

from __future__ import annotations

import random
from collections import Counter
from difflib import SequenceMatcher

import pytest

from benchmarks.claims.altered import KINDS, altered, change

TRUE = "The keeper Jacob lit 1,577 lamps in March 2001, and the harbour was not dark for 35 days."
KEEPERS = ["Jacob", "Miriam", "Anders", "Yusuf", "Helena"]
TEXTS = {
    f"{name}.txt": " ".join(
        f"In May {1960 + at} the keeper {KEEPERS[at % 5]} lit {at + 12} lamps of the {name}, which was dark."
        for at in range(20)
    )
    for name in ("north", "south", "west")
}


def differing(changed: str) -> list[tuple[str, str]]:
    """The words of the true sentence that were changed, each with what stands there now."""
    was, now = TRUE.split(), changed.split()
    return [
        (" ".join(was[a:b]), " ".join(now[c:d]))
        for tag, a, b, c, d in SequenceMatcher(None, was, now, autojunk=False).get_opcodes()
        if tag != "equal"
    ]


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("number", {"1,577", "35"}),
        ("name", {"Jacob"}),
        ("date", {"March"}),
        ("negation", {"not"}),
    ],
)
def test_one_fact_of_the_kind_is_changed(kind: str, changes: set[str]) -> None:
    made = [change(TRUE, kind, ["Miriam"], random.Random(seed)) for seed in range(30)]
    found = [differing(one) for one in made if one]  # none where the other value stands there already
    assert {len(one) for one in found} == {1}
    assert {was for one in found for was, _ in one} == changes
    assert all(was != now for one in found for was, now in one)


def test_a_year_after_a_preposition_is_a_date() -> None:
    changed = change("The tower was built in 1912 by the queen.", "date", [], random.Random(0))
    assert changed.startswith("The tower was built in ")
    assert "1912" not in changed


@pytest.mark.parametrize("kind", KINDS)
def test_a_sentence_without_such_a_fact_is_not_changed(kind: str) -> None:
    assert change("The lamps went out at dusk.", kind, ["Miriam"], random.Random(0)) == ""


def test_each_kind_is_changed_equally_often_and_the_same_every_time() -> None:
    names = ["north.txt", "south.txt"]
    found = list(altered(TEXTS, names, 20, seed=1))
    assert Counter(one.kind for one in found) == dict.fromkeys(KINDS, 5)
    assert found == list(altered(TEXTS, names, 20, seed=1))
    assert {one.document_id for one in found} == set(names)
    for one in found:
        assert TEXTS[one.document_id][one.start : one.end] == one.true
        assert not any(one.changed in text for text in TEXTS.values())
