"""Try one way of running a converted model: open it, embed the probe, measure the time."""

from __future__ import annotations

import time
from dataclasses import dataclass

from index.embedding import backends
from index.embedding.converted import Converted
from index.embedding.graph import GraphEmbedder
from index.embedding.probe import probe
from index.types import Vectors


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """An opened embedder, its vectors of the probe, and the seconds that the last probe took."""

    embedder: GraphEmbedder
    vectors: Vectors
    seconds: float


def try_backend(
    converted: Converted, backend: str, precision: str, *, threads: int, repeats: int = 2
) -> Trial:
    """Open a converted model and embed the probe ``repeats`` times.

    Passages and questions get a runtime each. Raises :class:`index.errors.ModelFailed`.
    """
    passages, questions = (
        backends.load_backend(backend).open_runtime(
            converted.graphs[backend], precision=precision, threads=threads
        )
        for _ in range(2)
    )
    embedder = GraphEmbedder(converted.description, converted.tokenizer, passages, questions)
    for _ in range(repeats):  # the first run is slower: the runtime chooses its kernels
        begun = time.perf_counter()
        vectors = probe(embedder)
        seconds = time.perf_counter() - begun
    return Trial(embedder, vectors, seconds)
