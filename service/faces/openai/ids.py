"""Ids of vector stores and batches in OpenAI's API, and what they name.

A vector store ``vs_manuals`` is the collection ``manuals``. A batch ``vsfb_...`` is a job. Ids of files are
those of :mod:`service.state.files.ids`.
"""

from index.errors import CollectionNotFound, InvalidCollectionName
from index.naming import validate_collection_name
from service.errors import UploadNotFound

_STORE, _BATCH = "vs_", "vsfb_"
_LONGEST_SHOWN = 100


def store_id(collection: str) -> str:
    """The id of the vector store that a collection is."""
    return f"{_STORE}{collection}"


def collection_of(vector_store_id: str) -> str:
    """The collection that a vector store is. Raises :class:`index.errors.CollectionNotFound`."""
    name = vector_store_id.removeprefix(_STORE)
    if name != vector_store_id:
        try:
            return validate_collection_name(name)
        except InvalidCollectionName:
            pass
    raise CollectionNotFound(
        f"There is no vector store {vector_store_id[:_LONGEST_SHOWN]!r}. The id of a vector store is vs_ and "
        "the name of a collection."
    )


def batch_id(job_id: str) -> str:
    """The id of the batch that a job is."""
    return f"{_BATCH}{job_id}"


def job_of(batch_id_: str) -> str:
    """The id of the job that a batch is; empty for what is no id of a batch."""
    job_id = batch_id_.removeprefix(_BATCH)
    return "" if job_id == batch_id_ else job_id


def no_such_file(file_id_: str) -> UploadNotFound:
    """The error for a file that does not exist, or that the caller may not see."""
    return UploadNotFound(f"There is no file {file_id_[:_LONGEST_SHOWN]!r}.")
