"""Requests for the original of a document, and for its pages."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from index import errors
from service.errors import MayRaise
from service.http.parameters import VersionNumber
from service.http.request_models import CollectionQuery

LEAST_WIDTH, MOST_WIDTH = 100, 3000
"""Widths of a drawn page, in pixels."""
PageNumber = Annotated[
    int,
    Field(ge=1, le=2**31 - 1),
    MayRaise(
        errors.PageNotFound,
        errors.CorruptDocument,
        errors.EncryptedDocument,
        errors.DocumentTooLarge,
        errors.ReaderFailed,
        errors.ReadersUnavailable,
    ),
]


class OriginalQuery(CollectionQuery):
    """The version whose bytes to read."""

    version: Annotated[VersionNumber, MayRaise(errors.OriginalNotFound)] | None = Field(
        None, description="Number of the version; by default the newest."
    )


class PageImageQuery(OriginalQuery):
    """The page to draw, and its size."""

    page: PageNumber = Field(description="Number of the page, counted from 1.")
    width: int = Field(
        1000,
        ge=LEAST_WIDTH,
        le=MOST_WIDTH,
        description="Width of the picture in pixels. A page with too many pixels is drawn smaller.",
    )
