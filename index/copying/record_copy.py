"""Copy a record into another store, in parts, while the record is written.

First all documents are copied as they are, in order of their keys, each part from a moment of its own; then
again those that changes have touched since the copy began. Each part is one transaction of the copy, which
also says how far it has come: a copy that was interrupted goes on there.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from index.protocols.copying import LOGS, CopyProgress, RowCopying, RowSource, RowTarget, TouchedDocuments

Progress = Callable[[int, int], None]
"""Called with (documents copied, documents in all)."""

_FEW = 50
"""Documents that are left for the last step, which lets nobody write."""
_ROUNDS = 20
_AT_A_TIME = 500
"""Documents that are copied in one transaction, at most."""


class CopyOutdated(Exception):
    """The record was repaired or upgraded since its copy was begun: begin the copy anew."""


class CopyDiverged(Exception):
    """The target of a copy has been written to, or is a copy of another record."""


class RecordCopy:
    """Copies one record. Nobody else may write the target meanwhile."""

    def __init__(
        self,
        source: RowCopying,
        target: RowCopying,
        progress: Progress = lambda *_: None,
        *,
        at_a_time: int = _AT_A_TIME,
    ) -> None:
        """``at_a_time``: most documents that are copied in one transaction."""
        self._source = source
        self._target = target
        self._progress = progress
        self._at_a_time = at_a_time

    def begin(self) -> CopyProgress:
        """Begin, or go on where an earlier call ended; returns the progress.

        Raises :class:`CopyOutdated`, :class:`CopyDiverged`.
        """
        with self._source.reading() as source, self._target.writing() as target:
            state, found = source.state, target.progress
            if found is None:
                found = _first(source, target)
                target.note(found)
            elif found.store != state.store:
                raise CopyDiverged("A copy of another record was begun there.")
            elif (found.epoch, found.generation) != (state.epoch, state.generation):
                raise CopyOutdated("The record was repaired or upgraded after the copy was begun.")
            return found

    def catch_up(self) -> None:
        """Copy everything but the last changes."""
        now = self.begin()
        while now.stage == "documents":
            now = self._next_documents(now)
        while now.stage == "names":
            now = self._next_names(now)
        self._copy_logs()
        for _ in range(_ROUNDS):
            with self._source.reading() as source:
                self._require_same(source, now)
                until, touched = source.state.change, source.touched_documents(now.since)
            if len(touched.documents) <= _FEW:
                break
            now = self._copy_touched(now, until, touched)
        self._copy_logs()

    def finish(self, source: RowSource, *, epoch: str = "") -> None:
        """Copy the last changes. ``source`` is read while nobody writes; ``epoch`` is that of the copy."""
        now = self.begin()
        self._require_same(source, now)
        touched = source.touched_documents(now.since)
        for part in self._parts(touched.documents):
            with self._target.writing() as target:
                target.put_documents(part, source.documents(part), replace=True)
        with self._target.writing() as target:
            target.put_names(source.names_of(touched.ids, touched.documents), replace=True)
            for table in LOGS:
                while rows := source.logged_after(table, target.last_logged(table)):
                    target.put_log(table, rows)
            state = replace(source.state, epoch=epoch or target.state.epoch)
            target.finish(state, source.groups_of_erased(), began=now.began)

    def _next_documents(self, now: CopyProgress) -> CopyProgress:
        with self._source.reading() as source:
            self._require_same(source, now)
            keys = source.next_documents(now.after, self._at_a_time)
            rows, total = source.documents(keys), source.size("documents")
        with self._target.writing() as target:
            if keys:
                target.put_documents(keys, rows, replace=False)
            now = replace(now, after=keys[-1]) if keys else replace(now, stage="names")
            target.note(now)
            done = target.size("documents")
        self._progress(min(done, total), total)
        return now

    def _next_names(self, now: CopyProgress) -> CopyProgress:
        with self._source.reading() as source:
            rows = source.names_after(now.name)
        with self._target.writing() as target:
            target.put_names(rows, replace=False)
            if rows:
                now = replace(now, name=(rows[-1][0], rows[-1][1].hex()))
            else:
                now = replace(now, stage="changes")
                target.update_statistics()
            target.note(now)
        return now

    def _copy_logs(self) -> None:
        for table in LOGS:
            with self._target.reading() as copied:
                last = copied.last_logged(table)
            while True:
                with self._source.reading() as source:
                    rows = source.logged_after(table, last)
                if not rows:
                    break
                with self._target.writing() as target:
                    target.put_log(table, rows)
                    last = target.last_logged(table)

    def _copy_touched(self, now: CopyProgress, until: int, touched: TouchedDocuments) -> CopyProgress:
        total = len(touched.documents)
        done = 0
        for part in self._parts(touched.documents):
            with self._source.reading() as source:
                self._require_same(source, now)
                rows, names = source.documents(part), source.names_of((), part)
            with self._target.writing() as target:
                target.put_documents(part, rows, replace=True)
                target.put_names(names, replace=True)
            done += len(part)
            self._progress(done, total)
        with self._source.reading() as source:
            names = source.names_of(touched.ids, ())
        with self._target.writing() as target:
            target.put_names(names, replace=True)
            now = replace(now, since=until)
            target.note(now)
        return now

    def _parts(self, keys: Sequence[int]) -> list[Sequence[int]]:
        size = self._at_a_time
        return [keys[start : start + size] for start in range(0, len(keys), size)]

    @staticmethod
    def _require_same(source: RowSource, now: CopyProgress) -> None:
        state = source.state
        if (state.epoch, state.generation) != (now.epoch, now.generation):
            raise CopyOutdated("The record was repaired or upgraded while it was copied.")


def _first(source: RowSource, target: RowTarget) -> CopyProgress:
    """The progress at which a new copy begins, or one that was finished at an earlier change."""
    state, own = source.state, target.state
    begun = CopyProgress(state.store, state.epoch, state.generation, began=state.change, since=state.change)
    if own.change == 0:
        return begun
    require_copy(source, target)
    return replace(begun, began=own.change, since=own.change, stage="changes")


def require_copy(source: RowSource, target: RowSource) -> None:
    """Raise :class:`CopyDiverged` unless the target equals the source, now or at an earlier change."""
    state, own = source.state, target.state
    if own.store != state.store:
        raise CopyDiverged("It holds other documents.")
    is_earlier = own.change <= state.change and target.token(own.change) == source.token(own.change)
    if not is_earlier or own.generation != state.generation:
        raise CopyDiverged("It was written, repaired or upgraded after it was copied.")
