from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from index.citations.claims import Quoted, Sentence, claims

LONG = 100_000
"""Code points of the longest answers here."""


def told(answer: str) -> list[tuple[str, tuple[int, ...]]]:
    return [(answer[one.start : one.end], one.marks) for one in claims(answer)]


def quotes(answer: str) -> list[str]:
    return [quoted.text for one in claims(answer) for quoted in one.quotes]


# Sentences


@pytest.mark.parametrize(
    "answer", ["", " ", "\n\n", "...", "!?", "***", "[1]", "[1] [2].", "“”", "> ", ">\n>\n"]
)
def test_where_there_are_no_words_nothing_is_claimed(answer: str) -> None:
    assert claims(answer) == ()


def test_sentences_come_in_order_without_the_white_space_around_them() -> None:
    answer = "  Water is wet. Fire is hot!\nIs ice cold?\n\n  Yes, it is.  "
    assert [words for words, _ in told(answer)] == [
        "Water is wet.", "Fire is hot!", "Is ice cold?", "Yes, it is.",
    ]  # fmt: skip


def test_a_sentence_ends_with_its_paragraph() -> None:
    assert [words for words, _ in told("Water is\nwet\n \t\nfire is hot")] == ["Water is\nwet", "fire is hot"]


def test_each_item_of_a_list_is_a_sentence() -> None:
    answer = "- water is wet\n- fire is hot\n\n1. ice is cold\n2. steam is not"
    assert [words for words, _ in told(answer)] == [
        "- water is wet", "- fire is hot", "1. ice is cold", "2. steam is not",
    ]  # fmt: skip


def test_numbers_alone_are_a_claim() -> None:
    assert told("42. [1]") == [("42.", (1,))]


def test_what_was_found_has_values() -> None:
    answer = "He wrote “to be or not” once. [2]"
    quoted = Quoted("to be or not", 10, 22, (2,))
    assert claims(answer) == (Sentence(0, 29, (2,), (quoted,)),)


# Marks


@pytest.mark.parametrize(
    ("mark", "numbers"),
    [
        ("[1]", (1,)),
        ("[12]", (12,)),
        ("[ 3 ]", (3,)),
        ("[1, 3-5]", (1, 3, 4, 5)),
        ("[1;2]", (1, 2)),
        ("[1 – 3]", (1, 2, 3)),
        ("[2][1]", (2, 1)),
        ("[1] [2], [1]", (1, 2)),
        ("[^1]", (1,)),
        ("[^1, ^2]", (1, 2)),
        ("【1】", (1,)),
        ("【1†source】", (1,)),
        ("【4:0†a.pdf】", ()),
        ("[1†L3-L5]", (1,)),
        ("[0]", (0,)),
        ("[5-3]", (5,)),
        ("[[1]](https://example.org)", (1,)),
        ("[1](https://example.org)", ()),
        ("[12345]", ()),
        ("[1.5]", ()),
        ("[a]", ()),
        ("[]", ()),
        ("[1", ()),
        ("1]", ()),
        ("[1\n†x]", (1,)),
        ("(1)", ()),
        ("¹", ()),
    ],
)
def test_marks_are_read(mark: str, numbers: tuple[int, ...]) -> None:
    (sentence,) = claims(f"Water is wet {mark} as they say.")
    assert sentence.marks == numbers


def test_a_range_of_marks_is_not_followed_for_ever() -> None:
    (sentence,) = claims("Water is wet [1-9999].")
    assert sentence.marks == tuple(range(1, 102))


@pytest.mark.parametrize("mark", ["[1]", " [1]", "  [1]", "【1】"])
def test_a_mark_after_the_full_stop_belongs_to_the_sentence_before_it(mark: str) -> None:
    answer = f"Water is wet.{mark} Fire is hot."
    assert told(answer) == [("Water is wet.", (1,)), ("Fire is hot.", ())]


def test_a_mark_before_the_full_stop_belongs_to_its_sentence() -> None:
    answer = "Water [2] is wet [1]. Fire is hot [3]."
    assert told(answer) == [("Water [2] is wet [1].", (2, 1)), ("Fire is hot [3].", (3,))]


