"""The seams of jobs: the store that records them, and the spool that holds their uploaded files.

Each has one contract suite in ``tests/contracts`` that every implementation passes.
"""

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, Protocol, TypeAlias

from service.state.jobs.records import Access, Item, Job, JobKind, JobState, NewItem, Outcome


class Session(Protocol):
    """Leases and claims of a process that runs jobs.

    All end with the process, in whatever way it ends. A lease is the right to do what its name says alone
    among all sessions; a claim is that to store an item. Safe to use from several threads. Methods that
    change something raise what those of :class:`JobStore` raise.
    """

    def is_held(self) -> bool:
        """Return False once all is lost, for example with the connection to a database. Cheap.

        The runner asks between two commits.
        """

    def acquire(self, lease: str) -> bool:
        """Take a lease, without waiting; False while another session holds it."""

    def release(self, lease: str) -> None:
        """Give a lease back; does nothing when the session does not hold it."""

    def claim(self, job_id: str, *, limit: int, max_bytes: int, fetches: bool = False) -> list[Item]:
        """Claim waiting items of a job that nobody has claimed: the first ``limit`` files and members.

        After those that have ``max_bytes`` together no others are claimed, none after a waiting item with
        the same name, whose document it is to replace, and none after one of another kind. With ``fetches``
        the first waiting item alone where it is a ``url``, which is fetched. Claims end with the session,
        with :meth:`settle` and :meth:`give_back`, and after some hours, which mean that their holder hangs.
        """

    def has_claimed(self, job_id: str, numbers: Collection[int]) -> bool:
        """Whether the session has claims on all these items, and the job is not finished."""

    def others_claim(self, job_id: str) -> bool:
        """Whether other sessions have claims on items of a job."""

    def settle(self, job_id: str, items: Sequence[Item], *, last_passage: int = 0) -> list[Item]:
        """Settle those of the items that the session has claimed, and end these claims; returns them.

        The rest is as for :meth:`JobStore.settle`. Does nothing for an unknown job.
        """

    def give_back(self) -> None:
        """End all claims of the session."""

    def close(self) -> None:
        """Give everything back; does nothing when that is done."""


class JobStore(Protocol):
    """Records jobs and their items. Safe to use from several threads and processes.

    A change is made as a whole or not at all, and is durable when its method returns. It increases the job's
    ``revision``. Methods that name a job raise :class:`service.errors.JobNotFound` unless they say otherwise.
    All may raise :class:`index.errors.CollectionBusy` (try again later) and
    :class:`index.errors.StoreDamaged`.
    """

    def add(
        self,
        job_id: str,
        collection: str,
        items: Iterable[NewItem],
        access: Access | None = None,
        *,
        kind: JobKind = "ingest",
        details: Mapping[str, Any] | None = None,
    ) -> Job:
        """Queue a job under an id that was never used; items get the numbers 1, 2, 3 ...

        Of items with the same kind, name and spooled file only the first is kept. Raises
        :class:`index.errors.UpgradeBegun` for an upgrade while the collection has another unfinished one.
        """

    def job(self, job_id: str) -> Job:
        """Return a job. The cost does not depend on the number of its items."""

    def jobs(self, *, limit: int, before: str = "", collections: Collection[str] | None = None) -> list[Job]:
        """List jobs, newest first: those queued before the job ``before``, those of some collections.

        An empty ``before`` means any job, None any collection. An unknown ``before`` gives no jobs.
        """

    def in_state(self, *states: JobState, most: int | None = None) -> list[Job]:
        """List the jobs in any of these states, oldest first.

        With ``most`` only so many of each kind for each collection, the oldest.
        """

    def finished(self, collection: str, since: float) -> list[Job]:
        """List the jobs of a collection that finished after a time, oldest first."""

    def count_states(self) -> Mapping[JobState, int]:
        """Count the jobs in each state; a state without jobs may be missing."""

    def items(
        self, job_id: str, *, limit: int, after: int = 0, outcomes: Sequence[Outcome] = ()
    ) -> list[Item]:
        """List items by number, from the one that follows ``after``; no outcomes means any outcome.

        Returns nothing for an unknown job.
        """

    def unsettled(self, collection: str, *, prefix: str = "") -> list[tuple[Job, Item]]:
        """List items that became no documents: they wait, or were refused or cancelled.

        Only those of jobs of a collection, with names that begin so. Jobs without such items cost little.
        """

    def expand(self, job_id: str, item: int, into: Iterable[NewItem]) -> None:
        """Add the members of an item at the end and mark the item as expanded.

        Members that the job has already are skipped, so that a repeated call adds nothing twice. The request
        of an archive is erased: its members carry what is needed of it, passwords included.
        """

    def add_item(self, job_id: str, item: NewItem) -> Item | None:
        """Add one item at the end; return None when the job has it already."""

    def settle(self, job_id: str, items: Sequence[Item], *, last_passage: int = 0) -> None:
        """Record outcome, code, message, passages and document of items, found by their numbers.

        ``last_passage`` raises the job's ``last_passage`` and never lowers it. An item's request is erased,
        but for the ``member`` of an archive, unless the item is refused and may be retried; a password that
        proved wrong is erased always.
        """

    def move(self, job_id: str, state: JobState, *, problem: str = "") -> None:
        """Change the state and set the problem. Times follow from the state.

        ``running`` sets ``started`` unless it is set, finished states set ``finished``. ``cancelled`` also
        cancels the items that wait.
        """

    def set_details(self, job_id: str, details: Mapping[str, Any]) -> None:
        """Replace the details of a job by other JSON values."""

    def begin(self, job_id: str) -> bool:
        """Move a queued or running job to ``running``; return False in any other state."""

    def is_cancelling(self, job_id: str) -> bool:
        """Return whether a job was asked to cancel, False for an unknown one. Cheaper than :meth:`job`."""

    def cancel(self, job_id: str) -> Job:
        """Cancel a queued job at once; ask an unfinished one to cancel; leave a finished one as it is."""

    def retry(self, job_id: str, *, password: str = "", same_bytes: bool = False) -> Job:
        """Queue a finished job again for its refused and cancelled items; leave an unfinished one as it is.

        A crawl whose first page was refused is expanded again. A password goes into the requests of items
        that were refused as encrypted: raises :class:`service.errors.JobNotFinished` for an unfinished job
        and :class:`service.errors.InvalidRequest` when there is no such item. ``same_bytes`` stores copies
        that were left out. An upgrade is refused as by
        :meth:`add`.
        """

    def delete(self, job_id: str) -> None:
        """Delete a finished job and its items. Raises :class:`service.errors.JobNotFinished`."""

    def concerned(self, collection: str, documents: Mapping[str, float] | None) -> list[tuple[str, Item]]:
        """List settled items of documents, given by their ids and the times of their erasure.

        Only items of jobs that were queued before that time, each with the id of its job; None stands for
        all items of finished jobs of the collection.
        """

    def erase(self, job_id: str, items: Iterable[int]) -> None:
        """Erase what items (numbers) say of their documents; they keep their outcomes.

        Names become ``erased/`` and the number, and a retry finds nothing. Does nothing for an unknown job.
        """

    def purge(self) -> bool:
        """Remove from the store's files what was erased; False while others use them: try again later."""

    def collections(self) -> set[str]:
        """Return the names of the collections that jobs are for, whether these exist or not."""

    def age(self, seconds: float, *, until: float) -> list[str]:
        """Make all finished jobs older by so many seconds; list the ids of those that are ``until`` old now.

        A job is 0 seconds old whenever it finishes. Its age is time that callers have measured, so that a
        system clock that jumps ages none.
        """

    def ids(self) -> set[str]:
        """Return the ids of all jobs."""

    @property
    def is_announced(self) -> bool:
        """Whether :meth:`attending` tells of changes, so that it is enough to look now and then."""

    def attending(self, woken: Callable[[], object]) -> AbstractContextManager[None]:
        """Count this process among those that run jobs, until the ``with`` block ends.

        ``woken`` is called, in another thread, when any process has queued a job, where the store can tell.
        Calls may be lost: look from time to time, too.
        """

    def attendants(self) -> int | None:
        """The number of processes that run jobs; None where the store cannot tell."""

    def open_session(self) -> Session | None:
        """Begin to run jobs; None while others exclude that: older versions, or any in the same data folder.

        A store in a database has any number of sessions. Raises :class:`index.errors.StoreUnavailable`.
        """

    def close(self) -> None:
        """Close everything that is open. The store is not used afterwards."""


