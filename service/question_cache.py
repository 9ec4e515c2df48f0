"""The vectors of questions that were asked before: people, and programs more so, ask the same again."""

from __future__ import annotations

import os
from collections import OrderedDict
from hashlib import blake2b

from index.types import Vectors

_HASH_BYTES = 16


class QuestionCache:
    """Vectors of the ``most`` questions asked last, by their exact text.

    Used from the event loop's thread alone, and for one model: a process has the same one from its start to
    its end. In memory only, and no text is kept: a vector is found by a hash under a key that is drawn at
    the start, so that nobody who reads the memory finds out by trying which questions were asked.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._secret = os.urandom(_HASH_BYTES)
        self._vectors: OrderedDict[bytes, Vectors] = OrderedDict()

    def __len__(self) -> int:
        return len(self._vectors)

    def key(self, question: str) -> bytes:
        """What stands for a question in place of its text."""
        # What UTF-8 has no bytes for is the model's to refuse.
        text = question.encode("utf-8", "surrogatepass")
        return blake2b(text, digest_size=_HASH_BYTES, key=self._secret).digest()

    def get(self, key: bytes) -> Vectors | None:
        """The vector of a question, shape (dimension,), read-only; None when it is not known."""
        vector = self._vectors.get(key)
        if vector is not None:
            self._vectors.move_to_end(key)
        return vector

    def put(self, key: bytes, vector: Vectors) -> None:
        """Keep a vector; the one that was not asked for the longest time goes when there are too many."""
        if not self.most:
            return
        kept = vector.copy()  # not a view, which would hold the vectors of the whole batch
        kept.flags.writeable = False
        self._vectors[key] = kept
        self._vectors.move_to_end(key)
        if len(self._vectors) > self.most:
            self._vectors.popitem(last=False)
