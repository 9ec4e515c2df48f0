"""Collections and the health of the service."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from index.collection import Collection as OpenCollection
from service.schemas.values import Json, PassageCounts


class Collection(BaseModel):
    """A collection and how much it holds."""

    name: str
    fingerprint: str
    documents: int
    passages: PassageCounts
    characters: int
    change: int


class ClosedCollection(BaseModel):
    """A collection that cannot be opened, and why."""

    name: str
    error: dict[str, str]


class CollectionList(BaseModel):
    """All collections."""

    collections: list[Collection | ClosedCollection]


class Health(BaseModel):
    """The process is up."""

    status: Literal["up"]


class Readiness(BaseModel):
    """The service answers questions. ``degraded``: some collection cannot be opened; the log says why."""

    status: Literal["ready", "degraded"]
    collections: int
    unavailable: int
    documents: int
    passages: PassageCounts


def collection_json(collection: OpenCollection) -> Json:
    """A collection as :class:`Collection`."""
    counts = collection.counts()
    return {
        "name": collection.name,
        "fingerprint": collection.fingerprint,
        "documents": counts.documents,
        "passages": {"total": counts.passages, "embedded": counts.embedded},
        "characters": counts.characters,
        "change": counts.change,
    }
