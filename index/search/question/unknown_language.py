"""Tell whether a collection's model knows the language of a question, and what a change of it costs."""

from __future__ import annotations

from collections.abc import Sequence

from index.embedding import DEFAULT_MODEL, seconds_of_passage
from index.protocols import Embedder
from index.text.languages import asking_words, language_of_question

_ENGLISH_MODELS = frozenset((DEFAULT_MODEL,))
"""Models of which it is known that they were trained on English alone."""
_SAMPLE = 4
"""Passages by which the speed of a model is measured."""
_TIMES = 9.0
"""How many times as long as :data:`DEFAULT_MODEL` the packaged model for other languages takes, measured."""
_TYPICAL = 0.02
"""Seconds for a passage where nothing was found to measure with."""
_measured: dict[str, float] = {}


def is_unknown_language(question: str, model: str, *, is_spelt: bool) -> bool:
    """Whether a question is in a language that the model of this name does not know.

    ``is_spelt``: its tokenizer splits the question into letters, as it also does with an English question
    that is mostly codes.
    """
    if is_spelt:
        return not question.isascii() or language_of_question(question).name != "english"
    return model in _ENGLISH_MODELS and bool(asking_words(question))


def seconds_with_another(embedder: Embedder, texts: Sequence[str]) -> float:
    """About how long the packaged model for other languages takes to embed a passage on this machine.

    It is not loaded: the model that is, ``embedder``, is measured once, with some passages.
    """
    if embedder.fingerprint not in _measured and texts:
        _measured[embedder.fingerprint] = seconds_of_passage(embedder, texts[:_SAMPLE])
    return _TIMES * _measured.get(embedder.fingerprint, _TYPICAL)
