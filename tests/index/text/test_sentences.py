from __future__ import annotations

import textwrap

import pytest
import regex
from hypothesis import example, given, strategies as st

from index.text.sentences import (
    block_spans,
    halve_span,
    item_spans,
    line_spans,
    sentence_spans,
    split_span,
    trim_span,
)
from index.types import Block

MARKED = st.sampled_from(
    [
        *"a.!?「」とé‼️。।؟()“”\n\t \u0600\u200d\u0301",
        ". ",
        "! ",
        "\n- ",
        "1. ",
        "A. B.",
        "Be",
        "e\u0301",
        "‼️",
        "🇫🇷",
        "👨\u200d👩\u200d👧",
        "क्षि",
        "한글",
        "A\u00a0.",
        "\u2003. ",
    ],
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(MARKED, max_size=40).map("".join))


def sentences(text: str, language: str | None = None) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text, 0, len(text), language)]


def torn_clusters(text: str, positions: set[int]) -> list[str]:
    """Clusters that a position divides into two parts that can both be seen."""
    return [
        cluster.group()
        for cluster in regex.finditer(r"\X", text)
        for position in positions & set(range(cluster.start() + 1, cluster.end()))
        if text[cluster.start() : position].strip() and text[position : cluster.end()].strip()
    ]


@given(TEXTS, st.integers(0, 8), st.integers(0, 8), st.sampled_from(["sentence", "item", "line"]))
@example("Wow‼️Next", 0, 0, "sentence")
@example("A\u202f.", 0, 0, "sentence")
@example("。🇫🇷。🇩🇪🇫🇷", 0, 0, "sentence")
def test_spans_hold_every_visible_character_once(text: str, skip: int, drop: int, kind: str) -> None:
    start, end = min(skip, len(text)), max(min(skip, len(text)), len(text) - drop)
    spans = {"sentence": sentence_spans, "item": item_spans, "line": line_spans}[kind](text, start, end)
    at = start
    for first, last in spans:
        assert not text[at:first].strip(), "only white space between spans"
        assert start <= first < last <= end
        assert text[first:last] == text[first:last].strip()
        at = last
    assert not text[at:end].strip()
    inside = {position for span in spans for position in span} - {start, end}
    assert not torn_clusters(text[start:end], {position - start for position in inside})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('He left. "Is it?" he asked.', ["He left.", '"Is it?" he asked.']),
        ("Dr. Smith saw Fig. 2. See pp. 3-4.", ["Dr. Smith saw Fig. 2.", "See pp. 3-4."]),
        ("The gene H2A.X is one. System.Out is not.", ["The gene H2A.X is one.", "System.Out is not."]),
        ("1. Wash your hands. 2. Eat.", ["1. Wash your hands.", "2. Eat."]),
        ("他来了。你好吗？我很好！", ["他来了。", "你好吗？", "我很好！"]),
        ("「はい。そうです。」と言った。次。", ["「はい。そうです。」と言った。", "次。"]),
        ("यह है। वह कहाँ है?", ["यह है।", "वह कहाँ है?"]),
        ("هل هذا؟ نعم.", ["هل هذا؟", "نعم."]),
        ("ខ្ញុំទៅ។ គាត់មក។", ["ខ្ញុំទៅ។", "គាត់មក។"]),
        ("Wow‼️Next", ["Wow‼️", "Next"]),
        ("Plan A\u00a0. Yes.", ["Plan A\u00a0.", "Yes."]),
        ("Plan Z\u2003.\u202fYes.", ["Plan Z\u2003.", "Yes."]),
        ("Quoi\u202f?\u00a0! Non\u00a0. Oui", ["Quoi\u202f?", "!", "Non\u00a0.", "Oui"]),
        ("one line\nof two. And\nmore", ["one line\nof two.", "And\nmore"]),
        ("A title\n\nA paragraph", ["A title", "A paragraph"]),
        ("To do:\n- one\n- two\n  goes on\n* three", ["To do:", "- one", "- two\n  goes on", "* three"]),
        ("city\tpeople\nBonn\t300\nKöln\t900", ["city\tpeople", "Bonn\t300", "Köln\t900"]),
        ("| a | b |\n| c | d |", ["| a | b |", "| c | d |"]),
        (
            '4. Deposit\n4.1 It is due\n4.2 "Area" is all; and\nmore.\n\n4.2.1 (a) Sub',
            ["4. Deposit", "4.1 It is due", '4.2 "Area" is all; and\nmore.', "4.2.1 (a) Sub"],
        ),
        ("It cost\n4.2 Millionen Euro in all.", ["It cost\n4.2 Millionen Euro in all."]),
        ("It was so.\n4.2 million came", ["It was so.", "4.2 million came"]),
        ("Data\nPower: 300 W\nMass: 5 kg\nEnd", ["Data", "Power: 300 W", "Mass: 5 kg\nEnd"]),
        ("He said\nNote: it is so.", ["He said\nNote: it is so."]),
        (
            "Monday - closed\nTuesday 10 to 12\nFriday 10 to 12, and the disco 19 to 21.30\nSunday 11 to 13",
            [
                "Monday - closed",
                "Tuesday 10 to 12",
                "Friday 10 to 12, and the disco 19 to 21.30",
                "Sunday 11 to 13",
            ],
        ),
        (
            "**Hours**\n(Winter) 9 to 17\nSummer: 8 to 20, daily",
            ["**Hours**", "(Winter) 9 to 17", "Summer: 8 to 20, daily"],
        ),
        (
            "Kind regards,\nAnna Smith\nHead of the Department of Music",
            ["Kind regards,\nAnna Smith", "Head of the Department of Music"],
        ),
        ("The house in which\nGoethe and\nSchiller met", ["The house in which\nGoethe and\nSchiller met"]),
        (" \n\t ", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(
    st.lists(st.sampled_from(["Haus", "der", "Mond", "Zug", "Wein", "und", "Fahrt", "Regen"]), min_size=40),
    st.integers(30, 90),
)
def test_wrapped_prose_is_not_split_where_a_line_begins_with_a_capital(words: list[str], width: int) -> None:
    text = textwrap.fill(" ".join(["Alle", *words]), width)
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Это так. А.С. Пушкин и т. д. родился в г. Москве. Он жил.", 3),
        ("Ο κ. Παπαδόπουλος ήρθε, π.χ. χθες. Καλά.", 2),
    ],
)
def test_russian_and_greek_are_detected_by_their_letters(text: str, count: int) -> None:
    assert len(sentences(text)) == count
    assert len(sentences(text, "en")) > count, "or the letters need no look"


