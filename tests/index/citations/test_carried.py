"""Citations in a text: locators, links and lists of sources, as marks."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from index.citations import find_carried, parse_locator
from index.citations.claims import claims

NEW = "My tower (new).md@0123456789ab:3-40"
LAMPS, TOWERS = "lamps.md@9f2c41aab3de:0-12", "My tower (new).pdf@0123456789ab:3-40"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"The lamp is lit {LAMPS}.", {1: LAMPS}),
        (f"The lamp is lit ({LAMPS}).", {1: LAMPS}),
        (f"The lamp is lit [1] and out ({LAMPS}).", {2: LAMPS}),
        (f"The lamp is lit [1].\n\n[^1]: “lit” — Lamps. ({LAMPS})", {1: LAMPS}),
        (f"The lamp is lit [3].\n\n[3] Lamps. [{LAMPS}]", {3: LAMPS}),
        (f"The lamp is lit [3].\n\n3. Lamps. [{LAMPS}]", {3: LAMPS}),
        (f"1. The lamp is lit ({LAMPS})", {1: LAMPS}),
        (f"[1] The lamp is lit ({LAMPS})", {2: LAMPS}),
        (f"It is lit. https://example.org/docs/view/{LAMPS}?of=x#quote Yes.", {1: LAMPS}),
        (f"It is lit [4](/view/{LAMPS}#quote).", {5: LAMPS}),
        ("It is lit. /v1/citations/My%20lamp.md@9f2c41aab3de:0-12", {1: "My lamp.md@9f2c41aab3de:0-12"}),
        (r"Lit [^1].  [^1]: “lit” (my\_lamp.md@9f2c41aab3de:0-12)", {2: "my_lamp.md@9f2c41aab3de:0-12"}),
        (f"The lamp is lit [1].\n\n[1] “lit” (Lamps) ({NEW})", {1: NEW}),
        ("Lit [(old) b.md@9f2c41aab3de:0-12] ((old) b.md@9f2c41aab3de:0-12)",
         {1: "(old) b.md@9f2c41aab3de:0-12", 2: "(old) b.md@9f2c41aab3de:0-12"}),
        ("Write to keeper@example.org, at 12:00-13:00.", {}),
        ("", {}),
    ],
)  # fmt: skip
def test_citations_are_found_and_become_marks(text: str, expected: dict[int, str]) -> None:
    found = find_carried(text)
    assert found.locators == {mark: parse_locator(one) for mark, one in expected.items()}
    assert len(found.text) == len(text)
    assert "9f2c41aab3de" not in found.text


def test_a_locator_in_brackets_may_have_spaces() -> None:
    found = find_carried("See [My tower.pdf@0123456789ab:3-40].")
    assert str(found.locators[1]) == "My tower.pdf@0123456789ab:3-40"


def test_the_sentence_has_the_mark_of_its_locator() -> None:
    text = f"The lamp is lit ({LAMPS}). The tower is tall [2].\n\n[2]: Towers ({TOWERS[9:]})"
    found = find_carried(text)
    assert [one.marks for one in claims(found.text)] == [(3,), (2,)]
    assert [text[start:end].strip()[:4] for start, end in found.entries] == ["[2]:"]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("“The lamp is lit.” — Lamps.", ("The lamp is lit.",)),
        ("“… is lit …” — Lamps.", ("is lit",)),
        ("“He said “no” to us” — Lamps.", ("He said “no” to us", "He said “no")),
        (r"“The my\_lamp” — Lamps.", ("The my_lamp",)),
        ("Lamps, p. 2.", ()),
    ],
)
def test_an_entry_of_a_list_has_a_quote(entry: str, expected: tuple[str, ...]) -> None:
    found = find_carried(f"It is lit [1].\n\n[^1]: {entry} ({LAMPS})")
    assert found.quotes == ({1: expected} if expected else {})
    assert found.listed == {1}


@given(st.text(alphabet="ab ([1]):.\n/view@9f2c41aab3de-0", max_size=200))
def test_any_text_keeps_its_length(text: str) -> None:
    found = find_carried(text)
    assert len(found.text) == len(text)
