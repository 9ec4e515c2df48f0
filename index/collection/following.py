"""The derived state of a collection, kept up to date with its record."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from index.answers import IndexState
from index.derivation import Derivation
from index.errors import CollectionNotFound, StoreUnavailable
from index.history import Archive
from index.lag import Lag, LagWatch
from index.protocols import Engine, Failure, RecordStore
from index.records import Counts

_log = logging.getLogger("loccit.collection")


@dataclass(frozen=True, slots=True)
class DerivedState:
    """The derivation, and the state of the record that it has reached; replaced together."""

    derivation: Derivation
    state: IndexState


class Following:
    """Follows the record of one collection, whoever writes it. Safe to use from several threads.

    ``derive`` opens what the record has now; ``archive`` counts passages and has caches to forget.
    """

    def __init__(
        self, name: str, store: RecordStore, derive: Callable[[], Derivation], archive: Archive
    ) -> None:
        """Raises :class:`index.errors.CollectionMismatch`, :class:`index.errors.ModelError`."""
        self.name = name
        self._store = store
        self._derive = derive
        self._archive = archive
        self._exchanging = threading.RLock()
        self._is_closed = False
        self._watch = LagWatch()
        self._now = _state_at(derive(), archive.counts())
        self.catch_up()

    @property
    def now(self) -> DerivedState:
        """The derivation and state that answers come from."""
        return self._now

    @property
    def derivation(self) -> Derivation:
        """The parts that an upgrade exchanges."""
        return self._now.derivation

    @property
    def engine(self) -> Engine:
        """The indexes."""
        return self._now.derivation.engine

    @property
    def state(self) -> IndexState:
        """The fingerprint, change and embedded share that answers come from now, and what has failed."""
        now = self._now
        degraded = now.derivation.engine.degraded
        return replace(now.state, degraded=degraded) if degraded else now.state

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The indexes that have failed, and are being made anew from the record."""
        return self.engine.failures

    @property
    def lag(self) -> Lag:
        """The lag of answers behind the record, as of the last poll; reads no database."""
        try:
            return self._watch.lag(self.reached)
        except CollectionNotFound:
            return Lag()

    @property
    def reached(self) -> int:
        """The change up to which answers are complete. What a failed index lacks does not count.

        Raises :class:`index.errors.CollectionNotFound` once it is closed.
        """
        change = self._now.state.change
        try:
            return change if self.failures else min(change, self.engine.change)
        except RuntimeError as error:
            if not self._is_closed:
                raise
            raise CollectionNotFound(f"The collection {self.name!r} is deleted, or closed.") from error

    def last_change(self) -> int:
        """The last change of the record, which answers may lack. Raises what the store raises."""
        return self._store.notice(self._now.state.change).change

    def unindexed(self) -> int:
        """Count the documents that cannot be found yet because an index has failed."""
        if not self.failures:
            return 0
        with self._store.snapshot() as moment:
            return moment.documents_since(self.engine.change)

    def refresh(self) -> None:
        """Apply what other processes committed. Cheap when there is nothing new."""
        state = self._now.state
        try:
            change = self._store.notice(state.change).change
        except StoreUnavailable:
            self._watch.note_unreachable()
            raise
        self._watch.observe(change, self.reached)
        if change != state.change or change > self.engine.change:
            self.catch_up()

    def note_change(self) -> None:
        """Note that a change was announced, which the next :meth:`refresh` will apply."""
        self._watch.note_change()

    def catch_up(self) -> None:
        """Apply all commits, of this and other processes, to the indexes and caches."""
        while not self._follow_record():
            self.follow_exchange()

    def _follow_record(self) -> bool:
        """Apply all commits, read in one snapshot; False where an upgrade has exchanged the derivation."""
        derivation = self.derivation
        with self._store.snapshot(lasting=True) as moment:
            if moment.generation != derivation.generation:
                return False
            notice = moment.notice(self._now.state.change)
            self._watch.observe(notice.change, self.reached)
            if notice.erased:
                self._archive.forget(notice.change)
                derivation.engine.forget()
            derivation.engine.follow(moment)
            counts = moment.counts()
        with self._exchanging:
            if counts.change < self._now.state.change:  # another thread is further
                counts = self._archive.counts()
            self._now = _state_at(self.derivation, counts)
        return True

    def follow_exchange(self) -> None:
        """Replace the derivation if an upgrade has exchanged passages and vectors.

        Questions that are being answered finish with the earlier ones, which are closed when nothing refers
        to them any more.
        """
        with self._exchanging:
            now = self._now
            if self._store.notice(now.state.change).generation == now.derivation.generation:
                return
            _log.info("The collection %r was upgraded.", self.name)
            derivation = self._derive()
            derivation.engine.update()
            self._now = _state_at(derivation, self._archive.counts())

    def close(self) -> None:
        """Release the files and memory of the indexes."""
        self._is_closed = True
        self.engine.close()


def _state_at(derivation: Derivation, counts: Counts) -> DerivedState:
    return DerivedState(derivation, state_of(derivation, counts.change, counts.passages, counts.embedded))


def state_of(derivation: Derivation, change: int, passages: int, embedded: int) -> IndexState:
    """The state of answers that come from a derivation, at a change of the record with so many passages."""
    share = round(embedded / passages, 4) if passages else 1.0
    return IndexState(derivation.description.fingerprint, change, share)
