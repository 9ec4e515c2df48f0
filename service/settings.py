"""Settings of the service. Only this module reads the environment."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from index.embedding import PACKAGED
from index.search import MAX_K
from index.sources.web import Fetcher, WebConfig
from service.answering.writing.endpoint import Patience, Writer
from service.databases.address import checked_address
from service.errors import InvalidRequest, InvalidSettings
from service.identity import SCOPES, RateLimit, is_origin
from service.identity.client_address import Networks, networks
from service.jobs.intake import Intake
from service.jobs.protocols import Spool
from service.library_settings import LibrarySettings
from service.middleware.sign_on import SignOn
from service.monitoring.logs import LogFormat

PREFIX = "LOCCIT_"
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which prometheus_client knows the folder."""
_BUILT_SITE = Path("build") / "site"
log = logging.getLogger("loccit.service")


class Settings(LibrarySettings):
    """All settings of an operator. Each field is read from an environment variable ``LOCCIT_...``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True, protected_namespaces=()
    )

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
        "processors among them. Limits such as LOCCIT_MAX_QUEUE apply to each process.",
    )
    answers_only: bool = Field(
        False,
        description="Whether the service leaves passages to embed and jobs to the processes of `loccit "
        "worker`, which share its LOCCIT_STORE and LOCCIT_OBJECTS.",
    )
    api_key: SecretStr | None = Field(
        None,
        description="An admin key beside those that `loccit keys` makes. Once there is a key, every request "
        "except health checks must send one. Without any key, whoever reaches the port can read, write and "
        "delete.",
    )
    allow_anonymous: bool = Field(
        False,
        description="Whether `loccit serve` may listen without an API key on an address that other machines "
        "reach.",
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
    public_url: str = Field(
        "",
        description="Address under which people reach the service, such as `https://docs.example.org`: "
        "exported citations and results for chat programs link to it, and links of the pages begin with its "
        "path. By default that of each request.",
    )
    help: Path | None = Field(
        None,
        description="Folder of the documentation as `make site` builds it, shown at `/help`; by default "
        "`build/site` in the current folder, if it is there.",
    )
    create_key: bool = Field(
        False,
        description="Whether `loccit serve` makes an admin key, and prints it, when it starts without any "
        "key. The image sets it.",
    )
    rate_limit: str = Field(
        "",
        description="Requests a minute of each key, and how many may come at once: `600:50`; empty for no "
        "limit. A key may have a limit of its own. A batch counts each question. Each process counts alone, "
        "unless LOCCIT_STORE is set.",
    )
    visitor_rate_limit: str = Field(
        "60:20",
        description="Requests a minute of each visitor of public pages, by address, and how many may come at "
        "once: with a key that has origins, and of open links. Empty for no limit.",
    )
    visitor_link_days: float = Field(
        30.0,
        gt=0,
        le=3650,
        description="Days for which links of answers open without a key: those of keys with `--origin` or "
        "`--open-links`.",
    )
    trusted_proxies: str = Field(
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
        "read", description="What people may do whom a proxy has signed in."
    )
    session_hours: float = Field(
        12.0, gt=0, le=8760, description="Hours after which a browser has to sign in again."
    )
    audit: bool = Field(
        True,
        description="Whether requests are recorded in `audit.jsonl` in the data folder, once there are keys.",
    )
    audit_questions: bool = Field(False, description="Whether the audit log has the text of questions.")
    keep_unanswered_days: float = Field(
        0.0,
        ge=0,
        le=3650,
        description="Days for which questions are kept that found no answer, for administrators to read: "
        "`unanswered.db` in the data folder. They are personal data; 0 keeps none.",
    )
    audit_bytes: int = Field(
        100 * 1024 * 1024, ge=1024, description="Size at which the audit log continues in a new file."
    )
    audit_files: int = Field(10, ge=1, le=10_000, description="Full files of the audit log that are kept.")
    cors_origins: str = Field(
        "",
        description="Comma-separated origins whose pages may use the API in a browser, with a key in a "
        "header, such as `https://www.example.org`; `*` allows any. By default none may.",
    )
    allowed_models: str = Field(
        "",
        description="Comma-separated models, names or folders, that callers of the API may choose for a "
        "collection, besides that of LOCCIT_MODEL and those that are packaged.",
    )
    max_upload_bytes: int = Field(
        1024 * 1024 * 1024,
        ge=1024,
        description="Largest body of `POST /v1/ingest` and `POST /v1/files`, which is written to disk. Each "
        "file in it is limited by LOCCIT_MAX_BODY_BYTES.",
    )
    max_spool_bytes: int = Field(
        20 * 1024 * 1024 * 1024,
        ge=0,
        description="Disk space, in bytes, for uploaded files that are not ingested yet or were refused and "
        "can be retried. Uploads beyond it are refused with 507. 0 is no limit, except that 512 MiB of the "
        "disk stay free.",
    )
    max_bodies_bytes: int = Field(
        512 * 1024 * 1024,
        ge=1024,
        description="Memory, in bytes, for the bodies of all requests that are being served. What is beyond "
        "it is refused with 429. One body of LOCCIT_MAX_BODY_BYTES is always accepted.",
    )
    header_seconds: float = Field(
        20.0,
        gt=0,
        description="Time, in seconds, for the head of a request to arrive, from the connection or from the "
        "first byte. Then the connection is closed.",
    )
    body_idle_seconds: float = Field(
        30.0,
        gt=0,
        description="Longest pause, in seconds, while a body arrives. Then the request is refused with 408.",
    )
    body_seconds: float = Field(
        60.0,
        gt=0,
        description="Time, in seconds, for each MiB of a body to arrive, and for a smaller body. Then the "
        "request is refused with 408.",
    )
    max_files: int = Field(10_000, ge=1, description="Most files in one form. For more, send a ZIP file.")
    max_jobs: int = Field(
        256,
        ge=1,
        description="Most jobs that wait or run. Further ones are refused with 429 until some are done.",
    )
    keep_jobs_days: float = Field(
        7.0,
        ge=0,
        description="Days for which a finished job can be looked up. Only time in which the service runs "
        "counts.",
    )
    web_networks: str = Field(
        "",
        description="Comma-separated networks, besides the public internet, from which documents may be "
        "fetched: `10.1.0.0/16, 192.168.7.0/24`. Anyone who may send documents can read what hosts there "
        "answer.",
    )
    max_question_characters: int = Field(
        2000,
        ge=1,
        description="Longest question. The model reads only the first few hundred words: a higher limit "
        "costs time and finds nothing more.",
    )
    max_k: int = Field(
        MAX_K,
        ge=1,
        le=MAX_K,
        description="Most passages for one question. More passages make larger and slower answers.",
    )
    ask_max_k: int = Field(
        10,
        ge=1,
        le=MAX_K,
        description="Most passages for one question of a key with the scope ask.",
    )
    max_questions: int = Field(
        64,
        ge=1,
        le=1024,
        description="Most questions in one batch. Other requests wait while a long batch is answered.",
    )
    max_turns: int = Field(
        100,
        ge=0,
        description="Most turns of a conversation in one request. Only the last exchange is used.",
    )
    max_queue: int = Field(
        32,
        ge=1,
        description="Most requests of each kind (such as questions or uploads) in the service at once. "
        "Further ones are refused with 429: a low limit refuses early, a high one makes clients wait.",
    )
    max_batch: int = Field(
        32,
        ge=1,
        description="Most questions that the model embeds at once. A larger batch raises throughput and "
        "delays its first question.",
    )
    question_cache: int = Field(
        4096,
        ge=0,
        le=10_000_000,
        description="Questions whose vectors stay in memory, so that a repeated question is not embedded "
        "again: 1.5 KB each, without the text. 0 disables the cache.",
    )
    min_answerability: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        description="Answerability from which `/v1/answer` and chat models answer. Below it they say that "
        "the documents do not say. A request may choose another.",
    )
    writer_url: str = Field(
        "",
        description="Address of an endpoint that speaks OpenAI's chat completions, such as "
        "`http://127.0.0.1:11434/v1`. Its model then writes answers from the passages, which are sent to it. "
        "Without one, answers are sentences of the documents.",
    )
    writer_model: str = Field("", validate_default=True, description="Name of the model there.")
    writer_key: SecretStr | None = Field(None, description="API key of that endpoint, if it needs one.")
    writer_parameters: str = Field(
        '{"temperature": 0, "max_tokens": 1024, "stream_options": {"include_usage": true}}',
        description="JSON object of further fields that are sent to it.",
    )
    writer_first_seconds: float = Field(
        60.0, gt=0, le=3600, description="Time, in seconds, for the first text of the model."
    )
    writer_next_seconds: float = Field(
        20.0, gt=0, le=3600, description="Longest pause, in seconds, in the text of the model."
    )
    writer_seconds: float = Field(180.0, gt=0, le=3600, description="Time, in seconds, for its whole text.")
    writer_characters: int = Field(
        20_000,
        ge=1,
        le=10_000_000,
        description="Most characters of passages that are sent to it; at least one passage is.",
    )
    max_quotes: int = Field(
        256,
        ge=1,
        le=10_000,
        description="Most citations and quotes in one request to verify or follow them. Each takes some "
        "milliseconds.",
    )
    max_quote_characters: int = Field(
        100_000,
        ge=1,
        description="Longest quote, and longest text that a citation may name. Answers repeat it several "
        "times.",
    )
    max_quotes_characters: int = Field(
        1_000_000,
        ge=1,
        description="Most characters of all citations and quotes in one request to verify or follow them.",
    )
    max_reading_characters: int = Field(
        200_000_000,
        ge=1,
        description="Most characters that may be searched to verify one request. A quote that is not found "
        "at once costs the length of every text that is searched for it; 100 million characters take some "
        "seconds.",
    )
    max_answer_characters: int = Field(
        50_000, ge=1, le=1_000_000, description="Longest language-model answer that is verified."
    )
    max_rerank_documents: int = Field(
        1000,
        ge=1,
        le=1000,
        description="Most texts in one request to rank given texts (`POST /v2/rerank`).",
    )
    max_rerank_characters: int = Field(
        200_000,
        ge=1,
        description="Most characters of all texts in one request to rank given texts. The model reads each "
        "of them, which takes about a second for 50,000 characters on two processors, as an ingest does.",
    )
    keep_versions: int | None = Field(
        None,
        ge=1,
        description="Versions of each document that pruning keeps by default. Nothing is pruned "
        "automatically.",
    )
    keep_days: float | None = Field(
        None,
        ge=0,
        description="Days for which pruning by default keeps a version after its replacement.",
    )
    keep_retired_days: float | None = Field(
        30.0,
        ge=0,
        description="Days for which a retired document is kept, one that a mirrored folder no longer has; "
        "then the service erases it. Empty keeps retired documents for good.",
    )
    log_level: Literal["critical", "error", "warning", "info", "debug"] = Field(
        "info",
        description="Least severe messages that are logged. info logs each request, never a question or a "
        "key.",
    )

    log_format: LogFormat = Field(
        "text",
        description="Layout of the log: text, or json with one object a line, which has request_id, and "
        "method, route, status and ms of each request as fields.",
    )
    tracing: bool = Field(
        False,
        description="Whether requests and the stages of questions are traced with OpenTelemetry. Needs "
        "loccit[otel]; the variables of OpenTelemetry, such as OTEL_EXPORTER_OTLP_ENDPOINT, say where spans "
        "are sent.",
    )

    @field_validator("writer_url")
    @classmethod
    def _check_writer_url(cls, url: str) -> str:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        if url and (not is_address or set(url) & set(" @?#")):
            raise ValueError("is not a web address. Write it like http://127.0.0.1:11434/v1.")
        return url

    @field_validator("writer_key")
    @classmethod
    def _check_writer_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None:
            _require_visible(key.get_secret_value())
        return key

    @field_validator("writer_parameters")
    @classmethod
    def _check_writer_parameters(cls, parameters: str) -> str:
        if not isinstance(json.loads(parameters, parse_constant=_refuse_constant), dict):
            raise ValueError("is not a JSON object.")  # noqa: TRY004 -- pydantic takes no TypeError
        return parameters

    @field_validator("writer_model")
    @classmethod
    def _check_writer_model(cls, model: str, others: ValidationInfo) -> str:
        if others.data.get("writer_url") and not model:
            raise ValueError("is empty. Give the name of the model at LOCCIT_WRITER_URL.")
        return model

    @field_validator("api_key")
    @classmethod
    def _check_api_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None:
            value = key.get_secret_value()
            if not value:
                raise ValueError("is empty. Unset it to serve without a key, or give one.")
            _require_visible(value)
        return key

    @field_validator("store", check_fields=False)
    @classmethod
    def _check_store(cls, store: SecretStr) -> SecretStr:
        checked_address(store.get_secret_value())  # raises a ValueError that says what is wrong
        return store

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

    @field_validator("keep_retired_days", mode="before")
    @classmethod
    def _take_empty_as_none(cls, days: object) -> object:
        return None if days == "" else days

    @field_validator("log_level", mode="before")
    @classmethod
    def _lowercase_log_level(cls, level: object) -> object:
        return level.lower() if isinstance(level, str) else level

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, url: str) -> str:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and parts.netloc
        if url and (not is_address or parts.query or parts.fragment):
            raise ValueError(f"{url!r} is not a web address. Write it like https://docs.example.org.")
        return url.rstrip("/")

    @field_validator("rate_limit", "visitor_rate_limit")
    @classmethod
    def _check_rate(cls, rate: str) -> str:
        RateLimit.parse(rate)  # raises a ValueError that says what is wrong
        return rate

    @field_validator("cors_origins")
    @classmethod
    def _check_origins(cls, origins: str) -> str:
        for origin in _split_list(origins):
            if origin != "*" and not is_origin(origin):
                raise ValueError(f"{origin!r} is not an origin. Write it like https://www.example.org.")
        return origins

    @field_validator("web_networks", "trusted_proxies")
    @classmethod
    def _check_networks(cls, networks: str) -> str:
        for network in _split_list(networks):
            ip_network(network)  # raises a ValueError that names the problem
        return networks


def allowed_hosts(settings: Settings) -> tuple[str, ...]:
    """Host names that the operator allows, besides those that only this machine can have."""
    return _split_list(settings.allowed_hosts)


def require_allowed_model(settings: Settings, model: str) -> None:
    """Raise :class:`InvalidRequest` for a model that callers of the API may not choose."""
    allowed = dict.fromkeys([settings.model, *PACKAGED, *_split_list(settings.allowed_models)])
    if model and model not in allowed:
        # The names are no secret to an administrator, who alone gets here.
        raise InvalidRequest(f"model: {model!r} may not be chosen. Choose one of {', '.join(allowed)}.")


def cors_origins(settings: Settings) -> tuple[str, ...]:
    """Origins whose pages may use the API."""
    return _split_list(settings.cors_origins)


def trusted_proxies(settings: Settings) -> Networks:
    """Networks of the proxies that the operator trusts."""
    return networks(_split_list(settings.trusted_proxies))


def sign_on(settings: Settings) -> SignOn | None:
    """How a proxy signs people in; None if none does."""
    if not settings.proxy_user_header:
        return None
    user, groups = settings.proxy_user_header, settings.proxy_groups_header
    return SignOn(user.lower().encode(), groups.lower().encode(), SCOPES[settings.proxy_scope])


def open_intake(settings: Settings, spool: Spool) -> Intake:
    """Build the intake that reads the documents of jobs, with the limits of the settings."""
    max_bytes = settings.library_config().ingest.max_document_bytes
    web = WebConfig(max_bytes=max_bytes, allowed_networks=_split_list(settings.web_networks))
    return Intake(spool, Fetcher(web), max_document_bytes=max_bytes)


def open_writer(settings: Settings) -> Writer | None:
    """The model that writes answers; None if the settings name none."""
    if not settings.writer_url:
        return None
    key = "" if settings.writer_key is None else settings.writer_key.get_secret_value()
    patience = Patience(settings.writer_first_seconds, settings.writer_next_seconds, settings.writer_seconds)
    parameters = json.loads(settings.writer_parameters)
    return Writer(settings.writer_url, settings.writer_model, key, parameters, patience)


def _require_visible(key: str) -> None:
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("has characters that no HTTP header can carry. Use visible ASCII.")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"has {name}, which is not JSON.")


_REPLACED = frozenset({"SENTENCE_WEIGHT", "DOCUMENT_WEIGHT"})
"""Settings of earlier versions, which the fitted weights of the ranking replace."""


_OF_COMMANDS = frozenset({"KEY", "PASSWORD", "URL"})
"""Variables of options of the commands, which are no settings."""


def _split_list(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def load_settings(**overrides: object) -> Settings:
    """Read the settings from the environment; keyword arguments take precedence.

    Raises :class:`service.errors.InvalidSettings`, whose message names each wrong variable. Logs unknown
    variables that begin with the prefix, since a misspelt one would go unnoticed.
    """
    for name in unknown_variables():
        if name.upper().removeprefix(PREFIX) in _REPLACED:
            log.warning("%s has no effect any more: these weights are fitted. Unset it.", name)
        else:
            log.warning("%s is not a setting of Loccit, and has no effect. Check its spelling.", name)
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        messages = (f"{PREFIX}{str(one['loc'][0]).upper()}: {_reason(one['msg'])}" for one in error.errors())
        raise InvalidSettings(" ".join(messages)) from None


def hand_down(settings: Settings, names: Iterable[str]) -> None:
    """Set the variables of these settings, for processes that this one starts."""
    for name in names:
        os.environ[f"{PREFIX}{name.upper()}"] = str(getattr(settings, name))


def help_folder(settings: Settings) -> Path | None:
    """The folder of the built documentation; None without one.

    Raises :class:`service.errors.InvalidSettings` if the one that is named has no first page.
    """
    folder = settings.help or _BUILT_SITE
    if (folder / "index.html").is_file():
        return folder.resolve()
    if settings.help is not None:
        raise InvalidSettings(f"{PREFIX}HELP: {folder} has no index.html. Build the site with `make site`.")
    return None


def metrics_folder() -> Path | None:
    """The folder in which worker processes keep their metrics; None if this process is the only one."""
    folder = os.environ.get(METRICS_FOLDER)
    return Path(folder) if folder else None


@contextmanager
def shared_metrics() -> Iterator[None]:
    """Give the worker processes that this one starts a folder for their metrics."""
    with TemporaryDirectory(prefix="loccit-metrics-") as folder:
        os.environ[METRICS_FOLDER] = folder
        yield


def unknown_variables() -> list[str]:
    """List variables in the environment that begin with the prefix and are no setting."""
    known = {f"{PREFIX}{name}".upper() for name in (*Settings.model_fields, *_OF_COMMANDS)}
    return sorted(
        name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known
    )


def _reason(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message if message.endswith(".") else f"{message}."
