"""The passages of a collection that wait for vectors, and the leases of the workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from index.protocols import Lease
from index.records import PendingPassage
from index.store.postgresql import claims, passages
from index.store.postgresql.access import WRITE, Access
from index.store.rows.vectors import among
from index.types import Sentences, Vectors

_WORKER = "/"
"""In the name of a lease that belongs to one worker, which may hold claims."""


class PostgresqlEmbeddingWork(Access):
    """Implements :class:`index.protocols.EmbeddingWork`."""

    def claim(self, limit: int, lease: Lease) -> list[PendingPassage]:
        """Claim passages without a vector; see :class:`index.protocols.EmbeddingWork`."""
        if limit < 1:
            return []
        with self._write(in_turn=False) as (transaction, _):
            return claims.claim(transaction, limit, lease.name, self._leases)

    def put_vectors(
        self,
        keys: Sequence[bytes],
        vectors: Vectors,
        sentences: Sequence[Sentences] = (),
        *,
        lease: Lease | None = None,
    ) -> int:
        """Store vectors and end the claims on them; see :class:`index.protocols.EmbeddingWork`."""
        with self._change() as (transaction, change):
            if lease is not None:
                claimed = claims.lock_claimed(transaction, keys, lease.name)
                keys, vectors, sentences = among(claimed, keys, vectors, sentences)
            served = passages.put_vectors(transaction, keys, vectors, sentences, change)
            claims.end_on(transaction, keys)
            return served

    def drop_damaged_vectors(self, dimension: int) -> int:
        """Let passages wait for vectors again; see :class:`index.protocols.EmbeddingWork`."""
        with self._change() as (transaction, _):
            claims.announce(transaction)
            return passages.drop_bad_vectors(transaction, dimension)

    def waiting(self, up_to: int) -> int:
        """Count the live passages, up to this id, that have no vector."""
        with self._read() as (transaction, _):
            return passages.waiting(transaction, up_to)

    def waiting_since(self) -> float | None:
        """The time at which the oldest version with passages without a vector was stored; None without."""
        with self._read() as (transaction, _):
            return passages.waiting_since(transaction)

    def last_passage(self) -> int:
        """The highest passage id ever assigned; 0 if none was."""
        with self._read() as (transaction, _):
            return passages.last(transaction)

    @contextmanager
    def lease(self, name: str, *, seconds: float = 0.0) -> Iterator[Lease]:
        """Hold a lease; see :class:`index.protocols.RecordStore`."""
        is_new = self._leases.own(name) is None
        with self._leases.hold(name, seconds) as lease:
            self._require_open()
            if name == WRITE and is_new:
                # A holder that has lost the lease may be in a transaction still: it ends before this one.
                with self._write():
                    pass
            try:
                yield lease
            finally:
                if _WORKER in name:
                    with self._write(in_turn=False) as (transaction, _):
                        claims.end(transaction, name)
