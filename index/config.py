"""Settings of the library. Read from nowhere: the caller passes them in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Backend = Literal["auto", "torch", "openvino", "onnx"]
Precision = Literal["auto", "fp32", "bf16", "int8"]


@dataclass(frozen=True, slots=True)
class ChunkingConfig:
    """How texts are cut into passages. Part of a collection's fingerprint.

    ``max_tokens`` of 0 means what the model takes. ``overlap_tokens`` is the most that a passage
    repeats, in whole sentences, of the one before it in the same section. ``max_characters`` bounds
    passages in scripts or junk that a tokenizer folds into few tokens.
    """

    max_tokens: int = 0
    overlap_tokens: int = 32
    max_characters: int = 4096


@dataclass(frozen=True, slots=True)
class SearchConfig:
    """How rankings are made and combined.

    ``candidates`` is how many passages each side brings. ``dense_weight`` is the dense side's part in the
    convex combination, the lexical side has the rest; ``spelt_weight`` is that part for a question that the
    model reads letter by letter, since it does not know the language. The ``second_look`` best are looked
    at sentence by sentence, 0 leaves that out: ``sentence_weight`` is what the share of the question's
    words in the best sentence counts beside the combination's 1, ``document_weight`` that of the share in
    all of the document's candidates. Where there is a reranker, it orders the first ``rerank`` anew and
    the others are dropped. Neighbouring passages among the best are merged while together they
    have at most ``merge_characters``; 0 leaves them apart.
    """

    candidates: int = 100
    dense_weight: float = 0.45
    spelt_weight: float = 0.15
    second_look: int = 100
    sentence_weight: float = 0.3
    document_weight: float = 0.1
    rerank: int = 20
    merge_characters: int = 1800
    as_of_passages: int = 200_000


@dataclass(frozen=True, slots=True)
class IngestConfig:
    """How documents are taken in. Sizes in bytes of the original file."""

    max_document_bytes: int = 64 * 1024 * 1024
    documents_per_commit: int = 256
    passages_per_batch: int = 512


@dataclass(frozen=True, slots=True)
class EmbeddingConfig:
    """How the embedding model is run.

    ``backend`` is ``auto``, ``torch``, ``openvino`` or ``onnx``; ``precision`` is ``auto``, ``fp32``,
    ``bf16`` or ``int8``; ``device`` is torch's, empty for the best there is. Converted models are kept in
    the folder ``cache``; without one, ``auto`` is torch. ``threads`` of 0 means all processors.
    """

    backend: Backend = "auto"
    precision: Precision = "auto"
    device: str = ""
    cache: Path | None = None
    threads: int = 0


@dataclass(frozen=True, slots=True)
class ReadingConfig:
    """What reading one file may take; :class:`index.reading.ReadingApart` holds it to that."""

    processes: int = 1
    seconds: float = 120.0
    memory_bytes: int = 2 * 1024**3
    max_characters: int = 50_000_000
    ocr_languages: str = ""
    """Languages for Tesseract, which then reads the pages of PDF files that are pictures: ``eng+deu``."""


@dataclass(frozen=True, slots=True)
class VectorsConfig:
    """How the nearest passages are found. Scores are exact whatever the kind, the kinds differ in recall.

    ``kind``: ``flat`` looks at every passage, ``ivf`` at those in the parts of an inverted file near the
    question, ``hnsw`` follows a graph, which is slow to make; ``auto`` is the first for small collections and
    the second for others. Above ``memory_bytes`` (0: no bound) an inverted file keeps less of each vector,
    and pages that were read are given back. ``recall`` is the share of the ten nearest passages that a
    search is tuned to find. ``threads`` make a new index, 0 for half of the processors: searches go on
    meanwhile.
    """

    kind: Literal["auto", "flat", "hnsw", "ivf"] = "auto"
    memory_bytes: int = 0
    recall: float = 0.99
    threads: int = 0


@dataclass(frozen=True, slots=True)
class LibraryConfig:
    """All settings of a library of collections."""

    chunking: ChunkingConfig = ChunkingConfig()
    search: SearchConfig = SearchConfig()
    ingest: IngestConfig = IngestConfig()
    reading: ReadingConfig = ReadingConfig()
    vectors: VectorsConfig = VectorsConfig()
    language: str = "english"
    """Snowball stemmer for words in Latin script, the same for documents and questions."""
    lock_seconds: float = 30.0
    """How long a write waits for another process to finish its own."""
