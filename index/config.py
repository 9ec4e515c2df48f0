"""Settings of the library. They come from the caller; nothing here reads the environment.

Each field declares its type, default, bounds and help once. A field with a ``description`` is also a setting
of the service, :class:`service.settings.Settings`; other fields are internal. A value out of bounds raises
``ValueError``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, SecretStr
from pydantic.dataclasses import dataclass

from index.objects import parse_objects

Backend = Literal["auto", "torch", "openvino", "onnx"]
OcrEngineName = Literal["auto", "tesseract", "rapidocr"]
Precision = Literal["auto", "float", "fp32", "bf16", "int8", "dynamic-int8"]

MAX_K = 100
"""Most passages for one question."""
LOADED_MODELS = 4
"""Most models that are loaded, unless the caller allows more: some 450 MiB each."""
_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, config=_STRICT)
class EmbeddingConfig:
    """Settings of the embedding model."""

    device: str = Field(
        default="",
        description="Torch device of the model, such as cpu or cuda:0; empty selects the best one "
        "available. For machines with several GPUs.",
    )
    backend: Backend = Field(
        default="auto",
        description="Runtime of the model: torch, openvino or onnx. auto selects the fastest installed one "
        "whose vectors agree with those of torch in fp32 (cosine of at least 0.999, tested at start). For "
        "machines on which a runtime fails.",
    )
    precision: Precision = Field(
        default="auto",
        description="Number format of the model for new collections: fp32, bf16, float (the faster of these "
        "that agrees with fp32), dynamic-int8 (8-bit integers, without calibration) or int8 (the calibrated "
        "model where there is one, otherwise dynamic-int8). auto is dynamic-int8 on an x86 processor "
        "without bf16 where it is measured to be faster, and float elsewhere. For those who have measured "
        "what it costs.",
    )
    cache: Path | None = Field(
        default=None,
        description="Folder for converted models; `models` in the data folder by default. For those who "
        "keep models apart from the data, and for several processes of a machine, each with a data folder of "
        "its own: one converts the model for all.",
    )
    installed: Path | None = None
    """Folder with models that were converted when the program was installed, each under its name."""
    threads: int = Field(
        default=0,
        ge=0,
        le=1024,
        description="Threads of the model. 0 uses one for each processor, divided among the worker "
        "processes. For machines that do other work, too.",
    )


@dataclass(frozen=True, slots=True, config=_STRICT)
class ChunkingConfig:
    """Settings of the split of texts into passages.

    Part of a collection's fingerprint, with the names of the fields: renaming one makes existing collections
    unusable.
    """

    max_tokens: int = Field(
        default=0,
        ge=0,
        description="Longest passage, in tokens of the model; 0 is the longest that the model reads. A "
        "collection keeps the value it was made with until it is upgraded. For those who want shorter "
        "quotes.",
    )
    overlap_tokens: int = Field(
        default=32,
        ge=0,
        description="Most tokens, in whole sentences, that a passage repeats from the one before it. A "
        "collection keeps the value it was made with until it is upgraded. For models that read few tokens.",
    )
    max_characters: int = 4096
    """Longest passage in characters, for scripts and junk that a tokenizer turns into few tokens."""


@dataclass(frozen=True, slots=True, config=_STRICT)
class SearchConfig:
    """Settings of the ranking of passages."""

    candidates: int = Field(default=100, ge=1, le=10_000)
    """Passages that the dense and the lexical search each add to the ranking: as many as an answer may have.
    More find slightly more and take longer."""
    dense_weight: float = Field(
        default=0.45,
        ge=0.0,
        le=1.0,
        description="Weight of the dense score (meaning) against the lexical score (words), which has the "
        "rest: in the ranking that selects the passages for the second look, and in the part of the second "
        "look that combines the two; other parts have fitted weights. For those who have "
        "measured with questions of their own that their documents need another one.",
    )
    spelt_weight: float = Field(default=0.15, ge=0.0, le=1.0)
    """Weight of the dense score for a question in a language that the model does not know, which it reads
    letter by letter: a third of the usual one. Benchmarks measure others."""
    second_look: int = Field(default=100, ge=0, le=1000)
    """Number of best passages that are ranked again, sentence by sentence. Without it (0) answers come some
    milliseconds sooner, and the first passage is less often the right one; benchmarks measure that."""
    rerank: int = Field(default=20, ge=1, le=200)
    """Number of best passages that the reranker reads, if there is one; it drops the others. On a CPU it
    takes about a second for so many."""
    merge_characters: int = Field(default=1800, ge=0)
    """Adjacent passages that are both found are merged while they have at most this many characters together:
    a screen of text. 0 keeps them separate."""
    section_characters: int = Field(default=20_000, ge=1, le=1_000_000)
    """Most characters that a question with the extent ``section`` quotes of each section, about eight pages.
    Of a longer one it quotes what is nearest to the passage."""
    as_of_passages: int = Field(
        default=200_000,
        ge=0,
        description="Most passages of a past state that `as_of` can search, for those who ask past states of "
        "larger collections. The first search of a state takes about one second and 4 MB for each 10,000 "
        "passages.",
    )


@dataclass(frozen=True, slots=True, config=_STRICT)
class IngestConfig:
    """Settings of the ingest of documents."""

    max_document_bytes: int = Field(
        default=64 * 1024 * 1024,
        ge=1024,
        description="Largest document in bytes, and largest request body that is kept in memory. Each "
        "request that is being served may need that much. For those with larger documents, or little memory.",
    )
    keep_originals: bool = Field(
        default=True,
        description="Whether the bytes of each document are kept, for as long as a version that was read "
        "from them. They take as much disk space as the files. For those who may not keep files, or have "
        "little disk space.",
    )
    documents_per_commit: int = 256
    passages_per_batch: int = 512
    """Most passages that are embedded before their vectors are stored."""


@dataclass(frozen=True, slots=True, config=_STRICT)
class OcrOptions:
    """Languages to recognise in pictures, as Tesseract names them (``eng+deu``), and the engine that does it.

    Without languages nothing is recognised.
    """

    languages: str = ""
    engine: OcrEngineName = "auto"


NO_OCR = OcrOptions()


@dataclass(frozen=True, slots=True, config=_STRICT)
class ReadingConfig:
    """Limits for reading one file. :class:`index.readers.IsolatedReaders` enforces them."""

    processes: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Processes that read small files (up to 1 MiB), one file at a time each, and as many "
        "again for larger files and for those that take longer than two seconds. A small file passes larger "
        "ones that wait. For large ingests on machines with many processors.",
    )
    seconds: float = Field(
        default=120.0,
        gt=0,
        description="Time limit for reading one file, in seconds; a file that takes longer is refused. "
        "Small files have at most 10 seconds, and 25 more for each MiB; 30 more where LibreOffice reads "
        "them, and all of it where OCR does. For large files and slow machines.",
    )
    quick_seconds: float = 2.0
    """Time for a small file among the small ones; one that takes longer starts again among the large ones."""
    megabytes: int = Field(
        default=2048,
        ge=256,
        description="Memory limit for reading one file, in MiB, on Linux; a file that needs more is "
        "refused. For machines with little memory, and for huge files.",
    )
    max_characters: int = 50_000_000
    """Longest text of one file."""
    ocr_languages: str = Field(
        default="",
        description="Languages of scans, as Tesseract names them, such as eng+deu: OCR then reads PDF pages "
        "that are images, and images on others, which takes seconds a page. Empty refuses such files. Needs "
        "loccit[rapidocr], or loccit[ocr] and an installed Tesseract.",
    )
    ocr_engine: OcrEngineName = Field(
        default="auto",
        description="What reads scans: `tesseract`, `rapidocr`, or `auto`, which takes the one that is "
        "installed and makes fewer errors in the languages. Another engine reads a scan again when it is "
        "ingested again. For those who compare them.",
    )
    libreoffice: bool = True
    """Read old Office files (.doc, .ppt, .xls) through LibreOffice where it is installed, which takes seconds
    a file; otherwise they are refused."""

    @property
    def ocr(self) -> OcrOptions:
        """The text to recognise in pictures."""
        return OcrOptions(self.ocr_languages, self.ocr_engine)


@dataclass(frozen=True, slots=True, config=_STRICT)
class VectorsConfig:
    """Settings of the search for the nearest passages. Scores are exact for every kind; recall differs."""

    kind: Literal["auto", "flat", "ivf"] = "auto"
    """Flat compares a question with every passage, ivf (inverted file) with some. auto is flat up to 20,000
    passages and ivf above."""
    recall: float = Field(default=0.99, gt=0.5, lt=1.0)
    """Share of the ten nearest passages that an ivf index is tuned to find. Higher ones compare with nearly
    all passages."""
    megabytes: int = Field(
        default=0,
        ge=0,
        description="Memory limit for the vectors of a collection, in MiB, mapped pages included; 0 is no "
        "limit. A lower limit makes searches slower. For machines with little memory.",
    )
    threads: int = 0
    """Threads that build an index; 0 is half of the processors, since searches go on meanwhile."""
    checked_bytes: int = 16 * 2**20
    """Largest file, also of the lexical index, that is compared with its checksum when it is opened, which
    takes some 30 ms. Larger ones are compared in the background."""


def _validate_objects(address: str) -> str:
    parse_objects(address)  # raises a ValueError that says what is wrong
    return address


@dataclass(frozen=True, slots=True, config=_STRICT)
class EngineConfig:
    """The engine: the embedded one, or one that a package brings; see :mod:`index.engine.installed`."""

    kind: str = Field(
        default="embedded",
        pattern="^[a-z][a-z0-9]*$",
        description="Where vectors and words are searched: embedded (FAISS and tantivy, in files on this "
        "machine) or the name of an engine that a package brings, such as milvus, for collections that one "
        "machine cannot hold (docs/engines.md). A change of it makes the indexes anew.",
    )
    options: Mapping[str, SecretStr] = Field(default_factory=dict)
    """Settings of an engine that a package brings, by their names. Some are passwords, so none is shown."""

    def values(self) -> dict[str, str]:
        """The options as they are written, passwords included."""
        return {name: value.get_secret_value() for name, value in self.options.items()}


@dataclass(frozen=True, slots=True, config=_STRICT)
class LibraryConfig:
    """All settings of a library of collections."""

    chunking: ChunkingConfig = ChunkingConfig()
    search: SearchConfig = SearchConfig()
    ingest: IngestConfig = IngestConfig()
    reading: ReadingConfig = ReadingConfig()
    vectors: VectorsConfig = VectorsConfig()
    engine: EngineConfig = EngineConfig()
    language: str = "english"
    """Snowball stemmer for words in Latin script, the same for documents and questions."""
    erasure_ledger: Path | None = Field(
        default=None,
        description="File that records what is erased, by hashes only, so that restoring an older backup "
        "does not bring it back; `erasures.jsonl` in the data folder by default. Keep it on another disk "
        "than the data.",
    )
    store: SecretStr = Field(
        default=SecretStr(""),
        description="Database of collections, jobs and keys, for one machine or several: "
        "`postgresql://user:password@host1,host2/database` (needs loccit[postgresql]); empty for SQLite "
        "files in the data folder. It is never shown, for it has a password.",
    )
    objects: Annotated[str, AfterValidator(_validate_objects)] = Field(
        default="",
        description="Where the bytes of documents and uploaded files are kept that several machines share: a "
        "bucket of an S3-compatible store, `s3://bucket/prefix?endpoint_url=https://s3.example.org` (needs "
        "loccit[s3]), or a shared folder, `file:///shared/folder`; empty for the data folder.",
    )
    lock_seconds: float = 30.0
    """Seconds that a write waits for the write lock of another process."""
    is_searched: bool = True
    """Whether this process keeps indexes. One that only reads and embeds for others needs none."""

    @property
    def store_url(self) -> str:
        """The address of the database, with its password; empty for files in the data folder."""
        return self.store.get_secret_value()
