"""Everything that an answer needs."""

from __future__ import annotations

from dataclasses import dataclass

from service.flows.answer.writing.endpoint import Writer
from service.flows.ask.asking import Asking
from service.state.credentials import Credentials
from service.state.limits.permits import Permits


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering(Asking):
    """:class:`Asking`, and a model that writes: None where none is configured.

    ``writing`` are the permits of answers that the model writes at once. ``credentials`` say whether a caller
    may still read what it writes.
    """

    credentials: Credentials
    writer: Writer | None
    writing: Permits
