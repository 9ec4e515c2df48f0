"""Which uploaded files a caller sees."""

from __future__ import annotations

from contextlib import suppress

from index.errors import LoccitError
from service.app.runtime import Runtime
from service.faces.openai import ids
from service.state.files import UploadedFile
from service.state.identity import Principal


def visible(runtime: Runtime, caller: Principal, file: UploadedFile) -> bool:
    """Whether a caller may see a file: its own, or one of a document that it may read; blocks."""
    if file.is_own_of(caller):
        return True
    for one in runtime.files.attachments(file_id=file.id):
        if caller.may_use(one.collection):
            with suppress(LoccitError):  # a collection that is deleted, or cannot be opened
                if runtime.collection(caller, one.collection).archive.find_document(one.document_id):
                    return True
    return False


def visible_upload(runtime: Runtime, caller: Principal, file_id: str) -> UploadedFile:
    """The uploaded file with this id; blocks. Raises :class:`service.errors.UploadNotFound`."""
    file = runtime.files.file(file_id)
    if file is None or not visible(runtime, caller, file):
        raise ids.no_such_file(file_id)
    return file
