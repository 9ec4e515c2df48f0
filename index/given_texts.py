"""Texts that come with a request, as documents of a record in memory. Nothing is kept."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from index.config import LibraryConfig
from index.errors import Unreadable
from index.ingest import Source
from index.ingest.preparation import Preparation
from index.protocols import Embedder, RecordStore
from index.readers import InProcessReaders
from index.records import NewDocument
from index.store import open_memory_store


@dataclass(frozen=True, slots=True)
class GivenText:
    """A plain text of a request, and the id that its document gets."""

    id: str
    text: str
    title: str = ""


def record_of(texts: Iterable[GivenText], embedder: Embedder, config: LibraryConfig) -> RecordStore:
    """A record in memory of these texts, without vectors; those without words are left out."""
    store = open_memory_store()
    store.put(list(_documents(texts, embedder, config)))
    return store


def _documents(
    texts: Iterable[GivenText], embedder: Embedder, config: LibraryConfig
) -> Iterator[NewDocument]:
    ingest = replace(config.ingest, keep_originals=False)
    preparation = Preparation(embedder, InProcessReaders(config.reading), replace(config, ingest=ingest))
    for one in texts:
        source = Source(one.id, one.text.encode(), media_type="text/plain", title=one.title)
        with suppress(Unreadable):
            if (new := preparation.prepare(source, None)) is not None:
                yield new
