"""Erase what jobs hold of documents: what their items say, and the files in the spool."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from index.errors import InvalidInput
from service.errors import JobNotFound
from service.state.jobs.protocols import JobStore, Spool
from service.state.jobs.records import Item
from service.state.jobs.zip_folder import ZipFolder


class JobErasure:
    """Erases documents from the jobs of a data folder. Repeating an erasure is harmless.

    The store is purged even if nothing is concerned: an erasure before may not have been purged to its end.
    """

    def __init__(self, store: JobStore, spool: Spool) -> None:
        self._store = store
        self._spool = spool

    def erase_documents(self, collection: str, documents: Mapping[str, float]) -> bool:
        """Erase documents, given by their ids and the times of their erasure; False: try again later.

        Jobs that were queued after that time are left alone. A ZIP file that is kept for other members is
        overwritten where these are.
        """
        self._erase(collection, documents)
        return self._store.purge()

    def erase_deleted(self, existing: set[str]) -> bool:
        """Erase what finished jobs hold of collections that were deleted; False: try again later."""
        for name in self._store.collections() - existing:
            self._erase(name, None)
        return self._store.purge()

    def _erase(self, collection: str, documents: Mapping[str, float] | None) -> None:
        by_job: defaultdict[str, list[Item]] = defaultdict(list)
        for job_id, item in self._store.concerned(collection, documents):
            by_job[job_id].append(item)
        for job_id, items in by_job.items():
            # The files first: after a crash, the items still say which they are.
            if documents is None:
                self._spool.clear(job_id)
            else:
                self._erase_files(job_id, items)
            self._store.erase(job_id, [item.number for item in items])

    def _erase_files(self, job_id: str, items: list[Item]) -> None:
        self._spool.remove(job_id, [item.spooled for item in items if item.kind == "file"])
        archives: defaultdict[str, list[str]] = defaultdict(list)
        for item in items:
            if item.kind == "member":
                archives[item.spooled].append(str(item.request.get("member", "")))
        for spooled, members in archives.items():
            self._erase_members(job_id, spooled, members)

    def _erase_members(self, job_id: str, spooled: str, members: list[str]) -> None:
        try:
            with ZipFolder(self._spool.open(job_id, spooled), name=spooled) as folder:
                spans = [span for member in members for span in folder.spans(member)]
        except FileNotFoundError:
            return  # removed when its job was done
        except InvalidInput:
            # It cannot be told where they are.
            self._spool.remove(job_id, [spooled])
            return
        self._spool.overwrite(job_id, spooled, spans)


# Cancel the jobs of a collection that is deleted: another of its name must not get their files.


@contextmanager
def cancelling_jobs(collection: str, store: JobStore) -> Iterator[None]:
    """Cancel, when the block has deleted a collection, the jobs that waited or ran before."""
    waiting = [one for one in store.in_state("queued", "running") if one.collection == collection]
    yield
    for job in waiting:
        with suppress(JobNotFound):  # finished and deleted meanwhile
            store.cancel(job.id)
