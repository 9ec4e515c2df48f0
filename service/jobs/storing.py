"""Read the documents of waiting items, and store them in commits of a limited size."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace

from index.collection import Collection
from index.errors import InvalidInput, LoccitError, ReaderFailed
from index.ingest import Source
from index.library import Library
from index.records import Put
from service.jobs.intake import Intake
from service.jobs.protocols import JobStore
from service.jobs.records import EXPANDED, SAME_TEXT, Item, Job, Rejection

log = logging.getLogger("loccit.service")

Taken = tuple[Job, Item, Source | Rejection]
"""An item of a job, and what it names or why that is refused."""

_BYTES_PER_COMMIT = 8 * 1024 * 1024
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

    def store(self, waiting: Sequence[tuple[Job, Item]]) -> list[Job]:
        """Store the first of the waiting items in one commit of a limited size; returns the job of each.

        The jobs have the same collection and sender.
        """
        batch: list[Taken] = []
        ids: set[str] = set()
        size = 0
        for job, item in waiting:
            if item.kind in EXPANDED:
                break
            source = self._intake.source(job.id, item)
            if isinstance(source, Source):
                name = unicodedata.normalize("NFC", source.id)
                if name in ids:
                    break  # it replaces one of this batch, which must be stored first
                ids.add(name)
                size += len(source.data)
            batch.append((job, item, source))
            if size >= _BYTES_PER_COMMIT or item.kind == "url":
                break
        self.put(batch)
        return [job for job, _, _ in batch]

    def put(self, batch: Sequence[Taken]) -> None:
        """Store documents in one commit, and record the outcomes of their items."""
        if not batch:
            return
        job = batch[0][0]
        # Opened for each batch: the collection may be deleted, and its name reused, at any time.
        collection = self._library.open(job.collection)
        sources = [source for _, _, source in batch if isinstance(source, Source)]
        outcomes = iter(self._outcomes(job, collection, sources))
        settled: dict[str, list[Item]] = {}
        for of, item, source in batch:
            outcome = next(outcomes) if isinstance(source, Source) else source
            settled.setdefault(of.id, []).append(_settled(item, outcome))
        last_passage = collection.archive.last_passage() if sources else 0
        for job_id, items in settled.items():
            self._jobs.settle(job_id, items, last_passage=last_passage)
        self._on_stored(job.collection)
        for job_id, items in settled.items():
            kept = [item.spooled for item in items if item.kind == "file" and item.outcome != "refused"]
            self._intake.spool.remove(job_id, kept)

    def _outcomes(
        self, job: Job, collection: Collection, sources: Sequence[Source]
    ) -> Sequence[Put | InvalidInput]:
        """Store sources one by one when storing them together fails, so that one bad file stops no other."""
        try:
            return collection.seen_by(job.access.sender).put_many(sources)
        except Exception as error:
            # Raises if the collection was deleted meanwhile.
            same = self._library.open(job.collection) is collection
            if isinstance(error, LoccitError) or not same:
                raise
            if len(sources) > 1:
                return [one for source in sources for one in self._outcomes(job, collection, [source])]
            log.exception("Job %s: a file could not be stored.", job.id)
            (source,) = sources
            return [ReaderFailed(f"{source.id}: {_UNEXPECTED}")]


def refused(item: Item, why: Rejection) -> Item:
    """The item with the reason why it is refused."""
    return replace(item, outcome="refused", code=why.code, message=why.message)


def _settled(item: Item, outcome: Put | InvalidInput | Rejection) -> Item:
    if isinstance(outcome, InvalidInput):
        outcome = Rejection.of(outcome)
    if isinstance(outcome, Rejection):
        return refused(item, outcome)
    passages = 0 if outcome.status == "unchanged" else outcome.record.passages
    message = SAME_TEXT if outcome.same_text else ""
    return replace(
        item, outcome=outcome.status, document=outcome.record.id, passages=passages, message=message
    )
