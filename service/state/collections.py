"""The library as its callers may use it: each sees the collections and documents of its key."""

import threading
from collections.abc import Callable
from typing import TypeVar

from index.collection import Collection
from index.errors import CollectionNotFound, DocumentNotFound
from index.library import Library
from service.state.identity import Principal

T = TypeVar("T")


class Collections:
    """Opens collections for callers. Its methods block, unless they say otherwise.

    ``library`` has all collections, whoever asks. ``naming`` is held while a collection is created under a
    name that is chosen for it.
    """

    def __init__(self, library: Library) -> None:
        self.library = library
        self.naming = threading.Lock()

    def open(self, caller: Principal, name: str, *, create: bool = False, model: str = "") -> Collection:
        """Open a collection as a caller sees it. One that it may not use is not found.

        Raises what :meth:`index.library.Library.open` raises.
        """
        self.require(caller, name)
        return self.library.open(name, create=create, model=model).restrict_to(caller.groups)

    def open_cached(self, caller: Principal, name: str) -> Collection:
        """The same for short reads; see :meth:`index.library.Library.open_cached`."""
        self.require(caller, name)
        return self.library.open_cached(name).restrict_to(caller.groups)

    def following(self, caller: Principal, name: str, document_id: str, read: Callable[[str], T]) -> T:
        """The result of ``read`` for a document; for the one that had this id last, if it was renamed."""
        try:
            return read(document_id)
        except DocumentNotFound:
            today = self.open(caller, name).archive.renamed_to(document_id)
            if today is None:
                raise
            return read(today)

    def names(self, caller: Principal) -> list[str]:
        """The collections that a caller may use, in order."""
        return [name for name in self.library.names() if caller.may_use(name)]

    def model_of(self, caller: Principal, name: str) -> str:
        """The model that embeds a caller's questions to a collection; does not block.

        It is named as :class:`service.flows.ask.queues.QuestionQueues` names it.
        """
        return self.library.model_of(name) if caller.may_use(name) else ""

    @staticmethod
    def require(caller: Principal, name: str) -> None:
        """Raise :class:`CollectionNotFound` for a collection that a caller may not use; does not block."""
        if not caller.may_use(name):
            raise CollectionNotFound(f"There is no collection {name!r}.", name=name)
