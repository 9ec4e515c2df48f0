"""Response models: upgrades of collections."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field


class UpgradePlan(BaseModel):
    """Plan of an upgrade."""

    changes: list[str] = Field(
        description="What changes: `model`, `precision`, `chunker`, `chunking`, `sentences` or `analysis`. "
        "Empty if there is nothing to do."
    )
    model: str = Field(description="Name of the embedding model after it.")
    documents: int
    passages: int = Field(description="Passages to embed, about.")
    seconds: float = Field(description="Estimated time.")
    bytes: int = Field(description="Estimated disk space until the earlier passages are deleted.")
    free_bytes: int = Field(description="Free space of the disk.")
    begun: bool = Field(description="It was begun before, and goes on.")


class UpgradeProgress(BaseModel):
    """How far an upgrade is: versions split into passages, then passages embedded."""

    versions: int
    staged: int = Field(description="Versions that are split.")
    passages: int = Field(description="Passages of these versions.")
    embedded: int


class UpgradeResult(BaseModel):
    """Result of a finished upgrade."""

    fingerprint: str = Field(description="The collection's fingerprint.")
    calibration_outdated: bool = Field(
        description="The collection has a calibration that was fitted before and is not used any more."
    )


class UpgradeDetails(BaseModel):
    """The model that was asked for, the plan, the progress and the result of an upgrade."""

    model: str = Field(description="The model that was asked for; empty to keep that of the collection.")
    plan: UpgradePlan
    progress: UpgradeProgress | None = Field(description="Null until a step is done.")
    result: UpgradeResult | None = Field(description="Null until it is done.")


def upgrade_seconds_left(details: Mapping[str, Any]) -> float:
    """The remaining part of the planned time, by the passages that are not embedded."""
    plan, progress = details["plan"], details["progress"]
    if progress is None or progress["staged"] < progress["versions"] or not plan["passages"]:
        return float(plan["seconds"])
    left: float = min(1.0, (progress["passages"] - progress["embedded"]) / plan["passages"])
    return round(float(plan["seconds"]) * left, 1)
