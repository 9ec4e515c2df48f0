from collections.abc import Sequence

import pytest

from index.embedding import DEFAULT_MODEL, MULTILINGUAL_MODEL, WordEmbedder
from index.search.question.unknown_language import is_unknown_language, seconds_with_another
from index.types import Vectors

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


class CountedEmbedder(WordEmbedder):
    """Counts the passages that it embeds."""

    def __init__(self, dimension: int) -> None:
        super().__init__(dimension)
        self.embedded = 0

    def embed_sentences(
        self, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]]
    ) -> tuple[Vectors, list[Vectors]]:
        self.embedded += len(texts)
        return super().embed_sentences(texts, spans)


def test_the_speed_of_a_model_is_measured_once() -> None:
    embedder = CountedEmbedder(dimension=37)
    assert seconds_with_another(embedder, []) > 0.0
    assert embedder.embedded == 0
    found = [seconds_with_another(embedder, ["The lamp was lit."] * 100) for _ in range(3)]
    assert found[0] > 0.0
    assert len(set(found)) == 1
    assert embedder.embedded < 10
