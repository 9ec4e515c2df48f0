"""An engine without indexes, for a process that writes a record which others search."""

from collections.abc import Iterable, Mapping, Sequence

from numpy.typing import NDArray

from index.errors import IndexUnavailable
from index.filters import Filter
from index.protocols import (
    Failure,
    Noted,
    PastPassages,
    Rankings,
    RecordStore,
    Searchable,
    Side,
    Snapshot,
    untimed,
)
from index.types import Ids, Importance, Vectors


class Unindexed:
    """Implements :class:`index.protocols.Engine`: it follows the record by its change number alone.

    What searches raises :class:`index.errors.IndexUnavailable`.
    """

    degraded: tuple[Side, ...] = ()
    failures: tuple[Failure, ...] = ()

    def __init__(self, store: RecordStore) -> None:
        self._store = store
        self.change = 0

    def check(self) -> list[str]:
        return []

    def prepare(self, texts: Iterable[str]) -> None: ...

    def update(self) -> bool:
        with self._store.snapshot() as moment:
            return self.follow(moment)

    def follow(self, moment: Snapshot) -> bool:
        before, self.change = self.change, moment.change
        return self.change > before

    def maintain(self, *, background: bool) -> None: ...

    def purge(self, change: int) -> bool:
        return False  # nobody may take the record for purged: files of other machines have the passages

    def cleanse(self, change: int) -> bool:
        return True

    def forget(self) -> None: ...

    def close(self) -> None: ...

    def at(self, past: PastPassages) -> Searchable:
        raise _unavailable()

    def search(
        self,
        question: str,
        vector: Vectors,
        n: int,
        *,
        where: Filter | None = None,
        context: Sequence[tuple[str, float]] = (),
        noted: Noted = untimed,
    ) -> Rankings:
        raise _unavailable()

    def search_words(self, text: str, n: int, *, where: Filter | None = None) -> Ids:
        raise _unavailable()

    def scores(self, vector: Vectors, ids: Ids) -> NDArray:  # type: ignore[type-arg]
        raise _unavailable()

    def importance(self, question: str, context: Sequence[tuple[str, float]] = ()) -> Importance:
        raise _unavailable()

    def terms(self, prefix: str) -> Mapping[str, int]:
        raise _unavailable()


def _unavailable() -> IndexUnavailable:
    return IndexUnavailable("This process keeps no indexes. Ask one that does.")
