"""Collections."""

from __future__ import annotations

from loccit_client.calls import Call, many, one, without_defaults
from loccit_client.models import Collection, DeletedCollection, Job, UpgradePlan

_COLLECTION = "/v1/collections/{name}"


def list_all() -> Call[list[Collection]]:
    """All collections that the key may use."""
    return Call(
        method="GET", path="/v1/collections", read=many(Collection, "collections"), has_collection=False
    )


def get(name: str) -> Call[Collection]:
    """The state of a collection: its counts, model and last change."""
    return Call(
        method="GET", path=_COLLECTION, named={"name": name}, read=one(Collection), has_collection=False
    )


def create(name: str, *, model: str = "", title: str = "") -> Call[Collection]:
    """Create a collection, with an embedding model of its own; no effect on one that exists."""
    return Call(
        method="PUT",
        path=_COLLECTION,
        named={"name": name},
        json=without_defaults(model=model, title=title) or None,
        read=one(Collection),
        has_collection=False,
    )


def rename(name: str, title: str) -> Call[Collection]:
    """Give a collection another title; its name stays, and with it addresses, keys and locators."""
    return Call(
        method="PATCH",
        path=_COLLECTION,
        named={"name": name},
        json={"title": title},
        read=one(Collection),
        has_collection=False,
    )


def delete(name: str) -> Call[DeletedCollection]:
    """Erase a collection with all its documents."""
    return Call(
        method="DELETE",
        path=_COLLECTION,
        named={"name": name},
        read=one(DeletedCollection),
        has_collection=False,
    )


def upgrade(name: str, *, model: str = "") -> Call[Job]:
    """Make passages and vectors of a collection anew, as a job; with ``model`` for another model."""
    return Call(
        method="POST",
        path=f"{_COLLECTION}/upgrade",
        named={"name": name},
        json=without_defaults(model=model),
        read=one(Job),
        has_collection=False,
        repeatable=False,
    )


def plan_upgrade(name: str, *, model: str = "") -> Call[UpgradePlan]:
    """Plan an upgrade: its changes, and the time and disk that it needs."""
    return Call(
        method="POST",
        path=f"{_COLLECTION}/upgrade",
        named={"name": name},
        json={"plan": True, **without_defaults(model=model)},
        read=one(UpgradePlan),
        has_collection=False,
    )
