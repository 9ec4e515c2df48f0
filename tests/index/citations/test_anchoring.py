from __future__ import annotations

import pytest
from hypothesis import assume, given, strategies as st

from index.citations.quotes.anchoring import Anchor, AnchoringText
from index.citations.quotes.occurrences import Quote

STORY = (
    "The river rose in spring and flooded the lower meadows. "
    "Farmers moved their cattle to the old stone bridge before noon. "
    "Nobody had seen such water since the winter of the great storm. "
    "In the village the bells rang all night. "
    "By morning the water stood at the church door."
)
MIDDLE = "Nobody had seen such water since the winter of the great storm."
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(["the ", "sea ", "是", "é", ". ", "—", "\u200b", "Fuß "]), max_size=40).map(
        "".join
    ),
)


def quote_of(text: str, words: str, context: int = 32) -> Quote:
    start = text.index(words)
    end = start + len(words)
    return Quote(words, text[max(0, start - context) : start], text[end : end + context], start)


def found(text: str, quote: Quote) -> str:
    anchor = AnchoringText(text).find(quote)
    assert anchor is not None
    return text[anchor.start : anchor.end]


def check(anchor: Anchor | None, text: str, quote: Quote) -> None:
    if anchor is not None:
        assert 0 <= anchor.start < anchor.end <= len(text)
        assert 0 <= anchor.score <= 1.000001
        assert 0 <= anchor.similarity <= 1
        assert anchor.exact == (text[anchor.start : anchor.end] == quote.exact)


@given(TEXTS, st.data())
def test_words_that_did_not_change_are_found_where_they_are(text: str, data: st.DataObject) -> None:
    assume(text)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    quote = Quote(text[start:end], text[max(0, start - 8) : start], text[end : end + 8], start)
    anchor = AnchoringText(text).find(quote)
    check(anchor, text, quote)
    assert anchor is not None
    assert (anchor.start, anchor.end, anchor.exact) == (start, end, True)


@given(TEXTS, TEXTS, TEXTS, TEXTS, st.none() | st.integers(-5, 100))
def test_a_place_is_always_inside_of_the_text(
    text: str, exact: str, prefix: str, suffix: str, start: int | None
) -> None:
    quote = Quote(exact, prefix, suffix, start)
    prepared = AnchoringText(text)
    check(prepared.find(quote), text, quote)
    for anchor in prepared.near(quote):
        check(anchor, text, quote)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("great storm", "long storm"),
        ("Nobody had seen", "No one had ever seen"),
        ("such water since the winter", "floods like these after the winter"),
        ("since the winter of the great storm.", "since."),
        ("Nobody had seen such water", "NOBODY  had\nseen — such “water”"),
    ],
)
def test_reworded_words_are_found_to_their_ends(old: str, new: str) -> None:
    edited = "A new beginning. " + STORY.replace(old, new)
    assert found(edited, quote_of(STORY, MIDDLE)) == MIDDLE.replace(old, new)


def test_typography_makes_no_difference_to_similarity() -> None:
    text = "He said: \u201cIt\u2019s  ﬁne \u2014 really\u2026\u201d and left."
    anchor = AnchoringText(text).find(Quote('"It\'s fine - really..."'))
    assert anchor is not None
    assert not anchor.exact
    assert anchor.similarity == 1.0
    assert text[anchor.start : anchor.end] == "\u201cIt\u2019s  ﬁne \u2014 really\u2026\u201d"


def test_context_tells_equal_words_apart() -> None:
    text = "red: see below. blue: see below. green: see below. "
    anchor = AnchoringText(text).find(Quote("see below.", prefix="blue: ", start=45))
    assert anchor is not None
    assert anchor.start == text.index("blue: ") + 6


def test_without_context_the_nearest_of_equal_words_is_taken() -> None:
    text = "go. stop. go. stop. go."
    assert [one.start for one in AnchoringText(text).exact(Quote("go.", start=11))] == [10, 20, 0]


def test_words_that_stand_very_often_are_found_by_what_adjoins_them() -> None:
    text = "the cat, " * 3000 + "under the table " + "the cat, " * 3000
    places = AnchoringText(text).exact(Quote("the", prefix="under ", suffix=" table", start=0))
    assert text[places[0].start - 6 : places[0].end] == "under the"
    assert len(places) < 1000


def test_of_words_that_stand_very_often_the_nearest_are_looked_at() -> None:
    places = AnchoringText("go. " * 2000).exact(Quote("go.", start=4000))
    assert places[0].start == 4000
    assert len(places) < 300


def test_parts_of_longer_words_are_not_the_words() -> None:
    prepared = AnchoringText("Another thesis on art.")
    assert prepared.find(Quote("the", prefix="in ", suffix=" end")) is None
    part = prepared.find(Quote("the"))
    assert part is not None
    assert part.start == 3


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ble to swim today because", "unable to swim well today because"),
        ("able to swim wel", "unable to swim well"),
        ("nable to swim today bec", "unable to swim well today because"),
    ],
)
def test_a_quote_cut_inside_a_word_keeps_that_word(old: str, new: str) -> None:
    text = "They were all unable to swim well today because of the very cold water in the lake."
    (nearest, *_) = AnchoringText(text).near(Quote(old))
    assert text[nearest.start : nearest.end] == new


def test_chinese_is_found_by_characters() -> None:
    text = "今天天气很好。我们决定去公园散步，然后在湖边吃午饭。晚上下雨了。"
    quote = quote_of(text, "我们决定去公园散步，然后在湖边吃午饭。", context=8)
    edited = "早上好。" + text.replace("公园散步", "公园跑步")
    assert found(edited, quote) == "我们决定去公园跑步，然后在湖边吃午饭。"


def test_a_long_quote_is_found_by_its_ends() -> None:
    sentences = [
        f"Sentence number {number} says something about topic {number * 7}." for number in range(300)
    ]
    text = " ".join(sentences)
    exact = " ".join(sentences[40:240])
    edited = "Preface. " + text.replace("topic 700.", "another topic.")
    assert found(edited, quote_of(text, exact)) == exact.replace("topic 700.", "another topic.")
    assert AnchoringText(" ".join(sentences[:45])).find(quote_of(text, exact)) is None
    assert AnchoringText(STORY).find(quote_of(text, exact)) is None
    assert AnchoringText(" ".join([*sentences[:70], *sentences[230:]])).find(quote_of(text, exact)) is None


@pytest.mark.parametrize(
    "text", ["", " \n", "x", "Entirely other words stand here, on quite another subject.", "\u200b\u200b"]
)
def test_nothing_is_found_where_nothing_is_like_it(text: str) -> None:
    assert AnchoringText(text).find(quote_of(STORY, MIDDLE)) is None


@pytest.mark.parametrize("exact", ["", " ", "\u200b", "\n\n"])
def test_quotes_without_words(exact: str) -> None:
    assert AnchoringText("some text").near(Quote(exact, "so", "me")) == []
