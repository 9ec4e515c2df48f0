import threading

import pytest
from hypothesis import given, strategies as st

from index.errors import InvalidInput
from index.text.analysis import Analyzer

ENGLISH = Analyzer()


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("The lamps were burning", ["the", "lamp", "were", "burn"]),
        ("COVID-19 spreads", ["covid", "19", "covid19", "spread"]),
        ("Il2 and IL2", ["il2", "il", "2", "and", "il2", "il", "2"]),
        ("the dog's bone", ["the", "dog", "bone"]),
        ("naïve café", ["naiv", "cafe"]),
        ("Straße", ["strass"]),
        ("ﬁne ½", ["fine", "1", "2"]),
        ("co\u00adoperate", ["cooper"]),
        ("a \u200d lamp", ["a", "lamp"]),  # a joiner that joins nothing
        ("", []),
        ("?! — …", []),
    ],
)
def test_words_become_terms(text: str, terms: list[str]) -> None:
    assert ENGLISH.terms(text) == terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("running", "runs"),
        ("Café", "CAFE"),
        ("l’homme", "l'homme"),
        ("state‑of‑the‑art", "state-of-the-art"),
        ("ＡＢＣ", "abc"),
        ("за́мок", "замок"),
        ("книги", "книга"),
        ("Łódź", "lodz"),
        ("dogs'", "dog"),
    ],
)
def test_inflected_forms_have_the_same_terms(one: str, other: str) -> None:
    assert ENGLISH.terms(one) == ENGLISH.terms(other) != []


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("東京都", ["東京", "京都", "東", "京", "都"]),
        ("犬", ["犬"]),
        ("データ", ["デー", "ータ", "データ"]),
        ("서울에서", ["서울", "울에", "에서"]),
    ],
)
def test_scripts_without_spaces_become_bigrams(text: str, terms: list[str]) -> None:
    assert ENGLISH.terms(text) == terms


def test_indic_vowel_signs_are_kept() -> None:
    (term,) = ENGLISH.terms("हिन्दी")
    assert term.startswith("हिन्द")
    assert ENGLISH.terms("दिल्ली") != ENGLISH.terms("दल्ला")


def test_stop_words_are_removed_from_questions_that_have_other_words() -> None:
    assert ENGLISH.question_terms("What does the lamp do?") == ["lamp"]
    assert ENGLISH.question_terms("Who is it?") == ["who", "is", "it"]


def test_another_language_has_its_own_stemmer() -> None:
    german = Analyzer("german")
    assert german.terms("Häuser") == german.terms("Hauses".replace("a", "ä")) == german.terms("häusern")
    assert german.version != ENGLISH.version
    with pytest.raises(InvalidInput, match=r"no stemmer for 'klingon': choose one of arabic"):
        Analyzer("klingon")


def test_a_long_word_is_cut() -> None:
    (term,) = ENGLISH.terms("x" * 10_000)
    assert len(term) <= 64


@given(st.text())
def test_spans_lie_in_the_text_and_have_the_same_terms(text: str) -> None:
    spans = ENGLISH.spans(text)
    assert [term for term, _, _ in spans] == ENGLISH.terms(text)
    assert all(0 <= start < end <= len(text) for _, start, end in spans)
    assert all(term and not any(character.isspace() for character in term) for term, _, _ in spans)


@given(st.text())
def test_question_terms_are_terms_of_the_same_text(text: str) -> None:
    assert set(ENGLISH.question_terms(text)) <= set(ENGLISH.terms(text))


def test_threads_get_the_terms_of_their_own_words() -> None:
    analyzer = Analyzer()
    words = [f"{stem}ing{n}s" for n in range(300) for stem in ("burn", "walk", "sing")]
    expected = [Analyzer().terms(word) for word in words]
    wrong: list[str] = []

    def work() -> None:
        wrong.extend(
            word for word, terms in zip(words, expected, strict=True) if analyzer.terms(word) != terms
        )

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_bigrams_with_hiragana_weigh_less_in_a_question() -> None:
    analyzer = Analyzer()
    weights = {term: analyzer.weight(term) for term in analyzer.question_terms("灯台の守り人 lamp を")}
    assert weights["灯台"] == weights["灯"] == weights["lamp"] == weights["を"] == 1.0
    assert weights["台の"] == weights["の守"] == weights["守り"] == 0.3


@pytest.mark.parametrize(
    "written", ["1,577", "1.577", "1'577", "1’577", "(1,577)", "$1.577", "-1,577", "1577", "€ 1.577"]
)
def test_a_number_is_one_term_in_any_notation(written: str) -> None:
    assert ENGLISH.question_terms(written) == ["1577"]
    assert "1577" in ENGLISH.terms(f"Lamps: {written} in all")


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u2009", "\u202f"])
def test_groups_that_a_space_separates_are_found_joined_and_apart(space: str) -> None:
    assert ENGLISH.question_terms(f"1{space}577{space}300 lamps") == ["1", "577", "300", "1577300", "lamp"]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("1,234,567.50", ["1", "234", "567", "1234567", "50"]),
        ("12,34,567", ["12", "34", "567", "1234567"]),
        ("2020,300", ["2020", "300"]),
        ("10.1016", ["10", "1016"]),
        ("1,2,3", ["1", "2", "3"]),
        ("3.14", ["3", "14"]),
        ("1,577kg", ["1", "577", "1577", "kg"]),
    ],
)
def test_groups_of_three_digits_are_joined(text: str, terms: list[str]) -> None:
    assert ENGLISH.terms(text) == terms


def test_the_first_rules_keep_groups_apart() -> None:
    first = Analyzer(rules=1)
    assert first.terms("1,577 lamps") == first.question_terms("1,577 lamps") == ["1", "577", "lamp"]


def test_a_question_shows_a_number_as_it_is_written() -> None:
    assert ENGLISH.question_spans("sold 1,577 lamps") == (("sold", 0, 4), ("1577", 5, 10), ("lamp", 11, 16))
