"""The places of bytes that several machines share: a folder or a bucket for all collections."""

import logging
from collections.abc import Callable
from pathlib import Path

from index.objects import ObjectsPlace, OwnedFolder, Owner, SharedFiles, open_bucket, open_objects
from index.protocols import Originals
from index.store.originals.stored import StoredOriginals, folder_originals

_log = logging.getLogger("loccit.store")

_COLLECTIONS = "collections"
_LEDGERS = "ledgers"


class SharedOriginals:
    """The originals of all collections in a place, each in a folder that its record names.

    A collection that was deleted and made again thus never meets objects of the one before. ``identify``
    says which database the collections are in: what belongs to another one is not deleted. None, for a data
    folder, checks nothing.
    """

    def __init__(self, place: Path | ObjectsPlace, identify: Callable[[], Owner] | None = None) -> None:
        self._place = place
        self._identify = identify

    @property
    def is_owned(self) -> bool:
        """True if a shared place is used and marks name the owners of its folders."""
        return self._place is not None and self._identify is not None

    def ledger(self, name: str) -> tuple[SharedFiles, OwnedFolder]:
        """The files of a ledger of erasures and the mark of who owns them, where :attr:`is_owned`."""
        assert self._place is not None and self._identify is not None  # noqa: S101, PT018 -- by the caller
        own = f"{_LEDGERS}/{name}"
        return SharedFiles(self._place, own), OwnedFolder(self._place, own, self._identify)

    @property
    def is_used(self) -> bool:
        """Whether originals are stored outside the data folder."""
        return self._place is not None

    def of(self, folder: str, is_current: Callable[[], bool] = lambda: True) -> Originals:
        """The originals of a collection."""
        name, owned = f"{self.name_of(folder)}/originals", self.owned(folder)
        if isinstance(self._place, Path):
            path = self._place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            return folder_originals(path, is_current, owned)
        assert self._place is not None  # noqa: S101 -- is_used
        return StoredOriginals(open_objects(self._place, name), is_current, owned)

    def owned(self, folder: str) -> OwnedFolder | None:
        """The mark of who owns a collection's folder; None where nothing is shared or checked."""
        if self._place is None or self._identify is None:
            return None
        return OwnedFolder(self._place, self.name_of(folder), self._identify)

    def bases(self, folder: str) -> SharedFiles | None:
        """The files of a collection's bases of vectors; None if machines share no place."""
        if self._place is None:
            return None
        owned = self.owned(folder)
        require = owned.require if owned else lambda: None
        return SharedFiles(self._place, f"{self.name_of(folder)}/bases", require)

    def name_of(self, folder: str) -> str:
        """The name of a collection's folder in the place."""
        return f"{_COLLECTIONS}/{folder}"

    def has(self, name: str) -> bool:
        """Whether a folder of the place, named as by :meth:`name_of`, contains anything.

        Raises :class:`index.errors.ObjectsUnavailable`, OSError.
        """
        if isinstance(self._place, Path):
            return any(path.is_file() for path in (self._place / name).rglob("*"))
        return self._place is not None and any(open_bucket(self._place).list(f"{name}/"))

    def drop(self, folder: str) -> None:
        """Remove all originals and bases of a collection that was deleted; does nothing if there are none.

        Those of another database stay, for this one had a copy of their collection. Raises
        :class:`index.errors.ObjectsUnavailable`, OSError.
        """
        owned = self.owned(folder)
        if owned is not None and not owned.is_own():
            _log.warning(
                "The originals of a deleted collection stay in %s: they belong to the database %s.",
                owned.name,
                owned.owner(),
            )
        elif self._place is not None:
            open_objects(self._place, self.name_of(folder)).clear()
