"""The client of a request, as flows know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class Client(Protocol):
    """The sender of a request, who may disconnect, and the records that are kept of the request."""

    async def disconnected(self) -> None:
        """Return once the client has disconnected."""

    def audit(self, entry: Mapping[str, object]) -> None:
        """Add fields to the request's entry in the audit log."""

    def record_stages(self, stages: Sequence[Mapping[str, float]]) -> None:
        """Record the stage times, in milliseconds, of each question of the request."""
