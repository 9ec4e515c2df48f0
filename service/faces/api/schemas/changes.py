"""Response models: changes of documents, and their effect on citations."""

from typing import Literal

from pydantic import BaseModel, Field

from index import records
from index.history import changes
from service.faces.api.schemas.citations import Standing, standing_json
from service.faces.api.schemas.values import IndexState, Json, moment


class Event(BaseModel):
    """One change of a document."""

    change: int
    document_id: str
    kind: Literal["added", "replaced", "updated", "renamed", "retired", "restored", "pruned", "deleted"]
    was: str = Field(description="The previous id of a renamed document; else empty.")
    version: int
    created: str


class ChangedCitation(BaseModel):
    """The status of a citation.

    As in :class:`Standing`, and `deleted`: the document does not exist; `lost`: the cited text is not kept.
    `gone` also while the document is retired: `standing.since` says since when.
    """

    locator: str
    status: Literal["current", "moved", "reformatted", "changed", "gone", "deleted", "lost"]
    standing: Standing | None


class ChangesResponse(BaseModel):
    """Changes after `since`, up to `until`."""

    since: int
    until: int = Field(description="The last change listed: use it as `since` of the next request.")
    more: bool = Field(description="Whether there are changes after `until`.")
    documents: list[Event]
    citations: list[ChangedCitation] = Field(description="The status of each given citation, in order.")
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


def citation_status_json(one: changes.CitationStatus, collection: str) -> Json:
    """The status of a citation, as :class:`ChangedCitation`."""
    standing = None if one.today is None else standing_json(one.today, collection)
    return {"locator": one.locator, "status": one.status, "standing": standing}
