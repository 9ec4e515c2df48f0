"""What is logged and recorded, and for how long it and retired documents are kept."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

LogFormat = Literal["text", "json"]


class RecordingSettings(BaseSettings):
    """The audit log, questions without an answer, retired documents, logs and traces."""

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
        description="Days for which questions are kept that found no answer, for administrators to read: "
        "`unanswered.db` in the data folder. They are personal data; 0 keeps none.",
    )
    keep_retired_days: float | None = Field(
        30.0,
        ge=0,
        description="Days for which a retired document is kept, one that a mirrored folder no longer has; "
        "then the service erases it. Empty keeps retired documents for good. For those who have a duty to "
        "erase sooner, or to keep.",
    )
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

    @field_validator("keep_retired_days", mode="before")
    @classmethod
    def _take_empty_as_none(cls, days: object) -> object:
        return None if days == "" else days

    @field_validator("log_level", mode="before")
    @classmethod
    def _lowercase_log_level(cls, level: object) -> object:
        return level.lower() if isinstance(level, str) else level
