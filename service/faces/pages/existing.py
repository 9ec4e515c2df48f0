"""The collection that a page shows: the one that its address names, or the first that the caller may use."""

from fastapi import Request

from index.collection import Collection
from index.errors import CollectionNotFound
from service.http.links import DEFAULT_COLLECTION
from service.http.request_models import PageQuery
from service.state.collections import Collections
from service.state.identity import Principal


def existing_collection(collections: Collections, caller: Principal, name: str) -> Collection | None:
    """The collection; None for the default one before a document is added.

    Raises :class:`index.errors.CollectionNotFound` for another that does not exist.
    """
    try:
        return collections.open(caller, name)
    except CollectionNotFound:
        if name != DEFAULT_COLLECTION:
            raise
        return None


def choose_collection(
    request: Request, query: PageQuery, collections: Collections, caller: Principal
) -> None:
    """Put a collection that the caller may use into a query whose address names none; blocks."""
    if "collection" not in request.query_params:
        names = collections.names(caller)
        query.collection = DEFAULT_COLLECTION if DEFAULT_COLLECTION in names or not names else names[0]
