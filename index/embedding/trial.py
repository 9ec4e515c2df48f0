"""Try ways of running a converted model: open it, embed the probe, measure the time."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.embedding import backends
from index.embedding.converted import Converted
from index.embedding.graph import GraphEmbedder
from index.embedding.probe import QUESTIONS, probe
from index.protocols import Embedder
from index.types import Vectors

_ROUNDS = 5
_WORTH = 0.9
"""Largest share of the time of one thread for which several are worth their processor time."""


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """An opened embedder, its vectors of the probe, and the seconds that the last probe took."""

    embedder: GraphEmbedder
    vectors: Vectors
    seconds: float


def try_backend(
    converted: Converted,
    backend: str,
    precision: str,
    *,
    threads: int,
    question_threads: int = 0,
    repeats: int = 2,
) -> Trial:
    """Open a converted model and embed the probe ``repeats`` times.

    Passages and questions get a runtime each, with as many threads unless ``question_threads`` says
    otherwise. Raises :class:`index.errors.ModelFailed`.
    """
    passages, questions = (
        backends.load_backend(backend).open_runtime(
            converted.graphs[backend], precision=precision, threads=count
        )
        for count in (threads, question_threads or threads)
    )
    embedder = GraphEmbedder(converted.description, converted.tokenizer, passages, questions)
    for _ in range(repeats):  # the first run is slower: the runtime chooses its kernels
        begun = time.perf_counter()
        vectors = probe(embedder)
        seconds = time.perf_counter() - begun
    return Trial(embedder, vectors, seconds)


def threads_for_questions(converted: Converted, backend: str, precision: str, *, threads: int) -> int:
    """Return ``threads`` if a question takes clearly less time on so many, and 1 otherwise.

    A question has few tokens: threads that share it may only wait for each other, and take the processor from
    searches. Raises :class:`index.errors.ModelFailed`.
    """
    if threads == 1:
        return 1
    embedders = []
    for count in (1, threads):
        runtime = backends.load_backend(backend).open_runtime(
            converted.graphs[backend], precision=precision, threads=count
        )
        embedders.append(GraphEmbedder(converted.description, converted.tokenizer, runtime, runtime))
    alone, shared = least_seconds(embedders, embed_questions, rounds=_ROUNDS)
    return threads if shared <= _WORTH * alone else 1


def embed_questions(embedder: Embedder) -> None:
    """Embed the questions of the probe, one after the other."""
    for question in QUESTIONS:
        embedder.embed_queries([question])


def least_seconds(
    embedders: Sequence[Embedder], work: Callable[[Embedder], object], *, rounds: int
) -> list[float]:
    """Measure the least seconds that each embedder takes for some work, of so many rounds.

    They take turns, so that other work on the machine slows all of them.
    """
    least = [math.inf] * len(embedders)
    for _ in range(rounds):
        for place, embedder in enumerate(embedders):
            begun = time.perf_counter()
            work(embedder)
            least[place] = min(least[place], time.perf_counter() - begun)
    return least
