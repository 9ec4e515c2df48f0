"""All settings of an operator, in the order in which they are checked and documented."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from index.config import (
    Backend,
    ChunkingConfig,
    EmbeddingConfig,
    EngineConfig,
    IngestConfig,
    LibraryConfig,
    OcrEngineName,
    Precision,
    ReadingConfig,
    SearchConfig,
    VectorsConfig,
)
from index.embedding import DEFAULT_MODEL
from index.processors import threads
from service.errors import InvalidRequest
from service.settings.values import (
    ApiKey,
    DatabaseAddress,
    EndpointAddress,
    JsonObject,
    Networks,
    Origins,
    PublicAddress,
    Rate,
    VisibleKey,
    split_list,
)

PREFIX = "LOCCIT_"
INSTALLED_MODELS = Path(sys.prefix, "share", "loccit", "models")
"""Who installs the program may convert models into folders of their names here, as the image does."""
LogFormat = Literal["text", "json"]
MAX_ANSWER_CHARACTERS = 50_000
"""Longest text that is verified at once, and longest answer that a model may write: some sixteen pages, more
than is checked in the time below."""
VERIFY_SECONDS, VERIFY_STREAM_SECONDS = 8.0, 300.0
"""How long one request may verify quotes and claims, and one whose verdicts are streamed. What is not checked
by then is said to be unchecked."""


def _lowercase(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _empty_as_none(value: object) -> object:
    return None if value == "" else value


def _of(config: Any, field: str) -> Any:
    """Default, bounds and help of a setting that is a field of a config of the library."""
    declared = config.__pydantic_fields__[field]
    setting = Field(default=declared.default, description=declared.description)
    setting.metadata = declared.metadata
    return setting


class Settings(BaseSettings):
    """All settings of an operator. Each field is read from an environment variable ``LOCCIT_...``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True, protected_namespaces=()
    )

    # The library: data, models, passages, readers, indexes

    data: Path = Field(Path("data"), description="Folder of the collections. It holds all state: back it up.")
    model: str = Field(
        DEFAULT_MODEL,
        min_length=1,
        description="Model of new collections: name or folder of a sentence-transformers model. A "
        "collection keeps the model it was made with until it is upgraded. For documents in other "
        "languages, or with words of their own.",
    )
    model_download: bool = Field(
        False,
        description="Whether a model that is not on this machine may be downloaded from the model hub. For "
        "those who name a model.",
    )
    allowed_models: str = Field(
        "",
        description="Comma-separated models, names or folders, that callers of the API may choose for a "
        "collection, besides that of LOCCIT_MODEL and those that are packaged. For those with documents of "
        "several kinds: each process loads four models, and one more for each that is listed.",
    )
    reranker: str = Field(
        "",
        description="Name or folder of a sentence-transformers cross-encoder that ranks the best passages "
        "again; empty for none. On a CPU it takes about a second a question. For those with a GPU.",
    )
    cross_encoder: str = Field(
        "auto",
        min_length=1,
        description="What reads the first passages together with the question, to tell which answer it: "
        "`auto` takes the installed weights where the processor computes in bf16, and nothing elsewhere; "
        "`on` takes them on every processor; `off` reads nothing; or a folder with other weights. For those "
        "whose answers must come sooner, or who have trained weights.",
    )
    device: str = _of(EmbeddingConfig, "device")
    backend: Backend = _of(EmbeddingConfig, "backend")
    precision: Precision = _of(EmbeddingConfig, "precision")
    models: Path | None = _of(EmbeddingConfig, "cache")
    threads: int = _of(EmbeddingConfig, "threads")
    chunk_max_tokens: int = _of(ChunkingConfig, "max_tokens")
    chunk_overlap_tokens: int = _of(ChunkingConfig, "overlap_tokens")
    dense_weight: float = _of(SearchConfig, "dense_weight")
    as_of_passages: int = _of(SearchConfig, "as_of_passages")
    max_body_bytes: int = _of(IngestConfig, "max_document_bytes")
    keep_originals: bool = _of(IngestConfig, "keep_originals")
    reader_processes: int = _of(ReadingConfig, "processes")
    reader_seconds: float = _of(ReadingConfig, "seconds")
    reader_megabytes: int = _of(ReadingConfig, "megabytes")
    ocr_languages: str = _of(ReadingConfig, "ocr_languages")
    ocr_engine: OcrEngineName = _of(ReadingConfig, "ocr_engine")
    index_megabytes: int = _of(VectorsConfig, "megabytes")
    engine: str = _of(EngineConfig, "kind")
    engine_options: Mapping[str, SecretStr] = Field(
        {},
        description="Settings of an engine that a package brings, as a JSON object. Each is also a variable "
        "of its own: LOCCIT_MILVUS_URI is `uri` of the engine milvus. For programs that start Loccit.",
    )
    erasure_ledger: Path | None = _of(LibraryConfig, "erasure_ledger")
    secrets_key: Path | None = Field(
        None,
        description="File with the key, 32 bytes in base64, by which secrets of sources that are given on "
        "the page or over HTTP are sealed; `secrets.key` in the data folder by default, made when it is "
        "needed, and in no backup. With LOCCIT_STORE none is kept unless all services and workers are given "
        "the same file.",
    )
    store: DatabaseAddress = _of(LibraryConfig, "store")
    objects: str = _of(LibraryConfig, "objects")

    # Where the service listens, and who may reach it

    host: str = Field(
        "127.0.0.1",
        description="Address to listen on. 0.0.0.0 accepts connections from other machines, which needs an "
        "API key.",
    )
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 selects a free one.")
    workers: int = Field(
        1,
        ge=1,
        le=256,
        description="Processes of `loccit serve` on one port. Each loads its own model; they divide the "
        "processors among them. Limits such as LOCCIT_MAX_QUEUE apply to each process. For machines with "
        "many processors.",
    )
    answers_only: bool = Field(
        False,
        description="Whether the service leaves passages to embed and jobs to the processes of `loccit "
        "worker`, which share its LOCCIT_STORE and LOCCIT_OBJECTS. For those who embed on other machines.",
    )
    api_key: ApiKey = Field(
        None,
        description="An admin key beside those that `loccit keys` makes. Once there is a key, every request "
        "except health checks must send one. Without any key, whoever reaches the port can read, write and "
        "delete. For those who keep secrets in the environment.",
    )
    allow_anonymous: bool = Field(
        False,
        description="Whether `loccit serve` may listen without an API key on an address that other machines "
        "reach. For networks whose every user may do everything.",
    )
    allowed_hosts: str = Field(
        "",
        description="Comma-separated host names under which the service answers, besides IP addresses and "
        "names without a dot such as localhost; `*` allows any. Used only without an API key: it stops DNS "
        "rebinding, by which another site's page could read the answers.",
    )
    ready_lag_seconds: float = Field(
        10.0,
        ge=0,
        le=86_400,
        description="Seconds that the indexes of this process may be behind the record before `/readyz` "
        "answers 503, so that a balancer asks others meanwhile; 0 is no bound. Following takes a fraction of "
        "a second, and a large ingest elsewhere a few.",
    )
    public_url: PublicAddress = Field(
        "",
        description="Address under which people reach the service, such as `https://docs.example.org`: "
        "exported citations and results for chat programs link to it, and links of the pages begin with its "
        "path. By default that of each request.",
    )
    create_key: bool = Field(
        False,
        description="Whether `loccit serve` makes an admin key, and prints it, when it starts without any "
        "key. The image sets it.",
    )
    rate_limit: Rate = Field(
        "",
        description="Requests a minute of each key, and how many may come at once: `600:50`; empty for no "
        "limit. A key may have a limit of its own. A batch counts each question. Each process counts alone, "
        "unless LOCCIT_STORE is set. For services that many programs use.",
    )
    visitor_rate_limit: Rate = Field(
        "60:20",
        description="Requests a minute of each visitor of public pages, by address, and how many may come "
        "at once: with a key that has origins, and of open links. Empty for no limit. For those who publish "
        "answers.",
    )
    visitor_link_days: float = Field(
        30.0,
        gt=0,
        le=3650,
        description="Days for which links of answers open without a key: those of keys with `--origin` or "
        "`--open-links`. For those who publish answers.",
    )
    trusted_proxies: Networks = Field(
        "",
        description="Comma-separated addresses or networks of proxies whose X-Forwarded-For and "
        "X-Forwarded-Proto count, such as `127.0.0.1, 10.0.0.0/8`. By the client's address wrong keys are "
        "limited.",
    )
    proxy_user_header: str = Field(
        "",
        description="Header by which a proxy of LOCCIT_TRUSTED_PROXIES names the person whom it has signed "
        "in, such as `X-Forwarded-User` (SSO). The proxy must remove it from what clients send.",
    )
    proxy_groups_header: str = Field(
        "",
        description="Header by which that proxy names the person's groups, separated by commas, such as "
        "`X-Forwarded-Groups`.",
    )
    proxy_scope: Literal["ask", "read", "write", "admin"] = Field(
        "read",
        description="What people may do whom a proxy has signed in. For those with single sign-on.",
    )
    sign_in: Path | None = Field(
        None,
        description="TOML file with the providers of OpenID Connect that sign people in on the pages and "
        "issue access tokens for the API (docs/access.md). It needs LOCCIT_PUBLIC_URL. From then on nobody "
        "enters without signing in, a token or a key.",
    )
    cors_origins: Origins = Field(
        "",
        description="Comma-separated origins whose pages may use the API in a browser, with a key in a "
        "header, such as `https://www.example.org`; `*` allows any. By default none may.",
    )

    # Limits of bodies, uploads and jobs

    max_upload_bytes: int = Field(
        1024 * 1024 * 1024,
        ge=1024,
        description="Largest body of `POST /v1/ingest` and `POST /v1/files`, which is written to disk. Each "
        "file in it is limited by LOCCIT_MAX_BODY_BYTES. For those who send larger archives.",
    )
    max_spool_bytes: int = Field(
        20 * 1024 * 1024 * 1024,
        ge=0,
        description="Disk space, in bytes, for uploaded files that are not ingested yet or were refused and "
        "can be retried. Uploads beyond it are refused with 507. 0 is no limit, except that 512 MiB of the "
        "disk stay free. For those with little disk space, or much to ingest.",
    )
    body_seconds: float = Field(
        60.0,
        gt=0,
        description="Time, in seconds, for each MiB of a body to arrive, and for a smaller body; then the "
        "request is refused with 408. A pause may take half of it, and the head of a request a third; then "
        "the connection is closed. For those whose clients have slow connections.",
    )
    web_networks: Networks = Field(
        "",
        description="Comma-separated networks, besides the public internet, from which documents may be "
        "fetched: `10.1.0.0/16, 192.168.7.0/24`. Anyone who may send documents can read what hosts there "
        "answer.",
    )

    # How much is answered and verified at once, and a model elsewhere that writes answers

    max_queue: int = Field(
        32,
        ge=1,
        description="Most requests of each kind (such as questions or uploads) in the service at once. "
        "Further ones are refused with 429. For those with many users: a low limit refuses early, a high "
        "one makes clients wait.",
    )
    min_answerability: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        description="Answerability from which `/v1/answer` and chat models answer. Below it they say that "
        "the documents do not say. For those to whom a wrong answer costs more than none, or less; a "
        "request may choose another.",
    )
    max_reading_characters: int = Field(
        200_000_000,
        ge=1,
        description="Most characters that may be searched to verify one request, for those whose documents "
        "are whole books. A quote that is not found at once costs the length of every text that is searched "
        "for it; 100 million characters take some seconds.",
    )
    writer_url: EndpointAddress = Field(
        "",
        description="Address of an endpoint that speaks OpenAI's chat completions, such as "
        "`http://127.0.0.1:11434/v1`. Its model then writes answers from the passages, which are sent to it. "
        "Without one, answers are sentences of the documents.",
    )
    writer_model: str = Field("", validate_default=True, description="Name of the model there.")
    writer_key: VisibleKey = Field(None, description="API key of that endpoint, if it needs one.")
    writer_parameters: JsonObject = Field(
        '{"temperature": 0, "max_tokens": 1024, "stream_options": {"include_usage": true}}',
        description="JSON object of further fields that are sent to it. For models that need others.",
    )
    writer_seconds: float = Field(
        180.0,
        gt=0,
        le=3600,
        description="Time, in seconds, for its whole text; the first words may take a third of it, a pause a "
        "ninth. For slow models, and those that are loaded when they are first asked.",
    )
    writer_characters: int = Field(
        20_000,
        ge=1,
        le=10_000_000,
        description="Most characters of passages that are sent to it; at least one passage is. For models "
        "with a short context.",
    )

    # What is logged and recorded, and for how long it and retired documents are kept

    audit: bool = Field(
        True,
        description="Whether requests are recorded in `audit.jsonl` in the data folder, once there are keys. "
        "For those who may not record who asks.",
    )
    audit_questions: bool = Field(
        False,
        description="Whether the audit log has the text of questions, for those who must be able to say what "
        "was asked.",
    )
    audit_reads: str = Field(
        "",
        description="Comma-separated collections for which the audit log says of which documents each reply "
        "shows text, `*` for all. For those who must be able to say who read what. Tell your people: that is "
        "personal data.",
    )
    audit_files: int = Field(
        10,
        ge=1,
        le=10_000,
        description="Full files of the audit log that are kept, of 100 MiB each. For those who must keep it "
        "for longer, or have little disk space.",
    )
    keep_unanswered_days: float = Field(
        0.0,
        ge=0,
        le=3650,
        description="Days for which questions of all collections are kept that are not answered well, for "
        "administrators to read. They are personal data; with 0, only those of collections whose "
        "administrators have turned that on are kept, for 30 days.",
    )
    keep_retired_days: Annotated[float | None, BeforeValidator(_empty_as_none)] = Field(
        30.0,
        ge=0,
        description="Days for which a retired document is kept, one that a mirrored folder no longer has; "
        "then the service erases it. Empty keeps retired documents for good. For those who have a duty to "
        "erase sooner, or to keep.",
    )
    log_level: Annotated[
        Literal["critical", "error", "warning", "info", "debug"], BeforeValidator(_lowercase)
    ] = Field(
        "info",
        description="Least severe messages that are logged. info logs each request, never a question or a "
        "key. For whoever looks for a fault.",
    )
    log_format: LogFormat = Field(
        "text",
        description="Layout of the log: text, or json with one object a line, which has request_id, and "
        "method, route, status and ms of each request as fields. For programs that collect logs.",
    )
    tracing: bool = Field(
        False,
        description="Whether requests and the stages of questions are traced with OpenTelemetry. Needs "
        "loccit[otel]; the variables of OpenTelemetry, such as OTEL_EXPORTER_OTLP_ENDPOINT, say where spans "
        "are sent.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments and the environment alone: other places have nothing, and are as slow to look in."""
        return init_settings, env_settings

    @field_validator("answers_only")
    @classmethod
    def _check_answers_only(cls, answers_only: bool, others: ValidationInfo) -> bool:
        store = others.data.get("store")
        if answers_only and not (store and store.get_secret_value() and others.data.get("objects")):
            raise ValueError(
                "leaves the work to processes of `loccit worker`. Set LOCCIT_STORE, the database that they "
                "take it from, and LOCCIT_OBJECTS, where they find uploaded files."
            )
        return answers_only

    @field_validator("writer_model")
    @classmethod
    def _check_writer_model(cls, model: str, others: ValidationInfo) -> str:
        if others.data.get("writer_url") and not model:
            raise ValueError("is empty. Give the name of the model at LOCCIT_WRITER_URL.")
        return model

    @property
    def is_signed_on(self) -> bool:
        """Whether people sign in elsewhere: at a proxy, or at a provider of OpenID Connect."""
        return bool(self.proxy_user_header) or self.sign_in is not None

    @property
    def asks_for_keys(self) -> bool:
        """Whether the settings alone ask callers who they are: by a key, or by single sign-on."""
        return self.api_key is not None or self.is_signed_on

    def require_allowed_model(self, model: str) -> None:
        """Raise :class:`InvalidRequest` for a model that callers of the API may not choose."""
        from index.embedding import PACKAGED  # loads what models need

        allowed = dict.fromkeys([self.model, *PACKAGED, *split_list(self.allowed_models)])
        if model and model not in allowed:
            # The names are no secret to an administrator, who alone gets here.
            raise InvalidRequest(f"model: {model!r} may not be chosen. Choose one of {', '.join(allowed)}.")

    def embedding_config(self, *, processes: int = 1) -> EmbeddingConfig:
        """Return how each of ``processes`` processes on this machine runs the model."""
        return EmbeddingConfig(
            device=self.device,
            backend=self.backend,
            precision=self.precision,
            cache=self.models or self.data / "models",
            installed=INSTALLED_MODELS,
            threads=self.threads or threads(processes),
        )

    def library_config(self) -> LibraryConfig:
        """Return the config of the library."""
        return LibraryConfig(
            chunking=ChunkingConfig(
                max_tokens=self.chunk_max_tokens, overlap_tokens=self.chunk_overlap_tokens
            ),
            search=SearchConfig(dense_weight=self.dense_weight, as_of_passages=self.as_of_passages),
            ingest=IngestConfig(max_document_bytes=self.max_body_bytes, keep_originals=self.keep_originals),
            reading=ReadingConfig(
                processes=self.reader_processes,
                seconds=self.reader_seconds,
                megabytes=self.reader_megabytes,
                ocr_languages=self.ocr_languages,
                ocr_engine=self.ocr_engine,
            ),
            vectors=VectorsConfig(megabytes=self.index_megabytes),
            engine=EngineConfig(kind=self.engine, options=self.engine_options),
            erasure_ledger=self.erasure_ledger,
            store=self.store,
            objects=self.objects,
        )
