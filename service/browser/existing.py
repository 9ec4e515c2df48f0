"""The collection that a page shows, which need not exist yet."""

from __future__ import annotations

from index.collection import Collection
from index.errors import CollectionNotFound
from service.api.links import DEFAULT_COLLECTION
from service.identity import Principal
from service.runtime import Runtime


def existing_collection(runtime: Runtime, caller: Principal, name: str) -> Collection | None:
    """The collection; None for the default one before a document is added.

    Raises :class:`index.errors.CollectionNotFound` for another that does not exist.
    """
    try:
        return runtime.collection(caller, name)
    except CollectionNotFound:
        if name != DEFAULT_COLLECTION:
            raise
        return None