Span: TypeAlias = tuple[int, int]
"""The start and the length of bytes in a file."""


class SpooledFile(Protocol):
    """A file of the spool while it is being written."""

    @property
    def name(self) -> str:
        """Name of the file in its job."""

    @property
    def size(self) -> int:
        """Bytes written so far."""

    def write(self, data: bytes | memoryview) -> None:
        """Append data. Raises :class:`service.errors.SpoolFull` when there is no room for it."""

    def keep(self) -> None:
        """Complete and close the file; it is durable after :meth:`Spool.sync`."""

    def close(self) -> None:
        """Close the file. Without :meth:`keep` its data may be lost."""


class Spool(Protocol):
    """Holds the uploaded files of jobs until they are ingested.

    Safe to use from several threads and processes, each of which writes files of its own. Its limit may be
    exceeded by what they write at the very moment when it is reached.
    """

    def require_room(self, size: int) -> None:
        """Raise :class:`service.errors.SpoolFull` when so many bytes would not fit now."""

    def create(self, job_id: str, number: int) -> SpooledFile:
        """Begin a file. A number is used once in a job."""

    def sync(self, job_id: str) -> None:
        """Make the kept files of a job durable: after this they survive a power cut."""

    def open(self, job_id: str, name: str) -> BinaryIO:
        """Open a kept file, seekable. Raises :class:`FileNotFoundError` when it is not there any more."""

    def checksum(self, job_id: str, name: str) -> int | None:
        """The CRC-32 of a kept file as it was written, if it is known: not once a span was overwritten."""

    def overwrite(self, job_id: str, name: str, spans: Iterable[Span]) -> None:
        """Overwrite spans of a kept file by zeros, durably; does nothing when it is not there any more."""

    def remove(self, job_id: str, names: Iterable[str]) -> None:
        """Delete files of a job; names that are not there are skipped."""

    def clear(self, job_id: str) -> None:
        """Delete all files of a job, incomplete ones included."""

    def unknown(self, job_ids: Collection[str], *, idle_seconds: float) -> dict[str, int]:
        """The bytes of unlisted jobs that got no new file for so long, by their ids."""

    def clear_unknown(self, job_ids: Collection[str], *, idle_seconds: float) -> None:
        """Delete the files of unlisted jobs that got no new file for so long: those of aborted uploads."""


def size_of_spooled(spool: Spool, job_id: str, name: str) -> int | None:
    """Bytes of a kept file; None when it is not there any more."""
    try:
        with spool.open(job_id, name) as file:
            return file.seek(0, os.SEEK_END)
    except FileNotFoundError:
        return None
