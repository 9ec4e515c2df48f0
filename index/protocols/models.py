"""Protocols of models, which turn text into tokens, vectors and scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from numpy.typing import NDArray

from index.types import Vectors

_HASHES = 3
"""Parts of a fingerprint after the name: hashes of weights and prompts, and the precision."""
VectorPrecision = Literal["float", "int8", "dynamic-int8"]
"""Kinds of vectors of one model. Those of different kinds are not compared with each other."""
_INTEGERS: tuple[VectorPrecision, ...] = ("int8", "dynamic-int8")
_WORDS = "words"
"""The test double, whose fingerprint has its dimensions instead."""


class Tokenizer(Protocol):
    """The embedding model's tokens."""

    @property
    def max_tokens(self) -> int:
        """Longest input in tokens, special tokens included; the rest would be cut off."""

    @property
    def special_tokens(self) -> int:
        """Tokens that the model adds to every passage: markers, and the passage prompt if it has one."""

    def token_starts(self, texts: Sequence[str]) -> list[NDArray]:  # type: ignore[type-arg]
        """For each text, the ascending int64 code-point offsets at which its tokens start.

        Special tokens are left out, and nothing is cut off.
        """


class Embedder(Tokenizer, Protocol):
    """Turns text into unit vectors. Stateless: safe to call from several threads.

    Raises :class:`index.errors.ModelFailed` when the model raises or its vectors are not finite.
    """

    @property
    def fingerprint(self) -> str:
        """Identifies all that determines the vectors: weights, prompts, pooling, precision."""

    @property
    def dimension(self) -> int: ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimension)."""

    def embed_sentences(
        self, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]]
    ) -> tuple[Vectors, list[Vectors]]:
        """The passages' vectors, and for each passage those of the spans in it, shape (spans, dimension).

        A span's vector is the mean of its tokens in context, so the words around it have an influence.
        """

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimension)."""


class Reranker(Protocol):
    """Scores question and passage together: more precise than both indexes, and too slow for many."""

    def scores(self, question: str, passages: Sequence[str]) -> NDArray:  # type: ignore[type-arg]
        """The relevance of each passage, in [0, 1]; float32. Raises :class:`index.errors.ModelFailed`."""


@dataclass(frozen=True, slots=True)
class ClaimReading:
    """Probabilities that a text supports a claim, contradicts it, or does neither.

    ``answers`` is the logit of the probability that the text answers the claim, as if it were a question.
    """

    supports: float
    contradicts: float
    neither: float
    answers: float


class ClaimModel(Protocol):
    """Reads a claim and a text together. Stateless: safe to call from several threads."""

    @property
    def fingerprint(self) -> str:
        """Identifies weights and precision."""

    def count(self, text: str, /) -> int:
        """How many tokens a text has."""

    def room(self, claim: str) -> int:
        """How many tokens a text that is read with this claim may have; the rest would be cut off."""

    def read(self, claim: str, texts: Sequence[str]) -> list[ClaimReading]:
        """Read a claim with each of the texts. Raises :class:`index.errors.ModelFailed`."""


def is_same_model(one: str, other: str) -> bool:
    """Whether two fingerprints are of models with the same vectors, whatever their names."""
    hashes = one.rsplit(":", _HASHES)[1:]
    return one == other or (len(hashes) == _HASHES and hashes == other.rsplit(":", _HASHES)[1:])


def has_same_weights(one: str, other: str) -> bool:
    """Whether two fingerprints are of the same model and prompts, in whatever precision."""
    first, second = (fingerprint.rsplit(":", _HASHES)[1:_HASHES] for fingerprint in (one, other))
    return one == other or (bool(first) and first == second)


def precision_in(fingerprint: str) -> VectorPrecision:
    """The precision of a model's vectors: ``float`` is fp32, or bf16 that agrees with it."""
    format_ = fingerprint.rpartition(":")[2]
    return next((one for one in _INTEGERS if format_.startswith(f"{one}-")), "float")


def name_in(fingerprint: str) -> str:
    """The name or folder by which the model with this fingerprint was opened."""
    name = fingerprint.rsplit(":", _HASHES)[0]
    return _WORDS if name.startswith(f"{_WORDS}-") else name