def test_marks_at_the_very_end_belong_to_the_last_sentence() -> None:
    assert told("Water is wet. Fire is hot. [1]\n\n[2]\n") == [
        ("Water is wet.", ()),
        ("Fire is hot.", (1, 2)),
    ]


def test_a_mark_on_a_line_of_its_own_belongs_to_what_stands_before_it() -> None:
    assert told("Water is wet.\n\n[1]\n\nFire is hot.") == [("Water is wet.", (1,)), ("Fire is hot.", ())]


@pytest.mark.parametrize("lead", ["", "- ", "* ", "1. "])
def test_a_mark_that_begins_a_line_belongs_to_what_follows(lead: str) -> None:
    answer = f"{lead}[1] Water is wet.\n{lead}[2] Fire is hot.\n\n{lead}[3] Ice is cold."
    assert [marks for _, marks in told(answer)] == [(1,), (2,), (3,)]


def test_a_mark_before_everything_belongs_to_the_first_sentence() -> None:
    assert told("[7]\n\nWater is wet. Fire is hot.") == [("Water is wet.", (7,)), ("Fire is hot.", ())]


def test_footnotes_and_lists_of_sources_claim_nothing() -> None:
    answer = (
        "Water is wet [^1].\n\n[^1]: Source one, “where three words stand”.\n  [2]: https://example.org [4]\n"
    )
    assert told(answer) == [("Water is wet [^1].", (1,))]
    assert quotes(answer) == []


# Quotes


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ('"', '"'),
        ("“", "”"),
        ("„", "“"),
        ("„", "”"),
        ("«", "»"),
        ("»", "«"),
        ("‹", "›"),
        ("‘", "’"),
        ("「", "」"),
        ("『", "』"),
    ],
)
def test_quotes_of_all_kinds_are_found(opening: str, closing: str) -> None:
    answer = f"They say {opening}the cat sat down{closing} and {opening}the dog stood up{closing} [1]."
    (sentence,) = claims(answer)
    assert [quoted.text for quoted in sentence.quotes] == ["the cat sat down", "the dog stood up"]
    assert [answer[quoted.start : quoted.end] for quoted in sentence.quotes] == quotes(answer)
    assert {quoted.marks for quoted in sentence.quotes} == {(1,)}


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u202f"])
def test_spaces_inside_of_quotation_marks_are_not_quoted(space: str) -> None:
    assert quotes(f"Il dit «{space}le chat est noir{space}» hier.") == ["le chat est noir"]


def test_quotes_in_scripts_without_spaces_are_counted_by_character() -> None:
    assert quotes("彼は「今日は良い天気」と言った。") == ["今日は良い天気"]
    assert quotes("彼は「雨」や「大雨」と言った。") == []


@pytest.mark.parametrize("quoted", ["term", "two words", "it’s hot", "—", "a … b"])
def test_fewer_than_three_words_are_no_quote(quoted: str) -> None:
    assert quotes(f"This “{quoted}” is a word.") == []


def test_an_apostrophe_closes_no_quote() -> None:
    assert quotes("They say ‘it’s a dog’s life’ often.") == ["it’s a dog’s life"]
    assert quotes("‘it’s a dog’s life’") == ["it’s a dog’s life"]


def test_a_quote_that_is_not_closed_is_none() -> None:
    assert quotes("They say “the cat sat down and ‘the dog stood up") == []
    assert quotes("They say «the cat and “the dog stood up” at noon") == ["the dog stood up"]


def test_other_quotation_marks_inside_are_part_of_the_quote() -> None:
    assert quotes("He said “she said ‘sit down now’ to me” once.") == ["she said ‘sit down now’ to me"]
    assert quotes("He said «she said “sit down now” to me» once.") == ["she said “sit down now” to me"]


def test_a_quote_may_have_several_sentences() -> None:
    answer = "He wrote “The cat sat down. The dog stood up.” [1] It rained."
    assert quotes(answer) == ["The cat sat down. The dog stood up."]
    assert [marks for _, marks in told(answer)] == [(1,), ()]


def test_a_guillemet_that_closes_opens_nothing() -> None:
    assert quotes("«Was?\n\nDas» ist sehr gut «so.") == []