def test_a_given_language_is_used() -> None:
    text = "Er kam am 15. Mai. Dann ging er."
    assert sentences(text, "de") == ["Er kam am 15. Mai.", "Dann ging er."]
    assert sentences(text) != sentences(text, "de")


def test_long_paragraphs_are_split_like_short_ones() -> None:
    """Sentences do not depend on where the windows fall that sentencex is given."""
    one = "The quick brown fox jumps over the lazy dog. 狗不理他。 “Why?” asked Dr. Fox. "
    assert sentences(one * 500) == sentences(one) * 500


def test_a_sentence_longer_than_a_window_is_one() -> None:
    long = "word " * 5000 + "end."
    assert sentences(f"Start. {long} Stop.") == ["Start.", long, "Stop."]


@pytest.mark.parametrize("unit", ["他来了，你好。", "「はい。」と", "“a. ", "‼️", "。🇫🇷"])
def test_a_paragraph_of_a_hundred_thousand_characters_ends(unit: str) -> None:
    """Some of these take sentencex minutes when given whole."""
    text = unit * (100_000 // len(unit))
    assert sentence_spans(text, 0, len(text))[-1][1] == len(text.rstrip())


def test_blocks_are_split_by_their_kind() -> None:
    text = "- Run. Stop.\n  More\n- Three"
    assert block_spans(text, Block("list", 0, len(text))) == [(0, 19), (20, 27)]
    assert block_spans(text, Block("code", 0, len(text))) == [(0, 12), (15, 19), (20, 27)]
    assert block_spans(text, Block("table", 0, len(text))) == [(0, 12), (15, 19), (20, 27)]
    assert block_spans(text, Block("paragraph", 0, len(text))) == [(0, 19), (20, 27)]
    bare = "One. Two.\nThree"
    assert block_spans(bare, Block("list", 0, len(bare))) == [(0, 9), (10, 15)]
    assert block_spans(bare, Block("paragraph", 0, len(bare))) == [(0, 4), (5, 9), (10, 15)]


@given(TEXTS, st.integers(1, 12))
def test_split_spans_are_short_and_lose_nothing(text: str, longest: int) -> None:
    start, end = trim_span(text, 0, len(text))
    if start >= end:
        return
    at = start
    for first, last in split_span(text, start, end, longest):
        assert at <= first < last <= first + longest
        assert not text[at:first].strip()
        assert text[first:last] == text[first:last].strip()
        at = last
    assert at == end


@pytest.mark.parametrize(
    ("text", "near", "expected"),
    [
        ("It is so. It is not", 5, ["It is so.", "It is not"]),
        ("one two three, four five six seven", 20, ["one two three,", "four five six seven"]),
        ("one two three four", 8, ["one two", "three four"]),
        ("a bbbbbbbbbbbbbbbb", 12, ["a", "bbbbbbbbbbbbbbbb"]),
        ("これは、とても長い文", 5, ["これは、", "とても長い文"]),
        ("nospaceshere", 6, ["nospac", "eshere"]),
        ("e\u0301e\u0301e\u0301", 3, ["e\u0301", "e\u0301e\u0301"]),
        ("🇫🇷🇩🇪🇫🇷", 3, ["🇫🇷", "🇩🇪🇫🇷"]),
        ("e\u0301\u0302\u0303x", 1, ["e\u0301\u0302\u0303", "x"]),
        ("e\u0301\u0302\u0303", 1, ["e", "\u0301\u0302\u0303"]),
    ],
)
def test_a_sentence_is_cut_at_the_best_place(text: str, near: int, expected: list[str]) -> None:
    assert [text[start:end] for start, end in halve_span(text, 0, len(text), near)] == expected
