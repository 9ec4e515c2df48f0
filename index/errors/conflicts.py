"""Requests that the present state does not allow."""

from __future__ import annotations

from index.errors.base import LoccitError


class Conflict(LoccitError):
    """The request is valid but conflicts with the current state."""

    code = "conflict"


class CollectionMismatch(Conflict):
    """The collection was built with another model or other settings."""

    code = "collection_mismatch"


class UpgradeBegun(Conflict):
    """An upgrade to another model has begun and is not done."""

    code = "upgrade_begun"


class CollectionBusy(Conflict):
    """Another process holds the collection's write lock; retry."""

    code = "collection_busy"


class FormatInUse(Conflict):
    """Tables are to be changed, and processes of an older version, which could not go on, have them open."""

    code = "format_in_use"
