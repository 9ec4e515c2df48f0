"""Terms of texts that are about to be indexed, computed while other writers have their turn."""

import threading
from collections.abc import Iterable

from index.records import content_key
from index.text.analysis import Analyzer

_MOST = 64_000_000
"""Code points of terms that are kept; of more texts they are computed when these are indexed."""


class PreparedTerms:
    """Keeps the terms of texts until they are taken, each once. Thread-safe."""

    def __init__(self, analyzer: Analyzer, *, most: int = _MOST) -> None:
        """``most`` bounds the code points that are kept."""
        self._analyzer = analyzer
        self._most = most
        self._lock = threading.Lock()
        self._terms: dict[bytes, str] = {}
        self._size = 0

    def add(self, texts: Iterable[str]) -> None:
        """Compute the terms of these texts, in the caller's thread."""
        for text in texts:
            terms = self._analyze(text)
            if len(terms) > self._most:
                continue
            with self._lock:
                if self._size + len(terms) > self._most:
                    # What was prepared for a commit that failed is never taken.
                    self._clear()
                if self._terms.setdefault(content_key(text), terms) is terms:
                    self._size += len(terms)

    def take(self, text: str) -> str:
        """Return the terms of a text, separated by spaces, computed now unless they were before."""
        with self._lock:
            terms = self._terms.pop(content_key(text), None)
            self._size -= len(terms or "")
        return self._analyze(text) if terms is None else terms

    def forget(self) -> None:
        """Drop all of them."""
        with self._lock:
            self._clear()

    def _clear(self) -> None:
        self._terms, self._size = {}, 0

    def _analyze(self, text: str) -> str:
        return " ".join(self._analyzer.terms(text))
