"""An embedder that tells what it was asked for."""

from __future__ import annotations

from typing import Any

from index.embedding import WordEmbedder


class CountingEmbedder(WordEmbedder):
    """Remembers the texts whose sentences it has embedded."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def embed_sentences(self, texts: Any, spans: Any) -> Any:
        self.texts += texts
        return super().embed_sentences(texts, spans)
