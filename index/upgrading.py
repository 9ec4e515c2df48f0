"""Upgrades: make passages, words and vectors of a collection anew from its stored texts.

What is made is staged in the record, durably, while the collection is asked and written as before; then it is
put in the place of the old in one change. A process that is killed leaves what it has staged, and the next
one goes on. Documents, versions, texts, and with them all locators, stay as they are.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self, cast

import numpy as np

from index.config import LibraryConfig
from index.description import Description, find
from index.embedding import Models
from index.engine import open_engine, remove_indexes
from index.errors import DiskFull, IndexUnavailable, StoreDamaged, UpgradeBegun
from index.ingest.embedding_queue import Batch
from index.ingest.preparation import Preparation
from index.protocols import Catalogue, Embedder, RecordStore, Snapshot, Staging
from index.readers import InProcessReaders

_log = logging.getLogger("loccit.upgrade")

_VERSIONS_AT_ONCE = 64
_FEW_VERSIONS, _FEW_CHARACTERS = 16, 100_000
"""What is left at most to be staged under the write lease, for which writers wait."""
_SAMPLE = 16
"""Passages that are embedded to tell how long all will take."""
_SPACE = 1.3
"""Free space that is required for each byte that is estimated."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an upgrade would do.

    ``changes`` names the fields of the description that change; none means that there is nothing to do.
    ``passages`` are those to embed, about; ``seconds`` and ``bytes`` are estimated, ``free`` is the free
    space of the disk. ``begun``: it was begun before and goes on.
    """

    target: Description
    changes: list[str]
    documents: int
    passages: int
    seconds: float
    bytes: int
    free: int
    begun: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an upgrade is: versions split of all, then passages with a vector of those staged."""

    versions: int
    staged: int
    passages: int
    embedded: int


class Upgrade:
    """Upgrades one collection. One process at a time may; any number may ask and write meanwhile."""

    def __init__(self, catalogue: Catalogue, name: str, models: Models, config: LibraryConfig) -> None:
        self._catalogue = catalogue
        self._name = name
        self._folder = catalogue.folder(name)
        self._models = models
        self._config = config
        self._store: RecordStore = catalogue.open(name)
        self._staging: Staging = self._store.staging()

    @property
    def current(self) -> Description:
        """The description of what is in use."""
        found = find(self._catalogue, self._name)
        if found is None:
            raise StoreDamaged(
                f"The description of the collection {self._name!r} is missing. Restore a backup."
            )
        return found

    @property
    def begun(self) -> Description | None:
        """What an upgrade that was begun and is not done makes; None without one."""
        target = self._staging.target()
        return None if target is None else Description.parse(self._name, target)

    def progress(self) -> Progress:
        """How far an upgrade is that was begun."""
        counts = self._staging.counts()
        return Progress(counts.versions, counts.staged, counts.passages, counts.embedded)

    def plan(self, model: str = "") -> Plan:
        """What an upgrade to a model would do: without one, the model stays, or an upgrade goes on.

        Embeds a few passages to measure the time. Raises :class:`index.errors.ModelError`, and
        :class:`index.errors.UpgradeBegun` where one to another model has begun.
        """
        current, begun = self.current, self.begun
        embedder, target = self._target(current, begun, model)
        changes = [name for name in _FIELDS if getattr(current, name) != getattr(target, name)]
        with self._store.snapshot() as moment:
            counts = moment.counts()
            texts = [passage.text for passage in _sample(moment, self._store.last_passage())]
        passages = counts.passages
        if begun is not None:
            done = self._staging.counts()
            passages = max(0, passages - done.embedded)
        bytes_ = round(passages * _bytes_of_passage(target))
        free = shutil.disk_usage(self._folder).free
        seconds = passages * _seconds_of_passage(embedder, texts) if texts and changes else 0.0
        return Plan(target, changes, counts.documents, passages, seconds, bytes_, free, begun is not None)

    def run(
        self,
        plan: Plan,
        progress: Callable[[Progress], None] = lambda _: None,
        *,
        stop: Callable[[], bool] = lambda: False,
        passages_at_once: int = 0,
    ) -> bool:
        """Do what is planned; False when ``stop`` ended it between two steps: then a later one goes on.

        Raises :class:`index.errors.CollectionBusy` while another process upgrades the collection,
        :class:`index.errors.DiskFull`, and what the model and the record raise.
        """
        if plan.changes and plan.bytes * _SPACE > plan.free:
            raise DiskFull(
                f"The upgrade needs about {plan.bytes / 2**20:,.0f} MiB, and {plan.free / 2**20:,.0f} MiB of "
                "the disk are free. Make room; the collection is as before."
            )
        with self._store.lease("upgrade"):
            if plan.changes:
                size = passages_at_once or self._config.ingest.passages_per_batch
                work = _Work(self, plan.target, progress, stop, size)
                try:
                    work.run()
                except _Stopped:
                    return False
            self._clean_up()
        return True

    def cancel(self) -> None:
        """Drop what an upgrade has staged; the collection is as before.

        Raises :class:`index.errors.CollectionBusy` while a process upgrades it.
        """
        with self._store.lease("upgrade"):
            self._staging.cancel()
            self._clean_up()

    def close(self) -> None:
        """Release the record."""
        self._store.close()

    def _target(
        self, current: Description, begun: Description | None, model: str
    ) -> tuple[Embedder, Description]:
        if model:
            embedder = self._models.named(model)
            target = Description.of_today(embedder, self._config, model)
        else:
            of = begun or current
            embedder = self._models.of(self._name, of.model, of.source)
            # The name by which it is known stays.
            target = replace(
                Description.of_today(embedder, self._config, of.source), model=of.model, source=of.source
            )
        if begun is not None and begun.model != target.model:
            raise UpgradeBegun(
                f"An upgrade of the collection {self._name!r} to the model {begun.model_name!r} has begun. "
                "Let it go on, or cancel it."
            )
        return embedder, target

    def _clean_up(self) -> None:
        """Delete earlier passages and vectors, and the indexes of other generations."""
        while self._staging.delete_replaced():
            pass
        with self._store.snapshot() as moment:
            generation = moment.generation
        remove_indexes(self._folder, but=generation)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Stopped(Exception):
    """The upgrade is to end between two steps."""


