"""Documents and reads that the contract suites share."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from index.protocols import RecordStore
from index.records import DocumentRecord, NewDocument, PendingPassage
from index.types import Block, Passage, Sentences, Vectors

OTHER = "Other words. And some more."


def document(id_: str = "a", text: str = "One two. Three four.", **given: object) -> NewDocument:
    """A document of two passages; what is given takes the place of its fields."""
    middle = text.index(" ", len(text) // 2 - 1)
    passages = [
        Passage(0, middle, ("Top",), None, 3),
        Passage(middle + 1, len(text), ("Top", "Sub"), (1, 2), 4),
    ]
    values: dict[str, object] = {
        "id": id_,
        "title": "Title",
        "source": id_,
        "media_type": "text/plain",
        "metadata": {},
        "text": text,
        "source_sha256": hashlib.sha256(text.encode()).digest(),
        "reader": "text/1",
        "given": json.dumps({"origin": "", **{key: repr(value) for key, value in given.items()}}),
        "blocks": [Block("paragraph", 0, len(text))],
        "pages": [],
        "passages": passages,
        "headings": ["Title"] * 2,
    }
    return NewDocument(**{**values, **given})  # type: ignore[arg-type]


def unit(n: int, dimension: int = 8) -> Vectors:
    """As many unit vectors, the same at each call."""
    vectors = np.random.default_rng(n).normal(size=(n, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)  # type: ignore[no-any-return]


def sentences(count: int) -> Sentences:
    """The sentences of a passage with so many."""
    numbers = np.arange(count, dtype=np.int32)
    return Sentences(
        spans=np.stack([10 * numbers, 10 * numbers + 7], axis=1),
        terms=np.arange(2 * count + 1, dtype=np.uint32) * 2**31 // (count + 1),
        term_ends=2 * (numbers + 1),
        vectors=unit(count),
    )


class Reads:
    """Calls each method of a snapshot in a snapshot of its own."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store

    def change(self) -> int:
        with self._store.snapshot() as moment:
            return moment.change

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def read(*args: object, **named: object) -> Any:
            with self._store.snapshot() as moment:
                found = getattr(moment, name)(*args, **named)
                return list(found) if isinstance(found, Iterator) else found

        return read


def now(store: RecordStore) -> Any:
    """What the store holds now."""
    return Reads(store)


def put(store: RecordStore, new: Sequence[NewDocument]) -> list[DocumentRecord]:
    """Put documents; returns their records."""
    return [one.record for one in store.put(new)]


def pending(store: RecordStore) -> list[PendingPassage]:
    """The passages that wait for a vector and are not claimed."""
    with store.lease("embed/looking") as lease:
        return store.claim(100, lease)


def embed(store: RecordStore) -> None:
    """Give every passage that waits a vector."""
    waiting = pending(store)
    store.put_vectors([passage.key for passage in waiting], unit(len(waiting)))


def live_ids(store: RecordStore) -> list[int]:
    """The ids of the live passages, ascending."""
    return [passage.id for passage in now(store).added_texts(0, now(store).change())]


def kinds(store: RecordStore, since: int = 0) -> list[tuple[int, str, str, int]]:
    """The events after a change: (change, kind, document id, version)."""
    events = now(store).events(since, now(store).change(), 100)
    return [(event.change, event.kind, event.document_id, event.version) for event in events]


@dataclass
class Past:
    """How much there was after an earlier change."""

    reached: int
    passages: tuple[int, int]

    def counts(self) -> tuple[int, int]:
        return self.passages


def at(store: RecordStore, change: int) -> Past:
    """The counts of an earlier change."""
    with store.snapshot() as moment:
        past = moment.at(change)
        return Past(past.reached, past.counts())
