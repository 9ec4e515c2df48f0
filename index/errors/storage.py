"""Stores and indexes that are damaged, full or out of reach."""

from __future__ import annotations

from index.errors.base import LoccitError


class ChangeNotReached(LoccitError):
    """Answers lack a change that the record has and the question asks for; retry."""

    code = "change_not_reached"

    @classmethod
    def of(cls, name: str, *, asked: int, reached: int) -> ChangeNotReached:
        """The error of a collection whose answers are complete up to the change ``reached``."""
        return cls(
            f"Answers from the collection {name!r} have reached change {reached} here, and change {asked} is "
            "asked for. Ask again in a moment."
        )


class IndexUnavailable(LoccitError):
    """An index that is needed has failed, and is being made anew from the record; retry."""

    code = "index_unavailable"


class StoreUnavailable(LoccitError):
    """The server of the record store cannot be reached; retry. What was acknowledged is stored."""

    code = "store_unavailable"


class ObjectsUnavailable(LoccitError):
    """The object store with originals and uploads cannot be reached or refuses; retry."""

    code = "objects_unavailable"


class ReadersUnavailable(LoccitError):
    """No reader process can be started, so no file can be read; retry. The file is not the reason."""

    code = "readers_unavailable"


class EngineUnsuitable(LoccitError):
    """The engine that is configured is not installed, or its server lacks what it is to do."""

    code = "engine_unsuitable"


class LedgerFailed(LoccitError):
    """The ledger of erasures cannot be read or written."""

    code = "ledger_failed"


class DiskFull(LoccitError):
    """There is no room on the disk for a change: nothing of it is stored."""

    code = "disk_full"


class DiskReadOnly(LoccitError):
    """The disk cannot be written to: nothing of a change is stored. What is there is served."""

    code = "disk_read_only"


class Damaged(LoccitError):
    """Stored data is inconsistent; restore a backup or rebuild it."""

    code = "damaged"


class StoreDamaged(Damaged):
    """The record store cannot be read, or a stored hash does not match.

    ``in_vectors``: only stored vectors are damaged, which can be computed again from the texts.
    """

    code = "store_damaged"

    def __init__(self, message: str, *, in_vectors: bool = False) -> None:
        super().__init__(message)
        self.in_vectors = in_vectors


class UnknownFormat(Damaged):
    """The collection has a format of an older or newer version of this program."""

    code = "unknown_format"
