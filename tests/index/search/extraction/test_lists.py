import pytest

from index.search.extraction.lists import LONGEST, widen
from index.search.question.wanted import asks_for_several

AGREEMENTS = """=== Beijing and Tianjin ===

A delegation came to Beijing. Both mayors signed three agreements.

- an agreement on parks
- an agreement on the environment,
  with a long name
- a memorandum on transport

=== Beijing and Hebei ===

Both signed two agreements:
1. on ports
2. on railways

They were published."""
WHICH = "Which agreements were signed?"


def widened(words: str, question: str, text: str = AGREEMENTS) -> str:
    start = text.index(words)
    first, last = widen(text, (start, start + len(words)), question)
    return text[first:last]


@pytest.mark.parametrize("question", [WHICH, "How many agreements were signed?", ""])
def test_a_sentence_that_introduces_a_list_brings_its_items(question: str) -> None:
    found = widened("Both mayors signed three agreements.", question)
    assert found.startswith("Both mayors signed three agreements.\n\n- an agreement on parks\n")
    assert found.endswith("  with a long name\n- a memorandum on transport")
    assert widened("Both signed two agreements:", question).endswith("1. on ports\n2. on railways")


@pytest.mark.parametrize(
    "item", ["- an agreement on the environment,\n  with a long name", "an agreement on parks"]
)
def test_an_item_brings_its_list_only_to_a_question_for_several(item: str) -> None:
    found = widened(item, WHICH)
    assert found.startswith("Both mayors signed three agreements.")
    assert found.endswith("- a memorandum on transport")
    assert widened(item, "Which agreement is on parks?") == item


def test_a_question_for_several_brings_the_list_after_the_paragraph() -> None:
    words = "A delegation came to Beijing."
    found = widened(words, WHICH)
    assert found.startswith(f"{words} Both mayors signed three agreements.\n\n- an agreement on parks\n")
    assert found.endswith("- a memorandum on transport")
    assert widened(words, "Who came to Beijing?") == words


def test_what_is_no_list_stays_as_it_is() -> None:
    assert widened("They were published.", WHICH) == "They were published."


def test_a_list_without_a_sentence_before_it_begins_with_its_first_item() -> None:
    text = "# Agreements\n\n- on ports\n- on railways\n"
    assert widened("- on railways", WHICH, text) == "- on ports\n- on railways"


def test_blank_lines_may_be_between_items() -> None:
    text = "These are known:\n\n- on ports\n\n- on railways\n\nThey were published."
    assert widened("These are known:", WHICH, text) == "These are known:\n\n- on ports\n\n- on railways"


LABELLED = "Desk work: after 3 days\nCycling: 2 weeks\nDriving, if you feel no pain: after a week. Ask first."
CODE = "```sh\nloccit check\n\nloccit list\n```"
ROWS = "Miller | 420\nHarris | 380"


@pytest.mark.parametrize("title", ["Going back to things", "Opening hours", "What it costs"])
@pytest.mark.parametrize("question", [WHICH, "When may I cycle?"])
def test_a_title_brings_the_labelled_lines_below_it(title: str, question: str) -> None:
    text = f"You may walk at once.\n\n{title}\n{LABELLED}\n\nRest for a day."
    assert widened(title, question, text) == f"{title}\n{LABELLED}"


@pytest.mark.parametrize("below", [LABELLED, ROWS, CODE, "By post\nBy telephone", "A pledge of ten years."])
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_a_line_that_ends_with_a_colon_brings_what_is_below_it(below: str, gap: str) -> None:
    words = "Three offers were obtained:"
    text = f"The roof leaks. {words}{gap}{below}\n\nIt was put off."
    assert widened(words, "What guarantee did they offer?", text) == f"{words}{gap}{below}"


@pytest.mark.parametrize(
    ("words", "below"),
    [
        ("Going back to things", "You may walk at once.\nThen rest."),  # a title of running text
        ("Going back to things", f"\n{LABELLED}"),  # apart from the lines
        ("Going back to things.", LABELLED),  # a sentence
        ("Cycling: 2 weeks", LABELLED),  # a line among them
        ("Name | Price", LABELLED),
        ("Going back to things", f"{LABELLED}\n{'Running: never. ' * 100}"),  # too long
        ("Three offers were obtained:", "\n\n\nThe roof leaks."),
        ("Three offers were obtained:", ""),
        ("Three offers were obtained:", "```sh\nloccit check"),  # cut off
        ("Three offers were obtained:", "\n## Votes"),
    ],
)
def test_other_lines_bring_nothing(words: str, below: str) -> None:
    assert widened(words, "When may I cycle?", f"{words}\n{below}") == words


def test_a_very_long_list_is_not_brought() -> None:
    text = "These are known:\n" + "\n".join(f"- agreement {number}" for number in range(LONGEST // 10))
    assert widened("These are known:", WHICH, text) == "These are known:"


@pytest.mark.parametrize(
    ("question", "several"),
    [
        (WHICH, True),
        ("What are the three bodies?", True),
        ("What key agreements were signed?", True),
        ("Name the wings.", True),
        ("哪些城市？", True),
        ("Which agreement is on parks?", False),
        ("What does this do?", False),
        ("What is this?", False),
        ("Who signed the agreements?", False),
    ],
)
def test_a_question_for_several_is_told_by_its_plural(question: str, several: bool) -> None:
    assert asks_for_several(question) is several
