"""Titles of collections: what people call them, beside the names that addresses and keys have."""

import re
import secrets
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import replace

from index.collection import Collection as OpenCollection
from service.errors import InvalidRequest
from service.state.files.records import StoreLabel
from service.state.files.store import FileStore

MOST_CHARACTERS = 200
_UNNAMED = "collection"
"""Beginning of the names of collections whose titles have no letters that a name may have."""
_LONGEST_NAME = 50
_REFUSED = ("Cc", "Cs", "Zl", "Zp", "Cf")
"""Categories of characters that break a line, or turn the text around them."""


def validate_title(title: str) -> str:
    """A title without spaces around it. Raises :class:`service.errors.InvalidRequest`."""
    found = unicodedata.normalize("NFC", " ".join(title.split()))
    if len(found) > MOST_CHARACTERS:
        raise InvalidRequest(
            f"title: it has {len(found)} characters; at most {MOST_CHARACTERS} are taken.", param="title"
        )
    if any(unicodedata.category(character) in _REFUSED for character in found):
        raise InvalidRequest("title: it has control characters. Leave them out.", param="title")
    return found


class Titles:
    """Titles of collections, which clients of OpenAI's API see as the names of vector stores; blocks."""

    def __init__(self, store: FileStore) -> None:
        self._store = store

    def all(self) -> Mapping[str, str]:
        """The titles by the names of their collections, of those that have one."""
        return {one.collection: one.name for one in self._store.labels() if one.name != one.collection}

    def of(self, name: str) -> str:
        """The title of a collection; its name where it has none."""
        label = self._store.label(name)
        return name if label is None else label.name

    def change(self, opened: OpenCollection, title: str) -> None:
        """Give a collection a title; an empty one takes it away. Raises :class:`InvalidRequest`."""
        called = validate_title(title) or opened.name
        self._store.set_label(replace(label_of(self._store, opened), name=called))


def label_of(store: FileStore, opened: OpenCollection) -> StoreLabel:
    """The label of a collection; one without a label is as old as its first change."""
    known = store.label(opened.name)
    if known is not None:
        return known
    feed, _ = opened.archive.changes(limit=1)
    created = feed.events[0].created if feed.events else 0.0
    return StoreLabel(opened.name, opened.name, "", {}, created)


def free_name(title: str, taken: Collection[str]) -> str:
    """The name of a collection that does not exist, made of the letters of its title that a name may have."""
    plain = plain_name(title) or _UNNAMED
    return f"{plain}-{secrets.token_hex(4)}" if plain in taken or plain == _UNNAMED else plain


def plain_name(title: str) -> str:
    """The letters of a title that the name of a collection may have; empty where there are none."""
    letters = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_-]+", "-", letters).strip("-_")[:_LONGEST_NAME].strip("-_")
