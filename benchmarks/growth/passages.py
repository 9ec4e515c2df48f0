"""Passages for a record of any size: sentences of real ones drawn anew, and vectors made of real ones."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.speed.scale import DIMENSION, documents, sentences_of
from benchmarks.speed.scale_vectors import Mixture, real_vectors
from index.embedding import WordEmbedder
from index.ingest.embedding_queue import EmbeddedBatch, EmbeddingQueue
from index.protocols import Lease, RecordStore
from index.text import Analyzer
from index.types import Vectors

_MIXTURE, _SENTENCES = "mixture.npz", "sentences.txt"
_NOISES = 4096
OF_A_DOCUMENT = 20
_DOCUMENTS_AT_ONCE = 100
_BATCH = 1000
_QUESTIONS = 2000


def prepare(folder: Path, stores: Sequence[Path]) -> None:
    """Keep the vectors and sentences of collections in a folder, from which all else is made."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / _MIXTURE).exists():
        (folder / _SENTENCES).write_text("\n".join(sentences_of(stores)), encoding="utf-8")
        made = Mixture.of(real_vectors(stores), seed=0)
        np.savez(folder / _MIXTURE, real=made.real, near=made.near, scale=np.float64(made.scale))


def sentences(folder: Path) -> list[str]:
    """The sentences that passages are made of."""
    return (folder / _SENTENCES).read_text(encoding="utf-8").split("\n")


class SyntheticEmbedder(WordEmbedder):
    """Gives each text a vector between real ones, chosen by the hash of the text; computes nothing else.

    The vectors are spread like real ones (:class:`benchmarks.speed.scale_vectors.Mixture`), and have nothing
    to do with what a text says. A sentence's vector is as near to its passage's as real ones are.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(DIMENSION, max_tokens=512)
        self.fingerprint = f"words-{DIMENSION}-512-synthetic"
        with np.load(folder / _MIXTURE) as kept:
            self._mixture = Mixture(kept["real"], kept["near"], float(kept["scale"]))
        noise = np.random.default_rng(7).standard_normal((_NOISES, DIMENSION), np.float32)
        self._noise = noise / np.float32(np.sqrt(DIMENSION))

    def _embed(self, texts: Sequence[str]) -> Vectors:
        return self._mixture.chosen_by(_hashes(texts))

    def embed_sentences(
        self, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]]
    ) -> tuple[Vectors, list[Vectors]]:
        """See :class:`index.protocols.Embedder`."""
        vectors, inside = self.embed_passages(texts), []
        for row, first, of in zip(vectors, _hashes(texts)[:, 0].tolist(), spans, strict=True):
            rows = row + self._noise[(first + np.arange(len(of))) % _NOISES]
            inside.append(rows / np.linalg.norm(rows, axis=1, keepdims=True))
        return vectors, inside


def _hashes(texts: Sequence[str]) -> NDArray[np.uint32]:
    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=20).digest() for text in texts)
    return np.frombuffer(digests, "<u4").reshape(-1, 5)


class Writer:
    """Adds passages to a record, all with vectors."""

    def __init__(self, store: RecordStore, folder: Path) -> None:
        self._store = store
        self._sentences = sentences(folder)
        self._queue = EmbeddingQueue(store, SyntheticEmbedder(folder), Analyzer())
        with store.snapshot() as moment:
            self.passages = moment.counts().passages  # of the record

    def fill(self, until: int) -> int:
        """Add passages until the record has so many; returns how many were added."""
        before = self.passages
        while (count := min(_DOCUMENTS_AT_ONCE, (until - self.passages) // OF_A_DOCUMENT)) > 0:
            first = self.passages // OF_A_DOCUMENT
            self._store.put(
                list(documents(count, self._sentences, np.random.default_rng(first), first=first))
            )
            self.passages += count * OF_A_DOCUMENT
            for _ in self._queue.drain(_BATCH, self._put):
                pass
        return self.passages - before

    def write(self, seconds: float, per_second: float) -> int:
        """Add passages at an even pace; returns how many were added."""
        began, written = time.monotonic(), 0
        while (passed := time.monotonic() - began) < seconds:
            if written < passed * per_second:
                written += self.fill(self.passages + round(per_second))
            else:
                time.sleep(0.1)
        return written

    def _put(self, one: EmbeddedBatch, lease: Lease) -> int:
        return self._store.put_vectors(one.keys, one.vectors, one.sentences, lease=lease)


def questions(folder: Path) -> list[str]:
    """Questions of four words of a sentence."""
    random = np.random.default_rng(1)
    drawn = [one.split() for one in sentences(folder) if len(one.split()) > 4]
    chosen = (drawn[at] for at in random.integers(len(drawn), size=_QUESTIONS).tolist())
    return [f"{' '.join(random.choice(words, size=4, replace=False).tolist())}?" for words in chosen]
