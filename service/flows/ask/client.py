"""What a flow knows of the client that sent a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from service.state.identity import Principal


class Client(Protocol):
    """Who sent a request and may disconnect, and the records that are kept of the request."""

    @property
    def caller(self) -> Principal:
        """Who sent the request."""

    async def disconnected(self) -> None:
        """Return once the client has disconnected."""

    def audit(self, entry: Mapping[str, object]) -> None:
        """Add fields to the request's entry in the audit log."""

    def record_stages(self, stages: Sequence[Mapping[str, float]]) -> None:
        """Record the stage times, in milliseconds, of each question of the request."""
