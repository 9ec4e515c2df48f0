"""The steps of an upgrade: split, embed, build the indexes, exchange."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from index.config import LibraryConfig
from index.description import Description
from index.engine import open_engine, remove_indexes
from index.errors import IndexUnavailable, StoreDamaged
from index.ingest.embedding_queue import Batch
from index.ingest.preparation import Preparation
from index.protocols import Embedder, RecordStore, Snapshot, Staging
from index.readers import InProcessReaders
from index.text import Analyzer

_log = logging.getLogger("loccit.upgrade")

_VERSIONS_AT_ONCE = 64
_FEW_VERSIONS, _FEW_CHARACTERS = 16, 100_000
"""What is left at most to be staged under the write lease, for which writers wait."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of an upgrade: versions split of all, then passages with a vector of those staged."""

    versions: int
    staged: int
    passages: int
    embedded: int

    @classmethod
    def of(cls, staging: Staging) -> Progress:
        """Count what is staged."""
        counts = staging.counts()
        return cls(counts.versions, counts.staged, counts.passages, counts.embedded)


class Stopped(Exception):
    """The upgrade is to end between two steps."""


@dataclass(slots=True)
class Work:
    """An upgrade that is under way: from the description ``current`` to ``target``.

    ``progress`` is called after each step, ``stop`` is asked before each. ``config`` is that of the library;
    chunking is that of the target.
    """

    name: str
    folder: Path
    store: RecordStore
    staging: Staging
    current: Description
    target: Description
    embedder: Embedder
    config: LibraryConfig
    progress: Callable[[Progress], None]
    stop: Callable[[], bool]
    passages_at_once: int
    _config: LibraryConfig = field(init=False)
    _preparation: Preparation = field(init=False)
    _analyzer: Analyzer = field(init=False)
    _takes_over: bool = field(init=False)

    def __post_init__(self) -> None:
        self._config = replace(self.config, chunking=self.target.chunking)
        self._preparation = Preparation(self.embedder, InProcessReaders(self.config.reading), self._config)
        self._analyzer = self.target.analyzer()
        same = ("model", "sentences", "analysis")
        self._takes_over = all(getattr(self.current, one) == getattr(self.target, one) for one in same)

    def run(self) -> None:
        """Do all steps. Raises :class:`Stopped` if ``stop`` returns true; staged rows are kept."""
        self.staging.begin(self.current.to_json(), self.target.to_json())
        with ExitStack() as stack:
            with self._fully_staged():
                moment = stack.enter_context(self.staging.snapshot())
            self._build_indexes(moment)
        with self._fully_staged():
            if not self.staging.exchange():
                raise StoreDamaged(f"The upgrade of the collection {self.name!r} is not complete.")
        _log.info("The collection %r was upgraded: %s.", self.name, self.target.fingerprint)

    @contextmanager
    def _fully_staged(self) -> Iterator[None]:
        """Hold the write lease with all versions staged and embedded."""
        while True:
            self._stage()
            self._embed()
            with self.store.lease("write", seconds=self._config.lock_seconds):
                left = self.staging.unstaged(_FEW_VERSIONS + 1)
                characters = sum(len(version.extract.text) for version in left)
                if len(left) <= _FEW_VERSIONS and characters <= _FEW_CHARACTERS:
                    self._stage()
                    self._embed()
                    yield
                    return

    def _stage(self) -> None:
        while versions := self.staging.unstaged(_VERSIONS_AT_ONCE):
            for version in versions:
                self._stop_if_wanted()
                passages, headings = self._preparation.split(version.extract, version.title)
                self.staging.stage(version, passages, headings, takes_over=self._takes_over)
            self._report_progress()

    def _embed(self) -> None:
        last = 0
        while waiting := self.staging.waiting(last, self.passages_at_once):
            self._stop_if_wanted()
            found = Batch.of(waiting, self._analyzer).embed(self.embedder)
            self.staging.put_vectors(found.keys, found.vectors, found.sentences)
            last = max(passage.id for passage in waiting)
            self._report_progress()

    def _build_indexes(self, moment: Snapshot) -> None:
        """Make the indexes of the next generation in its own folder, of all that is staged."""
        self._stop_if_wanted()
        generation = moment.generation
        remove_indexes(self.folder, self.store, self._config, but=generation - 1)
        record = cast(RecordStore, _Frozen(moment))
        engine = open_engine(self.folder, record, self.target, self._config, generation=generation)
        try:
            engine.update()
            engine.maintain(background=False)
            if engine.failures:
                raise IndexUnavailable(
                    f"The indexes of the collection {self.name!r} could not be made: "
                    f"{engine.failures[0].reason}. Start the upgrade again: it goes on from here."
                )
        finally:
            engine.close()

    def _report_progress(self) -> None:
        self.progress(Progress.of(self.staging))

    def _stop_if_wanted(self) -> None:
        if self.stop():
            raise Stopped


class _Frozen:
    """A record that always is as in one snapshot, for an engine that is built from it."""

    def __init__(self, moment: Snapshot) -> None:
        self._moment = moment

    def snapshot(self, *, lasting: bool = False) -> nullcontext[Snapshot]:
        """The snapshot; see :class:`index.protocols.RecordStore`."""
        del lasting
        return nullcontext(self._moment)

    def bases(self) -> None:
        """None: a base of passages that are not in use is not shared."""

    def brief_snapshot(self) -> nullcontext[Snapshot]:
        """The snapshot."""
        return nullcontext(self._moment)

    def lease(self, name: str, *, seconds: float = 0.0) -> nullcontext[None]:
        """Nobody else has the files: there is nothing to lease."""
        del name, seconds
        return nullcontext()
