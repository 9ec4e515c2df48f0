"""Reads that snapshots of all databases share: through the cache, and of an earlier change."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from index.filters import Filter
from index.page_labels import PageRange
from index.records import Counts, PlacedPassage, StoredPassage
from index.sentence_table import SentenceTable
from index.store.rows.cache import Memory, Reads, with_words
from index.store.rows.sentences import table_of
from index.types import Ids


class RememberedPassages:
    """Texts and passages of a snapshot, read through the cache."""

    _memory: Memory
    _reads: Reads

    def text(self, sha256: bytes, start: int = 0, end: int | None = None) -> str:
        return self._memory.text(self._reads, sha256, (start, end))

    def whole_texts(self, sha256s: Iterable[bytes]) -> dict[bytes, str]:
        return self._memory.whole_texts(self._reads, sha256s)

    def passages(self, ids: Ids) -> list[StoredPassage]:
        return self._memory.passages(self._reads, ids)

    def places(self, ids: Ids) -> list[PlacedPassage]:
        return self._memory.places(self._reads, ids)

    def sentences(self, ids: Ids) -> tuple[Ids, SentenceTable]:
        return self._memory.sentences(self._reads, ids)

    def select(self, where: Filter) -> Ids:
        return self._memory.select(self._reads, where)

    def on_pages(self, ranges: Sequence[PageRange], where: Filter | None) -> Ids:
        return self._reads.on_pages(ranges, where)


class EarlierPassages:
    """Texts and passages of an earlier change, which are not cached.

    They are those of that change. Titles, sources and metadata, and therefore filters, are current, because
    they can be corrected without a new version.
    """

    _reads: Reads

    def text(self, sha256: bytes, start: int = 0, end: int | None = None) -> str:
        return self._reads.text(sha256, start, end)

    def whole_texts(self, sha256s: Iterable[bytes]) -> dict[bytes, str]:
        return dict(self._reads.whole_texts(list(sha256s)))

    def passages(self, ids: Ids) -> list[StoredPassage]:
        return with_words(self._reads, self.places(ids), {})

    def places(self, ids: Ids) -> list[PlacedPassage]:
        wanted = ids.tolist()
        found = self._reads.placed_passages(wanted)
        return [found[id_] for id_ in wanted if id_ in found]

    def sentences(self, ids: Ids) -> tuple[Ids, SentenceTable]:
        wanted = ids.tolist()
        return table_of(wanted, self._reads.sentences_of(wanted))

    def select(self, where: Filter) -> Ids:
        return self._reads.select(where)

    def on_pages(self, ranges: Sequence[PageRange], where: Filter | None) -> Ids:
        return self._reads.on_pages(ranges, where)


def without_hidden(counts: Counts, hidden: Sequence[int]) -> Counts:
    """Subtract documents, passages, passages with vectors, characters, bytes of originals, in this order."""
    documents, passages, embedded, characters, original_bytes = hidden
    return replace(
        counts,
        documents=counts.documents - documents,
        passages=counts.passages - passages,
        embedded=counts.embedded - embedded,
        characters=counts.characters - characters,
        original_bytes=counts.original_bytes - original_bytes,
    )
