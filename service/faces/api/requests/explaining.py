"""Requests for an explanation of why a document was found or not."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from index.errors import DocumentNotFound
from service.errors import MayRaise
from service.http.parameters import LIMITED, FilterJson, Question
from service.http.request_models import CollectionBody


class ExplainRequest(CollectionBody):
    """A question, and the document that was expected in its answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"question": "When was the lamp lit?", "document_id": "manuals/lamps.md"}]
        }
    )

    question: Question = Field(description="The question in natural language.")
    document_id: Annotated[str, MayRaise(DocumentNotFound)] = Field(description="The document's id.")
    k: Annotated[int, LIMITED] = Field(
        5, strict=True, description="Number of passages that the question asks for."
    )
    filter: FilterJson | None = Field(None, description="The filter of the question.")
