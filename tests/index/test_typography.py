from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.typography import code_points, folded, grams, same, text_of

MARKED = st.sampled_from([*"aß5.…-–— \u00a0\n\u00ad\u200b\ufeffﬁﬄŉİ'’“«「Ａ－．！x²", ". . .", " - "])
TEXTS = st.one_of(st.text(max_size=40), st.lists(MARKED, max_size=30).map("".join))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Straße", "strasse"),
        ("“It’s” «x» „y‟ 「z」", "'it's' 'x' 'y' 'z'"),
        ("a – b — c − d - e‑f", "a-b-c-d-e-f"),
        ("a \u00a0\u2009\u3000\n\t b", "a b"),
        ("wait… . . . . .", "wait........"),
        ("a. b. c", "a. b. c"),
        ("oﬃce ﬁne ﬂow ﬆ", "office fine flow st"),
        ("ＡＢＣ！", "abc!"),
        ("co\u00adop\u200b\ufeff\u2764\ufe0f", "coop\u2764"),
        ("", ""),
        ("\u200b", ""),
    ],
)
def test_what_a_typesetter_chooses_is_gone(text: str, expected: str) -> None:
    assert folded(text).text == expected


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("x²", "x2"),
        ("1.5", "1,5"),
        ("é", "e"),
        ("H₂O", "H2O"),
        ("5′", "5″"),
        ("6' tall", '6" tall'),
        ("6’ tall", "6” tall"),
        ("６＇", "６＂"),
    ],
)
def test_what_changes_the_meaning_stays(a: str, b: str) -> None:
    assert not same(a, b)


def test_signs_of_length_are_the_same_in_any_form() -> None:
    assert same('6" tall', "6” tall")
    assert same("6' tall", "6’ tall")
    assert same('"so" and ‘so’', "'so' and «so»")


def test_same_knows_no_outer_white_space() -> None:
    assert same(" “Quoted” words—here\n", "'quoted' words - here")
    assert same("as it is", "as it is")
    assert not same("one", "two")


def test_a_span_of_the_fold_is_one_of_the_text() -> None:
    text = "\ufeffDer  Fuß — ﬁxiert."
    fold = folded(text)
    start = fold.text.index("fuss")
    assert fold.text == "der fuss-fixiert."
    assert text[slice(*fold.span(start, start + 4))] == "Fuß"
    assert text[slice(*fold.span(start - 1, start))] == "  "
    assert text[slice(*fold.span(start, len(fold.text)))] == "Fuß — ﬁxiert."


@pytest.mark.parametrize("span", [(0, 0), (2, 1), (-1, 1), (0, 4)])
def test_spans_that_are_none(span: tuple[int, int]) -> None:
    with pytest.raises(IndexError, match="is no span of 3"):
        folded("abc").span(*span)


@given(TEXTS)
@example("- . … ﬁ-")
def test_offsets_ascend_and_folding_again_changes_nothing(text: str) -> None:
    fold = folded(text)
    assert len(fold.text) == len(fold.starts) == len(fold.ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(fold.starts, fold.ends, strict=True))
    assert fold.starts.tolist() == sorted(fold.starts.tolist())
    assert fold.ends.tolist() == sorted(fold.ends.tolist())
    assert folded(fold.text).text == fold.text


@given(TEXTS)
def test_a_letter_of_the_fold_is_the_fold_of_its_letters(text: str) -> None:
    fold = folded(text)
    for at, letter in enumerate(fold.text):
        alone = folded(text[slice(*fold.span(at, at + 1))]).text
        # A double quotation mark stays one only after a digit, as a sign for inches.
        assert letter in alone or (letter == '"' and alone == "'" and text[fold.starts[at - 1]].isdigit())


@given(st.text(st.characters(), max_size=20))
def test_code_points_are_those_of_the_text(text: str) -> None:
    assert code_points(text).tolist() == [ord(letter) for letter in text]
    assert text_of(code_points(text)) == text


@given(st.text("ab", max_size=12), st.integers(1, 5))
def test_equal_runs_have_equal_hashes(text: str, size: int) -> None:
    hashes = grams(code_points(text), size).tolist()
    runs = [text[at : at + size] for at in range(len(text) - size + 1)]
    assert len(hashes) == len(runs)
    assert len(set(hashes)) == len(set(runs))
