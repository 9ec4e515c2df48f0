"""An embedder for tests whose vectors can be computed by hand and are the same in every process."""

import hashlib
import re
import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.types import Vectors

_WORD = re.compile(r"\w+")


class WordEmbedder:
    """Embeds texts by their words: the more words two texts share, the more similar they are.

    A vector counts the lower-case words of a text by bucket and is scaled to unit length. The bucket is the
    word's BLAKE2b hash; the built-in ``hash`` differs between processes. Without repeated words and
    collisions, the inner product of two texts is ``common / sqrt(words_a * words_b)``. A token is a word.
    ``passages`` and ``queries`` count the embedded texts.
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
        """See :class:`index.protocols.Embedder`. A sentence's vector does not depend on its context."""
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
        # A text without words gets the direction that is equally far from all words.
        vectors[norms[:, 0] == 0.0] = 1.0
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors
