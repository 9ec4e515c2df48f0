"""How much is answered and verified at once, from which probability, and the model that writes answers."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from service.settings.values import require_visible

MAX_ANSWER_CHARACTERS = 50_000
"""Longest text that is verified at once, and longest answer that a model may write: some sixteen pages, more
than is checked in the time below."""
VERIFY_SECONDS = 8.0
"""How long one request may verify quotes and claims. What is not checked by then is said to be unchecked."""


class AnswerSettings(BaseSettings):
    """Limits of what is answered and verified, and a model elsewhere that writes answers."""

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
            require_visible(key.get_secret_value())
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


def _refuse_constant(name: str) -> None:
    raise ValueError(f"has {name}, which is not JSON.")
