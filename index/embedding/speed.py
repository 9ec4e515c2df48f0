"""Measure how long a model takes to embed a passage."""

import time
from collections.abc import Sequence

from index.protocols import Embedder


def seconds_of_passage(embedder: Embedder, texts: Sequence[str]) -> float:
    """Measure the seconds to embed one passage, with some texts; there must be at least one."""
    spans = [[(0, len(text))] for text in texts]
    embedder.embed_sentences(texts[:1], spans[:1])  # the first run is slower
    began = time.perf_counter()
    embedder.embed_sentences(texts, spans)
    return (time.perf_counter() - began) / len(texts)