class _Work:
    """The steps of an upgrade that is under way."""

    def __init__(
        self,
        upgrade: Upgrade,
        target: Description,
        progress: Callable[[Progress], None],
        stop: Callable[[], bool],
        size: int,
    ) -> None:
        self._upgrade = upgrade
        self._target = target
        self._progress = progress
        self._stop = stop
        self._size = size
        self._name, self._folder = upgrade._name, upgrade._folder
        self._store, self._staging = upgrade._store, upgrade._staging
        config = replace(upgrade._config, chunking=target.chunking)
        self._config = config
        self._embedder = upgrade._models.of(upgrade._name, target.model, target.source)
        self._analyzer = target.analyzer()
        self._preparation = Preparation(self._embedder, InProcessReaders(config.reading), config)
        current = upgrade.current
        self._current = current
        same = ("model", "sentences", "analysis")
        self._takes_over = all(getattr(current, name) == getattr(target, name) for name in same)

    def run(self) -> None:
        self._staging.begin(self._current.stored(), self._target.stored())
        with ExitStack() as stack:
            with self._settled():
                moment = stack.enter_context(self._staging.snapshot())
            self._build_indexes(moment)
        with self._settled():
            if not self._staging.exchange():
                raise StoreDamaged(f"The upgrade of the collection {self._name!r} is not complete.")
        _log.info("The collection %r was upgraded: %s.", self._name, self._target.fingerprint)

    @contextmanager
    def _settled(self) -> Iterator[None]:
        """Hold the write lease with everything staged and embedded that was ever written."""
        while True:
            self._stage()
            self._embed()
            with self._store.lease("write", seconds=self._config.lock_seconds):
                left = self._staging.unstaged(_FEW_VERSIONS + 1)
                characters = sum(len(version.extract.text) for version in left)
                if len(left) <= _FEW_VERSIONS and characters <= _FEW_CHARACTERS:
                    self._stage()
                    self._embed()
                    yield
                    return

    def _stage(self) -> None:
        while versions := self._staging.unstaged(_VERSIONS_AT_ONCE):
            for version in versions:
                self._stop_if_wanted()
                passages, headings = self._preparation.split(version.extract, version.title)
                self._staging.stage(version, passages, headings, takes_over=self._takes_over)
            self._tell()

    def _embed(self) -> None:
        last = 0
        while waiting := self._staging.waiting(last, self._size):
            self._stop_if_wanted()
            found = Batch.of(waiting, self._analyzer).embedded(self._embedder)
            self._staging.put_vectors(found.keys, found.vectors, found.sentences)
            last = max(passage.id for passage in waiting)
            self._tell()

    def _build_indexes(self, moment: Snapshot) -> None:
        """Make the indexes of the next generation in its own folder, of all that is staged."""
        self._stop_if_wanted()
        generation = moment.generation
        remove_indexes(self._folder, but=generation - 1)
        record = cast(RecordStore, _Frozen(moment))
        engine = open_engine(self._folder, record, self._target, self._config, generation=generation)
        try:
            engine.update()
            engine.maintain(background=False)
            if engine.failures:
                raise IndexUnavailable(
                    f"The indexes of the collection {self._name!r} could not be made: "
                    f"{engine.failures[0].reason}. Start the upgrade again: it goes on from here."
                )
        finally:
            engine.close()

    def _tell(self) -> None:
        self._progress(self._upgrade.progress())

    def _stop_if_wanted(self) -> None:
        if self._stop():
            raise _Stopped


class _Frozen:
    """A record that always is as in one snapshot, for an engine that is built from it."""

    def __init__(self, moment: Snapshot) -> None:
        self._moment = moment

    def snapshot(self, *, lasting: bool = False) -> nullcontext[Snapshot]:
        """The snapshot; see :class:`index.protocols.RecordStore`."""
        del lasting
        return nullcontext(self._moment)

    def lease(self, name: str, *, seconds: float = 0.0) -> nullcontext[None]:
        """Nobody else has the files: there is nothing to lease."""
        del name, seconds
        return nullcontext()


_FIELDS = ("model", "chunker", "chunking", "sentences", "analysis")


def _sample(moment: Snapshot, last: int) -> list:  # type: ignore[type-arg]
    """Some passages of a record, the same at each call."""
    ids = np.unique(np.linspace(max(1, last // 2), max(1, last), 4 * _SAMPLE).astype(np.int64))
    return moment.passages(ids)[:_SAMPLE]


def _seconds_of_passage(embedder: Embedder, texts: list[str]) -> float:
    spans = [[(0, len(text))] for text in texts]
    embedder.embed_sentences(texts[:1], spans[:1])  # the first run is slower
    began = time.perf_counter()
    embedder.embed_sentences(texts, spans)
    return (time.perf_counter() - began) / len(texts)


def _bytes_of_passage(target: Description) -> float:
    """About what a passage takes in the record and in both indexes.

    On passages of Wikipedia 6.5 KB were measured with 384 dimensions: a vector takes two bytes a component in
    the record and in the base, its sentences one byte each, and the rest is rows and words.
    """
    return 2500 + target.dimension * 10
