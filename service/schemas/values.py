"""What several shapes have in common."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from index import answers
from index.types import Scalar

Json = dict[str, Any]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 in hex digits.")]
Metadata = dict[str, Scalar | list[Scalar]]


class IndexState(BaseModel):
    """What answered."""

    fingerprint: str
    change: int = Field(description="Grows with every change of the collection.")
    embedded: float = Field(description="Share of the passages that can be found by meaning already.")


class PassageCounts(BaseModel):
    """How many passages there are, and how many can be found by meaning already."""

    total: int
    embedded: int


def state_json(state: answers.IndexState) -> Json:
    """What answered, as :class:`IndexState`."""
    return {"fingerprint": state.fingerprint, "change": state.change, "embedded": state.embedded}


def moment(seconds: float) -> str:
    """Seconds since the epoch as RFC 3339, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
