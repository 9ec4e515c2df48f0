"""State of the collection that replied, and sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from loccit_client.decoding import Reply

__all__ = [
    "IndexState",
    "PassageCounts",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexState(Reply):
    """State of the collection that replied.

    ``change`` is the number of its last change; ``embedded`` the share of passages that can be found by
    meaning; ``degraded`` names the indexes that have failed and are being made anew.
    """

    fingerprint: str
    change: int
    embedded: float
    degraded: list[Literal["dense", "lexical"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageCounts(Reply):
    """Number of passages, and of those that are embedded."""

    total: int
    embedded: int
