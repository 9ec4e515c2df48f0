"""A collection: the one place where its parts are wired together."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set as AbstractSet
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from index.answers import Answer, Extent, IndexState, NearDuplicates, Turn
from index.citations.budget import ReadingBudget
from index.citations.statements import Checking, Judging, KnownSources
from index.citations.verification import Verification
from index.collection.conflicts import Conflicts
from index.collection.following import Following
from index.collection.likeness import Likeness
from index.collection.questions import Questions
from index.config import LibraryConfig
from index.derivation import Derivation, derive
from index.description import Description, find_or_create
from index.embedding import Models
from index.errors import ChangeNotFound, InvalidInput, LedgerFailed
from index.filters import Filter, ReadableBy
from index.history.archive import Archive
from index.history.editing import Editor
from index.history.ledger import Ledger, LedgerFollower
from index.history.purging import Purging
from index.history.readable import ReadableStore
from index.ingest.embedding_queue import EmbeddedBatch
from index.ingest.preparation import Source
from index.ingest.writing import DocumentWriter
from index.lag import Lag
from index.naming import validate_title
from index.protocols import Catalogue, ClaimModel, Embedder, Engine, Failure, Lease, RecordStore, Reranker
from index.readers import InProcessReaders, Readers
from index.records import DocumentRecord, Put
from index.search.question import Question
from index.types import Vectors

if TYPE_CHECKING:
    from index.search.cross_encoder.model import CrossEncoder

_log = logging.getLogger("loccit.collection")


class Collection:
    """A named set of documents with one embedding model.

    ``archive`` reads documents, versions, citations and changes; ``questions`` answers checked questions;
    ``conflicts`` finds documents that disagree;
    ``editor`` changes documents that are stored; ``purging`` removes from the files what was erased. Safe to
    use from several threads; several processes may open the same collection, one of them writes at a time,
    and each sees what the others committed after :meth:`refresh`.
    """

    def __init__(  # noqa: PLR0913 -- this is where the parts are put together
        self,
        catalogue: Catalogue,
        name: str,
        *,
        embedder: Embedder | Models,
        config: LibraryConfig,
        model: str = "",
        reranker: Reranker | None = None,
        cross_encoder: Callable[[str], CrossEncoder | None] | None = None,
        claim_model: ClaimModel | None = None,
        readers: Readers | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        """Creates the collection where the catalogue has none of this name, with ``model`` or the default.

        ``cross_encoder`` returns that for collections of an embedding model, by its name. ``ledger`` records
        erasures.
        A collection that exists has the model, the chunking and the analysis that it was made with, whatever
        ``config`` says. Raises :class:`index.errors.CollectionMismatch`, :class:`index.errors.ModelError`.
        """
        models = embedder if isinstance(embedder, Models) else Models(embedder)
        self.name = name
        find_or_create(
            catalogue,
            name,
            lambda: Description.of_today(models.open_named(model), config, model or models.name),
        )
        self.folder = catalogue.folder(name)
        self._store: RecordStore = catalogue.open(name)
        readers = readers or InProcessReaders(config.reading)
        self._configured = config
        self._models, self._claim_model = models, claim_model
        self._readable: ReadableBy | None = None
        self.archive = Archive(self._store, catalogue.originals(name), readers)
        self._follower = LedgerFollower(ledger, self._store) if ledger else None
        self.editor = Editor(self._store, lock_seconds=config.lock_seconds, committed=self._after_commit)
        self._writer = DocumentWriter(
            self._store,
            catalogue.originals(name) if config.ingest.keep_originals else None,
            lambda: self._following.derivation.preparation,
            self._writing,
            indexing=self._prepare_indexing,
        )
        self.purging = Purging(
            self._store, lambda: self._engine, catalogue.originals(name), lock_seconds=config.lock_seconds
        )
        derived = partial(derive, catalogue, name, self._store, models, config, readers)
        self._following = Following(name, self._store, derived, self.archive)
        self.questions = Questions(self._store, self._following, reranker, cross_encoder=cross_encoder)
        self.conflicts = Conflicts(self.archive, self._following)
        self._backlog = Backlog(self._store, self.archive, self._following, self._writing)
        self._enter_erasures()  # those of a process that was killed before it did
        self._log_outdated()

    def _log_outdated(self) -> None:
        if self.outdated:
            _log.info(
                "The collection %r was made with another %s than this version of the program would make it "
                "with. It answers as it is; an upgrade is available.",
                self.name,
                " and ".join(self.outdated),
            )

    @property
    def description(self) -> Description:
        """The description by which its passages and vectors are made."""
        return self._following.derivation.description

    @property
    def config(self) -> LibraryConfig:
        """Its settings, with the chunking of its description."""
        return self._following.derivation.config

    @property
    def outdated(self) -> list[str]:
        """The fields of the description that an upgrade without another model would change."""
        description = self.description
        other = self._models.has_other_precision(description.model, description.source)
        return [*description.differences(self._configured), *(["precision"] if other else [])]

    @property
    def fingerprint(self) -> str:
        """A hash of everything that decides passages and vectors."""
        return self.description.fingerprint

    @property
    def state(self) -> IndexState:
        """The fingerprint, change and embedded share that answers come from now, and what has failed."""
        return self._following.state

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The indexes that have failed, and are being made anew from the record."""
        return self._following.failures

    def unindexed(self) -> int:
        """Count the documents that cannot be found yet, by meaning or by words, because an index has failed.

        They are stored. An index that cannot be reached now counts as empty unless it was reached before.
        """
        return self._following.unindexed()

    @property
    def lag(self) -> Lag:
        """The lag of answers behind the record, as of the last poll; reads no database.

        What a failed index lacks does not count: :attr:`failures` has it.
        """
        return self._following.lag

    @property
    def reached(self) -> int:
        """The last change up to which answers of this process are complete; reads no database.

        What a failed index lacks does not count: :attr:`failures` has it. Raises
        :class:`index.errors.CollectionNotFound` once the collection is closed, as when it was deleted.
        """
        return self._following.reached

    def last_change(self) -> int:
        """The last change of the record, which answers may lack until they have followed it.

        Raises :class:`index.errors.StoreUnavailable`.
        """
        return self._following.last_change()

    def require_change(self, change: int) -> None:
        """Raise :class:`index.errors.ChangeNotFound` for a change that the record does not have."""
        if change > self.reached and change > (last := self.last_change()):
            raise ChangeNotFound(f"There is no change {change}; the collection is at change {last}.")

    @property
    def _engine(self) -> Engine:
        return self._following.engine

    def restrict_to(self, groups: AbstractSet[str] | None) -> Collection:
        """The collection restricted to the documents that these groups may read; None for all of it.

        Other documents are not found by questions and quotes, do not exist in
        ``archive`` and ``editor``, and their ids cannot be put. The rest is shared: do not close it.
        """
        if groups is None:
            return self
        seen = copy.copy(self)
        seen._readable = readable = ReadableBy(frozenset(groups))
        seen._store = ReadableStore(self._store, readable)
        seen.archive = self.archive.of(seen._store)
        seen.editor = self.editor.of(seen._store)
        seen.questions = self.questions.of(seen._store, readable)
        seen.conflicts = self.conflicts.of(seen.archive, readable)
        seen._writer = self._writer.of(seen._store, seen._writing)
        return seen

    # The read flow

    def ask(  # noqa: PLR0913 -- the parts of a question
        self,
        question: str,
        *,
        k: int = 5,
        where: Filter | None = None,
        turns: Sequence[Turn] = (),
        vectors: Vectors | None = None,
        as_of: int | None = None,
        extent: Extent = "passage",
        max_per_document: int | None = None,
        near_duplicates: NearDuplicates = "fold",
    ) -> Answer:
        """Check a question and answer it.

        At most ``max_per_document`` of the ``k`` passages come from one document. A passage in nearly the
        words of a better one takes no place: its locator is in ``also_in`` of that one, unless
        ``near_duplicates`` is ``keep``. Raises :class:`index.errors.EmptyQuestion`,
        :class:`index.errors.InvalidLimit`, and what :meth:`.Questions.answer` raises.
        """
        asked = Question.validate(
            question,
            k=k,
            where=where,
            turns=turns,
            as_of=as_of,
            extent=extent,
            max_per_document=max_per_document,
            near_duplicates=near_duplicates,
        )
        return self.questions.answer(asked, vectors=vectors)

    @contextmanager
    def verification(
        self,
        *,
        most_characters: int | None = None,
        claims: bool = True,
        known: KnownSources | None = None,
        most_seconds: float | None = None,
        stop: Callable[[], bool] = lambda: False,
        judging: Judging = Judging(),  # noqa: B008 -- frozen
    ) -> Iterator[Verification]:
        """Open a verification of citations, quotes and answers in one snapshot of the record.

        ``most_characters`` limits how much text is searched; ``claims``: judge also what the sentences of
        an answer claim, which takes the model. ``known`` keeps the passages that were embedded for it, for
        an answer that is verified sentence by sentence. What is not verified after ``most_seconds``, or once
        ``stop`` says that nobody waits any more, is ``unchecked``. ``judging`` says how claims are judged.
        """
        with self.archive.resolution() as resolution:
            derived = self._following.derivation
            likeness = Likeness(resolution.moment, derived, self._readable)
            checking = (
                Checking(
                    derived.analyzer.terms,
                    derived.embedder,
                    likeness.passages,
                    known,
                    likeness.prepare,
                    standard=judging.standard(self._claim_model),
                )
                if claims
                else None
            )
            budget = ReadingBudget(most_characters, seconds=most_seconds, stop=stop)
            yield Verification(resolution, likeness.versions, budget, checking)

    def sample_texts(self, most: int) -> list[str]:
        """Draw the texts of at most ``most`` passages at random; returns the same at each call."""
        last = self._store.last_passage()
        # An upgrade leaves the ids below those of its passages.
        first = max(1, last - 2 * self.archive.counts().passages)
        random = np.random.default_rng(0)
        ids = np.unique(random.integers(first, last + 1, 4 * most if last else 0))
        with self._store.snapshot() as moment:
            found = moment.passages(ids)
        return [found[at].text for at in random.permutation(len(found))[:most].tolist()]

    # The write flow

    def put(self, source: Source) -> Put:
        """Add or replace one document; see :meth:`put_many`. Raises the error of the document."""
        (outcome,) = self.put_many([source])
        if isinstance(outcome, InvalidInput):
            raise outcome
        return outcome

    def put_many(
        self, sources: Sequence[Source], *, confirm: Callable[[], None] = lambda: None
    ) -> list[Put | InvalidInput]:
        """Add or replace documents, in order, in one transaction; returns the outcome or error of each.

        When it returns they are durable and can be found by their words; vectors come with
        :meth:`embed_pending`. ``confirm`` is called when no other process can write until they are stored:
        nothing is if it raises. Raises :class:`index.errors.CollectionBusy`.
        """
        return self._writer.put_many(sources, confirm)

    def retitle(self, document_id: str, title: str) -> DocumentRecord:
        """Give a document another title, which is found, too; its text and locators stay.

        Passages are embedded anew by :meth:`embed_pending`, because the title is read with them. Raises
        :class:`index.errors.DocumentNotFound`, :class:`index.errors.DocumentRetired`,
        :class:`index.errors.InvalidMetadata`, and as :meth:`put_many`.
        """
        return self._writer.retitle(document_id, validate_title(title))

    def adopt_many(self, values: Sequence[Mapping[str, Any]]) -> list[Put | InvalidInput]:
        """Add documents of :meth:`Archive.export`, with their versions; returns the outcome of each.

        Locators of the other collection resolve here. Raises as :meth:`put_many`.
        """
        return self._writer.adopt_many(values)

    def embed_pending(
        self,
        *,
        limit: int | None = None,
        progress: Callable[[int, int], None] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> int:
        """Embed passages that have no vector, oldest first, at most about ``limit``; returns how many.

        ``progress`` is called with (passages done, passages that were waiting). Passages that another
        worker has claimed are left to it. ``stop`` is asked between two batches.
        """
        return self._backlog.embed(limit=limit, progress=progress, stop=stop)

    def maintain(self) -> None:
        """Start compaction in the background; :meth:`embed_pending` does so, too."""
        self._engine.maintain(background=True)

    def _prepare_indexing(self, texts: Iterable[str]) -> None:
        self._engine.prepare(texts)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the write lease for one commit, with the current model, indexes and rules."""
        with self.editor.writing():
            self._following.follow_exchange()
            yield

    # Following the record

    def refresh(self) -> None:
        """Apply what other processes committed. Cheap when there is nothing new."""
        self._following.refresh()

    def note_change(self) -> None:
        """Note that a change was announced, which the next :meth:`refresh` will apply."""
        self._following.note_change()

    def _after_commit(self) -> None:
        self._following.catch_up()
        self._enter_erasures()

    def enter_erasures(self) -> None:
        """Enter in the ledger what it lacks. Raises :class:`index.errors.LedgerFailed`."""
        if self._follower:
            self._follower.follow()

    def _enter_erasures(self) -> None:
        try:
            self.enter_erasures()
        except LedgerFailed as error:
            # The commit succeeded: report no failure to the caller.
            _log.error("%s What was erased is entered with the next change.", error.message)

    def close(self) -> None:
        """Release files and memory."""
        self._following.close()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


# The passages of a collection that have no vector yet.


class Backlog:
    """Embeds passages that wait for it. ``writing`` holds the record's write lease for one commit."""

    def __init__(
        self,
        store: RecordStore,
        archive: Archive,
        following: Following,
        writing: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._store = store
        self._archive = archive
        self._following = following
        self._writing = writing

    def embed(
        self,
        *,
        limit: int | None = None,
        progress: Callable[[int, int], None] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> int:
        """Embed the passages that no other worker has claimed; see :meth:`Collection.embed_pending`."""
        waiting, done, more = self._count_waiting() if progress else 0, 0, True
        size = self._following.derivation.config.ingest.passages_per_batch
        while more and (limit is None or done < limit) and not stop():
            # Who looks often must not take a lease each time, for which a database opens a connection.
            if self._store.waiting_since() is None:
                break
            more = False
            left = None if limit is None else limit - done
            derivation = self._following.derivation
            put = partial(self.put, derivation)
            for embedded in derivation.embedding.drain(size, put, limit=left, stop=stop):
                more, done = True, done + embedded
                if progress:
                    progress(done, max(waiting, done))
        # A caller that embeds a few passages at a time has other work to do.
        self._following.engine.maintain(background=limit is not None)
        return done

    def _count_waiting(self) -> int:
        counts = self._archive.counts()
        return counts.passages - counts.embedded

    def put(self, derivation: Derivation, embedded: EmbeddedBatch, lease: Lease) -> int:
        """Store vectors; returns how many: none if an upgrade has replaced the model that made them."""
        with self._writing():
            if derivation is not self._following.derivation:
                return 0
            return self._store.put_vectors(embedded.keys, embedded.vectors, embedded.sentences, lease=lease)
