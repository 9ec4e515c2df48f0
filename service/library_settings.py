"""The settings of the library: its data, models, ranking, passages and readers."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from index.config import (
    Backend,
    ChunkingConfig,
    EmbeddingConfig,
    IngestConfig,
    LibraryConfig,
    Precision,
    ReadingConfig,
    SearchConfig,
    VectorsConfig,
)
from index.embedding import load_embedder
from index.library import Library
from index.processors import threads
from index.protocols import Reranker
from index.reading import ReadingApart


class LibrarySettings(BaseSettings):
    """What an operator can decide of the library; :class:`service.settings.Settings` reads them."""

    model_config = SettingsConfigDict(frozen=True, protected_namespaces=())

    data: Path = Field(Path("data"), description="Folder of the collections. It holds all state: back it up.")
    model: str = Field(
        "all-MiniLM-L6-v2",
        min_length=1,
        description="Name or folder of a sentence-transformers model. A collection answers only with the "
        "model it was built with; after a change its documents must be ingested anew.",
    )
    model_download: bool = Field(
        False, description="Whether a model that is not on this machine may be downloaded from the hub."
    )
    device: str = Field(
        "", description="Torch device of the model, such as cpu or cuda:0; empty takes the best there is."
    )
    backend: Backend = Field(
        "auto",
        description="What runs the model: torch, openvino or onnx; auto is the fastest that is installed and "
        "gives the vectors that torch gives in fp32 (cosine of at least 0.999, tried at the start).",
    )
    precision: Precision = Field(
        "auto",
        description="Numbers that the model computes with: fp32, bf16, or int8 after `loccit quantize`; auto "
        "is the fastest that agrees with fp32.",
    )
    models: Path | None = Field(
        None, description="Folder of converted models; `models` in LOCCIT_DATA when it is not given."
    )
    threads: int = Field(
        0,
        ge=0,
        le=1024,
        description="Threads that the model computes with; 0 is one for each processor, or each worker's "
        "share of them.",
    )
    max_body_bytes: int = Field(
        64 * 1024 * 1024,
        ge=1024,
        description="Largest request body, and so the largest document. Up to LOCCIT_MAX_QUEUE of them may "
        "be in memory at once.",
    )
    as_of_passages: int = Field(
        200_000,
        ge=0,
        description="Most passages of an earlier moment that is searched (`as_of`): it takes about a second "
        "and 4 MB for each 10,000 the first time.",
    )
    dense_weight: float = Field(
        0.45,
        ge=0.0,
        le=1.0,
        description="The part that meaning has in the ranking; words have the rest. 0 is words alone.",
    )
    spelt_weight: float = Field(
        0.15,
        ge=0.0,
        le=1.0,
        description="The same for a question in a language that the model does not know: it reads it letter "
        "by letter.",
    )
    candidates: int = Field(
        100,
        ge=1,
        le=10_000,
        description="Passages that each side, meaning and words, brings into the ranking. More find a little "
        "more and take longer. Should be no less than LOCCIT_MAX_K.",
    )
    second_look: int = Field(
        100,
        ge=0,
        le=1000,
        description="Passages of the first ranking that are looked at again, sentence by sentence. 0 leaves "
        "it out: faster by milliseconds, and less often right at the first place.",
    )
    sentence_weight: float = Field(
        0.3,
        ge=0.0,
        description="What the share of the question's words in a passage's best sentence counts, beside 1 "
        "for the combination of meaning and words.",
    )
    document_weight: float = Field(
        0.1,
        ge=0.0,
        description="What the share of the question's words in all candidates of a document counts.",
    )
    merge_characters: int = Field(
        1800,
        ge=0,
        description="Neighbouring passages that are both found are returned as one while together they have "
        "at most so many characters. 0 leaves them apart: shorter quotes, less around them.",
    )
    reranker: str = Field(
        "",
        description="Name or folder of a sentence-transformers cross-encoder that orders the first passages "
        "anew; empty for none. It takes a second or so for a question on a CPU.",
    )
    rerank: int = Field(20, ge=1, le=200, description="How many passages the reranker reads.")
    chunk_max_tokens: int = Field(
        0,
        ge=0,
        description="Longest passage in tokens of the model; 0 is as long as the model reads. Part of what a "
        "collection is built with: a change asks for new collections.",
    )
    chunk_overlap_tokens: int = Field(
        32,
        ge=0,
        description="Most tokens that a passage repeats of the one before it. Part of what a collection is "
        "built with: a change asks for new collections.",
    )
    index_kind: Literal["auto", "flat", "ivf", "hnsw"] = Field(
        "auto",
        description="How nearest passages are found: flat looks at every passage, ivf and hnsw at some of "
        "them; auto is flat up to 20,000 passages and ivf above. Takes effect at the next compaction.",
    )
    index_recall: float = Field(
        0.99,
        gt=0.5,
        lt=1.0,
        description="Share of the ten nearest passages that ivf and hnsw are tuned to find.",
    )
    index_megabytes: int = Field(
        0,
        ge=0,
        description="Memory, in MiB, that the vectors of a collection may take, pages that are mapped "
        "included; 0 is no bound. Less is slower.",
    )
    reader_processes: int = Field(
        1, ge=1, le=64, description="Files are read in processes of their own: how many at once."
    )
    reader_seconds: float = Field(
        120.0, gt=0, description="Longest that reading one file may take; then it is ended and refused."
    )
    reader_megabytes: int = Field(
        2048, ge=256, description="Most memory, in MiB, that reading one file may take on Linux."
    )
    ocr_languages: str = Field(
        "",
        description="Languages for Tesseract, such as eng+deu: pages of PDF files that are pictures are then "
        "read, seconds each. Empty refuses them. Needs loccit[ocr], and tesseract installed.",
    )

    def embedding_config(self, *, processes: int = 1) -> EmbeddingConfig:
        """The part of the settings that says how the model is run in each of so many processes."""
        return EmbeddingConfig(
            backend=self.backend,
            precision=self.precision,
            device=self.device,
            cache=self.models or self.data / "models",
            threads=self.threads or threads(processes),
        )

    def library_config(self) -> LibraryConfig:
        """The part of the settings that is the library's."""
        return LibraryConfig(
            chunking=ChunkingConfig(
                max_tokens=self.chunk_max_tokens, overlap_tokens=self.chunk_overlap_tokens
            ),
            search=SearchConfig(
                candidates=self.candidates,
                dense_weight=self.dense_weight,
                spelt_weight=self.spelt_weight,
                second_look=self.second_look,
                sentence_weight=self.sentence_weight,
                document_weight=self.document_weight,
                rerank=self.rerank,
                merge_characters=self.merge_characters,
                as_of_passages=self.as_of_passages,
            ),
            ingest=IngestConfig(max_document_bytes=self.max_body_bytes),
            vectors=VectorsConfig(
                kind=self.index_kind, recall=self.index_recall, memory_bytes=self.index_megabytes * 2**20
            ),
            reading=ReadingConfig(
                processes=self.reader_processes,
                seconds=self.reader_seconds,
                memory_bytes=self.reader_megabytes * 2**20,
                ocr_languages=self.ocr_languages,
            ),
        )


def open_library(settings: LibrarySettings, *, processes: int = 1) -> Library:
    """The library that the settings describe; its model is loaded when it is first needed.

    ``processes`` are those that serve together, and share the processors.
    """
    config = settings.library_config()
    return Library(
        settings.data,
        embedder=lambda: load_embedder(
            settings.model,
            download=settings.model_download,
            config=settings.embedding_config(processes=processes),
        ),
        config=config,
        reranker=(lambda: _reranker(settings)) if settings.reranker else None,
        reading=ReadingApart(config.reading),
    )


def _reranker(settings: LibrarySettings) -> Reranker:
    # torch takes seconds to import; those who only list documents need not wait for it.
    from index.cross_encoder import CrossEncoderReranker
    from index.embedding.model_files import model_folder

    folder = model_folder(settings.reranker, download=settings.model_download)
    return CrossEncoderReranker(folder, device=settings.device)
