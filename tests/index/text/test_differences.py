from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, strategies as st

from index.text.differences import Edit, Hunk, line_diff, map_boundary, word_diff
from tests.sizes import size

WORDY = st.lists(st.sampled_from(["one", "two", " ", ", ", "\n", "是", "的", "é"]), max_size=25).map("".join)
TEXTS = st.one_of(st.text(max_size=40), WORDY)
LINES = st.lists(st.sampled_from(["a\n", "b\n", "c c\n", "c d\n", "\n", "e", "x" * 600]), max_size=12).map(
    "".join
)


def sides(edits: tuple[Edit, ...]) -> tuple[str, str]:
    old = "".join(one.text for one in edits if one.kind != "insert")
    return old, "".join(one.text for one in edits if one.kind != "delete")


def applied(old: str, new: str, hunks: tuple[Hunk, ...]) -> str:
    """The old text with the hunks' new lines in place of its own."""
    made, at, to = "", 0, 0
    for hunk in hunks:
        assert old[at : hunk.old_start] == new[to : hunk.new_start], "unmarked text is equal"
        lines = [(one.kind, one.text) for one in hunk.lines]
        assert "".join(text for kind, text in lines if kind != "insert") == old[hunk.old_start : hunk.old_end]
        inserted = "".join(text for kind, text in lines if kind != "delete")
        assert inserted == new[hunk.new_start : hunk.new_end]
        made += old[at : hunk.old_start] + inserted
        at, to = hunk.old_end, hunk.new_end
    return made + old[at:]


@given(TEXTS, TEXTS)
def test_edits_make_up_both_texts(old: str, new: str) -> None:
    edits = word_diff(old, new)
    assert sides(edits) == (old, new)
    assert all(one.text for one in edits)
    assert all(a.kind != b.kind for a, b in itertools.pairwise(edits))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        ("same words", "same words", [("equal", "same words")]),
        ("a red fox", "a fox", [("equal", "a "), ("delete", "red "), ("equal", "fox")]),
        ("a b c d", "a x y d", [("equal", "a "), ("delete", "b c"), ("insert", "x y"), ("equal", " d")]),
        ("他是人", "他不是人", [("equal", "他"), ("insert", "不"), ("equal", "是人")]),
        ("12 mg", "15 mg", [("delete", "12"), ("insert", "15"), ("equal", " mg")]),
    ],
)
def test_edits_are_whole_words(old: str, new: str, expected: list[tuple[str, str]]) -> None:
    assert [(one.kind, one.text) for one in word_diff(old, new)] == expected


@given(LINES, LINES, st.integers(0, 3))
def test_hunks_turn_the_old_text_into_the_new_one(old: str, new: str, context: int) -> None:
    hunks = line_diff(old, new, context=context)
    assert applied(old, new, hunks) == new
    for hunk in hunks:
        for line in hunk.lines:
            assert not line.edits or "".join(one.text for one in line.edits) == line.text


def test_a_replaced_line_has_the_edits_of_its_words() -> None:
    old = "".join(f"line {number}\n" for number in range(20))
    (hunk,) = line_diff(old, old.replace("line 9\n", "line nine\n"), context=1)
    assert [(one.kind, one.text) for one in hunk.lines] == [
        ("equal", "line 8\n"),
        ("delete", "line 9\n"),
        ("insert", "line nine\n"),
        ("equal", "line 10\n"),
    ]
    assert old[hunk.old_start : hunk.old_end] == "line 8\nline 9\nline 10\n"
    assert hunk.lines[1].edits == (Edit("equal", "line "), Edit("delete", "9"), Edit("equal", "\n"))
    assert hunk.lines[2].edits == (Edit("equal", "line "), Edit("insert", "nine"), Edit("equal", "\n"))


def test_changes_far_apart_are_hunks_of_their_own() -> None:
    lines = [f"{number}\n" for number in range(40)]
    changed = [*lines]
    changed[5], changed[9], changed[30] = "five\n", "nine\n", "thirty\n"
    hunks = line_diff("".join(lines), "".join(changed))
    assert [sum(line.kind == "insert" for line in hunk.lines) for hunk in hunks] == [2, 1]
    assert line_diff("a", "a") == ()


def test_a_text_without_line_breaks_is_compared_by_sentences() -> None:
    sentences = [f"This is sentence number {number} of a long paragraph." for number in range(200)]
    old, new = " ".join(sentences), " ".join([*sentences[:100], "New one.", *sentences[101:]])
    (hunk,) = line_diff(old, new, context=0)
    assert hunk.old_end - hunk.old_start < 200
    assert applied(old, new, (hunk,)) == new


@pytest.mark.timeout(100)
def test_entirely_different_long_texts_take_bounded_time() -> None:
    rnd = random.Random(1)
    old = "".join(f"{rnd.randrange(400)} and {rnd.randrange(10)}\n" for _ in range(size(20_000)))
    new = "".join(f"{rnd.randrange(400)} and {rnd.randrange(10)}\n" for _ in range(size(20_000)))
    hunks = line_diff(old, new)
    assert applied(old, new, hunks) == new


def test_long_texts_are_divided_at_words_that_occur_once_in_both() -> None:
    ones, twos = "one " * 2500, "two " * 2500
    old = f"{ones}{twos}first {ones}{twos}second {ones}{twos}"
    new = f"{twos}{ones}first {twos}{ones}second {twos}{ones}"
    edits = word_diff(old, new)
    assert sides(edits) == (old, new)
    kept = "".join(one.text for one in edits if one.kind == "equal")
    assert "first" in kept
    assert "second" in kept
    assert kept.count("one") + kept.count("two") == 7500, "of each part the longer common half"


def test_long_texts_without_unique_words_are_replaced_as_a_whole() -> None:
    old, new = "one two " * 6000, "two one " * 6000
    edits = word_diff(old, new)
    assert sides(edits) == (old, new)
    assert not "".join(one.text for one in edits if one.kind == "equal").strip()


@pytest.mark.timeout(30)
@pytest.mark.parametrize("unit", [".", "?!", "。", ". ", " .", "。a", "!a"])
def test_endless_punctuation_takes_bounded_time(unit: str) -> None:
    old, new = unit * size(100_000) + "a", unit * size(100_000) + "b"
    hunks = line_diff(old, new)
    assert applied(old, new, hunks) == new


@pytest.mark.parametrize(
    ("boundary", "pairs", "expected"),
    [
        (2, [], None),
        (2, [(0, 0)], None),
        (2, [(2, 7)], 7),
        (2, [(4, 7)], 7),
        (2, [(1, 1), (4, 4)], 2),  # two words replaced by two
        (2, [(1, 1), (4, 20)], 18),  # many put in before them
        (2, [(0, 0), (3, 3)], 2),  # one of either side replaced
    ],
)
def test_a_boundary_is_mapped_to_the_new_sequence(
    boundary: int, pairs: list[tuple[int, int]], expected: int | None
) -> None:
    assert map_boundary(boundary, pairs) == expected
