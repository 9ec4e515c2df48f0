"""Attach uploaded files to a collection: a job makes documents of them."""

import time
from collections.abc import Sequence
from contextlib import closing

from index.errors import LoccitError
from index.naming import validate_metadata
from service.errors import InvalidRequest
from service.faces.openai import ids
from service.faces.openai.requests import AttachedFile
from service.faces.openai.stores import Stores
from service.faces.openai.uploads import require_upload
from service.http.links import DEFAULT_COLLECTION
from service.state.files import Attachment, Files, UploadedFile, ids as file_ids
from service.state.identity import Principal
from service.state.jobs.records import Access, Job, NewItem
from service.state.jobs.uploads import Upload

_CHUNK = 1024 * 1024


def attach(stores: Stores, caller: Principal, collection: str, given: Sequence[AttachedFile]) -> Job:
    """Queue a job that makes documents of the ``given`` files; blocks. The job survives a crash.

    Raises :class:`service.errors.UploadNotFound`, :class:`service.errors.Overloaded`,
    :class:`service.errors.SpoolFull`, and what opening the collection raises.
    """
    # Only the default collection is created automatically: another name may be a typing error.
    stores.collections.open(caller, collection, create=collection == DEFAULT_COLLECTION)
    wanted = {one.file_id: one for one in given}
    uploads = [_require_upload(stores, caller, file_id) for file_id in wanted]
    attributes = {file_id: validate_metadata(one.attributes or {}) for file_id, one in wanted.items()}
    stores.jobs.require_room()
    with closing(Upload(stores.jobs.spool)) as spooling:
        items = []
        for file in uploads:
            request = {"metadata": attributes[file.id], "source": file.filename}
            document_id = file_ids.document_of_upload(file.id, file.filename)
            items.append(NewItem("file", document_id, *_copy_to_spool(stores.files, spooling, file), request))

        def add(job_id: str) -> Job:
            # The attachments first: by them an erasure of the document finds the upload.
            now = time.time()
            made = [
                Attachment(collection, file.id, item.name, job_id, now, attributes[file.id])
                for file, item in zip(uploads, items, strict=True)
            ]
            replaced = stores.files.store.attach(made)
            try:
                return stores.jobs.add(job_id, collection, items, Access((), caller.groups))
            except LoccitError:
                stores.files.store.undo(made, replaced)
                raise

        job = spooling.commit(add)
    stores.jobs.runner.wake()
    return job


def _require_upload(stores: Stores, caller: Principal, file_id: str) -> UploadedFile:
    if file_ids.document_file(file_id) is not None:
        raise InvalidRequest(
            "file_id: this file is a document that was not uploaded as a file. It is in its own vector "
            "store; for another one, upload it with POST /v1/files.",
            param="file_id",
        )
    return require_upload(stores, caller, file_id)


def _copy_to_spool(files: Files, spooling: Upload, file: UploadedFile) -> tuple[str, int]:
    """Copy a file to the spool of jobs; returns its name there, and its size."""
    try:
        content = files.store.open(file.id)
    except FileNotFoundError:  # deleted meanwhile
        raise ids.no_such_file(file.id) from None
    with content:
        spooling.begin()
        while part := content.read(_CHUNK):
            spooling.write(part)
        return spooling.finish()
