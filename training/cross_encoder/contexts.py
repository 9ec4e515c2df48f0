"""Exchange a word of a question for another that stands in the same context in other questions.

Lists of predicates know few words. Here any content word is exchanged: "Which Java version does it need?"
becomes of "Which Python version does it need?", because both stand between "which" and "version".
"""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.config import EmbeddingConfig
from index.embedding import DEFAULT_MODEL, load_embedder
from training.cross_encoder.names import Exchange
from training.cross_encoder.predicates import is_told, is_yes_no, with_article

Vectors = NDArray[np.float16]

_TOKEN = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_LEAST_LETTERS = 4
_LEAST_COUNT = 3
"""Rarer words are often names or typing errors."""
_DRAWN = 24
_ALIKE = 0.45
"""Words with a higher cosine may mean the same."""
_ALIKE_TOLD = 0.6


@cache
def _general() -> frozenset[str]:
    """Words so general that a question means nearly the same with another one."""
    return frozenset(Path(__file__).with_name("general_words.txt").read_text("utf-8").split())


class Contexts:
    """Words of questions by the word before and the word after them."""

    def __init__(self, questions: Sequence[str], vectors: Mapping[str, NDArray[np.float16]]) -> None:
        self._vectors = vectors
        found: dict[tuple[str, str], dict[str, None]] = {}
        for question in questions:
            tokens = ["", *(match[0].lower() for match in _TOKEN.finditer(question)), ""]
            for before, word, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
                if word in vectors:
                    found.setdefault((before, after), {})[word] = None
        self._words = {context: tuple(words) for context, words in found.items() if len(words) > 1}

    def exchange(self, question: str, read: str, draw: random.Random) -> Exchange | None:
        """Exchange a word that stands in the text read for one of which the text says nothing.

        Of several such words the one nearest in meaning is taken that does not mean the same.
        """
        if is_yes_no(question):
            return None
        matches = list(_TOKEN.finditer(question))
        tokens = ["", *(match[0].lower() for match in matches), ""]
        places = [n for n, match in enumerate(matches) if self._is_exchanged(tokens[n + 1], read)]
        draw.shuffle(places)
        for n in places:
            others = self._words.get((tokens[n], tokens[n + 2]), ())
            if after := self._other(tokens[n + 1], others, read, draw):
                match = matches[n]
                if match[0][0].isupper():
                    after = after.capitalize()
                changed = question[: match.start()] + after + question[match.end() :]
                return Exchange(with_article(changed, match.start(), after), "word", match[0], after)
        return None

    def _is_exchanged(self, word: str, read: str) -> bool:
        return word in self._vectors and is_told(word, read)

    def _other(self, word: str, others: Sequence[str], read: str, draw: random.Random) -> str:
        drawn = [
            other
            for other in draw.sample(others, min(len(others), _DRAWN))
            if other[:_LEAST_LETTERS] != word[:_LEAST_LETTERS]
            and _ending(other) == _ending(word)
            and not is_told(other, read)
        ]
        if not drawn:
            return ""
        vectors = np.stack([self._vectors[other] for other in drawn]).astype(np.float32)
        told = [self._vectors[one] for one in dict.fromkeys(read.lower().split()) if one in self._vectors]
        alike = vectors @ self._vectors[word].astype(np.float32)
        if told:
            as_told = (vectors @ np.stack(told).astype(np.float32).T).max(axis=1)
            alike = np.where(as_told < _ALIKE_TOLD, alike, 1.0)
        alike = np.where(alike < _ALIKE, alike, -1.0)
        best = int(alike.argmax())
        return drawn[best] if alike[best] > -1.0 else ""


def _ending(word: str) -> str:
    return next((ending for ending in ("ing", "ed", "ly", "s") if word.endswith(ending)), "")


def word_vectors(questions: Sequence[str], folder: Path, *, model: str = DEFAULT_MODEL) -> dict[str, Vectors]:
    """A vector of each content word of questions that is no general one, kept on disk."""
    counts = Counter(
        word for question in questions for match in _TOKEN.finditer(question) if (word := match[0].lower())
    )
    words = sorted(
        word
        for word, count in counts.items()
        if count >= _LEAST_COUNT
        and len(word) >= _LEAST_LETTERS
        and word not in _general()
        and not word[0].isdigit()
    )
    digest = hashlib.sha256("\0".join([model, *words]).encode()).hexdigest()[:16]
    path = folder / f"words-{digest}.npy"
    if not path.exists():
        embedder = load_embedder(model, config=EmbeddingConfig(cache=folder / "models"))
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part.npy")
        np.save(partial, embedder.embed_passages(words).astype(np.float16))
        partial.replace(path)
    return dict(zip(words, np.load(path, allow_pickle=False), strict=True))
