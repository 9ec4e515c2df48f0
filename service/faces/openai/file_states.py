"""The files of a vector store: its documents, and what jobs have not made documents of."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass, field

from index.collection import Collection
from index.history import Archive
from index.records import DocumentRecord
from index.types import Metadata
from service.errors import JobNotFinished
from service.faces.api.schemas.values import Json
from service.faces.openai import ids
from service.faces.openai.paging import page_of
from service.faces.openai.replies import Status, attributes_json
from service.faces.openai.requests import StoreFilesQuery
from service.faces.openai.stores import Stores
from service.flows.ingest.jobs.jobs import Jobs
from service.state.collections import Collections
from service.state.files import Attachment, Place, ids as file_ids
from service.state.identity import Principal
from service.state.jobs.records import FINISHED, Item, Job, Outcome

_TRIES = 5
_UNSUPPORTED = "unsupported_format"


@dataclass(frozen=True, slots=True)
class FileState:
    """A file of a vector store. ``problem`` has the code and the message of why it failed."""

    id: str
    document_id: str
    created: float
    status: Status
    characters: int = 0
    attributes: Metadata = field(default_factory=dict)
    problem: tuple[str, str] | None = None


def state_json(state: FileState, collection: str) -> Json:
    """A file as :class:`service.faces.openai.replies.StoreFile`."""
    return {
        "id": state.id,
        "object": "vector_store.file",
        "created_at": int(state.created),
        "vector_store_id": ids.store_id(collection),
        "status": state.status,
        "last_error": None
        if state.problem is None
        else {"code": _error_code(state.problem[0]), "message": state.problem[1]},
        "usage_bytes": state.characters,
        "attributes": attributes_json(state.attributes),
        "chunking_strategy": {"type": "other"},
    }


def _error_code(code: str) -> str:
    if code == _UNSUPPORTED:
        return "unsupported_file"
    return "invalid_file" if code else "server_error"


def files_page(
    stores: Stores, caller: Principal, name: str, query: StoreFilesQuery
) -> tuple[list[FileState], bool]:
    """A page of the files of a collection that a caller may see, and whether others follow; blocks."""
    opened = stores.collections.open(caller, name)
    # First: what becomes a document meanwhile is then found twice, and not missed.
    known = files_without_document(stores, name)
    totals = opened.archive.counts()
    if query.filter is not None and totals.embedded < totals.passages:
        known += [_state_of_document(one, name) for one in opened.archive.all_documents()]
        documents: Sequence[Place] = ()
    elif query.filter in (None, "completed"):
        documents = stores.files.order.of(
            stores.collections.library.open(name), opened.archive, caller.groups
        )
    else:
        documents = ()
    by_id = {one.id: one for one in known if query.filter in (None, one.status)}
    if by_id:
        for place in documents:
            by_id.pop(place.file_id, None)
    places = sorted([*documents, *(Place(one.created, one.id, "") for one in by_id.values())])
    found, has_more = page_of(
        places,
        lambda one: one.file_id,
        query.order,
        after=query.after,
        before=query.before,
        limit=query.limit,
    )
    shown = [_state_of_place(opened.archive, name, one, by_id) for one in found]
    return [one for one in shown if one is not None], has_more


def _state_of_place(
    archive: Archive, name: str, place: Place, by_id: Mapping[str, FileState]
) -> FileState | None:
    if not place.document_id:
        return by_id[place.file_id]
    document = archive.find_document(place.document_id)
    return None if document is None else _state_of_document(document, name)  # None: deleted since


def states_of_files(
    stores: Stores, caller: Principal, name: str, document_ids: AbstractSet[str]
) -> list[FileState]:
    """The states of the files of some documents, as far as a caller may see them, oldest first; blocks."""
    opened = stores.collections.open(caller, name)
    waiting = [one for one in files_without_document(stores, name) if one.document_id in document_ids]
    documents = [opened.archive.find_document(one) for one in document_ids]
    stored = [_state_of_document(one, name) for one in documents if one is not None]
    by_id = {one.id: one for one in (*waiting, *stored)}
    return sorted(by_id.values(), key=lambda one: (one.created, one.id))


def file_state(stores: Stores, caller: Principal, name: str, file_id: str) -> FileState:
    """A file of a collection; blocks. Raises :class:`service.errors.UploadNotFound`."""
    if (document := document_of(stores.collections, caller, name, file_id)) is not None:
        return _state_of_document(document, name)
    for attachment in stores.files.store.attachments(collection=name, file_id=file_id):
        found = _items_without_document(stores.jobs, name, attachment.document_id).get(
            _job_and_document(attachment)
        )
        # Where there is a document, the caller may not read it.
        if found and not stores.collections.library.open(name).archive.find_document(attachment.document_id):
            return _state_of_item(attachment, *found)
    # Its job may have made the document since the first look.
    if (document := document_of(stores.collections, caller, name, file_id)) is not None:
        return _state_of_document(document, name)
    raise ids.no_such_file(file_id)


def document_of(
    collections: Collections, caller: Principal, name: str, file_id: str
) -> DocumentRecord | None:
    """The document that a file is in a collection, if the caller may read it; blocks."""
    archive = collections.open(caller, name).archive
    other = file_ids.document_file(file_id)
    if other is not None:
        return archive.find_document(other.document_id) if other.collection == name else None
    if not file_ids.is_upload(file_id):
        return None
    return next(iter(archive.documents(limit=1, prefix=f"{file_id}/")), None)


def is_settled(jobs: Jobs, attachment: Attachment) -> bool:
    """Whether no job may make a document of a file any more; blocks."""
    found = _items_without_document(jobs, attachment.collection, attachment.document_id).get(
        _job_and_document(attachment)
    )
    return found is None or found[1].outcome != "waiting" or found[0].state in FINISHED


def require_settled(jobs: Jobs, attachment: Attachment) -> None:
    """Raise :class:`JobNotFinished` while a job may still make a document of a file; blocks."""
    if not is_settled(jobs, attachment):
        raise JobNotFinished(
            "This file is being taken in. Wait until its status is not in_progress any more, or cancel its "
            "batch."
        )


def files_without_document(stores: Stores, name: str) -> list[FileState]:
    """Files of a collection that are no documents: they wait, failed or were cancelled; blocks.

    A file of which there is a document that the caller may not read is left out.
    """
    left = _items_without_document(stores.jobs, name, file_ids.UPLOADS)
    if not left:
        return []
    find = stores.collections.library.open(name).archive.find_document
    known = [
        (one, left[_job_and_document(one)])
        for one in stores.files.store.attachments(collection=name)
        if _job_and_document(one) in left
    ]
    return [_state_of_item(one, *found) for one, found in known if not find(one.document_id)]


def count_files(stores: Stores, name: str, opened: Collection) -> dict[Status, int]:
    """Number of files of a collection by status, as a caller sees it; blocks."""
    totals = opened.archive.counts()
    for _ in range(_TRIES):
        # What becomes a document in between would be counted twice, or not at all.
        by_status, before = (
            Counter[Status](one.status for one in files_without_document(stores, name)),
            totals.change,
        )
        totals = opened.archive.counts()
        if totals.change == before:
            break
    embedding = 0
    if totals.embedded < totals.passages:
        embedding = sum(one.embedded < one.passages for one in opened.archive.all_documents())
    by_status["completed"] += totals.documents - embedding
    by_status["in_progress"] += embedding
    return dict(by_status)


def item_status(outcome: Outcome, job: Job) -> Status:
    """The status of a file of a batch. What is stored is in progress until the whole batch is embedded."""
    if outcome == "refused":
        return "failed"
    if outcome == "cancelled":
        return "cancelled"
    if job.state == "failed" and outcome == "waiting":
        return "failed"
    return "completed" if job.state in FINISHED else "in_progress"


def _state_of_document(document: DocumentRecord, collection: str) -> FileState:
    return FileState(
        file_ids.file_id(collection, document.id),
        document.id,
        document.created,
        "completed" if document.embedded == document.passages else "in_progress",
        document.length,
        document.provenance.metadata,
    )


def _job_and_document(attachment: Attachment) -> tuple[str, str]:
    return attachment.job_id, attachment.document_id


def _items_without_document(jobs: Jobs, name: str, prefix: str) -> Mapping[tuple[str, str], tuple[Job, Item]]:
    """Items of jobs that became no documents, with their jobs, by the job and the id of the document."""
    found = jobs.store.unsettled(name, prefix=prefix)
    return {(job.id, item.name): (job, item) for job, item in found}


def _state_of_item(attachment: Attachment, job: Job, item: Item) -> FileState:
    """The state of a file that is no document."""
    status, problem = item_status(item.outcome, job), None
    if status == "failed":
        refused = item.outcome == "refused"
        problem = (item.code, item.message) if refused else ("", job.problem)
    return FileState(
        attachment.file_id,
        attachment.document_id,
        attachment.created,
        status,
        attributes=attachment.attributes,  # type: ignore[arg-type]
        problem=problem,
    )
