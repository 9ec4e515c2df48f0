"""The passages of a collection that have no vector yet."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

from index.collection.following import Following
from index.derivation import Derivation
from index.history import Archive
from index.ingest.embedding_queue import EmbeddedBatch
from index.protocols import Lease, RecordStore


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
