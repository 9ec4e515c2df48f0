"""Keys of one test."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from weakref import finalize

from index.store.sqlite import Database
from service.state.identity.sqlite import SqliteKeyStore


class TemporaryKeyStore(SqliteKeyStore):
    """Keys in a folder of their own, for as long as the object: to close it closes nothing."""

    def __init__(self) -> None:
        folder = TemporaryDirectory()
        super().__init__(Path(folder.name) / "keys.sqlite")
        finalize(self, _remove, self._file, folder)

    def close(self) -> None:
        """Do nothing: whoever shares it reads it afterwards."""


def _remove(database: Database, folder: TemporaryDirectory[str]) -> None:
    database.close()
    folder.cleanup()
