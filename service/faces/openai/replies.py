"""Replies of OpenAI's API. Times are whole seconds since the epoch."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field
from starlette.responses import Response

from index.records import DocumentRecord
from index.types import Metadata, Scalar
from service.faces.api.schemas.citations import Citation
from service.faces.api.schemas.values import Json
from service.http.replies import json_reply
from service.state.files import UploadedFile, ids as file_ids

Status = Literal["in_progress", "completed", "failed", "cancelled"]
_POLL = {"openai-poll-after-ms": "250"}
"""How soon the client libraries ask again; by default after a second."""


class StoreFileCounts(BaseModel):
    """Number of files by status."""

    in_progress: int
    completed: int
    failed: int
    cancelled: int
    total: int


class VectorStore(BaseModel):
    """A collection as a vector store."""

    id: str
    object: Literal["vector_store"]
    created_at: int
    name: str
    description: str | None
    usage_bytes: int = Field(description="Characters of all texts.")
    file_counts: StoreFileCounts
    status: Literal["in_progress", "completed"] = Field(
        description="in_progress while files are taken in or passages are embedded."
    )
    expires_after: None
    expires_at: None
    last_active_at: int | None
    metadata: dict[str, str]


class LastError(BaseModel):
    """Why a file was not taken in."""

    code: Literal["server_error", "unsupported_file", "invalid_file"]
    message: str


class OtherChunking(BaseModel):
    """Passages have no fixed size."""

    type: Literal["other"]


class StoreFile(BaseModel):
    """A document of a collection, or a file that is to become one."""

    id: str
    object: Literal["vector_store.file"]
    created_at: int
    vector_store_id: str
    status: Status
    last_error: LastError | None
    usage_bytes: int = Field(description="Characters of its text.")
    attributes: dict[str, str | bool | int | float]
    chunking_strategy: OtherChunking


class FileBatch(BaseModel):
    """A job that attaches files."""

    id: str
    object: Literal["vector_store.files_batch"]
    created_at: int
    vector_store_id: str
    status: Status
    file_counts: StoreFileCounts


class File(BaseModel):
    """An uploaded file, or a document that was put in another way."""

    id: str
    object: Literal["file"]
    bytes: int
    created_at: int
    expires_at: None
    filename: str
    purpose: str
    status: Literal["processed"]
    status_details: None


class Deleted(BaseModel):
    """Something that was deleted."""

    id: str
    object: str
    deleted: Literal[True]


class Page(BaseModel):
    """A page of a list."""

    object: Literal["list"]
    first_id: str | None
    last_id: str | None
    has_more: bool


class VectorStoreList(Page):
    """A page of vector stores."""

    data: list[VectorStore]


class StoreFileList(Page):
    """A page of the files of a vector store or batch."""

    data: list[StoreFile]


class FileList(Page):
    """A page of uploaded files."""

    data: list[File]


class TextContent(BaseModel):
    """A text."""

    type: Literal["text"]
    text: str


class FileContent(BaseModel):
    """The text of a file of a vector store: that to which the offsets of citations refer."""

    object: Literal["vector_store.file_content.page"]
    data: list[TextContent]
    has_more: Literal[False]
    next_page: None


class SearchHit(BaseModel):
    """A passage."""

    file_id: str
    filename: str
    score: float = Field(description="Calibrated probability that this passage answers the question.")
    attributes: dict[str, str | bool | int | float]
    content: list[TextContent]
    citation: Citation = Field(description="Where the passage stands, character for character.")


class SearchPage(BaseModel):
    """Passages that may answer, the most probable first."""

    object: Literal["vector_store.search_results.page"]
    search_query: list[str]
    data: list[SearchHit]
    has_more: Literal[False]
    next_page: None


class Model(BaseModel):
    """A collection as a model, or an embedding model."""

    id: str
    object: Literal["model"]
    created: int = Field(description="Always 0: it is not recorded.")
    owned_by: Literal["loccit"]
    shutdown_date: None


class ModelList(BaseModel):
    """All models that the key may use."""

    object: Literal["list"]
    data: list[Model]


class Embedding(BaseModel):
    """A vector of unit length."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str = Field(description="Numbers, or 32-bit little-endian floats in base64.")


class Usage(BaseModel):
    """Number of embedded tokens."""

    prompt_tokens: int
    total_tokens: int


class Embeddings(BaseModel):
    """Vectors, in the order of the texts."""

    object: Literal["list"]
    data: list[Embedding]
    model: str
    usage: Usage


def polling_reply(content: Json) -> Response:
    """The response for something that has a status, and is asked for until that is final."""
    return json_reply(content, headers=_POLL if content["status"] == "in_progress" else None)


def attributes_json(metadata: Metadata) -> dict[str, Scalar]:
    """Metadata as attributes, which are single values: a list is written with commas."""
    return {
        key: ", ".join(map(str, value)) if isinstance(value, list | tuple) else value  # type: ignore[misc]
        for key, value in metadata.items()
    }


def file_json(file: UploadedFile) -> Json:
    """An uploaded file as :class:`File`."""
    return _file_fields(file.id, file.filename, file.purpose, file.size, file.created)


def document_file_json(document: DocumentRecord, collection: str) -> Json:
    """A document that was put in another way as :class:`File`; its size is that of its text."""
    id_ = file_ids.file_id(collection, document.id)
    return _file_fields(id_, file_ids.filename(document.id), "assistants", document.length, document.created)


def _file_fields(id_: str, filename: str, purpose: str, size: int, created: float) -> Json:
    return {
        "id": id_,
        "object": "file",
        "bytes": size,
        "created_at": int(created),
        "expires_at": None,
        "filename": filename,
        "purpose": purpose,
        "status": "processed",
        "status_details": None,
    }


def deleted_json(id_: str, kind: str) -> Json:
    """The answer to a deletion, as :class:`Deleted`."""
    return {"id": id_, "object": kind, "deleted": True}


def page_json(data: Sequence[Json], *, has_more: bool) -> Json:
    """A page of a list."""
    return {
        "object": "list",
        "data": data,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": has_more,
    }


def counts_json(counts: dict[Status, int]) -> dict[str, Any]:
    """Number of files by status, as :class:`StoreFileCounts`."""
    return {
        "in_progress": counts.get("in_progress", 0),
        "completed": counts.get("completed", 0),
        "failed": counts.get("failed", 0),
        "cancelled": counts.get("cancelled", 0),
        "total": sum(counts.values()),
    }
