"""Which uploaded files a caller sees."""

from contextlib import suppress

from index.errors import LoccitError
from service.faces.openai import ids
from service.faces.openai.stores import Stores
from service.state.files import UploadedFile
from service.state.identity import Principal


def is_visible(stores: Stores, caller: Principal, file: UploadedFile) -> bool:
    """Whether a caller may see a file: its own, or one of a document that it may read; blocks."""
    if file.is_own_of(caller):
        return True
    for one in stores.files.store.attachments(file_id=file.id):
        if caller.may_use(one.collection):
            with suppress(LoccitError):  # a collection that is deleted, or cannot be opened
                if stores.collections.open(caller, one.collection).archive.find_document(one.document_id):
                    return True
    return False


def require_upload(stores: Stores, caller: Principal, file_id: str) -> UploadedFile:
    """The uploaded file with this id; blocks. Raises :class:`service.errors.UploadNotFound`."""
    file = stores.files.store.file(file_id)
    if file is None or not is_visible(stores, caller, file):
        raise ids.no_such_file(file_id)
    return file