@pytest.mark.parametrize("ellipsis", ["…", "...", ". . .", "[…]", "[...]", "(…)", "(. . .)", " [...] "])
def test_a_quote_with_an_ellipsis_is_one_quote(ellipsis: str) -> None:
    answer = f"They say “the cat sat{ellipsis}the dog stood” often."
    assert quotes(answer) == [f"the cat sat{ellipsis}the dog stood"]


def test_an_ellipsis_at_an_end_is_no_part_of_the_quote() -> None:
    assert quotes("They say “… the cat sat … down … the dog [...]” often.") == [
        "the cat sat … down … the dog"
    ]


def test_quotes_around_a_mark_are_those_of_its_sentence() -> None:
    answer = 'He wrote "the cat sat down." [1] "The dog stood up." [2, 3]'
    assert [(quoted.text, quoted.marks) for one in claims(answer) for quoted in one.quotes] == [
        ("the cat sat down.", (1,)),
        ("The dog stood up.", (2, 3)),
    ]


# Block quotes, code, headings


def test_a_block_quote_is_one_claim_and_one_quote() -> None:
    answer = "He wrote:\n\n> The cat sat down.\n>The dog\n  > stood up.\n\nThat is all [2]."
    assert [marks for _, marks in told(answer)] == [(), (), (2,)]
    assert quotes(answer) == ["The cat sat down.\nThe dog\nstood up."]
    (quoted,) = claims(answer)[1].quotes
    assert answer[quoted.start : quoted.end] == "The cat sat down.\n>The dog\n  > stood up."


@pytest.mark.parametrize("mark", [" [1]", "\n> [1]", "\n\n[1]", "\n[1]"])
def test_a_mark_in_or_after_a_block_quote_belongs_to_it(mark: str) -> None:
    answer = f"He wrote:\n> The cat sat down.{mark}\n\nThat is all."
    assert [marks for _, marks in told(answer)] == [(), (1,), ()]
    assert [quoted.marks for one in claims(answer) for quoted in one.quotes] == [(1,)]
    assert quotes(answer) == ["The cat sat down."]


def test_a_block_quote_with_an_ellipsis_is_one_quote() -> None:
    assert quotes("> The cat sat [...]\n> the dog stood\n") == ["The cat sat [...]\nthe dog stood"]


def test_a_block_quote_of_two_words_is_a_sentence_without_a_quote() -> None:
    assert told("> Sit down.") == [("> Sit down.", ())]
    assert quotes("> Sit down.") == []


def test_a_block_quote_at_the_end_needs_no_line_break() -> None:
    assert quotes("He wrote:\n> The cat sat down.") == ["The cat sat down."]


@pytest.mark.parametrize("fence", ["```", "~~~"])
def test_code_is_left_out(fence: str) -> None:
    answer = f"Before it.\n\n{fence}python\nprint(“the cat sat down”[1])\n{fence}\n\nAfter it."
    assert told(answer) == [("Before it.", ()), ("After it.", ())]
    assert quotes(answer) == []


def test_code_that_is_not_closed_goes_on_to_the_end() -> None:
    assert told("Before it.\n\n```\ncode here\n\nmore code [1]") == [("Before it.", ())]


def test_code_in_a_line_does_not_hide_the_rest() -> None:
    assert [words for words, _ in told("```x``` is how it is written.\n\nThat is all [1].")][-1] == (
        "That is all [1]."
    )


@pytest.mark.parametrize("heading", ["# Water", "###### “The cat sat down”", "  ## Water"])
def test_headings_are_left_out(heading: str) -> None:
    answer = f"Before it.\n\n{heading}\n\nAfter it."
    assert told(answer) == [("Before it.", ()), ("After it.", ())]
    assert quotes(answer) == []


def test_a_hash_that_begins_no_heading_is_read() -> None:
    assert told("#1 is first.\n\n####### is no heading.") == [
        ("#1 is first.", ()),
        ("####### is no heading.", ()),
    ]


def test_what_follows_a_heading_without_an_empty_line_is_read() -> None:
    assert told("## Answer\nThe cat sat down [1].") == [("The cat sat down [1].", (1,))]
    assert told("Before it.\n## Answer\nAfter it.") == [("Before it.", ()), ("After it.", ())]


