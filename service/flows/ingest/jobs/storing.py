"""Read the documents of waiting items, and store them in commits of a limited size."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Protocol

from index.collection import Collection
from index.errors import InvalidInput, LoccitError, ReaderFailed
from index.ingest import Source
from index.library import Library
from index.naming import reason_beside
from index.records import Put
from service.flows.ingest.jobs.intake import Intake
from service.state.jobs.protocols import JobStore, Session
from service.state.jobs.records import SAME_BYTES, SAME_TEXT, Item, Job, Rejection

log = logging.getLogger("loccit.service")

Taken = tuple[Job, Item, Source | Rejection]
"""An item of a job, and what it names or why that is refused."""

_BYTES_PER_COMMIT = 8 * 1024 * 1024
_COPY = "The document {other} has the same bytes, so it was left out."
_UNEXPECTED = "the service met an error of its own with this file; its log has the reason under the job's id."


class ItemStoring:
    """Makes documents of items. ``on_stored`` is called with the name of their collection. For one thread."""

    def __init__(
        self, library: Library, store: JobStore, intake: Intake, *, on_stored: Callable[[str], None]
    ) -> None:
        self._library = library
        self._jobs = store
        self._intake = intake
        self._on_stored = on_stored

    def claim(self, job: Job, session: Session, *, limit: int, fetches: bool) -> list[Item]:
        """Claim so many items of a job as are stored in one commit; see :meth:`Session.claim`."""
        return session.claim(job.id, limit=limit, max_bytes=_BYTES_PER_COMMIT, fetches=fetches)

    def store(self, claimed: Sequence[tuple[Job, Item]], session: Session) -> list[Job]:
        """Store the first of some claimed items in one commit of a limited size; returns the job of each.

        The rest is given back. The jobs have the same collection and sender. Returns nothing when the claims
        were lost: others store them.
        """
        batch: list[Taken] = []
        ids: set[str] = set()
        size = 0
        try:
            for job, item in claimed:
                source = self._intake.source(job.id, item)
                if isinstance(source, Source) and item.request.get("same_bytes") == "skip":
                    source = self._unless_copy(job, source)
                if isinstance(source, Source):
                    name = unicodedata.normalize("NFC", source.id)
                    if name in ids:
                        break  # it replaces one of this batch, which must be stored first
                    ids.add(name)
                    size += len(source.data)
                batch.append((job, item, source))
                if size >= _BYTES_PER_COMMIT:
                    break
            return self._put(batch, _Claims(session, batch))
        except ClaimsLost:
            log.warning("Job %s: files that this process had claimed are left to others.", claimed[0][0].id)
            return []
        finally:
            session.give_back()

    def _unless_copy(self, job: Job, source: Source) -> Source | Rejection:
        """The source; a rejection if a document that was there before the job has its bytes.

        A file with the id of a document replaces that, whatever its bytes are. Copies in one upload are
        documents of their own: a folder has them for a reason.
        """
        archive = self._library.open(job.collection).restrict_to(job.access.sender).archive
        if archive.find_document(source.id) is not None:
            return source
        for one in archive.documents_of_source(sha256(source.data).digest()):
            if one.created < job.created:
                return Rejection(SAME_BYTES, _COPY.format(other=one.id))
        return source

    def store_added(self, job: Job, item: Item, source: Source | Rejection, session: Session) -> None:
        """Store what nobody else may claim, for the job waits for an item before it."""
        self._put([(job, item, source)], _Leased(self._jobs, session))

    def _put(self, batch: Sequence[Taken], right: _Right) -> list[Job]:
        """Store documents in one commit, and record the outcomes of their items; returns the job of each."""
        job = batch[0][0]
        # Opened for each batch: the collection may be deleted, and its name reused, at any time.
        collection = self._library.open(job.collection)
        sources = [source for _, _, source in batch if isinstance(source, Source)]
        outcomes = iter(self._outcomes(job, collection, sources, right))
        settled: dict[str, list[Item]] = {}
        for of, item, source in batch:
            outcome = next(outcomes) if isinstance(source, Source) else source
            settled.setdefault(of.id, []).append(_settled_item(item, outcome))
        last_passage = collection.archive.last_passage() if sources else 0
        settled = {
            job_id: right.settle(job_id, items, last_passage=last_passage)
            for job_id, items in settled.items()
        }
        self._on_stored(job.collection)
        for job_id, items in settled.items():
            done = [item.spooled for item in items if item.kind == "file" and item.outcome != "refused"]
            self._intake.spool.remove(job_id, done)
        return [of for of, item, _ in batch if any(item.number == one.number for one in settled[of.id])]

    def _outcomes(
        self, job: Job, collection: Collection, sources: Sequence[Source], right: _Right
    ) -> Sequence[Put | InvalidInput]:
        """Store sources one by one when storing them together fails, so that one bad file stops no other."""
        try:
            return collection.restrict_to(job.access.sender).put_many(sources, confirm=right.confirm)
        except ClaimsLost:
            raise
        except Exception as error:
            # Raises if the collection was deleted meanwhile.
            same = self._library.open(job.collection) is collection
            if isinstance(error, LoccitError) or not same:
                raise
            if len(sources) > 1:
                return [one for source in sources for one in self._outcomes(job, collection, [source], right)]
            log.exception("Job %s: a file could not be stored.", job.id)
            (source,) = sources
            return [ReaderFailed(f"{source.id}: {_UNEXPECTED}")]


class ClaimsLost(Exception):
    """Others may be storing the same items: a claim has ended, or the session was lost."""


class _Right(Protocol):
    """The right to store items."""

    def confirm(self) -> None:
        """Raise :class:`ClaimsLost` without it. Called when nobody else can store documents.

        Whoever gets the right later then finds these documents unchanged. Without this call, a process
        that had lost it would replace what others have stored since.
        """

    def settle(self, job_id: str, items: Sequence[Item], *, last_passage: int) -> list[Item]:
        """Record outcomes; returns the items that are settled."""


class _Claims:
    """The right by claims."""

    def __init__(self, session: Session, batch: Sequence[Taken]) -> None:
        self._session = session
        self._numbers: dict[str, list[int]] = {}
        for job, item, _ in batch:
            self._numbers.setdefault(job.id, []).append(item.number)

    def confirm(self) -> None:
        if not all(self._session.has_claimed(*one) for one in self._numbers.items()):
            raise ClaimsLost

    def settle(self, job_id: str, items: Sequence[Item], *, last_passage: int) -> list[Item]:
        return self._session.settle(job_id, items, last_passage=last_passage)


class _Leased:
    """The right by the lease to run a job."""

    def __init__(self, store: JobStore, session: Session) -> None:
        self._store = store
        self._session = session

    def confirm(self) -> None:
        if not self._session.is_held():
            raise ClaimsLost

    def settle(self, job_id: str, items: Sequence[Item], *, last_passage: int) -> list[Item]:
        self._store.settle(job_id, items, last_passage=last_passage)
        return list(items)


def refused_item(item: Item, why: Rejection) -> Item:
    """The item with the reason why it is refused, which does not repeat the name of the item."""
    return replace(item, outcome="refused", code=why.code, message=reason_beside(item.name, why.message))


def _settled_item(item: Item, outcome: Put | InvalidInput | Rejection) -> Item:
    if isinstance(outcome, InvalidInput):
        outcome = Rejection.of(outcome)
    if isinstance(outcome, Rejection):
        return refused_item(item, outcome)
    passages = 0 if outcome.status == "unchanged" else outcome.record.passages
    message = SAME_TEXT if outcome.same_text else ""
    return replace(
        item, outcome=outcome.status, document=outcome.record.id, passages=passages, message=message
    )
