"""The base of vectors that machines share, so that all find the same passages by meaning.

An approximate base finds most of the nearest passages, and two that were trained apart find others. One
machine therefore makes it for all. It is used from a change of the record on: whoever has followed the record
to the same change has the same base.
"""

import hashlib
import json
import logging
import shutil
import time
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from index.config import VectorsConfig
from index.description import Description
from index.engine.vectors import FORMAT, FaissIndex, hashes_of, install, mark_of, read_manifest
from index.errors import (
    CollectionBusy,
    CollectionNotFound,
    ObjectsOfAnother,
    ObjectsUnavailable,
    StoreUnavailable,
)
from index.protocols import Bases, PublishedBase, Snapshot

_log = logging.getLogger("loccit.engine")

_NEXT = "next"
"""Folder of the base that this machine has made and does not use yet."""
RETRY_SECONDS = 60.0
"""Seconds before a base that could not be fetched is tried again."""
LATEST = 2**62


def form_of(description: Description, config: VectorsConfig, generation: int) -> str:
    """Hash all that determines a base except its passages; the same on all machines."""
    how = [FORMAT, description.fingerprint, generation, config.kind, config.recall, config.megabytes]
    return hashlib.sha256(json.dumps(how).encode()).hexdigest()


class SharedBase:
    """Adopts the published base of a collection, and publishes the next one. Safe to use from threads.

    ``index`` has its files in ``folder``.
    """

    def __init__(
        self,
        bases: Bases,
        index: FaissIndex,
        folder: Path,
        form: str,
        *,
        generation: int,
        lock_seconds: float,
    ) -> None:
        self.bases = bases
        self._index = index
        self._folder = folder
        self._form = form
        self.generation = generation
        self._lock_seconds = lock_seconds
        self._made: dict[str, Path] = {}
        self.published = 0
        """The change that published the base that is to be in use; 0 if there is none."""
        self._failed = 0
        """The change of a base that could not be fetched."""
        self._retry = 0.0
        self._pause = 0.0
        """The time until which no base is published, because that failed."""

    def follow(self, moment: Snapshot) -> bool:
        """Use the base that all machines use after a snapshot's change; returns whether it is another one.

        One that cannot be fetched is left out, which is logged: the index goes on with what it has, or is
        filled from the record.
        """
        found = self.bases.newest(self._form, moment.change)
        self.published = found.change if found else 0
        if found is None:
            return self._index.reload(moment.includes)
        if found.manifest == self._index.manifest:
            return False
        if found.change == self._failed and time.monotonic() < self._retry:
            return False
        try:
            return self._adopt(found, moment)
        except CollectionBusy:
            return False  # another process with this folder is at it
        except (ObjectsUnavailable, OSError, ValueError, KeyError, TypeError) as error:
            self._failed, self._retry = found.change, time.monotonic() + RETRY_SECONDS
            _log.warning(
                "The base of vectors that change %d of the record published cannot be used: %s. The vector "
                "index in %s goes on with one of its own, and may find other passages than other machines.",
                found.change,
                error,
                self._folder,
            )
            return False

    def _adopt(self, found: PublishedBase, moment: Snapshot) -> bool:
        if not moment.includes(mark_of(found.manifest)):
            return False
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._writing(self._lock_seconds):
            install(self._folder, found.manifest, self._fetch, known=self._index.files)
        self._made.clear()
        shutil.rmtree(self._folder / _NEXT, ignore_errors=True)
        if not self._index.reload(moment.includes, is_again=True):
            raise ValueError("its files cannot be read")
        self._failed = 0
        return True

    def _fetch(self, sha256: str, path: Path) -> None:
        with suppress(FileNotFoundError, KeyError):
            self._made[sha256].replace(path)
            return
        self.bases.fetch(sha256, path)

    @property
    def is_due(self) -> bool:
        """Whether a new base is due, or the one of this machine is to be shared."""
        is_alone = not self.published and self._index.manifest is not None
        return time.monotonic() >= self._pause and (self._index.should_compact or is_alone)

    def compact(self) -> None:
        """Publish a base with all passages, unless another machine is about to. It is used from then on.

        Does nothing unless it is due. Where it cannot be published, which is logged, this machine uses it
        alone. Raises what :meth:`FaissIndex.compact` raises.
        """
        if not self.is_due:
            return
        try:
            with self.bases.turn():
                newest = self.bases.newest(self._form, LATEST)
                if newest is None or newest.change == self._failed or self._uses(newest):
                    self.publish()
        except (CollectionBusy, CollectionNotFound, StoreUnavailable):
            return  # it is tried again
        except (ObjectsOfAnother, ObjectsUnavailable, OSError) as error:
            _log.warning(
                "The base of the vector index in %s could not be shared: %s. This machine uses one of its "
                "own, and may find other passages than other machines until one is shared.",
                self._folder,
                error,
            )
            self._pause = time.monotonic() + RETRY_SECONDS
            self._index.compact()

    def _uses(self, base: PublishedBase) -> bool:
        return base.manifest == self._index.manifest

    def publish(self, *, purges: bool = False) -> None:
        """Make a base and publish it. Hold the turn. Raises as :meth:`purge`.

        With ``purges`` its files have no vectors of removed passages. Raises
        :class:`index.errors.CollectionBusy` too if the index does not know of an erasure yet.
        """
        folder, erased = self._folder / _NEXT, self.bases.last_erasure()
        with self._writing(0.0):
            shutil.rmtree(folder, ignore_errors=True)
            self._made.clear()
            # No erased vector comes back into the shared place, whoever has purged it.
            self._index.write_next(folder, purges=purges or not self._index.is_rid_of(erased))
        manifest = read_manifest(folder)
        if manifest is None:
            raise FileNotFoundError(folder)
        if mark_of(manifest).change < erased:
            shutil.rmtree(folder, ignore_errors=True)
            raise CollectionBusy("A base was made of passages that were erased meanwhile. It is made anew.")
        there = self._there()
        made = {sha: path for sha, path in hashes_of(manifest, folder).items() if sha not in there}
        files = [(sha, path if path.exists() else self._folder / path.name) for sha, path in made.items()]
        self.bases.publish(self._form, self.generation, manifest, files)
        self._made = made

    def _there(self) -> Container[str]:
        """The hashes of the files of the newest base, with which the next one may go on."""
        newest = self.bases.newest(self._form, LATEST)
        try:
            is_usable = newest is not None and newest.change != self._failed
            return hashes_of(newest.manifest, self._folder) if newest and is_usable else ()
        except (ValueError, KeyError, TypeError):
            return ()

    def purge(self, change: int, update: Callable[[], object], words: Callable[[int], int]) -> bool:
        """Remove vectors that were dropped up to a change from published bases and from files here.

        ``update`` follows the record, ``words`` does the same with words and returns what is to be kept
        (:meth:`SharedWords.renew`). False while another process is in the way: try again later. Raises
        :class:`index.errors.ObjectsUnavailable`, OSError, and what :meth:`FaissIndex.compact` and ``words``
        raise.
        """
        try:
            with self.bases.turn():
                if not self._index.is_rid_of(change):
                    update()
                    self.publish(purges=True)
                    update()
                if not self._index.is_rid_of(change):
                    return False
                newest = self.bases.newest(self._form, LATEST)
                own = newest.change if newest and self._uses(newest) else 0
                self.bases.drop_but({own, words(change)})
        except CollectionBusy:
            return False
        return self.tidy(change)

    def cleanse(self, change: int) -> bool:
        """Remove vectors that were dropped up to a change from files here, when another machine purges them.

        Waits for the base that is published then, and makes one of its own where none can be had. False
        until that is done. Raises what :meth:`FaissIndex.compact` raises.
        """
        if self._index.is_rid_of(change) or (self.published and not self._failed):
            return self.tidy(change)
        shutil.rmtree(self._folder / _NEXT, ignore_errors=True)
        return self._index.purge(change)

    def tidy(self, change: int) -> bool:
        """Delete the files of all bases but the one in use, once it has no vector removed up to a change."""
        shutil.rmtree(self._folder / _NEXT, ignore_errors=True)
        return self._index.tidy(change)

    @contextmanager
    def _writing(self, seconds: float) -> Iterator[None]:
        """Hold the lock of compactions. Raises :class:`index.errors.CollectionBusy`."""
        try:
            with FileLock(self._folder / "compact.lock", timeout=seconds):
                yield
        except Timeout as error:
            raise CollectionBusy(f"Another process writes the vector index in {self._folder}.") from error
