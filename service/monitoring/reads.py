"""Which documents a reply shows text of, for the audit of collections that ask for it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

Reads = set[tuple[str, str]]
"""Documents that were read, by the names of their collections and their ids."""
EVERY = "*"
"""In place of the names of collections: all of them."""
_reads: ContextVar[Reads | None] = ContextVar("reads", default=None)


@contextmanager
def noting_reads(reads: Reads) -> Iterator[None]:
    """Let what is read in this context be noted in a set: that of one request, with its calls in threads."""
    token = _reads.set(reads)
    try:
        yield
    finally:
        _reads.reset(token)


def note_read(collection: str, document_id: str) -> None:
    """Note that the reply to this request shows text of a document."""
    reads = _reads.get()
    if reads is not None:
        reads.add((collection, document_id))


def audited(reads: Reads, collections: Sequence[str]) -> dict[str, list[str]]:
    """The ids of the documents that were read in these collections, by collection."""
    found: dict[str, list[str]] = {}
    for collection, document_id in sorted(reads):
        if collection in collections or EVERY in collections:
            found.setdefault(collection, []).append(document_id)
    return found
