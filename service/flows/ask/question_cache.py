"""Cache of question vectors. People, and programs even more often, repeat questions."""

from __future__ import annotations

import os
from collections import OrderedDict
from hashlib import blake2b

from index.types import Vectors

_HASH_BYTES = 16


class QuestionCache:
    """Vectors of the last ``size`` questions, by their exact text.

    Use it from the event loop's thread only, and for one model. It stores no text: keys are hashes with a
    secret that each process draws anew, so that the questions cannot be guessed from a memory dump.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._secret = os.urandom(_HASH_BYTES)
        self._vectors: OrderedDict[bytes, Vectors] = OrderedDict()

    def __len__(self) -> int:
        return len(self._vectors)

    def key(self, question: str) -> bytes:
        """The key of a question."""
        # Lone surrogates are allowed here; the model refuses them.
        text = question.encode("utf-8", "surrogatepass")
        return blake2b(text, digest_size=_HASH_BYTES, key=self._secret).digest()

    def get(self, key: bytes) -> Vectors | None:
        """The vector of a question, shape (dimension,), read-only; None when it is not cached."""
        vector = self._vectors.get(key)
        if vector is not None:
            self._vectors.move_to_end(key)
        return vector

    def put(self, key: bytes, vector: Vectors) -> None:
        """Store a vector, and evict the least recently used one if the cache is full."""
        if not self.size:
            return
        stored = vector.copy()  # a view would keep the vectors of the whole batch in memory
        stored.flags.writeable = False
        self._vectors[key] = stored
        self._vectors.move_to_end(key)
        if len(self._vectors) > self.size:
            self._vectors.popitem(last=False)