def test_a_mark_in_a_heading_belongs_to_no_sentence() -> None:
    assert told("Water is wet.\n\n# Fire [3]\n\nFire is hot.") == [
        ("Water is wet.", ()),
        ("Fire is hot.", ()),
    ]


# What writers of answers do as well


@pytest.mark.parametrize("before", ["(", "—", "„so“ und "])
def test_a_guillemet_after_punctuation_opens(before: str) -> None:
    assert quotes(f"Das hier {before}»das ist sehr gut« war es.") == ["das ist sehr gut"]


def test_a_sign_for_inches_opens_no_quote() -> None:
    assert quotes('A 5" pipe is "as strong as steel" they say.') == ["as strong as steel"]


def test_every_mark_of_a_nested_block_quote_is_left_out() -> None:
    assert quotes("> > The cat sat down.\n>> The dog stood up.\n") == ["The cat sat down.\nThe dog stood up."]


def test_quotation_marks_around_a_block_quote_are_not_quoted() -> None:
    assert quotes('> "The cat sat down." [1]\n> — A. Writer\n') == ["The cat sat down."]


# Any text

ANYTHING = st.one_of(
    st.text(max_size=200),
    st.text(alphabet="ab 1\n\n.!“”\"'‘’«»„‹›「」[]()^,-–…>#`~†【】:\t", max_size=200),
    st.lists(
        st.sampled_from(
            [
                "“the cat sat”",
                '"the dog is up"',
                "[1]",
                "[2, 3]",
                "> the cow lay",
                "\n",
                "\n\n",
                " ",
                "So. ",
                "…",
                "```",
                "# Title",
                "- ",
                "[^1]: x",
                "»the hen ran«",
                "今日は「良い天気です」。",
                "’",
                "“",
            ]
        ),
        max_size=30,
    ).map("".join),
)


@given(ANYTHING)
def test_offsets_hold_in_any_answer(answer: str) -> None:
    last = 0
    for sentence in claims(answer):
        words = answer[sentence.start : sentence.end]
        assert last <= sentence.start < sentence.end
        assert words == words.strip() != ""
        last = sentence.end
        inside = sentence.start
        for quoted in sentence.quotes:
            assert inside <= quoted.start < quoted.end <= sentence.end
            assert quoted.marks == sentence.marks
            assert quoted.text.strip() == quoted.text != ""
            inside = quoted.end


@given(ANYTHING.map(lambda answer: answer.replace("[", "").replace("【", "").replace(">", "")))
def test_without_marks_and_block_quotes_a_quote_is_a_slice_of_the_answer(answer: str) -> None:
    for sentence in claims(answer):
        for quoted in sentence.quotes:
            assert quoted.text == answer[quoted.start : quoted.end]


@given(
    st.lists(st.sampled_from(["the", "cat", "sat", "it’s", "ça", "naïve", "3.5"]), min_size=3, max_size=12)
)
def test_any_three_words_between_quotation_marks_are_a_quote(words: list[str]) -> None:
    quote = " ".join(words)
    assert quotes(f"It says “{quote}” there.") == [quote]


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "unit",
    [
        "“",
        "„",
        "«",
        "»",
        '"',
        "‘",
        "’",
        "“«„",
        "「",
        "[1",
        "[1,",
        "[",
        "[1†",
        "【1",
        "[1]",
        "[^1]:",
        "> ",
        ">\n",
        "> a\n",
        "> a\n\n",
        "#",
        "# a\n",
        "```",
        "```\n",
        "…",
        ". ",
        "\n",
        "\n ",
        "Ab cd [1]. ",
        "“a b c” ",
    ],
)
def test_long_answers_of_one_kind_take_no_long_time(unit: str) -> None:
    answer = (unit * LONG)[:LONG]
    claims(answer)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("form", ["“a b c{}d”", "> a b c{}d", "[1{}", "a{}[1]", "```{}", "“a b c{}"])
@pytest.mark.parametrize("space", [" ", "\n", "\n\t", "\u00a0"])
def test_long_white_space_takes_no_long_time(form: str, space: str) -> None:
    answer = form.format((space * LONG)[: LONG // 5])
    claims(answer)
