import pytest

from index.embedding import DEFAULT_MODEL, MULTILINGUAL_MODEL
from index.search.unknown_language import is_unknown_language

ENGLISH = "What do k1 and b do in BM25?"
OTHERS = [
    "北京的面包多少钱？",
    "Какая столица у Франции?",
    "Wann wurde der Vertrag unterzeichnet?",
    "¿Cuándo se firmó el tratado?",
    "ما هي عاصمة فرنسا؟",
]


@pytest.mark.parametrize("question", OTHERS)
def test_a_model_for_english_knows_no_other_language(question: str) -> None:
    assert is_unknown_language(question, DEFAULT_MODEL, is_spelt=False)
    assert is_unknown_language(question, DEFAULT_MODEL, is_spelt=True)


@pytest.mark.parametrize("question", OTHERS)
def test_of_other_models_the_tokenizer_tells(question: str) -> None:
    assert not is_unknown_language(question, MULTILINGUAL_MODEL, is_spelt=False)
    assert is_unknown_language(question, "another", is_spelt=True)


@pytest.mark.parametrize(
    "question", [ENGLISH, "XJ-200 B7?", "Who was Charles de Gaulle?", "Where is Los Angeles?"]
)
@pytest.mark.parametrize("is_spelt", [True, False])
def test_codes_and_names_in_english_questions_are_english(question: str, *, is_spelt: bool) -> None:
    assert not is_unknown_language(question, DEFAULT_MODEL, is_spelt=is_spelt)
