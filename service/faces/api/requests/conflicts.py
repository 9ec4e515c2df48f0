"""Find documents that disagree."""

from typing import Annotated

from pydantic import ConfigDict, Field

from service.http.parameters import LIMITED, ExistingLocator, PastChange
from service.http.request_models import CollectionBody, Request


class ConflictsAfter(Request):
    """A place in a collection from which to go on: `next` of the page before."""

    document_id: str = ""
    offset: int = Field(0, ge=0, le=2**53 - 1, description="An offset of the document's text.")


class ConflictsRequest(CollectionBody):
    """The sentences to compare: those of citations, or those of the collection, page by page."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{}, {"citations": ["bth.txt@9f2c41aab3de:1024-1311"]}]}
    )

    citations: Annotated[list[ExistingLocator], LIMITED] = Field(
        default_factory=list,
        description="Locators, such as those of an answer's passages: the sentences that they have a part of "
        "are compared with all other documents. Without any, all documents are compared with each other.",
    )
    after: ConflictsAfter = Field(
        ConflictsAfter(document_id="", offset=0),
        description="`next` of the page before; not with `citations`.",
    )
    limit: int = Field(100, ge=1, le=1000, description="About so many conflicts; not with `citations`.")
    as_of: PastChange | None = Field(None, description="Compare the documents as of this change.")
