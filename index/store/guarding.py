"""Ask a guard about a record that was opened, and store the access mark that it wants."""

import logging
from typing import TypeVar

from index.errors import CollectionBusy, DiskFull, StoreUnavailable
from index.protocols import Guard, RecordStore

_log = logging.getLogger("loccit.store")
Store = TypeVar("Store", bound=RecordStore)


def guarded(store: Store, name: str, guard: Guard | None) -> Store:
    """Return a record store that the guard lets be opened; one that it refuses is closed.

    A mark that cannot be stored now is stored when the record is opened again.
    """
    if guard is None:
        return store
    try:
        found = store.access_mark()
        if (wanted := guard(name, found)) != found:
            _store_mark(store, name, wanted)
    except BaseException:
        store.close()
        raise
    return store


def _store_mark(store: RecordStore, name: str, mark: str) -> None:
    try:
        store.set_access_mark(mark)
    except (CollectionBusy, DiskFull, StoreUnavailable) as error:
        _log.warning("The collection %r does not know yet who may read it: %s", name, error.message)
