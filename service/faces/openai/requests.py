"""Requests of OpenAI's API. Fields without a counterpart are refused, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

from fastapi import Path
from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    model_validator,
)

from index import errors
from service.errors import JobNotFound, MayRaise, UploadNotFound
from service.http.parameters import LIMITED, OPENS, STORED, FilterJson, Question
from service.http.request_models import Request

MOST_FILES = 2000
"""Files of one batch, as in OpenAI's API."""


def _refuse_all_but_null(reason: str) -> BeforeValidator:
    """A validator that refuses every value but null."""

    def check(value: object) -> None:
        if value is not None:
            raise ValueError(reason)

    return BeforeValidator(check)


def _refuse_if(refused: Callable[[object], bool], reason: str) -> BeforeValidator:
    """A validator that refuses some values, before their types are checked."""

    def check(value: object) -> object:
        if refused(value):
            raise ValueError(reason)
        return value

    return BeforeValidator(check)


VectorStoreId = Annotated[
    str, Path(description="vs_ and the name of a collection.", examples=["vs_default"]), OPENS, STORED
]
FileId = Annotated[
    str,
    Path(description="The id of a file.", examples=["file-0123456789abcdef01234567"]),
    MayRaise(UploadNotFound),
    STORED,
]
BatchId = Annotated[str, Path(description="The id of a batch."), MayRaise(JobNotFound), STORED]

ExpiresAfter = Annotated[
    None,
    _refuse_all_but_null("Nothing expires here: what is stored stays until it is deleted. Leave it out."),
    Field(description="Only null: nothing expires."),
]


class AutoChunking(Request):
    """The one strategy."""

    type: Literal["auto"]


ChunkingStrategy = Annotated[
    AutoChunking | None,
    _refuse_if(
        lambda value: isinstance(value, dict) and value.get("type") == "static",
        "Passages follow sentences and sections of a document, so that they can be cited, and their size is "
        'a setting of the service. Leave it out, or send {"type": "auto"}.',
    ),
]
Attributes = Annotated[
    dict[str, StrictBool | StrictInt | StrictFloat | StrictStr], MayRaise(errors.InvalidMetadata)
]
StoreMetadata = Annotated[
    dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]], Field(max_length=16)
]
StoreName = Annotated[str, Field(max_length=256)]


class ListQuery(Request):
    """A page of a list. ``after`` and ``before`` are ids of members of the list."""

    after: str = Field("", description="Only what follows the object with this id.")
    before: str = Field("", description="Only what precedes the object with this id.")
    limit: int = Field(20, ge=1, le=100, description="Maximum number of objects.")
    order: Literal["asc", "desc"] = Field("desc", description="By time of creation: desc, the newest first.")


class StoreFilesQuery(ListQuery):
    """A page of the files of a vector store or of a batch."""

    filter: Literal["in_progress", "completed", "failed", "cancelled"] | None = Field(
        None, description="Only files with this status."
    )


class FilesQuery(Request):
    """A page of the uploaded files."""

    after: str = Field("", description="Only what follows the object with this id.")
    limit: int = Field(10_000, ge=1, le=10_000, description="Maximum number of objects.")
    order: Literal["asc", "desc"] = Field("desc", description="By time of creation: desc, the newest first.")
    purpose: str = Field("", description="Only files with this purpose.")


class NewVectorStore(Request):
    """A vector store to create, and the files to attach to it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Manuals", "metadata": {"team": "support"}}]}
    )

    name: StoreName | None = Field(
        None, description="The collection is called like it, as far as the name allows."
    )
    description: Annotated[str, Field(max_length=4096)] | None = None
    file_ids: Annotated[list[str], Field(max_length=MOST_FILES), MayRaise(UploadNotFound)] | None = Field(
        None, description="Files to attach."
    )
    metadata: StoreMetadata | None = None
    chunking_strategy: ChunkingStrategy = None
    expires_after: ExpiresAfter = None


class ChangedVectorStore(Request):
    """Changes of a vector store; fields that are not given stay."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Manuals, second edition"}]})

    name: StoreName | None = None
    metadata: StoreMetadata | None = None
    expires_after: ExpiresAfter = None


