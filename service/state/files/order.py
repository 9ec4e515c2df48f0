"""Documents of collections by the time of their creation, remembered until the next change."""

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from index.collection import Collection
from index.history import Archive
from service.state.files.ids import file_id
from service.state.identity.principal import Groups


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a document stands in the order. ``file_id`` is the id of the file that it is."""

    created: float
    file_id: str
    document_id: str


class DocumentOrder:
    """Lists documents in the order of their creation, which the record does not: it lists them by id.

    Reading all documents for each page would take long in a large collection. One order is kept for each
    collection.
    """

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Collection, tuple[int, Groups, list[Place]]] = WeakKeyDictionary()

    def of(self, collection: Collection, archive: Archive, groups: Groups) -> Sequence[Place]:
        """The documents of a collection, the oldest first, that ``archive`` shows to a caller's groups."""
        change = archive.counts().change
        known = self._known.get(collection)
        if known is not None and known[:2] == (change, groups):
            return known[2]
        found = sorted(
            Place(one.created, file_id(collection.name, one.id), one.id) for one in archive.all_documents()
        )
        if archive.counts().change == change:
            self._known[collection] = change, groups, found
        return found
