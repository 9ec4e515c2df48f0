"""Move one collection, and compare what was moved."""

import os
import shutil
import time
from collections.abc import Set
from contextlib import ExitStack, closing
from functools import partial

from index.copying import CopyDiverged, CopyOutdated, Difference, RecordCopy, compare, require_copy
from index.description import Description
from index.naming import CALIBRATION_FILE, hidden_name
from index.protocols import Catalogue, Originals, RecordStore, RowSource
from service.flows.upkeep.errors import StoreInUse
from service.flows.upkeep.migration.beside import copy_originals
from service.flows.upkeep.migration.report import MovedCollection, Progress

LEASE = "migration"
_MOST = 20


class CollectionMove:
    """Moves one collection. Until all are moved it has a hidden name in the target: nobody finds it."""

    def __init__(
        self, source: Catalogue, target: Catalogue, name: str, *, lock_seconds: float, progress: Progress
    ) -> None:
        self.source = source
        self.target = target
        self.name = name
        self._hidden = hidden_name(name)
        self._lock_seconds = lock_seconds
        self._progress = progress

    @property
    def is_published(self) -> bool:
        """True if the target has the collection under its final name."""
        return self.target.identity(self.name) is not None

    @property
    def name_there(self) -> str:
        """The name that the target has it under, or will have it under first."""
        return self.name if self.is_published else self._hidden

    def target_state(self) -> tuple[str, int]:
        """The state of the target, ``new``, ``unfinished`` or ``moved``, and its last change.

        Raises :class:`service.flows.upkeep.errors.StoreInUse` if it holds another collection of this name.
        """
        if self.target.identity(self.name_there) is None:
            return "new", 0
        with (
            closing(self.source.open(self.name)) as source,
            closing(self.target.open(self.name_there)) as target,
            source.copying().reading() as rows,
            target.copying().reading() as there,
        ):
            if not self.is_published:
                return "unfinished", there.state.change
            try:
                require_copy(rows, there)
            except CopyDiverged as error:
                raise self._diverged_error(error) from error
            return "moved", there.state.change

    def run(self) -> MovedCollection:
        """Copy what the target lacks, and compare all of it; the collection stays hidden if it was copied.

        Raises :class:`service.flows.upkeep.errors.StoreInUse`, :class:`index.errors.CollectionBusy`.
        """
        moved = MovedCollection(self.name)
        with ExitStack() as stack:
            source = stack.enter_context(closing(self.source.open(self.name)))
            reading: RowSource
            if self._is_current(source):
                reading = stack.enter_context(source.copying().reading())
            else:
                reading = self._copy(source, moved, stack)
            target = stack.enter_context(closing(self.target.open(self.name_there)))
            there = stack.enter_context(target.copying().reading())
            self._compare(reading, there, target, moved)
        return moved

    def publish(self) -> None:
        """Give it its name in the target. Raises :class:`service.flows.upkeep.errors.StoreInUse`."""
        if not self.is_published:
            self.target.publish(self.name)

    def _is_current(self, source: RecordStore) -> bool:
        state, change = self.target_state()
        with source.snapshot() as moment:
            return state == "moved" and change == moment.change

    def _copy(self, source: RecordStore, moved: MovedCollection, stack: ExitStack) -> RowSource:
        """Copy the record and what is beside it; returns the rows as they were when the copy ended."""
        if self.is_published:
            self.target.conceal(self.name)
        for is_last in (False, True):
            try:
                return self._copy_once(source, moved, stack)
            except CopyDiverged as error:
                raise self._diverged_error(error) from error
            except CopyOutdated:
                if is_last:
                    raise
                self.target.delete(self._hidden)  # to begin anew
        raise AssertionError

    def _copy_once(self, source: RecordStore, moved: MovedCollection, stack: ExitStack) -> RowSource:
        description = self.source.description(self.name) or {}
        self.target.describe(self._hidden, description)
        with closing(self.target.open(self._hidden)) as target, target.lease(LEASE):
            with target.copying().writing() as rows:
                rows.separate_originals()
            copying = RecordCopy(
                source.copying(), target.copying(), partial(self._progress, f"copying {self.name}")
            )
            copying.catch_up()
            originals = self.source.originals(self.name), self.target.originals(self._hidden)
            copied = self._copy_originals(source, *originals)
            with source.lease("write", seconds=self._lock_seconds):
                began = time.monotonic()
                reading = stack.enter_context(source.copying().reading())
                copying.finish(reading, epoch=_new_epoch(target))
                target.set_access_mark(source.access_mark())
                moved.originals = len(self._copy_originals(source, *originals, but=copied))
                with source.snapshot() as moment:
                    originals[1].sweep(moment.all_originals())
                moved.held_seconds = time.monotonic() - began
        self._copy_calibration()
        return reading

    def _copy_originals(
        self, source: RecordStore, own: Originals, there: Originals, *, but: Set[bytes] = frozenset()
    ) -> set[bytes]:
        """Copy the originals that the source has, ``but`` those; returns all that both have then."""
        with source.snapshot(lasting=True) as moment:
            found = set(moment.all_originals())
        told = partial(self._progress, f"copying originals of {self.name}")
        # What is missing was erased meanwhile, or was missing before.
        return found.difference(copy_originals(own, there, sorted(found - but), told))

    def _copy_calibration(self) -> None:
        own, there = self.source.folder(self.name), self.target.folder(self._hidden)
        if (own / CALIBRATION_FILE).exists():
            there.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(own / CALIBRATION_FILE, there / CALIBRATION_FILE)

    def _compare(
        self, reading: RowSource, there: RowSource, target: RecordStore, moved: MovedCollection
    ) -> None:
        moved.change = there.state.change
        found = compare(reading, there, partial(self._progress, f"comparing {self.name}"))
        moved.rows, moved.hashes, moved.differences = found.rows, found.hashes, found.differences
        moved.documents, moved.passages = found.rows["documents"], found.rows["passages"]
        parsed = Description.parse(self.name, self.target.description(self.name_there) or {})
        for problem in target.problems(parsed.dimension, partial(self._progress, f"checking {self.name}")):
            moved.differences.append(Difference(problem.message, problem.place))
        own, copied = self.source.originals(self.name), self.target.originals(self.name_there)
        with target.snapshot() as moment:
            wanted = sorted(moment.all_originals())
        missing = [one for one in wanted if own.holds(one) and not copied.holds(one)]
        moved.originals = moved.rows["originals"]
        for sha256 in missing[:_MOST]:
            moved.differences.append(Difference("the bytes are missing", f"original {sha256.hex()}"))

    def _diverged_error(self, error: CopyDiverged) -> StoreInUse:
        return StoreInUse(
            f"The target has a collection {self.name!r} that is no earlier state of this one. {error} Delete "
            "it there, or choose another target."
        )


def _new_epoch(target: RecordStore) -> str:
    """A name for the time from which on the copy takes its own course; the one it has, if it has begun."""
    with target.copying().reading() as rows:
        return rows.state.epoch if rows.state.change else os.urandom(16).hex()
