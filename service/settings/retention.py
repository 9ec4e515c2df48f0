"""Retention of versions and retired documents."""

from __future__ import annotations

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings


class RetentionSettings(BaseSettings):
    """Defaults of pruning, and when retired documents are erased."""

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

    @field_validator("keep_retired_days", mode="before")
    @classmethod
    def _take_empty_as_none(cls, days: object) -> object:
        return None if days == "" else days
