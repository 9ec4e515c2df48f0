"""What a collection reads of a record that others write meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.ingest import Source
from index.store.sql.snapshots import SqlSnapshot
from index.store.sqlite import FolderCatalogue, SqliteStore
from tests.contracts.documents import document
from tests.opening import store_in


class Interrupted(SqliteStore):
    """Does something once, before the snapshot that an index follows is taken."""

    meanwhile: Callable[[], object] | None = None
    forgotten = 0

    @contextmanager
    def snapshot(self, *, lasting: bool = False, standby: bool = False) -> Iterator[SqlSnapshot]:
        meanwhile, self.meanwhile = (self.meanwhile, None) if lasting else (None, self.meanwhile)
        if meanwhile:
            meanwhile()
        with super().snapshot(lasting=lasting, standby=standby) as moment:
            yield moment

    def forget(self) -> None:
        self.forgotten += 1
        super().forget()


class InterruptedCatalogue(FolderCatalogue):
    """Opens such stores."""

    def open(self, name: str) -> Interrupted:
        self.store = Interrupted(self.folder(name) / "store.sqlite")
        return self.store


def test_caches_forget_what_is_erased_while_the_indexes_follow(tmp_path: Path) -> None:
    catalogue = InterruptedCatalogue(tmp_path)
    with (
        Collection(catalogue, "notes", embedder=WordEmbedder(), config=LibraryConfig()) as collection,
        closing(store_in(tmp_path / "notes")) as elsewhere,
    ):
        collection.put(Source("gone.txt", b"The lamp was lit."))
        elsewhere.put([document("other", "The door was shut.")])
        catalogue.store.meanwhile = lambda: elsewhere.delete("gone.txt")
        collection.refresh()
        assert collection.state.change == 3
        assert catalogue.store.forgotten == 1
        collection.refresh()
        assert catalogue.store.forgotten == 1
