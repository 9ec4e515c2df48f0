"""A test double that a reader can compute in their head, the same in every process."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.types import Vectors

_WORD = re.compile(r"\w+")


class WordEmbedder:
    """Texts are near each other by the share of words they have in common.

    A vector counts the text's lower-case words, each in the bucket that its BLAKE2b hash names (not
    the built-in ``hash``, which changes from process to process), scaled to unit length. So the
    inner product of two texts without repeated words is ``common / sqrt(words_a * words_b)``, up to
    collisions. A token is a word. ``passages`` and ``queries`` count the texts embedded.
    """

    special_tokens = 0

    def __init__(self, dimension: int = 256, max_tokens: int = 64) -> None:
        self.dimension = dimension
        self.max_tokens = max_tokens
        self.fingerprint = f"words-{dimension}-{max_tokens}"
        self.passages = 0
        self.queries = 0
        self._lock = threading.Lock()

    def token_starts(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        """See :class:`index.protocols.Tokenizer`."""
        return [np.array([m.start() for m in _WORD.finditer(text)], np.int64) for text in texts]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """See :class:`index.protocols.Embedder`."""
        with self._lock:
            self.passages += len(texts)
        return self._embed(texts)

    def embed_sentences(
        self, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]]
    ) -> tuple[Vectors, list[Vectors]]:
        """See :class:`index.protocols.Embedder`. A sentence is its own words, wherever it stands."""
        sentences = [
            self._embed([text[start:end] for start, end in inside])
            for text, inside in zip(texts, spans, strict=True)
        ]
        return self.embed_passages(texts), sentences

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """See :class:`index.protocols.Embedder`."""
        with self._lock:
            self.queries += len(texts)
        return self._embed(texts)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in _WORD.findall(text.lower())[: self.max_tokens]:
                digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
                row[int.from_bytes(digest, "little") % self.dimension] += 1.0
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        # A text without words still needs a direction: one that no word shares more than by chance.
        vectors[norms[:, 0] == 0.0] = 1.0
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors
