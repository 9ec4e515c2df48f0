"""Open WebUI's knowledge bases, as ``oikb`` fills them: a knowledge base is a collection.

The seven operations that oikb calls. Folders are paths here, so none has to be made.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from index import errors
from index.collection import Collection
from service.errors import InvalidRequest, MayRaise, RemovalRefused
from service.faces.api.schemas.values import Json
from service.faces.dependencies import Caller, Lookups, ReadyIngestion, Writes, WritesAfterBody, in_thread
from service.flows.ingest import knowledge
from service.flows.ingest.ingestion import Ingestion
from service.http.error_shapes import ErrorShape
from service.http.json_body import read_json
from service.http.json_schema import schema_of
from service.http.links import DEFAULT_COLLECTION
from service.http.parameters import OPENS, STORED
from service.http.replies import json_reply
from service.http.request_models import Request as RequestModel
from service.http.route import ApiRoute
from service.state.identity import Principal, Scope, access

Model = TypeVar("Model", bound=RequestModel)

router = APIRouter(tags=["open_webui"], route_class=ApiRoute)
_MOST_LISTED = 1000
_MOST_FILES = 100_000


class ManifestFile(BaseModel):
    """A file of the program's manifest."""

    filename: str = Field(max_length=4096)
    path: str = Field("", max_length=4096, description="Its folder; empty at the top.")
    checksum: str = Field(max_length=1024)
    size: int = 0

    def file(self) -> knowledge.File:
        """The file as the flow knows it."""
        joined = f"{self.path}/{self.filename}" if self.path else self.filename
        return knowledge.File(joined, self.checksum, self.size)


class DiffRequest(RequestModel):
    """All files that the knowledge base is to have."""

    model_config = ConfigDict(extra="ignore")

    manifest: list[ManifestFile] = Field(max_length=_MOST_FILES)


class AddedFile(BaseModel):
    """A file to upload."""

    filename: str
    path: str


class ModifiedFile(AddedFile):
    """A file to upload in the place of one."""

    stale_file_id: str


class DeletedFile(AddedFile):
    """A file that the manifest does not have."""

    file_id: str


class DiffResponse(BaseModel):
    """Files to upload and to remove."""

    added: list[AddedFile]
    modified: list[ModifiedFile]
    deleted: list[DeletedFile]
    unmodified_count: int
    mkdir: list[str]
    rmdir: list[str]
    directory_map: dict[str, str] = Field(description="The id of each folder that files are in, by its path.")


class CleanupRequest(RequestModel):
    """Files to remove."""

    model_config = ConfigDict(extra="ignore")

    file_ids: list[str] = Field(max_length=_MOST_FILES)


class DirectoryRequest(RequestModel):
    """A folder to make."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(min_length=1, max_length=512)
    parent_id: str | None = None


class UploadMetadata(BaseModel):
    """The field ``metadata`` of an upload, as JSON."""

    knowledge_id: str
    file_hash: str = Field(max_length=1024)
    directory_id: str | None = None


class KnowledgeFile(BaseModel):
    """A file of a knowledge base."""

    id: str
    filename: str
    hash: str
    meta: dict[str, str]


class KnowledgeFiles(BaseModel):
    """The first files, and how many there are."""

    items: list[KnowledgeFile]
    total: int


class Knowledge(BaseModel):
    """A knowledge base."""

    id: str
    name: str
    description: str
    files: None = None


class Removed(BaseModel):
    """The number of files that were removed."""

    removed: int


class Directory(BaseModel):
    """A folder."""

    id: str
    name: str
    parent_id: str | None


Name = Annotated[str, OPENS, STORED]
Body = Annotated[Request, MayRaise(InvalidRequest, errors.InvalidDocumentId)]
_PATH = "/api/v1/knowledge/{knowledge_id}"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request to change a knowledge base."""

    ingestion: Ingestion
    caller: Principal
    name: str
    body: bytes

    def answer(self, work: Callable[[Collection, Model], Json], model: type[Model]) -> Response:
        """Reply with what ``work`` makes of the collection and of the body; blocks."""
        asked = read_json(model, self.body)
        return json_reply(work(_open(self.ingestion, self.caller, self.name), asked))


def _described(model: type[BaseModel]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema_of(model)}}}}


@router.post(
    f"{_PATH}/sync/diff",
    summary="Compare a manifest with a knowledge base",
    response_model=DiffResponse,
    openapi_extra=_described(DiffRequest),
)
@access(Scope.WRITE, "documents")
async def compare(
    knowledge_id: Name, request: Body, caller: Caller, ingestion: ReadyIngestion, writes: WritesAfterBody
) -> Response:
    """Tells what to upload and to remove, so that the knowledge base has the files of the manifest."""
    asked = _Asked(ingestion, caller, knowledge_id, await request.body())
    return await writes.run(asked.answer, _compare, DiffRequest)


def _compare(collection: Collection, asked: DiffRequest) -> Json:
    found = knowledge.compare(collection, [one.file() for one in asked.manifest])
    return {
        "added": [_file(one) for one in found.added],
        "modified": [
            {**_file(one), "stale_file_id": knowledge.encode_replaced(one.path)} for one in found.modified
        ],
        "deleted": [{**_file(one), "file_id": knowledge.encode_id(one.path)} for one in found.deleted],
        "unmodified_count": found.unmodified,
        "mkdir": [],
        "rmdir": [],
        "directory_map": {folder: knowledge.encode_id(folder) for folder in found.folders},
    }


def _file(one: knowledge.File) -> Json:
    return {"filename": one.name, "path": one.folder}


@router.post(
    f"{_PATH}/sync/cleanup",
    summary="Remove files of a knowledge base",
    response_model=Removed,
    openapi_extra=_described(CleanupRequest),
)
@access(Scope.WRITE, "documents")
async def clean_up(
    knowledge_id: Name,
    request: Annotated[Body, MayRaise(RemovalRefused)],
    caller: Caller,
    ingestion: ReadyIngestion,
    writes: WritesAfterBody,
) -> Response:
    """Retires files: questions no longer find them, and their citations resolve.

    Files that an upload replaces stay, with their versions. A request that would remove ten files or more,
    and more than 30 %, removes none.
    """
    asked = _Asked(ingestion, caller, knowledge_id, await request.body())
    return await writes.run(asked.answer, _clean_up, CleanupRequest)


def _clean_up(collection: Collection, asked: CleanupRequest) -> Json:
    return {"removed": knowledge.remove(collection, asked.file_ids)}


@router.post(
    f"{_PATH}/dirs/create",
    summary="Make a folder of a knowledge base",
    response_model=Directory,
    openapi_extra=_described(DirectoryRequest),
)
@access(Scope.WRITE, "collections")
async def create_directory(
    knowledge_id: Name, request: Body, caller: Caller, ingestion: ReadyIngestion, writes: WritesAfterBody
) -> Response:
    """The id of a folder. Nothing is stored: folders are in the paths of files."""
    asked = _Asked(ingestion, caller, knowledge_id, await request.body())
    return await writes.run(asked.answer, _create_directory, DirectoryRequest)


def _create_directory(collection: Collection, asked: DirectoryRequest) -> Json:
    above = knowledge.decode_id(asked.parent_id) if asked.parent_id else ""
    path = f"{above}/{asked.name}" if above else asked.name
    return {"id": knowledge.encode_id(path), "name": asked.name, "parent_id": asked.parent_id}


@router.post(f"{_PATH}/reset", summary="Remove all files of a knowledge base", response_model=Removed)
@access(Scope.WRITE, "documents")
@in_thread(Writes)
def reset(
    knowledge_id: Name,
    caller: Caller,
    ingestion: ReadyIngestion,
    include_directories: Annotated[str, Query(description="Folders are no files of their own.")] = "",
) -> Response:
    """Retires all files that came this way. Documents that came another way stay."""
    return json_reply({"removed": knowledge.reset(_open(ingestion, caller, knowledge_id))})


@router.get(_PATH, summary="Look up a knowledge base", response_model=Knowledge)
@access(Scope.READ, "collections")
@in_thread(Lookups)
def look_up(knowledge_id: Name, caller: Caller, ingestion: ReadyIngestion) -> Response:
    """The knowledge base, without its files."""
    ingestion.collections.open(caller, knowledge_id)
    return json_reply(
        {"id": knowledge_id, "name": knowledge_id, "description": "A collection of Loccit.", "files": None}
    )


@router.get(f"{_PATH}/files", summary="List the files of a knowledge base", response_model=KnowledgeFiles)
@access(Scope.READ, "documents")
@in_thread(Lookups)
def list_files(knowledge_id: Name, caller: Caller, ingestion: ReadyIngestion) -> Response:
    """The first thousand files that came this way, and how many there are."""
    found = list(knowledge.files_of(ingestion.collections.open(caller, knowledge_id)))
    shown = [_known_file(one, knowledge_id) for one in found[:_MOST_LISTED]]
    return json_reply({"items": shown, "total": len(found)})


def _known_file(one: knowledge.File, name: str) -> Json:
    return {
        "id": knowledge.encode_id(one.path),
        "filename": one.name,
        "hash": one.checksum,
        "meta": {"name": one.path, "collection_name": name},
    }


_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "metadata": {
                            "type": "string",
                            "description": "JSON: `knowledge_id`, `file_hash`, `directory_id`.",
                        },
                    },
                    "required": ["file", "metadata"],
                }
            }
        },
    }
}


@router.post(
    "/api/v1/files/",
    summary="Upload a file to a knowledge base",
    response_model=KnowledgeFile,
    openapi_extra=_FORM,
)
@access(Scope.WRITE, "documents")
async def upload(
    request: Annotated[
        Body,
        MayRaise(errors.Unreadable, errors.ReadersUnavailable, errors.HashCollision, errors.DocumentIdTaken),
        OPENS,
        STORED,
    ],
    caller: Caller,
    ingestion: ReadyIngestion,
    writes: WritesAfterBody,
) -> Response:
    """Stores a file as a new document, or as a new version of the document that it had.

    When this responds, the file is stored durably and can be found by its words.
    """
    try:
        async with request.form(max_files=1, max_fields=2) as form:
            file, given = form.get("file"), form.get("metadata")
            if not isinstance(file, UploadFile) or not isinstance(given, str):
                raise InvalidRequest("Send a form (multipart/form-data) with the fields file and metadata.")
            name, data = _name_of(file), await file.read()
    except HTTPException:
        raise InvalidRequest("The form cannot be read. Send one with the fields file and metadata.") from None
    return await writes.run(_upload, ingestion, caller, _metadata(given), name, data)


def _name_of(file: UploadFile) -> str:
    """The name of a file. Forms escape these three characters, and no others, in it."""
    name = file.filename or ""
    for escaped, character in (("%22", '"'), ("%0D", "\r"), ("%0A", "\n")):
        name = name.replace(escaped, character)
    return name


def _metadata(given: str) -> UploadMetadata:
    try:
        return UploadMetadata.model_validate_json(given)
    except ValidationError:
        raise InvalidRequest(
            "metadata: send JSON with knowledge_id, file_hash and, for a file in a folder, directory_id.",
            param="metadata",
        ) from None


def _upload(
    ingestion: Ingestion, caller: Principal, given: UploadMetadata, name: str, data: bytes
) -> Response:
    collection = _open(ingestion, caller, given.knowledge_id)
    folder = knowledge.decode_id(given.directory_id) if given.directory_id else ""
    file = knowledge.File(f"{folder}/{name}" if folder else name, given.file_hash)
    put = knowledge.upload(collection, file, data)
    if put.record.embedded < put.record.passages:
        ingestion.embedding.notify(given.knowledge_id)
    stored = knowledge.File(knowledge.stored_path(file.path), given.file_hash)
    return json_reply(_known_file(stored, given.knowledge_id))


def _open(ingestion: Ingestion, caller: Principal, name: str) -> Collection:
    # Only the default collection is created automatically: another name may be a typing error.
    return ingestion.collections.open(caller, name, create=name == DEFAULT_COLLECTION)


# The errors of Open WebUI's API.


ADDRESSES = ("/api/v1",)


SHAPE = ErrorShape(
    lambda error: {"detail": error.message, "code": error.code, "request_id": error.request_id},
    {
        "type": "object",
        "properties": {
            "detail": {"type": "string"},
            "code": {"type": "string"},
            "request_id": {"type": "string"},
        },
        "required": ["detail", "code"],
    },
)
