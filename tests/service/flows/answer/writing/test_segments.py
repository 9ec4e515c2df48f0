from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from index.citations.claims import claims
from service.flows.answer.writing.segments import Segment, Segments, blank_structure

ANSWER = (
    "Dr. Smith lit the lamp at 5 p.m. on Monday [1]. The light reached 3.5 miles! [2][3] It was “seen from "
    "the bay. Nobody slept” that night [1].\n\nThe steps:\n\n1. He cleaned the glass [2].\n"
    "2. He filled the oil.\n\n"
    "> The lamp was lit at dusk,\n> and nobody saw it.\n\n[3]\n\n```\ncode. More code. And more.\n```\n"
    "[1] First of all, it burned. [2] Then it went out."
)


def divided(text: str, size: int) -> list[Segment]:
    segments = Segments()
    found = []
    for at in range(0, len(text), size):
        found += segments.add(text[at : at + size])
    return found + segments.end()


@pytest.mark.parametrize("size", [1, 3, 7, 50, 10_000])
def test_segments_make_up_the_text_and_have_its_sentences(size: int) -> None:
    segments = divided(ANSWER, size)
    assert "".join(one.text for one in segments) == ANSWER
    at = 0
    for one in segments:
        assert one.start == at
        at += len(one.text)
    found = [sentence for one in segments for sentence in claims(blank_structure(" " * one.start + one.text))]
    whole = claims(blank_structure(ANSWER))
    assert [(one.start, one.end, one.marks) for one in found] == [
        (one.start, one.end, one.marks) for one in whole
    ]
    assert [quoted.text for one in found for quoted in one.quotes] == [
        quoted.text for one in whole for quoted in one.quotes
    ]


def test_a_sentence_is_told_once_the_next_one_has_begun() -> None:
    segments = Segments()
    assert segments.add("The lamp was lit at dusk [1].") == []
    assert segments.add(" The keeper ") == []
    assert segments.add("slept until the morning") == [Segment(0, "The lamp was lit at dusk [1]. ")]
    assert segments.end() == [Segment(30, "The keeper slept until the morning")]


def test_white_space_is_no_segment() -> None:
    segments = Segments()
    assert segments.add(" \n ") == []
    assert segments.end() == []


def test_signs_that_hide_text_are_passed_over_and_keep_the_offsets() -> None:
    text = "# Napoleon lit it.\n```py\nHe did.\n```\n  [^2]: He did [1]: so.\n#tag ~~~~ a"
    shown = blank_structure(text)
    assert shown == "  Napoleon lit it.\n   py\nHe did.\n   \n  [^2]  He did [1]: so.\n#tag ~~~~ a"
    first = claims(shown)[0]
    assert text[first.start : first.end] == "Napoleon lit it."


def test_a_text_without_the_end_of_a_sentence_is_cut() -> None:
    segments = Segments()
    found = [one for _ in range(3000) for one in segments.add("e.g. it ")]
    assert len(found) > 5
    assert max(len(one.text) for one in found) <= 2008
    assert all(one.text.endswith(" ") for one in found)
    assert len(Segments().add("x" * 3000)) == 1


@pytest.mark.parametrize(
    ("text", "is_torn"),
    [
        ("It was lit. It was lit in 19", True),
        ("It was not", True),
        ("It was lit in 1923.", False),
        ("It was lit. [1]", False),
        ("“It was lit!” [1][2] ", False),
    ],
)
def test_a_text_that_breaks_off_tears_its_last_sentence(text: str, is_torn: bool) -> None:
    segments = Segments()
    segments.add(text)
    assert segments.end(breaks_off=True)[-1].is_torn is is_torn
    segments.add(text)
    assert segments.end()[-1].is_torn is False


PIECES = st.sampled_from(
    [
        "The lamp was lit",
        ". ",
        "! ",
        "\n\n",
        "\n",
        " [1]",
        "[2] ",
        "“so it is said by all”",
        "> ",
        "```",
        "灯塔。",
        " Dr. ",
    ]
)


@given(pieces=st.lists(PIECES, max_size=40), size=st.integers(1, 9))
def test_whatever_is_written_nothing_is_lost(pieces: list[str], size: int) -> None:
    text = "".join(pieces)
    found = "".join(one.text for one in divided(text, size))
    assert text.startswith(found)
    assert text[len(found) :].strip() == ""