class RankingOptions(Request):
    """How hits are ranked."""

    ranker: Annotated[
        Literal["auto", "default-2024-11-15"] | None,
        _refuse_if(
            lambda value: value == "none",
            "The ranking is what makes scores probabilities, and is always done. Send auto, or leave it out.",
        ),
    ] = Field(None, description="Every name means Loccit's own ranking.")
    score_threshold: float | None = Field(
        None, ge=0, le=1, description="Only hits with at least this probability."
    )


class SearchRequest(Request):
    """A search in a vector store."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "query": "How long may a passage be?",
                    "max_num_results": 5,
                    "ranking_options": {"score_threshold": 0.3},
                }
            ]
        }
    )

    query: Question | Annotated[list[Question], Field(min_length=1), LIMITED] = Field(
        description="A question, or several whose hits are merged."
    )
    max_num_results: Annotated[int, LIMITED] = Field(10, ge=1, le=50, strict=True)
    filters: FilterJson | None = Field(None, description="Conditions on attributes, as in OpenAI's API.")
    ranking_options: RankingOptions | None = None
    rewrite_query: Annotated[
        bool | None,
        _refuse_if(
            lambda value: value is True,
            "Questions are searched as they are; nothing here rewrites them. Leave it out.",
        ),
    ] = None


class AttachedFile(Request):
    """A file to attach, and its attributes."""

    file_id: str
    attributes: Attributes | None = None
    chunking_strategy: ChunkingStrategy = None


class NewStoreFile(AttachedFile):
    """A file to attach to a vector store."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"file_id": "file-0123456789abcdef01234567", "attributes": {"year": 2024}}]
        }
    )


class ChangedStoreFile(Request):
    """New attributes of a file, which replace all earlier ones."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"attributes": {"year": 2025}}]})

    attributes: Attributes | None


class NewBatch(Request):
    """Files to attach together."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"file_ids": ["file-0123456789abcdef01234567"], "attributes": {"year": 2024}}]
        }
    )

    file_ids: Annotated[list[str], Field(min_length=1, max_length=MOST_FILES)] | None = None
    files: Annotated[list[AttachedFile], Field(min_length=1, max_length=MOST_FILES)] | None = None
    attributes: Attributes | None = Field(None, description="Of all files in `file_ids`.")
    chunking_strategy: ChunkingStrategy = None

    @model_validator(mode="after")
    def _check_one_form(self) -> Self:
        if (self.file_ids is None) == (self.files is None):
            raise ValueError("Give either file_ids or files.")
        if self.files is not None and self.attributes is not None:
            raise ValueError("Give the attributes of each of the files with it.")
        return self

    def each(self) -> list[AttachedFile]:
        """The files, each with its attributes."""
        if self.files is not None:
            return self.files
        return [AttachedFile(file_id=one, attributes=self.attributes) for one in self.file_ids or ()]


class EmbeddingsRequest(Request):
    """Texts to embed."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"model": "loccit:default", "input": ["The lamp was lit."]}]}
    )

    input: Annotated[
        str | Annotated[list[str], Field(min_length=1, max_length=2048)],
        _refuse_if(
            lambda value: isinstance(value, list) and any(isinstance(one, int | list) for one in value),
            "Tokens are those of another model, and cannot be read here. Send texts (LangChain: "
            "check_embedding_ctx_length=False).",
        ),
        LIMITED,
    ]
    model: Annotated[str, OPENS, STORED] = Field(
        description="One of `GET /v1/models`: an embedding model, or a collection, whose model it is then."
    )
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: Annotated[int, LIMITED] | None = Field(
        None, description="Only the number that the vectors have."
    )
    user: Any = Field(None, description="Has no effect.")
