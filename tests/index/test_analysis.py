import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis import Analyzer
from index.errors import InvalidInput

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
def test_forms_of_a_word_meet(one: str, other: str) -> None:
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
def test_scripts_without_spaces_become_pairs(text: str, terms: list[str]) -> None:
    assert ENGLISH.terms(text) == terms


def test_the_signs_of_indic_vowels_are_kept() -> None:
    (term,) = ENGLISH.terms("हिन्दी")
    assert term.startswith("हिन्द")
    assert ENGLISH.terms("दिल्ली") != ENGLISH.terms("दल्ला")


def test_questions_lose_function_words_unless_there_is_nothing_else() -> None:
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
def test_spans_stand_in_the_text_and_give_the_same_terms(text: str) -> None:
    spans = ENGLISH.spans(text)
    assert [term for term, _, _ in spans] == ENGLISH.terms(text)
    assert all(0 <= start < end <= len(text) for _, start, end in spans)
    assert all(term and not any(character.isspace() for character in term) for term, _, _ in spans)


@given(st.text())
def test_a_question_looks_for_terms_that_the_same_text_has(text: str) -> None:
    assert set(ENGLISH.question_terms(text)) <= set(ENGLISH.terms(text))


def test_threads_do_not_mix_their_words_up() -> None:
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


def test_pairs_with_hiragana_count_less_in_a_question() -> None:
    analyzer = Analyzer()
    weights = {term: analyzer.weight(term) for term in analyzer.question_terms("灯台の守り人 lamp を")}
    assert weights["灯台"] == weights["灯"] == weights["lamp"] == weights["を"] == 1.0
    assert weights["台の"] == weights["の守"] == weights["守り"] == 0.3
