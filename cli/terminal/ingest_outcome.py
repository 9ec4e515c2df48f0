"""The outcome of an ingest, by this process or by a service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

KINDS = ("added", "replaced", "unchanged", "renamed", "retired", "erased")
"""Outcomes of a document, in the order in which they are printed."""

_MOUNT = (
    "Mount or correct the folder and run the command again. If it is gone for good, `loccit delete` erases "
    "its documents."
)
REFUSAL_ADVICE: Mapping[str, str] = {
    "missing_folder": _MOUNT,
    "unreadable_folder": _MOUNT,
    "empty_folder": _MOUNT,
    "large_removal": "If that is meant, add --yes.",
}
"""Advice by the code of a mirror that was refused."""

SKIPPED_ADVICE: Mapping[str, str] = {
    "duplicate_id": "With --prefix the documents of a folder get ids of their own.",
    "encrypted_document": "With --password encrypted PDF files are opened.",
    "outside_link": "With --follow links that lead out of a folder are followed.",
    "file_too_large": "The limit of a file's size is the setting LOCCIT_MAX_BODY_BYTES.",
    "reader_failed": "The limits of reading a file are the settings LOCCIT_READER_SECONDS and "
    "LOCCIT_READER_MEGABYTES.",
}
"""Advice by the code of a file that an ingest skipped."""


class SkippedFile(Protocol):
    """A file that was not ingested, why, and the code of the reason."""

    @property
    def path(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def code(self) -> str: ...


class RefusedMirror(Protocol):
    """A folder of which a mirror removed nothing although files are missing."""

    @property
    def reason(self) -> str: ...
    @property
    def code(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """The number of documents by outcome, the files that were skipped, and the time.

    ``unindexed`` documents of the collection are stored and cannot be found yet.
    """

    counts: Mapping[str, int]
    skipped: Sequence[SkippedFile] = ()
    refused: Sequence[RefusedMirror] = field(default=())
    embedded: int = 0
    seconds: float = 0.0
    unindexed: int = 0

    @property
    def failed(self) -> bool:
        """Whether there were files, and none of them was ingested."""
        taken = sum(self.counts.get(kind, 0) for kind in ("added", "replaced", "unchanged"))
        return bool(self.skipped) and not taken
