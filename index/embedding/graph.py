"""Embedding by a model converted to a graph: the transformer, its pooling and its normalisation in one.

Neither torch nor sentence-transformers is imported here, so that a service starts in about a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from index.embedding.batching import Span, finite, means, read_alone
from index.types import Vectors

Tokens = NDArray[np.int64]
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
"""What the models of this kind are given."""
_TOKENS_PER_BATCH = 4096
_WIDTHS, _QUESTION = 8, 64
"""Batches are as wide as a multiple of the one: a runtime prepares itself anew for each shape it meets. A
single text of at most so many tokens as the other is as wide as it is: such shapes are few, and each token
takes time.
"""
_FEW_CHARACTERS = 4000
"""More are handed to threads. That lets others use the interpreter meanwhile, but takes longer for a question
or a short document while the model has the processors.
"""


class Runtime(Protocol):
    """Runs the graph. Safe to call from several threads."""

    def run(self, inputs: dict[str, Tokens]) -> tuple[Vectors, NDArray[np.float32]]:
        """Unit vectors of the texts, and the vectors of their tokens, from inputs of shape (texts, width).

        Their shapes are (texts, dimension) and (texts, width, dimension), float32; the caller may keep them.
        Raises :class:`index.errors.ModelFailed`.
        """


@dataclass(frozen=True, slots=True)
class Description:
    """What a converted model needs beside its graph.

    ``inputs`` are those of :data:`INPUTS` that the graph takes, in its order. ``takes_means``: a text's
    vector is the mean over its tokens' and nothing more but its length.
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
    """A converted model as an :class:`index.protocols.Embedder`.

    Passages and questions have each a runtime: a question does not wait for a batch of passages.
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
        # Two of them: a tokenizer that truncates cannot count, and changing one disturbs other threads.
        self._whole = tokenizer
        self._whole.no_truncation()
        self._whole.no_padding()
        self._cutting = Tokenizer.from_str(tokenizer.to_str())
        self._cutting.enable_truncation(self.max_tokens)

    def token_starts(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        """See :class:`index.protocols.Tokenizer`."""
        encodings = _encoded(self._whole, texts, special=False)
        return [np.array([start for start, _ in e.offsets], np.int64) for e in encodings]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """See :class:`index.protocols.Embedder`."""
        return self._embed(texts, self._description.passage_prompt, self._passages)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """See :class:`index.protocols.Embedder`."""
        return self._embed(texts, self._description.query_prompt, self._questions)

    def embed_sentences(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, list[Vectors]]:
        """See :class:`index.protocols.Embedder`; as :class:`SentenceTransformerEmbedder` does it."""
        if not self._description.takes_means:
            return read_alone(self.embed_passages, texts, spans)
        prompt = self._description.passage_prompt
        encodings = _encoded(self._cutting, [prompt + text for text in texts])
        passages = np.empty((len(texts), self.dimension), np.float32)
        sentences: list[Vectors] = [np.empty((0, self.dimension), np.float32)] * len(texts)
        for batch, width in _batches(encodings):
            passages[batch], tokens = self._run([encodings[i] for i in batch], width, self._passages)
            for row, i in zip(tokens, batch, strict=True):
                own, starts = _own(encodings[i], len(prompt))
                sentences[i] = means(row[own], starts, spans[i], passages[i])
        return finite(passages), [finite(vectors) for vectors in sentences]

    def _embed(self, texts: Sequence[str], prompt: str, runtime: Runtime) -> Vectors:
        encodings = _encoded(self._cutting, [prompt + text for text in texts])
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for batch, width in _batches(encodings):
            vectors[batch], _ = self._run([encodings[i] for i in batch], width, runtime)
        return finite(vectors)

    def _run(
        self, encodings: Sequence[Encoding], width: int, runtime: Runtime
    ) -> tuple[Vectors, NDArray[np.float32]]:
        shape = (len(encodings), width)
        filled = {name: np.zeros(shape, np.int64) for name in INPUTS}
        filled["input_ids"][:] = self._description.pad_id
        for row, encoding in enumerate(encodings):
            filled["input_ids"][row, : len(encoding.ids)] = encoding.ids
            filled["attention_mask"][row, : len(encoding.ids)] = 1
        return runtime.run({name: filled[name] for name in self._description.inputs})


def _encoded(tokenizer: Tokenizer, texts: Sequence[str], *, special: bool = True) -> list[Encoding]:
    if sum(map(len, texts)) <= _FEW_CHARACTERS:
        return [tokenizer.encode(text, add_special_tokens=special) for text in texts]
    encodings: list[Encoding] = tokenizer.encode_batch(list(texts), add_special_tokens=special)
    return encodings


def _batches(encodings: Sequence[Encoding]) -> Iterator[tuple[list[int], int]]:
    """Positions of texts of about one length, and how wide they are laid.

    Little padding, and batches that take about the same time whatever the lengths.
    """
    lengths = [len(encoding.ids) for encoding in encodings]
    if len(lengths) == 1 and lengths[0] <= _QUESTION:
        yield [0], lengths[0]
        return
    batch: list[int] = []
    width = 0
    # From the longest down: the first text of a batch decides its width.
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and (len(batch) + 1) * width > _TOKENS_PER_BATCH:
            yield batch, width
            batch = []
        if not batch:
            width = -(-lengths[i] // _WIDTHS) * _WIDTHS
        batch.append(i)
    if batch:
        yield batch, width


def _own(encoding: Encoding, prompt: int) -> tuple[slice, NDArray[np.int64]]:
    """Where in the row the text's own tokens are, and where in the text they start.

    Markers are not its own, nor what is of a prompt of so many characters.
    """
    starts = np.array([start for start, _ in encoding.offsets], np.int64)
    own = np.flatnonzero((np.array(encoding.special_tokens_mask) == 0) & (starts >= prompt))
    if not len(own):
        return slice(0, 0), own
    return slice(int(own[0]), int(own[-1]) + 1), starts[own] - prompt
