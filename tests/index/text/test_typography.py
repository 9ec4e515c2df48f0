from __future__ import annotations

import pytest
from hypothesis import example, given, strategies as st

from index.text.typography import code_points, equal_but_for_typography, fold_text, ngram_hashes, text_of

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
def test_typographic_variants_fold_to_the_same_text(text: str, expected: str) -> None:
    assert fold_text(text).text == expected


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
def test_differences_in_meaning_are_kept(a: str, b: str) -> None:
    assert not equal_but_for_typography(a, b)


def test_signs_of_feet_and_inches_are_equal_in_all_forms() -> None:
    assert equal_but_for_typography('6" tall', "6” tall")
    assert equal_but_for_typography("6' tall", "6’ tall")
    assert equal_but_for_typography('"so" and ‘so’', "'so' and «so»")


def test_outer_white_space_is_ignored() -> None:
    assert equal_but_for_typography(" “Quoted” words—here\n", "'quoted' words - here")
    assert equal_but_for_typography("as it is", "as it is")
    assert not equal_but_for_typography("one", "two")


def test_a_span_of_the_fold_maps_to_the_text() -> None:
    text = "\ufeffDer  Fuß — ﬁxiert."
    fold = fold_text(text)
    start = fold.text.index("fuss")
    assert fold.text == "der fuss-fixiert."
    assert text[slice(*fold.span(start, start + 4))] == "Fuß"
    assert text[slice(*fold.span(start - 1, start))] == "  "
    assert text[slice(*fold.span(start, len(fold.text)))] == "Fuß — ﬁxiert."


@pytest.mark.parametrize("span", [(0, 0), (2, 1), (-1, 1), (0, 4)])
def test_invalid_spans_raise_index_error(span: tuple[int, int]) -> None:
    with pytest.raises(IndexError, match="is no span of 3"):
        fold_text("abc").span(*span)


@given(TEXTS)
@example("- . … ﬁ-")
def test_offsets_ascend_and_folding_again_changes_nothing(text: str) -> None:
    fold = fold_text(text)
    assert len(fold.text) == len(fold.starts) == len(fold.ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(fold.starts, fold.ends, strict=True))
    assert fold.starts.tolist() == sorted(fold.starts.tolist())
    assert fold.ends.tolist() == sorted(fold.ends.tolist())
    assert fold_text(fold.text).text == fold.text


@given(TEXTS)
def test_a_letter_of_the_fold_is_the_fold_of_its_letters(text: str) -> None:
    fold = fold_text(text)
    for at, letter in enumerate(fold.text):
        alone = fold_text(text[slice(*fold.span(at, at + 1))]).text
        # A double quotation mark stays one only after a digit, as a sign for inches.
        assert letter in alone or (letter == '"' and alone == "'" and text[fold.starts[at - 1]].isdigit())


@given(st.text(st.characters(), max_size=20))
def test_code_points_are_those_of_the_text(text: str) -> None:
    assert code_points(text).tolist() == [ord(letter) for letter in text]
    assert text_of(code_points(text)) == text


@given(st.text("ab", max_size=12), st.integers(1, 5))
def test_equal_runs_have_equal_hashes(text: str, size: int) -> None:
    hashes = ngram_hashes(code_points(text), size).tolist()
    runs = [text[at : at + size] for at in range(len(text) - size + 1)]
    assert len(hashes) == len(runs)
    assert len(set(hashes)) == len(set(runs))
