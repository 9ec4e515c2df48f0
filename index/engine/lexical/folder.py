"""The folder of a lexical index: ``applied.json``, and the segments folder in use, which that file names."""

from __future__ import annotations

import logging
import shutil
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tantivy

from index.engine.lexical import applied, applied as sidecar, checking, segments
from index.engine.lexical.applied import Applied
from index.engine.lexical.checking import Commit
from index.engine.lexical.statistics import LivePassages
from index.errors import CollectionBusy, StoreDamaged
from index.records import NOTHING, Mark
from index.text.analysis import Analyzer
from index.types import Ids

_log = logging.getLogger("loccit.lexical")

_PREFIX = "segments-"


@dataclass(frozen=True, slots=True)
class Segments:
    """An open segments folder: its name, tantivy's index, and a searcher of the last commit seen."""

    name: str
    index: tantivy.Index
    searcher: tantivy.Searcher
    commit: Commit
    live: LivePassages


@dataclass(frozen=True, slots=True)
class State:
    """The mark that an index has reached, and its segments; none while it is empty."""

    mark: Mark = NOTHING
    segments: Segments | None = None


class IndexFolder:
    """The folder on disk, and its open state.

    Several processes may open the folder; one at a time writes. Hold :attr:`changing` to write, and to
    call :meth:`reload` and :meth:`publish`.
    """

    def __init__(self, path: Path, analyzer_version: str, checked_bytes: int) -> None:
        """Open the folder without writing to it; if it is damaged, log that and start empty."""
        self.path = path
        self._analyzer_version = analyzer_version
        self._checked_bytes = checked_bytes
        self.changing = threading.Lock()
        self.is_checked = True
        """Whether all files were compared with their checksums when they were opened; large ones are not."""
        self._stamp = sidecar.stamp(path)
        self._state: State | None = self._read_state(State())
        if self._stamp is None and any(self._segments_folders()):
            _log.warning("applied.json is missing in %s; the index is made anew", path)

    @property
    def state(self) -> State:
        """The state that is open. Raises RuntimeError after :meth:`close`."""
        state = self._state
        if state is None:
            raise RuntimeError("this index is closed")
        return state

    def files(self, name: str) -> Path:
        """The path of a segments folder."""
        return self.path / name

    @staticmethod
    def new_name() -> str:
        """A name for a segments folder that none has."""
        return _PREFIX + uuid.uuid4().hex[:8]

    # Reading

    def refresh(self) -> None:
        """Load what another process has committed. If nothing is new, this costs one stat call."""
        if sidecar.stamp(self.path) != self._stamp or self._is_view_over():
            with self.changing:
                self.reload()

    def reload(self) -> None:
        """The same, for a holder of :attr:`changing`."""
        # Take the stamp before reading: the next call then sees what is written in between.
        stamp = sidecar.stamp(self.path)
        is_over = self._is_view_over()
        if stamp != self._stamp or is_over:
            self._state = self._read_state(State() if is_over else self.state)
            self._stamp = stamp

    def _is_view_over(self) -> bool:
        """Whether the segments were opened while their disk was read-only, which it is no more."""
        held = self._state.segments if self._state else None
        return held is not None and segments.is_view_over(self.files(held.name))

    @contextmanager
    def unless_replaced(self) -> Iterator[None]:
        """Raise CollectionBusy for files that are missing because another process has made the index anew."""
        stamp = self._stamp
        try:
            yield
        except StoreDamaged as error:
            if sidecar.stamp(self.path) == stamp:
                raise
            raise CollectionBusy(
                "another process has made the lexical index anew: try again in a moment"
            ) from error

    def check(self) -> None:
        """Compare all files with their checksums. Raises :class:`index.errors.StoreDamaged`."""
        held = self.state.segments
        if held is not None:
            with segments.translate_errors("being checked"):
                checking.check(self.files(held.name))
        self.is_checked = True

    def _read_state(self, held: State) -> State:
        """Read the folder's state; ``held`` if the folder is empty."""
        while True:
            before = sidecar.stamp(self.path)
            try:
                found = sidecar.read(self.path, self._analyzer_version)
                return self._open(found, held.segments) if found else held
            except StoreDamaged as error:
                # Unless a writer has replaced the segments since their name was read: then try again.
                if sidecar.stamp(self.path) == before:
                    _log.warning("%s; it starts empty and is filled from the store", error.message)
                    return State()

    def _open(self, found: Applied, held: Segments | None) -> State:
        if held and held.name == found.segments:
            if held.commit != found.commit:
                held = _searchable(found.segments, held.index, found.commit)
            return State(found.mark, held)
        folder = self.files(found.segments)
        with segments.translate_errors("being opened"):
            commit = checking.commit_of(folder)
            checking.check_commit(commit, found.commit)
            if commit.opstamp > found.commit.opstamp:
                _log.info("%s has a commit that was not noted; the last update is repeated", folder)
            elif commit.managed != found.commit.managed:
                _log.info("%s has files of an update that was interrupted; the next one deletes them", folder)
            self.is_checked = checking.check(folder, self._checked_bytes)
        return State(found.mark, _searchable(found.segments, segments.open_folder(folder), commit))

    # Writing

    def open_committed(self, name: str, index: tantivy.Index) -> Segments:
        """The segments after a commit, searchable."""
        with segments.translate_errors("being committed"):
            commit = checking.commit_of(self.files(name))
        return _searchable(name, index, commit)

    def publish(self, mark: Mark, held: Segments) -> None:
        """Switch all processes to these segments."""
        sidecar.write(self.path, Applied(mark, self._analyzer_version, held.name, held.commit))
        self._stamp = sidecar.stamp(self.path)
        self._state = State(mark, held)

    def reset(self) -> None:
        """Become empty, in memory."""
        with self.changing:
            if self.state != State():  # raises if closed
                self._state = State()

    def others(self, name: str) -> list[Path]:
        """The other segments folders, which were replaced or left by a crash."""
        return [path for path in self._segments_folders() if path.name != name]

    def delete_others(self, name: str) -> None:
        """Delete the segments folders but this one. What fails is tried again next time."""
        for path in self.others(name):
            # Processes that have the files open keep them.
            shutil.rmtree(path, ignore_errors=True)

    def close(self) -> None:
        """Release the files. Running searches finish."""
        with self.changing:
            self._state = None

    def _segments_folders(self) -> Iterator[Path]:
        return self.path.glob(_PREFIX + "*")


