"""The words that machines share, so that one that starts empty need not split all texts into words.

The ranking by words depends on the live passages alone. So, other than with vectors, each machine goes on
with files of its own, and takes those of another only where it has none.
"""

import hashlib
import json
import logging
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from importlib.metadata import version
from pathlib import Path

from index.description import Description
from index.engine.checksums import Checksum
from index.engine.generations import forget_purged, read_purged
from index.engine.lexical import FORMAT, TantivyIndex, sharing
from index.engine.shared_base import LATEST, RETRY_SECONDS, SharedBase
from index.errors import (
    CollectionBusy,
    CollectionNotFound,
    ObjectsOfAnother,
    ObjectsUnavailable,
    StoreDamaged,
    StoreUnavailable,
)
from index.protocols import PublishedBase
from index.records import Mark

_log = logging.getLogger("loccit.engine")

_File = tuple[str, Path]
_NEXT = "shared"
"""Folder of the files that are being published."""


def words_form(description: Description, generation: int) -> str:
    """Hash all that decides whether files can be used; the same on all machines of a version."""
    how = ["words", sharing.FORMAT, FORMAT, version("tantivy"), description.analyzer().version, generation]
    return hashlib.sha256(json.dumps(how).encode()).hexdigest()


class SharedWords:
    """Publishes the words of a collection, and adopts them. Safe to use from threads.

    ``index`` has its files in ``folder``; ``writing`` holds the lease of that folder, ``unless_closed``
    ends an upload. Words are published after each base of vectors, in the same place.
    """

    def __init__(
        self,
        base: SharedBase,
        index: TantivyIndex,
        folder: Path,
        form: str,
        *,
        writing: Callable[[], AbstractContextManager[object]],
        unless_closed: Callable[[Iterable[_File]], Iterator[_File]],
    ) -> None:
        self._base = base
        self._bases = base.bases
        self._index = index
        self._folder = folder
        self._form = form
        self._writing = writing
        self._unless_closed = unless_closed
        self._seen = 0
        """A change by which words were published that is known here."""
        self._failed = 0
        """The change of words that could not be used."""
        self._pause = 0.0
        """The time until which none are published, because that failed."""

    def adopt(self, belongs: Callable[[Mark], bool]) -> bool:
        """Use the newest published words, if their mark belongs to the record; returns whether that was done.

        Hold the lease of the folder. Words that cannot be used are left out, which is logged: they are then
        made from the record.
        """
        tried = 0
        while (found := self._newest()) and found.change not in {tried, self._failed}:
            tried = found.change
            try:
                if not belongs(sharing.mark_of(found.manifest)):
                    return False
                forget_purged(self._folder.parent)
                self._index.install(found.manifest, self._bases.fetch)
            except FileNotFoundError as error:  # replaced by others meanwhile, unless the place has lost it
                last: Exception = error
            except (ObjectsUnavailable, StoreDamaged, OSError, ValueError, KeyError, TypeError) as error:
                last = error
                break
            else:
                return True
        if tried:
            self._failed = tried
            _log.warning(
                "The words that change %d of the record published cannot be used: %s. The lexical index in "
                "%s is made from the record, which takes longer.",
                tried,
                last,
                self._folder,
            )
        return False

    @property
    def is_due(self) -> bool:
        """Whether a base of vectors was published since words were."""
        return self._base.published > self._seen and time.monotonic() >= self._pause

    def share(self) -> None:
        """Publish the words, unless that is not due or another machine is about to.

        Words that may be of erased passages wait until this machine is rid of these. Where it fails,
        which is logged, it is tried again. Raises :class:`index.errors.StoreDamaged`.
        """
        if not self.is_due:
            return
        try:
            with self._bases.turn():
                # What is erased from now on is purged after this turn, and these words with it.
                if read_purged(self._folder.parent) < self._bases.last_erasure():
                    return
                newest, due = self._newest(), self._base.published
                if newest is None or newest.change < due or newest.change == self._failed:
                    self._publish(newest)
                else:
                    self._seen = newest.change
        except (CollectionBusy, CollectionNotFound, StoreUnavailable):
            return  # it is tried again
        except (ObjectsOfAnother, ObjectsUnavailable, OSError) as error:
            _log.warning(
                "The words in %s could not be shared: %s. A machine that starts empty makes them from the "
                "record, which takes longer.",
                self._folder,
                error,
            )
            self._pause = time.monotonic() + RETRY_SECONDS

    def renew(self, change: int) -> int:
        """Publish words anew if those that are published may be of passages removed up to a change.

        Returns the change of those that are to be kept, 0 if there are none. Hold the turn, and let the index
        have no files of such passages. Raises what :meth:`Bases.publish` raises,
        :class:`index.errors.CollectionBusy` and :class:`index.errors.StoreDamaged`.
        """
        newest = self._newest()
        if newest is None:
            return 0
        if newest.change == self._failed or not self._is_rid(newest, change):
            return self._publish(newest)
        return newest.change

    @staticmethod
    def _is_rid(words: PublishedBase, change: int) -> bool:
        try:
            is_later = sharing.mark_of(words.manifest).change >= change
            return is_later and not sharing.has_removed(words.manifest)
        except (ValueError, KeyError, TypeError):
            return False

    def _publish(self, before: PublishedBase | None) -> int:
        """Publish the words as they are; returns the change. Files of those before are there already."""
        folder = self._folder / _NEXT
        try:
            self._delete_linked()
            with self._writing():
                mark = self._index.link(folder)
            if mark is None:
                return 0
            known = self._segments(before)
            manifest, there = sharing.describe(folder, mark, known), {one.sha256 for one in known.values()}
            made = sharing.hashes_of(manifest).items()
            files = [(sha256, folder / name) for sha256, name in made if sha256 not in there]
            self._seen = self._bases.publish(
                self._form, self._base.generation, manifest, self._unless_closed(files)
            )
            return self._seen
        finally:
            self._delete_linked()

    def _segments(self, before: PublishedBase | None) -> Mapping[str, Checksum]:
        if before is None or before.change == self._failed:
            return {}
        try:
            return sharing.segments_of(before.manifest)
        except (ValueError, KeyError, TypeError):
            return {}

    def tidy(self) -> None:
        """Delete files that a process has left which was killed while it published them.

        Raises :class:`index.errors.CollectionBusy` while one may be publishing them.
        """
        if (self._folder / _NEXT).exists():
            with self._bases.turn():
                self._delete_linked()

    def _delete_linked(self) -> None:
        shutil.rmtree(self._folder / _NEXT, ignore_errors=True)

    def _newest(self) -> PublishedBase | None:
        return self._bases.newest(self._form, LATEST)
