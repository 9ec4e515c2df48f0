"""Response models: documents that disagree."""

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, Field

from index import answers
from index.collection import ConflictPage
from service.faces.api.schemas.citations import Citation, citation_json
from service.faces.api.schemas.values import IndexState, Json, moment, state_json


class ConflictingSentence(BaseModel):
    """A sentence of a document, and the words in which it differs from the other."""

    citation: Citation
    words: str = Field(
        description="The number, date, name, negation or word; empty where only the other sentence has one."
    )
    start: int = Field(description="Their offsets in the document's text.")
    end: int
    stored: str = Field(description="When this version of the document was stored.")


class DocumentConflict(BaseModel):
    """Two sentences of two documents that state different facts of the same subject."""

    kind: Literal["number", "date", "name", "negation", "direction"]
    newer: ConflictingSentence = Field(
        description="Of the document that supersedes the other by its metadata, else of the later day in "
        "`valid_from`, else of the one stored later."
    )
    older: ConflictingSentence
    supersedes: bool = Field(description="Whether metadata say that the newer document replaces the older.")


class ConflictsPlace(BaseModel):
    """A place in a collection from which to go on."""

    document_id: str
    offset: int


class ConflictsResponse(BaseModel):
    """Documents that disagree, the newer sentence of each pair first."""

    conflicts: list[DocumentConflict]
    sentences: int = Field(description="How many sentences were compared with the other documents.")
    complete: bool = Field(description="Whether all were: false if the time was over before.")
    next: ConflictsPlace | None = Field(description="`after` of the next page; null at the end.")
    index: IndexState


def conflicts_json(found: Iterable[answers.DocumentConflict], collection: str) -> list[Json]:
    """Conflicts of a collection as :class:`DocumentConflict`, the newest first."""
    return [
        {
            "kind": one.kind,
            "newer": _sentence_json(one.newer, collection),
            "older": _sentence_json(one.older, collection),
            "supersedes": one.supersedes,
        }
        for one in found
    ]


def found_conflicts_json(page: ConflictPage | None, collection: str) -> Json:
    """The fields of an answer that tell its conflicts: null where they were not asked for."""
    return {
        "conflicts": None if page is None else conflicts_json(page.conflicts, collection),
        "conflicts_complete": None if page is None else page.is_complete,
    }


def page_json(page: ConflictPage, collection: str, state: answers.IndexState) -> Json:
    """A page of conflicts of a collection as :class:`ConflictsResponse`."""
    place = page.next
    return {
        "conflicts": conflicts_json(page.conflicts, collection),
        "sentences": page.sentences,
        "complete": page.is_complete,
        "next": None if place is None else {"document_id": place.document_id, "offset": place.offset},
        "index": state_json(state),
    }


def _sentence_json(one: answers.ConflictingSentence, collection: str) -> Json:
    return {
        "citation": citation_json(one.citation, collection),
        "words": one.words,
        "start": one.start,
        "end": one.end,
        "stored": moment(one.stored),
    }
