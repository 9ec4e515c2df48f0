"""Move everything from one store to another, in an order in which nothing is lost."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Set
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from index.answers import Answer
from index.collection import Collection
from index.config import LibraryConfig
from index.copying import CopyDiverged, CopyOutdated, Difference, RecordCopy, compare, require_copy
from index.description import Description
from index.embedding import Models
from index.library import ERASURE_LEDGER
from index.naming import CALIBRATION_FILE, hidden_name
from index.protocols import Catalogue, Originals, RecordStore, RowSource
from index.text import sentence_spans
from service.flows.upkeep.errors import NoData, SameStore, StoreInUse
from service.flows.upkeep.migration import beside
from service.flows.upkeep.migration.beside import copy_originals
from service.flows.upkeep.migration.report import MovedCollection, Planned, Progress, Report
from service.flows.upkeep.migration.sides import Side

_CONTENT = (
    ("text_blocks", "body"),
    ("embeddings", "vector"),
    ("embeddings", "sentences"),
    ("originals", "bytes"),
)


class Migration:
    """Moves the collections of a source and what is beside them; the source may be written meanwhile.

    Can be repeated at any time until the target is written to: then only what came since is moved. Raises
    :class:`service.flows.upkeep.errors.SameStore`, :class:`service.flows.upkeep.errors.NoData`,
    :class:`service.flows.upkeep.errors.StoreInUse`, :class:`index.errors.UnknownFormat`.
    """

    def __init__(
        self,
        source: Side,
        target: Side,
        models: Models,
        config: LibraryConfig,
        progress: Progress = lambda *_: None,
    ) -> None:
        """``config`` has the settings of search, and how long a lease is waited for."""
        if source.store == target.store and (source.store or source.data.resolve() == target.data.resolve()):
            raise SameStore(f"Source and target are both {source.words}. Name two stores.")
        self.source = source
        self.target = target
        self._models = models
        self._config = config
        self._progress = progress
        for side in (source, target):
            side.require_usable()
        if not source.store and not source.data.exists():
            raise NoData(f"The source is not there: {source.words}. Name another with --from.")
        source_catalogue, target_catalogue = source.catalogue(), target.catalogue()
        self._moves = [
            CollectionMove(
                source_catalogue,
                target_catalogue,
                name,
                lock_seconds=config.lock_seconds,
                progress=progress,
            )
            for name in source_catalogue.names()
        ]
        self._require_fitting(target_catalogue.names())
        self._require_known()

    def plan(self) -> tuple[list[Planned], dict[str, int]]:
        """Count the collections and the rows of other tables that would be moved."""
        found = []
        for move in self._moves:
            state, reached = move.target_state()
            with closing(move.source.open(move.name)) as store, store.copying().reading() as rows:
                found.append(
                    Planned(
                        move.name,
                        rows.state.change,
                        rows.size("documents"),
                        rows.size("versions"),
                        rows.size("passages"),
                        sum(rows.bytes_in(*column) for column in _CONTENT),
                        state,
                        reached,
                    )
                )
        return found, beside.count_rows(self.source)

    def run(self, *, questions: int) -> Report:
        """Move everything, compare it, and ask ``questions`` of each collection of both sides.

        The collections are in the target, under their names, only if nothing is different. Also raises
        :class:`index.errors.CollectionBusy`, :class:`index.errors.ModelError`.
        """
        if not self.target.store:
            self.target.data.mkdir(parents=True, exist_ok=True)
        if questions:
            self._load_models()
        report = Report()
        for move in self._moves:
            moved = move.run()
            report.collections.append(moved)
            if questions and moved.passages and not moved.differences:
                moved.questions, found = ask_both(
                    move, questions, moved.change, self._models, self._config, self._progress
                )
                moved.differences += found
        if report.is_same:
            report.beside, report.differences = beside.move_rows(self.source, self.target)
            self._copy_ledger()
        if report.is_same:
            self._require_known()  # a newer version may have begun meanwhile
            for move in self._moves:
                move.publish()
        return report

    def _require_fitting(self, there: list[str]) -> None:
        known = {move.name for move in self._moves}
        if others := [name for name in there if name not in known]:
            raise StoreInUse(
                f"The target has collections that the source has not: {', '.join(others)}. Choose an empty "
                "target."
            )
        for move in self._moves:
            move.target_state()
        beside.require_unused(self.source, self.target)

    def _require_known(self) -> None:
        """Raise :class:`index.errors.UnknownFormat` if the source has tables of a later version.

        What came with these would be left out.
        """
        for move in self._moves:
            move.source.open(move.name).close()
        beside.count_rows(self.source)  # opens all others
        self.source.require_known()

    def _load_models(self) -> None:
        """Load the models of all collections before anything is moved: questions need them."""
        for move in self._moves:
            parsed = Description.parse(move.name, move.source.description(move.name) or {})
            self._models.of(move.name, parsed.model, parsed.source)

    def _copy_ledger(self) -> None:
        """Copy the ledger of erasures into a data folder that has none."""
        own, there = (side.data / ERASURE_LEDGER for side in (self.source, self.target))
        if own.exists() and not there.exists():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(own, there)


# Ask both sides of a migration the same questions.


TOLERANCE = 1e-5
_PASSAGES = 5
_LEAST, _LONGEST = 20, 400
"""Characters of a sentence that is asked."""
_UNLIMITED = 2**62


def ask_both(
    move: CollectionMove, count: int, change: int, models: Models, config: LibraryConfig, progress: Progress
) -> tuple[int, list[Difference]]:
    """Ask sentences of the documents of both; returns how many were asked, and whose answers differ.

    Both are searched in exact indexes that are made for it from the records, so that answers depend on these
    alone, and as they were after a change. Raises :class:`index.errors.ModelError`.
    """
    exact = replace(
        config,
        vectors=replace(config.vectors, kind="flat"),
        engine=replace(config.engine, kind="embedded"),
        search=replace(config.search, as_of_passages=_UNLIMITED),
    )
    with (
        TemporaryDirectory(prefix="loccit-migrate-") as folder,
        closing(
            Collection(_with_folder(move.source, Path(folder, "a")), move.name, embedder=models, config=exact)
        ) as own,
        closing(
            Collection(
                _with_folder(move.target, Path(folder, "b")), move.name_there, embedder=models, config=exact
            )
        ) as other,
    ):
        questions = _sample_questions(other, count)
        found = []
        for done, question in enumerate(questions, 1):
            answers = [one.ask(question, k=_PASSAGES, as_of=change) for one in (own, other)]
            if not _is_same_answer(*answers):
                found.append(Difference("the answers differ", f"question {question!r}"))
            progress(f"asking {move.name}", done, len(questions))
        return len(questions), found


def _sample_questions(collection: Collection, count: int) -> list[str]:
    """One sentence of each of some passages, the same at each call."""
    found: dict[str, None] = {}
    for text in collection.sample_texts(2 * count):
        spans = sentence_spans(text, 0, len(text))
        fitting = [text[start:end] for start, end in spans if _LEAST <= end - start <= _LONGEST]
        if fitting:
            found[max(fitting, key=len)] = None
    return list(found)[:count]


def _is_same_answer(own: Answer, other: Answer) -> bool:
    if abs(own.answerability - other.answerability) > TOLERANCE or len(own.hits) != len(other.hits):
        return False
    return all(
        one.citation.locator == two.citation.locator and abs(one.score - two.score) <= TOLERANCE
        for one, two in zip(own.hits, other.hits, strict=True)
    )


class _Beside:
    """A catalogue whose derived files are in another folder."""

    def __init__(self, catalogue: Catalogue, folder: Path) -> None:
        self._catalogue = catalogue
        self._folder = folder
        folder.mkdir()

    def folder(self, name: str) -> Path:
        return self._folder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._catalogue, name)


def _with_folder(catalogue: Catalogue, folder: Path) -> Catalogue:
    return cast(Catalogue, _Beside(catalogue, folder))


# Move one collection, and compare what was moved.


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
