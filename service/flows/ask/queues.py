"""A question queue for each model that collections have."""

import asyncio
from collections.abc import Callable, Sequence

from index.embedding import Models
from index.types import Vectors
from service.flows.ask.batching import QuestionQueue

Embed = Callable[[Sequence[str]], Vectors]


class QuestionQueues:
    """Makes a queue for a model with its first question. Call it from one event loop.

    A model is named by its fingerprint, the configured one also by an empty name: it is loaded by its first
    question, in the thread that uses it from then on.
    """

    def __init__(self, models: Models, make: Callable[[Embed], QuestionQueue]) -> None:
        self._models = models
        self._make = make
        self._queues: dict[str, QuestionQueue] = {}

    def of(self, model: str = "") -> QuestionQueue:
        """The queue of a model."""
        if (found := self._queues.get(model)) is None:

            def embed(questions: Sequence[str]) -> Vectors:
                embedder = self._models.get_loaded(model) if model else self._models.default
                return embedder.embed_queries(questions)

            found = self._queues[model] = self._make(embed)
        return found

    @property
    def waiting(self) -> int:
        """Number of questions that are not in a batch yet."""
        return sum(queue.waiting for queue in self._queues.values())

    @property
    def cached_vectors(self) -> int:
        """Number of questions whose vectors are cached."""
        return sum(queue.cached_vectors for queue in self._queues.values())

    async def stop(self) -> None:
        """Stop all queues."""
        await asyncio.gather(*(queue.stop() for queue in self._queues.values()))
