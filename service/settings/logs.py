"""Logging and tracing."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

LogFormat = Literal["text", "json"]


class LogSettings(BaseSettings):
    """The least severe messages, their layout, and tracing."""

    log_level: Literal["critical", "error", "warning", "info", "debug"] = Field(
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

    @field_validator("log_level", mode="before")
    @classmethod
    def _lowercase_log_level(cls, level: object) -> object:
        return level.lower() if isinstance(level, str) else level
