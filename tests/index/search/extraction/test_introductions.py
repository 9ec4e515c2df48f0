"""An item of a list is never shown without the words above it that say what it is an item of."""

from __future__ import annotations

import pytest

from index.search.extraction.introductions import Heading, introductions, is_statement, item_of
from index.search.extraction.lists import widen
from tests.calls import calls

SYRUP = """Warnings

Do not take Salmin
- if you cannot bear honey
- if you have had a fever that
  lasts for days

You must not:

1. Heat it.
2. Give it to cats. They get ill from it.

Not insured is damage by
- water from
    - pipes
    - rain
- fire

3. What is left out

- the spoon
"""
RULES = """These rules were agreed in 2019.

7. The tap is shut from October to April. Frost would break the pipes.
8. Goats must be kept behind a fence. Their owners pay for the hedges that they eat.

9. Bonfires are lit on Sundays alone.
10. Hives stand by the wall.
"""
REMOVED = Heading((-9, -2), "Removed")


def above(words: str, text: str = SYRUP, heading: Heading | None = None) -> list[str]:
    item = item_of(text, text.index(words))
    assert item is not None
    return [
        "" if heading is not None and span == heading.span else text[slice(*span)]
        for span in introductions(text, item, heading)
    ]


@pytest.mark.parametrize("words", ["if you cannot bear honey", "- if you have had", "lasts for days"])
def test_the_line_before_a_list_introduces_each_item(words: str) -> None:
    assert above(words) == ["Do not take Salmin"]


def test_a_blank_line_may_be_between_introduction_and_list() -> None:
    assert above("Heat it.") == above("Give it to cats") == ["You must not:"]


def test_an_item_of_a_list_in_a_list_comes_with_both_introductions() -> None:
    assert above("pipes") == above("rain") == ["Not insured is damage by", "- water from"]
    assert above("fire") == ["Not insured is damage by"]


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
@pytest.mark.parametrize(
    "value",
    [
        "Piotr Zielinski",
        "Dr. Ann Kell, Jörg Öst",
        "4 March 2026",
        "March 4, 2026",
        "2026-03-04",
        "v4.2",
        "a@b.example",
    ],
)
@pytest.mark.parametrize("label", ["Responsible", "Valid from", "Verantwortlich"])
def test_a_detail_of_the_document_introduces_no_list(label: str, value: str, gap: str) -> None:
    text = f"{label}: {value}{gap}1. Clean the hull.\n2. Drill a hole.\n"
    assert above("Drill", text) == []
    heading = Heading((-9, -2), "Repair of a hull")
    assert above("Drill", text, heading) == [""]


@pytest.mark.parametrize(
    "line", ["Step 2: Apple Pie", "Cakes: what you need", "Not covered: Ann Kell", "Take with you:"]
)
def test_another_line_with_a_colon_introduces_its_list(line: str) -> None:
    assert above("Drill", f"{line}\n1. Clean the hull.\n2. Drill a hole.\n") == [line]


def test_a_numbered_heading_introduces_bullets() -> None:
    assert above("the spoon") == ["3. What is left out"]


def test_an_introduction_that_only_refers_comes_with_the_sentence_before() -> None:
    text = "Hello. Some things may not be sent by post. These are:\n- knives\n"
    assert above("knives", text) == ["Some things may not be sent by post. These are:"]


def test_a_long_introduction_is_cut_to_its_line() -> None:
    line = "They do not say what is not covered either"
    assert above("mice", "word " * 80 + f"\n{line}\n- mice\n") == [line]


def test_a_wrapped_line_of_an_item_introduces_nothing() -> None:
    text = (
        "Not allowed are:\n- bicycles and other vehicles that have an electric motor or a\nbattery\n- tents\n"
    )
    assert above("tents", text) == ["Not allowed are:"]


def _steps(lines: int) -> int:
    """How many lines are read to find what an item below so many lines needs."""
    text = (
        "Not allowed are:\n- bicycles\n"
        + "and what is called a word of many letters, which goes on\n" * lines
    )
    found: list[list[str]] = []
    steps = calls(lambda: found.append(above("tents", f"{text}- tents\n")), "index")
    assert found == [["Not allowed are:"]]
    return steps


def test_a_long_item_is_read_once() -> None:
    assert _steps(400) < 2.5 * _steps(200)


def test_an_item_that_is_no_sentence_comes_with_its_heading() -> None:
    assert above("The old", "- The old importer.\n", REMOVED) == [""]
    assert above("The old", "- The old importer.\n", Heading((-9, -2), "Added")) == [""]


def test_a_sentence_comes_with_a_heading_that_turns_it_round() -> None:
    text = "- The importer reads PDF files.\n- Backups can be made by day.\n"
    assert above("Backups", text, REMOVED) == [""]
    assert above("Backups", text, Heading((-9, -2), "Backups")) == []


def test_a_heading_that_turns_stands_before_the_introduction() -> None:
    assert above("- phones", "In this plan:\n- phones\n", Heading((-9, -2), "Not covered")) == [
        "",
        "In this plan:",
    ]


@pytest.mark.parametrize("words", ["7. The tap", "8. Goats", "9. Bonfires", "10. Hives"])
def test_a_full_sentence_introduces_no_numbered_paragraphs(words: str) -> None:
    assert above(words, RULES) == []


@pytest.mark.parametrize(
    ("words", "question"),
    [
        ("These rules were agreed in 2019.", "When were the rules agreed?"),
        ("Frost would break the pipes.", "Why is the tap shut?"),
        ("Frost would break the pipes.", "How do I protect the pipes?"),
        ("8. Goats must be kept behind a fence.", "How do I keep goats?"),
    ],
)
def test_numbered_paragraphs_are_quoted_alone(words: str, question: str) -> None:
    start = RULES.index(words)
    span = start, start + len(words)
    assert widen(RULES, span, question) == span


def test_items_that_say_something_each_are_no_steps() -> None:
    text = "Good to know:\n- Guests are welcome.\n- A minibus leaves the station at noon.\n- Bring a coat.\n"
    span = text.index("- A mini"), text.index("\n- Bring")
    assert widen(text, span, "How do I get there?") == span
    steps = "Clean it often.\n\n1. Switch off the lamp.\n2. If it is hot, wait.\n3. Wipe the glass.\n"
    begin = steps.index("2.")
    assert widen(steps, (begin, begin + 21), "How do I clean it?") == (0, len(steps) - 1)


@pytest.mark.parametrize(
    ("item", "is_one"),
    [
        ("- Support for the old scanner.", False),
        ("- Parts that were worn out by use.", False),
        ("- if you are allergic to honey.", False),
        ("- The scanner can be shared.", True),
        ("2) Die Kaution wird zurückgezahlt.", True),
    ],
)
def test_sentences_are_told_from_fragments(item: str, is_one: bool) -> None:
    assert is_statement(item) is is_one


def test_a_whole_sentence_above_a_list_introduces_an_item_only_if_it_may_turn_it_round() -> None:
    recipe = "Takes an hour of work.\n\n- 200 g flour\n- two eggs\n"
    assert above("two eggs", recipe) == []
    assert above("two eggs", recipe.replace("Takes", "Do not use these within")) != []
    assert above("two eggs", recipe.replace("Takes an hour of work", "You need the following")) != []


def test_an_empty_item_introduces_nothing() -> None:
    text = "We do not pay for:\n- mice damage\n\n- \n\n1) \n\n- rust on tools\n"
    assert above("rust on tools", text) == ["We do not pay for:"]
