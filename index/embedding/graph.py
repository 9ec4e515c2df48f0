"""Embed texts with a converted model: one graph of transformer, pooling and normalisation.

This module imports neither torch nor sentence-transformers, so that a service starts in about a second.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from index.embedding.batching import Span, embed_spans_alone, require_finite, span_means, text_tokens
from index.types import Vectors

Tokens = NDArray[np.int64]
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
"""Inputs that a graph can take."""
_TOKENS_PER_BATCH = 4096
_WIDTH_STEP = 8
"""Batches are padded to a multiple of this width, as a runtime has to prepare for each new shape."""
_EXACT_WIDTH = 64
"""A single text of at most this many tokens is not padded: its shapes are few, and padding takes time."""
_SEQUENTIAL_CHARACTERS = 4000
"""Longer input is tokenized by threads. These release the interpreter to other work, but are slower for a
question or a short document while the model uses all processors.
"""
_MOST_STARTS = 64
"""Questions whose tokens are remembered until they are asked for, or embedded."""
_LONGEST_QUESTION = 1000
"""Code points of a text whose tokens are remembered until it is embedded."""


class Runtime(Protocol):
    """Runs a graph. Thread-safe."""

    def run(self, inputs: dict[str, NDArray[Any]]) -> tuple[Vectors, NDArray[np.float32]]:
        """Compute the unit vectors of the texts and the vectors of their tokens.

        Inputs have shape (texts, width); the results are float32 of shapes (texts, dimension) and (texts,
        width, dimension), and belong to the caller. Raises :class:`index.errors.ModelFailed`.
        """


@dataclass(frozen=True, slots=True)
class Description:
    """Properties of a converted model.

    ``inputs`` are those of :data:`INPUTS` that the graph takes, in its order. ``takes_means``: the model uses
    mean pooling, so that a text's vector is the normalised mean of its tokens' vectors.
    """

    fingerprint: str
    dimension: int
    max_tokens: int
    special_tokens: int
    query_prompt: str
    passage_prompt: str
    takes_means: bool
    pad_id: int
    inputs: tuple[str, ...]


class GraphEmbedder:
    """An :class:`index.protocols.Embedder` that runs a converted model.

    Passages and questions use separate runtimes, so that a question does not wait for a batch of passages.
    """

    def __init__(
        self, description: Description, tokenizer: Tokenizer, passages: Runtime, questions: Runtime
    ) -> None:
        self._description = description
        self.fingerprint = description.fingerprint
        self.dimension = description.dimension
        self.max_tokens = description.max_tokens
        self.special_tokens = description.special_tokens
        self._passages, self._questions = passages, questions
        # Counting tokens needs a tokenizer that does not truncate; switching one is not thread-safe.
        self._tokenizer = tokenizer
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._truncating_tokenizer = Tokenizer.from_str(tokenizer.to_str())
        self._truncating_tokenizer.enable_truncation(self.max_tokens)
        self._starts: dict[str, NDArray[np.int64]] = {}
        self._encodings: dict[str, Encoding] = {}
        """Those of questions whose tokens were asked for before they are embedded."""

    def token_starts(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        """See :class:`index.protocols.Tokenizer`.

        A question that was embedded is not tokenized again when this is asked for it next, nor the other way
        round.
        """
        if len(texts) == 1 and (known := self._starts_of(texts[0])) is not None:
            return [known]
        encodings = _encode(self._tokenizer, texts, special=False)
        return [np.array([start for start, _ in e.offsets], np.int64) for e in encodings]

    def _starts_of(self, question: str) -> NDArray[np.int64] | None:
        """The starts of a short text's tokens, which are remembered; None for a long one."""
        if (known := self._starts.pop(question, None)) is not None:
            return known
        if self._description.query_prompt or len(question) > _LONGEST_QUESTION:
            return None
        encoding = self._truncating_tokenizer.encode(question)
        if len(encoding.ids) >= self.max_tokens:
            return None
        if len(self._encodings) >= _MOST_STARTS:
            self._encodings.clear()
        self._encodings[question] = encoding
        return _starts(encoding)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """See :class:`index.protocols.Embedder`."""
        return self._embed(texts, self._description.passage_prompt, self._passages)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """See :class:`index.protocols.Embedder`."""
        return self._embed(texts, self._description.query_prompt, self._questions)

    def embed_sentences(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, list[Vectors]]:
        """See :class:`index.protocols.Embedder`; works like :class:`SentenceTransformerEmbedder`."""
        if not self._description.takes_means:
            return embed_spans_alone(self.embed_passages, texts, spans)
        prompt = self._description.passage_prompt
        prompted = [prompt + text for text in texts]
        encodings = _encode(self._truncating_tokenizer, prompted)
        passages = np.empty((len(texts), self.dimension), np.float32)
        sentences: list[Vectors] = [np.empty((0, self.dimension), np.float32)] * len(texts)
        for batch, width in _batches(encodings):
            passages[batch], tokens = self._run(encodings, batch, width, self._passages)
            for row, i in zip(tokens, batch, strict=True):
                own, starts = text_tokens(encodings[i], prompted[i], len(prompt))
                sentences[i] = span_means(row[own], starts, spans[i], passages[i])
        return require_finite(passages), [require_finite(vectors) for vectors in sentences]

    def _embed(self, texts: Sequence[str], prompt: str, runtime: Runtime) -> Vectors:
        is_question = runtime is self._questions and not prompt
        if is_question and len(texts) == 1 and (known := self._encodings.pop(texts[0], None)) is not None:
            encodings = [known]
        else:
            encodings = _encode(self._truncating_tokenizer, [prompt + text for text in texts])
            if is_question:
                self._remember_starts(texts, encodings)
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for batch, width in _batches(encodings):
            vectors[batch], _ = self._run(encodings, batch, width, runtime)
        return require_finite(vectors)

    def _remember_starts(self, texts: Sequence[str], encodings: Sequence[Encoding]) -> None:
        if len(self._starts) + len(texts) > _MOST_STARTS:
            self._starts.clear()
        for text, encoding in zip(texts[:_MOST_STARTS], encodings, strict=False):
            if len(encoding.ids) < self.max_tokens:  # else it was cut off
                self._starts[text] = _starts(encoding)

    def _run(
        self, encodings: Sequence[Encoding], batch: Sequence[int], width: int, runtime: Runtime
    ) -> tuple[Vectors, NDArray[np.float32]]:
        shape = (len(batch), width)
        filled = dict(zip(INPUTS, np.zeros((len(INPUTS), *shape), np.int64), strict=True))
        filled["input_ids"][:] = self._description.pad_id
        for row, encoding in enumerate(map(encodings.__getitem__, batch)):
            filled["input_ids"][row, : len(encoding.ids)] = encoding.ids
            filled["attention_mask"][row, : len(encoding.ids)] = 1
        return runtime.run({name: filled[name] for name in self._description.inputs})


