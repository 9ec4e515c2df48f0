"""Response models: collections and health checks."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from index.collection import Collection as OpenCollection
from index.lag import Lag as KnownLag
from index.protocols import VectorPrecision
from service.faces.api.schemas.values import Json, PassageCounts, Purged, moment


class RefusedMirror(BaseModel):
    """A folder that was last mirrored in vain: its documents stayed although files are missing."""

    collection: str
    folder: str
    reason: str
    since: datetime


class Lag(BaseModel):
    """How far the answers of the process that replies are behind the record, as far as it knows."""

    changes: int = Field(description="Changes that the record has and its answers do not.")
    seconds: float = Field(description="The most that the first of these can be old.")


class Collection(BaseModel):
    """A collection and its size."""

    name: str = Field(description="What addresses and keys have; it stays.")
    title: str = Field(description="What people call it, by default its name.")
    fingerprint: str
    model: str = Field(description="Name of its embedding model.")
    precision: VectorPrecision = Field(
        description="Precision of its vectors: `float` (fp32, or bf16 that agrees with it), `dynamic-int8` "
        "or `int8` (8-bit integers, without and with calibration)."
    )
    outdated: list[str] = Field(
        description="What an upgrade would change although the model stays: `precision`, `chunker`, "
        "`chunking`, `sentences` or `analysis`. The collection answers as it is."
    )
    documents: int
    passages: PassageCounts
    characters: int
    original_bytes: int = Field(description="Size of all originals that are kept, in bytes.")
    change: int
    lag: Lag
    refused_mirrors: list[RefusedMirror] = Field(description="Shown to keys of the scope admin.")
    purged: Purged


class DeletedCollection(BaseModel):
    """A collection that was erased."""

    name: str
    purged: Purged


class ClosedCollection(BaseModel):
    """A collection that cannot be opened, with the error."""

    name: str
    error: dict[str, str]


class CollectionList(BaseModel):
    """All collections."""

    collections: list[Collection | ClosedCollection]


class Health(BaseModel):
    """The process is up."""

    status: Literal["up"]


class Ready(BaseModel):
    """The service answers questions; what else there is to say needs an admin key."""

    status: Literal["ready"]


class FailedIndex(BaseModel):
    """An index of some collection that has failed, and is being made anew."""

    index: Literal["dense", "lexical"]
    since: str = Field(description="When it failed (RFC 3339).")


class LostFile(BaseModel):
    """A file of the data folder that was lost, and made anew."""

    file: str
    since: str = Field(description="When the service noticed it (RFC 3339).")


class Readiness(BaseModel):
    """The service answers questions.

    `degraded`: a collection cannot be opened, or is searched by meaning or by words only (the log has the
    reason), or a folder could not be mirrored (`refused_mirrors` has the reason), or nothing can be written
    (`writes` has the reason), or files of the data folder were lost (`lost_files`, until `loccit check
    --repair` accepts that).
    """

    status: Literal["ready", "degraded"]
    collections: int
    unavailable: int
    failed_indexes: list[FailedIndex]
    refused_mirrors: list[RefusedMirror]
    writes: Literal["accepted", "disk_full", "disk_read_only"] = Field(
        description="Whether changes are accepted, or the code of the error that they are refused with."
    )
    lost_files: list[LostFile]
    lag: Lag = Field(description="That of the collection that is furthest behind.")
    documents: int
    passages: PassageCounts


def lag_json(lag: KnownLag) -> Json:
    """A lag as :class:`Lag`."""
    return {"changes": lag.changes, "seconds": round(lag.seconds, 3)}


def collection_json(collection: OpenCollection, *, title: str, refused_mirrors: bool) -> Json:
    """A collection as :class:`Collection`, with its refused mirrors or without."""
    counts = collection.archive.counts()
    return {
        "name": collection.name,
        "title": title,
        "fingerprint": collection.fingerprint,
        "model": collection.description.model_name,
        "precision": collection.description.precision,
        "outdated": collection.outdated,
        "documents": counts.documents,
        "passages": {"total": counts.passages, "embedded": counts.embedded},
        "characters": counts.characters,
        "original_bytes": counts.original_bytes,
        "change": counts.change,
        "lag": lag_json(collection.lag),
        "refused_mirrors": refused_mirrors_json(collection) if refused_mirrors else [],
        "purged": collection.purging.state,
    }


def refused_mirrors_json(collection: OpenCollection) -> list[Json]:
    """The folders of a collection whose last mirror was refused, each as :class:`RefusedMirror`."""
    return [
        {
            "collection": collection.name,
            "folder": one.root,
            "reason": one.reason,
            "since": moment(one.since),
        }
        for one in collection.archive.refused_mirrors()
    ]