def _searchable(name: str, index: tantivy.Index, commit: Commit) -> Segments:
    with segments.translate_errors("being opened"):
        index.reload()
        searcher = index.searcher()
        return Segments(name, index, searcher, commit, LivePassages(searcher))


# Read a lexical index from its files alone, to check it.


@dataclass(frozen=True, slots=True)
class IndexFiles:
    """A lexical index whose files are what was written; ``mark`` identifies the change it has reached."""

    mark: Mark
    searcher: tantivy.Searcher

    @staticmethod
    def read(folder: Path, analyzer: Analyzer) -> IndexFiles | None:
        """Compare all files with their checksums and open them; None if there is no index.

        Raises :class:`index.errors.StoreDamaged`.
        """
        found = applied.read(folder, analyzer.version)
        if found is None:
            return None
        path = folder / found.segments
        with segments.translate_errors("being checked"):
            checking.check_commit(checking.commit_of(path), found.commit)
            checking.check(path)
            return IndexFiles(found.mark, segments.open_folder(path).searcher())

    def ids(self) -> Ids:
        """The passages in it."""
        count = self.searcher.num_docs
        if not count:
            return np.empty(0, np.int64)
        with segments.translate_errors("being checked"):
            hits = self.searcher.search(
                tantivy.Query.all_query(), count, count=False, order_by_field="passage"
            ).hits
        return np.array([id_ for id_, _ in hits], np.int64)
