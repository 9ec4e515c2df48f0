"""Named collections in one data folder."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from index.collection import Collection
from index.config import LibraryConfig
from index.description import Description, find
from index.embedding import Models
from index.engine import load_engine, remove_indexes
from index.errors import (
    CollectionBusy,
    CollectionMismatch,
    CollectionNotFound,
    Damaged,
    IndexUnavailable,
    LoccitError,
    StoreDamaged,
)
from index.history.ledger import ErasedTags, Ledger
from index.lag import Lag
from index.naming import validate_collection_name
from index.protocols import Catalogue, ClaimModel, Embedder, Guard, Reranker, has_same_weights
from index.readers import InProcessReaders, Readers, ReaderStatistics
from index.records import Counts
from index.store import open_catalogue
from index.types import Extract
from index.upgrading import Upgrade

if TYPE_CHECKING:
    from index.search.cross_encoder.model import CrossEncoder

_log = logging.getLogger("loccit.library")
ERASURE_LEDGER = "erasures.jsonl"
"""Name of the ledger of erasures in a data folder."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """A collection that is open, and the identity that the catalogue gave it."""

    collection: Collection
    identity: Hashable


class Library:
    """Opens, creates and deletes collections, each once. Safe to use from several threads.

    ``embedder`` is the model of new collections, a function that loads it, called on first need, or the
    models that collections may have: the names of collections can be listed without a model. ``reranker``
    loads one likewise, and ``cross_encoder`` that for collections of an embedding model, by the name of that;
    of none for what is read anywhere. ``readers`` read files, in this process when none are given; they are
    closed with the library.
    """

    def __init__(
        self,
        data: Path,
        *,
        embedder: Embedder | Callable[[], Embedder] | Models,
        config: LibraryConfig | None = None,
        reranker: Callable[[], Reranker] | None = None,
        cross_encoder: Callable[[str], CrossEncoder | None] | None = None,
        readers: Readers | None = None,
    ) -> None:
        self.data = data
        self.config = config or LibraryConfig()
        self._catalogue = open_catalogue(data, self.config.store_url, objects=self.config.objects)
        self.ledger = ledger_of(data, self.config, self._catalogue)
        self.models = embedder if isinstance(embedder, Models) else Models(embedder)
        self._given_reranker = reranker
        self._given_cross_encoder = cross_encoder
        self._cross_encoders: dict[str, CrossEncoder | None] = {}
        self._readers = readers or InProcessReaders(self.config.reading)
        self._open: dict[str, _Opened] = {}
        self._lock = threading.Lock()
        self._loading = threading.RLock()
        self._opening: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def guard_by(self, guard: Guard) -> None:
        """Ask a guard about each collection that is opened from now on.

        See :class:`index.protocols.Catalogue`.
        """
        self._catalogue.guard = guard

    @property
    def embedder(self) -> Embedder:
        """The model of new collections, loaded on first use."""
        return self.models.default

    @cached_property
    def reranker(self) -> Reranker | None:
        """The one reranker of all collections, loaded on first use; None when none is wanted."""
        with self._loading:
            return self._given_reranker() if self._given_reranker else None

    def cross_encoder_of(self, model: str) -> CrossEncoder | None:
        """The reader of first passages of collections of an embedding model; None when none is wanted.

        It is loaded on first use.
        """
        if self._given_cross_encoder is None:
            return None
        if model not in self._cross_encoders:
            with self._loading:
                if model not in self._cross_encoders:
                    self._cross_encoders[model] = self._given_cross_encoder(model)
        return self._cross_encoders[model]

    @cached_property
    def claim_model(self) -> ClaimModel | None:
        """What reads claims: the cross-encoder, with its head for them; None without one."""
        if (model := self.cross_encoder_of("")) is None:
            return None
        from index.search.cross_encoder.claims import ClaimReader

        return ClaimReader(model)

    def read(self, data: bytes, *, name: str) -> Extract:
        """Extract the text of a file without storing it. Raises :class:`index.errors.Unreadable`."""
        return self._readers.read(data, name=name)

    def require_answers(self) -> None:
        """Raise :class:`index.errors.StoreUnavailable` if no question can be answered now; does not wait."""
        self._catalogue.require_answers()

    def names(self) -> list[str]:
        """All collections, in order of their names."""
        return self._catalogue.names()

    def attending(self, woken: Callable[[], object]) -> AbstractContextManager[None]:
        """Count this process among those that embed, until the ``with`` block ends.

        ``woken`` is called, in another thread, when any process has stored passages that wait for a vector;
        calls may be lost.
        """
        return self._catalogue.attending(woken)

    @property
    def is_announced(self) -> bool:
        """Whether :meth:`following` announces changes, so that rare polls are enough."""
        return self._catalogue.is_announced

    def following(self, on_change: Callable[[str | None], object]) -> AbstractContextManager[None]:
        """Call ``on_change`` when any process has changed a collection or the list of collections.

        Until the ``with`` block ends, and in another thread. It gets the name of an open collection, or None
        when any may have changed, or one that is not open. Calls may be lost, or never come: see
        :attr:`is_announced`.
        """
        return self._catalogue.following(lambda identity: on_change(self._note_change(identity)))

    def _note_change(self, identity: Hashable | None) -> str | None:
        """Announce a change to an open collection; returns its name."""
        with self._lock:
            opened = [one.collection for one in self._open.values() if one.identity == identity]
        for collection in opened:
            collection.note_change()
        return opened[0].name if opened else None

    def attendants(self) -> int | None:
        """Count the processes that embed, on all machines; None if all are on this machine."""
        return self._catalogue.attendants()

    def counts(self, name: str) -> Counts:
        """The size of a collection, read without its model, whatever settings it was built with.

        Raises :class:`index.errors.InvalidCollectionName`, :class:`CollectionNotFound`.
        """
        self._require(name)
        with closing(self._catalogue.open(name)) as store, store.snapshot() as moment:
            return moment.counts()

    def model_of(self, name: str) -> str:
        """The fingerprint of an open collection's model; empty for the default, or if it is not open."""
        found = self._open.get(name)
        model = found.collection.description.model if found else ""
        return "" if model == self.models.default_fingerprint else model

    def reached(self, name: str) -> int:
        """The change up to which answers from an open collection are complete, or 0; reads no database."""
        found = self._open.get(name)
        with suppress(CollectionNotFound):  # closed meanwhile
            return found.collection.reached if found else 0
        return 0

    def lags(self) -> dict[str, Lag]:
        """The lag of each open collection behind its record, by name; reads no database."""
        with self._lock:
            opened = [one.collection for one in self._open.values()]
        return {collection.name: collection.lag for collection in opened}

    def description(self, name: str) -> Description:
        """The description of a collection, read without its model.

        Raises as :meth:`counts`, and what :meth:`index.description.Description.parse` raises.
        """
        self._require(name)
        found = find(self._catalogue, name)
        if found is None:
            raise StoreDamaged(f"The description of the collection {name!r} is missing. Restore a backup.")
        return found

    def open(self, name: str, *, create: bool = False, model: str = "") -> Collection:
        """Open a collection, the same object each time. ``model`` is for one that is created.

        While one collection is opened, those that are open go on answering. With ``model``, one that has
        another is refused. Raises
        :class:`index.errors.InvalidCollectionName`, :class:`CollectionNotFound`, and
        :class:`index.errors.CollectionMismatch` or :class:`index.errors.ModelError` when the model that it
        was built with cannot be had.
        """
        collection = self._find_or_open(validate_collection_name(name), model, create=create)
        if model and model != collection.description.source:
            wanted = self.models.open_named(model).fingerprint
            if not has_same_weights(wanted, collection.description.model):
                raise CollectionMismatch(
                    f"The collection {name!r} has the model {collection.description.model_name!r}, not "
                    f"{model!r}. It keeps its model until it is upgraded to another."
                )
        return collection

    def open_cached(self, name: str) -> Collection:
        """Open a collection without asking the database again whether it still exists, if it is open.

        Only where reads of a deleted collection raise :class:`CollectionNotFound`; call :meth:`open` then.
        Raises as :meth:`open`.
        """
        found = self._open.get(name) if self._catalogue.stores_know_deletions else None
        return found.collection if found else self.open(name)

    def _find_or_open(self, name: str, model: str, *, create: bool) -> Collection:
        identity = self._catalogue.identity(name)
        with self._lock:
            found = self._open.get(name)
            if found and identity and found.identity == identity:
                return found.collection
            opening = self._opening[name]
        if identity is None and not create:
            self._close(name)  # another process deleted it
            raise _not_found(name)
        with opening:
            with self._lock:
                found = self._open.get(name)
            identity = self._catalogue.identity(name)
            if found and found.identity == identity:
                return found.collection
            self._close(name)  # another process deleted it, and may have made it again
            if identity is None and not create:
                raise _not_found(name)  # deleted since the first look
            collection = self._create_collection(name, model)
            with self._lock:
                self._open[name] = _Opened(collection, self._catalogue.identity(name))
            return collection

    def upgrade(self, name: str) -> Upgrade:
        """The upgrade of a collection to current rules or to another model; close it after use.

        Loads neither the collection nor its model. Raises as :meth:`counts`.
        """
        self._require(name)
        return Upgrade(self._catalogue, name, self.models, self.config)

    def delete(self, name: str) -> None:
        """Erase a collection with all its documents.

        Raises :class:`CollectionNotFound`, :class:`index.errors.LedgerFailed`,
        :class:`index.errors.CollectionBusy`, and :class:`index.errors.IndexUnavailable` if an engine
        elsewhere cannot be reached: then it is still there, and is to be deleted again.
        """
        self._require(name)
        with self._lock:
            opening = self._opening[name]
        with opening:
            self._require(name)
            identity, part = self._catalogue.identity(name), self._begin_erasure(name)
            self._close(name)
            try:
                self._remove_indexes(name)
                self._catalogue.delete(name)
            except (CollectionBusy, IndexUnavailable):
                if self._catalogue.identity(name) == identity:  # else it failed after the deletion
                    self._end_erasure(part, is_erased=False)
                raise
            self._end_erasure(part, is_erased=True)

    def erase_again(self, erased: ErasedTags) -> tuple[int, int]:
        """Erase what a ledger says to be erased and the database has; returns how many versions, collections.

        Raises what opening a collection raises, :class:`index.errors.CollectionBusy` and
        :class:`index.errors.LedgerFailed`.
        """
        versions, gone = 0, []
        for name in self.names():
            with suppress(CollectionNotFound), closing(self._catalogue.open(name)) as store:
                if erased.collections and store.tag() in erased.collections:
                    gone.append(name)
                elif erased.versions:
                    with store.lease("write", seconds=self.config.lock_seconds):
                        versions += store.erase_tagged(erased.versions)[1]
        for name in gone:
            with suppress(CollectionNotFound):  # by another process
                self.delete(name)
        return versions, len(gone)

    def enter_erasures(self) -> None:
        """Enter in the ledger how the deletions ended that were begun there: whether the collection is gone.

        A process was killed between the two, or could not enter it. An entry that stays open would count a
        collection as deleted that a restore of an older backup has replaced. Raises
        :class:`index.errors.LedgerFailed`.
        """
        if not (begun := self.ledger.begun()):
            return
        existing, is_complete = existing_tags(self._catalogue)
        for part, tag in begun.items():
            if (name := existing.get(tag)) is not None:
                self._keep(part, tag, name)
            elif is_complete:
                self.ledger.end_collection(part, is_erased=True)

    def _keep(self, part: str, tag: bytes, name: str) -> None:
        """End the entry of a deletion that was not done, if no thread is about to do it."""
        with self._lock:
            opening = self._opening[name]
        with opening, suppress(CollectionNotFound, Damaged):
            with closing(self._catalogue.open(name)) as store:
                exists = store.tag() == tag
            if exists:
                self.ledger.end_collection(part, is_erased=False)

    def _begin_erasure(self, name: str) -> str:
        """Enter in the ledger that a collection is about to be erased, so that a crash loses no entry.

        Returns the name of the entry; empty if there is none.
        """
        try:
            with closing(self._catalogue.open(name)) as store:
                tag = store.tag()
        except Damaged as error:
            _log.warning(
                "The collection %r is erased without an entry in the ledger of erasures: %s",
                name,
                error.message,
            )
            return ""
        return self.ledger.begin_collection(tag)

    def _end_erasure(self, part: str, *, is_erased: bool) -> None:
        """Enter how a deletion ended. What cannot be entered now, :meth:`enter_erasures` enters."""
        try:
            self.ledger.end_collection(part, is_erased=is_erased)
        except LoccitError as error:
            _log.warning("The end of a deletion is not in the ledger of erasures yet: %s", error.message)

    def _remove_indexes(self, name: str) -> None:
        """Delete indexes on other servers, while the record still names them."""
        try:
            with closing(self._catalogue.open(name)) as store:
                remove_indexes(self._catalogue.folder(name), store, self.config)
        except Damaged as error:
            _log.warning("The indexes of the collection %r may be left: %s", name, error.message)

    def expect_documents(self) -> None:
        """Start readers in the background and load the engine, so that the first document need not wait."""
        self._readers.prepare()
        load_engine(self.config)

    def reader_statistics(self) -> ReaderStatistics:
        """Count the files that the readers have read in this process."""
        return self._readers.statistics()

    def close(self) -> None:
        """Close every open collection."""
        for name in list(self._open):
            self._close(name)
        self._readers.close()

    def _close(self, name: str) -> None:
        with self._lock:
            found = self._open.pop(name, None)
        if found:
            found.collection.close()

    def _create_collection(self, name: str, model: str) -> Collection:
        return Collection(
            self._catalogue,
            name,
            embedder=self.models,
            model=model,
            config=self.config,
            reranker=self.reranker,
            cross_encoder=self.cross_encoder_of,
            claim_model=self.claim_model,
            readers=self._readers,
            ledger=self.ledger,
        )

    def _require(self, name: str) -> None:
        if self._catalogue.identity(validate_collection_name(name)) is None:
            raise _not_found(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_ledger(data: Path, config: LibraryConfig) -> Ledger:
    """The ledger of erasures of a data folder or database, for who opens no collections."""
    return ledger_of(data, config, open_catalogue(data, config.store_url, objects=config.objects))


def ledger_of(data: Path, config: LibraryConfig, catalogue: Catalogue) -> Ledger:
    """The ledger of erasures of a machine, and that of all machines that share a catalogue."""
    return Ledger(config.erasure_ledger or data / ERASURE_LEDGER, catalogue.ledger())


def existing_tags(catalogue: Catalogue) -> tuple[dict[bytes, str], bool]:
    """The names of collections by their tags in a ledger; and whether all could be read."""
    found, is_complete = {}, True
    for name in catalogue.names():
        try:
            with closing(catalogue.open(name)) as store:
                found[store.tag()] = name
        except CollectionNotFound:  # deleted since
            continue
        except Damaged:
            is_complete = False
    return found, is_complete


def _not_found(name: str) -> CollectionNotFound:
    return CollectionNotFound(f"There is no collection {name!r}.", name=name)
