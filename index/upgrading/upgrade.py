"""Plan, run and cancel the upgrade of a collection."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Self

from index.config import LibraryConfig
from index.description import Description, find
from index.embedding import Models, seconds_of_passage
from index.engine import remove_indexes
from index.errors import StoreDamaged, UpgradeBegun
from index.protocols import Catalogue, Embedder, RecordStore, Staging, is_same_model
from index.upgrading.planning import Plan, bytes_of_passage, changed_fields, sample
from index.upgrading.work import Progress, Stopped, Work


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
        """The description in use."""
        found = find(self._catalogue, self._name)
        if found is None:
            raise StoreDamaged(
                f"The description of the collection {self._name!r} is missing. Restore a backup."
            )
        return found

    @property
    def begun(self) -> Description | None:
        """The target of an unfinished upgrade; None without one."""
        target = self._staging.target()
        return None if target is None else Description.parse(self._name, target)

    def progress(self) -> Progress:
        """The progress of an unfinished upgrade."""
        return Progress.of(self._staging)

    def plan(self, model: str = "") -> Plan:
        """Plan an upgrade to a model; without one, the model stays, or an unfinished upgrade goes on.

        The model gets the precision that it would have in a new collection.

        Embeds a few passages to measure the time. Raises :class:`index.errors.ModelError`, and
        :class:`index.errors.UpgradeBegun` where one to another model has begun.
        """
        current, begun = self.current, self.begun
        embedder, target = self._target(current, begun, model)
        changes = changed_fields(current, target)
        with self._store.snapshot() as moment:
            counts = moment.counts()
            texts = sample(moment, self._store.last_passage())
        passages = counts.passages
        if begun is not None:
            done = self._staging.counts()
            passages = max(0, passages - done.embedded)
        bytes_ = round(passages * bytes_of_passage(target))
        free = shutil.disk_usage(self._folder).free
        seconds = passages * seconds_of_passage(embedder, texts) if texts and changes else 0.0
        return Plan(target, changes, counts.documents, passages, seconds, bytes_, free, begun is not None)

    def run(
        self,
        plan: Plan,
        progress: Callable[[Progress], None] = lambda _: None,
        *,
        stop: Callable[[], bool] = lambda: False,
        passages_at_once: int = 0,
    ) -> bool:
        """Execute a plan. False if ``stop`` ended it between two steps: a later run goes on from there.

        Raises :class:`index.errors.CollectionBusy` while another process upgrades the collection,
        :class:`index.errors.DiskFull`, and what the model and the record raise.
        """
        plan.require_space()
        with self._store.lease("upgrade"):
            if plan.changes:
                work = self._work(plan.target, progress, stop, passages_at_once)
                try:
                    work.run()
                except Stopped:
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
            embedder = self._models.open_named(model)
            target = Description.of_today(embedder, self._config, model)
        else:
            of = begun or current
            model_of = self._models.of if begun else self._models.today
            embedder = model_of(self._name, of.model, of.source)
            target = Description.of_today(embedder, self._config, of.source)
            if is_same_model(target.model, of.model):  # the name by which it is known stays
                target = replace(target, model=of.model)
        if begun is not None and begun.model != target.model:
            raise UpgradeBegun(
                f"An upgrade of the collection {self._name!r} to the model {begun.model_name!r} has begun. "
                "Let it go on, or cancel it."
            )
        return embedder, target

    def _work(
        self,
        target: Description,
        progress: Callable[[Progress], None],
        stop: Callable[[], bool],
        passages_at_once: int,
    ) -> Work:
        return Work(
            self._name,
            self._folder,
            self._store,
            self._staging,
            current=self.current,
            target=target,
            embedder=self._models.of(self._name, target.model, target.source),
            config=self._config,
            progress=progress,
            stop=stop,
            passages_at_once=passages_at_once or self._config.ingest.passages_per_batch,
        )

    def _clean_up(self) -> None:
        """Delete earlier passages and vectors, and the indexes of other generations."""
        while self._staging.delete_replaced():
            pass
        with self._store.snapshot() as moment:
            generation = moment.generation
        remove_indexes(self._folder, self._store, self._config, but=generation)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