def _encode(tokenizer: Tokenizer, texts: Sequence[str], *, special: bool = True) -> list[Encoding]:
    """Tokenize texts, with threads if they are long; ``special`` adds the special tokens."""
    if sum(map(len, texts)) <= _SEQUENTIAL_CHARACTERS:
        return [tokenizer.encode(text, add_special_tokens=special) for text in texts]
    encodings: list[Encoding] = tokenizer.encode_batch(list(texts), add_special_tokens=special)
    return encodings


def _batches(encodings: Sequence[Encoding]) -> Iterator[tuple[list[int], int]]:
    """Yield batches as positions of texts of similar length, each with its padded width.

    This keeps padding small and the time of a batch about constant for any length of text.
    """
    lengths = [len(encoding.ids) for encoding in encodings]
    if len(lengths) == 1 and lengths[0] <= _EXACT_WIDTH:
        yield [0], lengths[0]
        return
    batch: list[int] = []
    width = 0
    # Longest first: the first text of a batch determines its width.
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and (len(batch) + 1) * width > _TOKENS_PER_BATCH:
            yield batch, width
            batch = []
        if not batch:
            width = -(-lengths[i] // _WIDTH_STEP) * _WIDTH_STEP
        batch.append(i)
    if batch:
        yield batch, width


def _starts(encoding: Encoding) -> NDArray[np.int64]:
    """The offsets where the tokens of a text without a prompt start; special tokens are left out."""
    offsets, special = encoding.offsets, encoding.special_tokens_mask
    return np.array([start for (start, _), one in zip(offsets, special, strict=True) if not one], np.int64)
