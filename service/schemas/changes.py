"""What changes did to documents, and to citations."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from index import changes, records
from service.schemas.citations import Standing, standing_json
from service.schemas.values import IndexState, Json, moment


class Event(BaseModel):
    """What a change did to a document."""

    change: int
    document_id: str
    kind: Literal["added", "replaced", "updated", "renamed", "pruned", "deleted"]
    was: str = Field(description="The id before it was renamed; empty otherwise.")
    version: int
    created: str


class ChangedCitation(BaseModel):
    """What became of a citation.

    `deleted`: its document was not there; `lost`: the cited text is not kept.
    """

    locator: str
    status: Literal["current", "moved", "changed", "gone", "deleted", "lost"]
    standing: Standing | None


class ChangesResponse(BaseModel):
    """What the changes after `since`, up to `until`, did."""

    since: int
    until: int = Field(description="Everything up to this change is told: go on with `since` of this.")
    more: bool = Field(description="Whether there is more to tell after `until`.")
    documents: list[Event]
    citations: list[ChangedCitation] = Field(description="For each locator given, in order.")
    index: IndexState


def event_json(event: records.Event) -> Json:
    """An event as :class:`Event`."""
    return {
        "change": event.change,
        "document_id": event.document_id,
        "kind": event.kind,
        "was": event.was,
        "version": event.version,
        "created": moment(event.created),
    }


def became_json(one: changes.Became, collection: str) -> Json:
    """What became of a citation, as :class:`ChangedCitation`."""
    standing = None if one.today is None else standing_json(one.today, collection)
    return {"locator": one.locator, "status": one.status, "standing": standing}
