"""The settings of the service. This is the only place that reads the environment."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import SettingsConfigDict

from index.search import MAX_K
from index.web import Fetcher, WebConfig
from service.errors import InvalidSettings
from service.jobs.intake import Intake
from service.jobs.spool import Spool
from service.library_settings import LibrarySettings

PREFIX = "LOCCIT_"
log = logging.getLogger("loccit.service")


class Settings(LibrarySettings):
    """What an operator can decide. Each field is an environment variable ``LOCCIT_...``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True, protected_namespaces=()
    )

    host: str = Field(
        "127.0.0.1",
        description="Address to listen on. 0.0.0.0 lets other machines in; set an API key before that.",
    )
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes any that is free.")
    workers: int = Field(
        1,
        ge=1,
        le=256,
        description="Processes of `loccit serve`, each with a model of its own, on one port. They share the "
        "processors; limits such as LOCCIT_MAX_QUEUE are each one's own.",
    )
    api_key: SecretStr | None = Field(
        None,
        description="When set, every request but the health checks must carry it as a bearer token. "
        "Without it, whoever reaches the port can read, write and delete.",
    )
    allowed_hosts: str = Field(
        "",
        description="Names, with commas, under which the service is reached beside its address and names "
        "without a dot, such as localhost; `*` is any. Only needed without an API key: under any other name "
        "a page of someone else's could read along.",
    )
    max_upload_bytes: int = Field(
        1024 * 1024 * 1024,
        ge=1024,
        description="Largest body of `POST /v1/ingest`, which goes to disk. A single file in it may have "
        "LOCCIT_MAX_BODY_BYTES.",
    )
    max_spool_bytes: int = Field(
        20 * 1024 * 1024 * 1024,
        ge=0,
        description="Most bytes on disk of files that were sent and are not taken in yet, or were refused "
        "and may be tried again. What would be above is refused with 507; 0 is no bound but the disk, of "
        "which 512 MiB are left free.",
    )
    max_files: int = Field(
        10_000, ge=1, description="Most files in one form. More of them fit in a ZIP file."
    )
    keep_jobs_days: float = Field(
        7.0, ge=0, description="For how many days a job that is finished can be looked up."
    )
    web_networks: str = Field(
        "",
        description="Networks beside the public internet that documents may be fetched from, with commas: "
        "`10.1.0.0/16, 192.168.7.0/24`. Whoever may send documents can then read what answers there.",
    )
    max_question_characters: int = Field(
        2000,
        ge=1,
        description="Longest question. The model reads its first few hundred words only, so that a high "
        "limit costs time and finds nothing more.",
    )
    max_k: int = Field(
        100,
        ge=1,
        le=MAX_K,
        description="Most passages for one question. Answers grow with it, and slow down.",
    )
    max_questions: int = Field(
        64,
        ge=1,
        le=1024,
        description="Most questions in one batch. A long batch makes others wait behind it.",
    )
    max_turns: int = Field(
        100,
        ge=0,
        description="Most turns of a conversation with one question. Only the last exchange counts.",
    )
    max_queue: int = Field(
        32,
        ge=1,
        description="Requests that may be in the service at once, of each kind (questions, uploads). More "
        "are refused with 429: a low limit refuses early, a high one lets clients wait long.",
    )
    max_batch: int = Field(
        32,
        ge=1,
        description="Most questions that the model is given at once. More serve a crowd better, and make the "
        "first of them wait for the rest.",
    )
    question_cache: int = Field(
        4096,
        ge=0,
        le=10_000_000,
        description="Questions whose vectors are kept in memory, so that one that is asked again is not "
        "embedded again: 1.5 KB each, and no text. 0 keeps none.",
    )
    max_quotes: int = Field(
        256,
        ge=1,
        le=10_000,
        description="Most citations and quotes in one request to verify or to follow. Each takes some "
        "milliseconds.",
    )
    max_quote_characters: int = Field(
        100_000,
        ge=1,
        description="Longest text that a citation may name, and longest quote. Answers repeat it several "
        "times.",
    )
    max_quotes_characters: int = Field(
        1_000_000,
        ge=1,
        description="Most characters of all citations and quotes of one request to verify or to follow "
        "together.",
    )
    max_reading_characters: int = Field(
        200_000_000,
        ge=1,
        description="Most characters that are looked through to verify one request: each quote that is not "
        "found at once costs the length of the texts it is looked for in. A hundred million take some "
        "seconds.",
    )
    max_answer_characters: int = Field(
        50_000, ge=1, le=1_000_000, description="Longest answer of a language model that is verified."
    )
    keep_versions: int | None = Field(
        None,
        ge=1,
        description="How many versions of each document pruning keeps when it is not told otherwise. Nothing "
        "is pruned by itself.",
    )
    keep_days: float | None = Field(
        None,
        ge=0,
        description="For how many days after its replacement pruning keeps a version when it is not told "
        "otherwise.",
    )
    log_level: Literal["critical", "error", "warning", "info", "debug"] = Field(
        "info", description="What is logged. info has a line for every request; never a question or a key."
    )

    @field_validator("api_key")
    @classmethod
    def _sendable(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None:
            value = key.get_secret_value()
            if not value:
                raise ValueError("is empty. Unset it to serve without a key, or give one.")
            if not value.isascii() or not value.isprintable() or " " in value:
                raise ValueError("has characters that no HTTP header can carry. Use visible ASCII.")
        return key

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, level: object) -> object:
        return level.lower() if isinstance(level, str) else level

    @field_validator("web_networks")
    @classmethod
    def _networks(cls, networks: str) -> str:
        for network in _listed(networks):
            ip_network(network)  # what is wrong with one is in its ValueError
        return networks


def allowed_hosts(settings: Settings) -> tuple[str, ...]:
    """The names under which the service is reached, beside those that can be nobody else's."""
    return _listed(settings.allowed_hosts)


def open_intake(settings: Settings, data: Path) -> Intake:
    """What opens the documents that jobs name; files that were sent are kept below ``data``."""
    web = WebConfig(
        max_bytes=settings.max_body_bytes,
        allowed_networks=_listed(settings.web_networks),
    )
    spool = Spool(data / "spool", most=settings.max_spool_bytes)
    return Intake(spool, Fetcher(web), max_document_bytes=settings.max_body_bytes)


def _listed(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def load_settings(**given: object) -> Settings:
    """Settings from the environment, with those given put before it.

    Raises :class:`service.errors.InvalidSettings`, whose message names the variables that are wrong. A
    variable that begins like ours but is none is logged: a misspelt one would go unnoticed otherwise.
    """
    for name in unknown_variables():
        log.warning("%s is not a setting of Loccit, and has no effect. Check its spelling.", name)
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        told = (f"{PREFIX}{str(one['loc'][0]).upper()}: {_reason(one['msg'])}" for one in error.errors())
        raise InvalidSettings(" ".join(told)) from None


def hand_down(settings: Settings, names: Iterable[str]) -> None:
    """Put these settings into the environment, for processes that are started from here."""
    for name in names:
        os.environ[f"{PREFIX}{name.upper()}"] = str(getattr(settings, name))


def unknown_variables() -> list[str]:
    """Names in the environment that begin with our prefix and that nothing reads."""
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    return sorted(
        name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known
    )


def _reason(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message if message.endswith(".") else f"{message}."
