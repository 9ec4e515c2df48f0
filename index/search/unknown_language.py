"""Tell whether a collection's model knows the language of a question."""

from __future__ import annotations

from index.embedding import DEFAULT_MODEL
from index.text.languages import asking_words, language_of_question

_ENGLISH_MODELS = frozenset((DEFAULT_MODEL,))
"""Models of which it is known that they were trained on English alone."""


def is_unknown_language(question: str, model: str, *, is_spelt: bool) -> bool:
    """Whether a question is in a language that the model of this name does not know.

    ``is_spelt``: its tokenizer splits the question into letters, as it also does with an English question
    that is mostly codes.
    """
    if is_spelt:
        return not question.isascii() or language_of_question(question).name != "english"
    return model in _ENGLISH_MODELS and bool(asking_words(question))
