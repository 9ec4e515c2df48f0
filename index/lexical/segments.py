"""Tantivy, with its errors translated: a folder of segments, and how passages get there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import tantivy

from index.errors import CollectionBusy, StoreDamaged
from index.types import Ids

_HEAP_BYTES = 64_000_000
"""What a writer gathers before it writes a segment."""

_TOGETHER = 10_000
"""Passages dropped by one query."""


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("passage", indexed=True, fast=True)
    builder.add_unsigned_field("document", indexed=True, fast=True)
    builder.add_text_field("text", stored=False, tokenizer_name="whitespace", index_option="freq")
    return builder.build()


SCHEMA = _schema()


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Tantivy raises ValueError for all that goes wrong, and RuntimeError from a writer that has failed."""
    try:
        yield
    except (ValueError, RuntimeError, OSError) as error:
        if "LockBusy" in str(error):
            raise CollectionBusy(
                "the lexical index is being written by another process: try again in a moment"
            ) from error
        raise StoreDamaged(f"the lexical index failed while {doing}: {error}") from error


def create(folder: Path) -> tantivy.Index:
    """An index without passages in a new folder."""
    with translated("being created"):
        folder.mkdir(parents=True)
        return _reloaded_on_demand(tantivy.Index(SCHEMA, path=str(folder)))


def open_folder(folder: Path) -> tantivy.Index:
    """Raises :class:`index.errors.StoreDamaged` for a folder that is not whole."""
    with translated("being opened"):
        return _reloaded_on_demand(tantivy.Index.open(str(folder)))


def stored(folder: Path) -> int:
    """How many passages the segments have, those included that were dropped and not yet merged away."""
    with translated("being counted"):
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        return sum(int(segment["max_doc"]) for segment in meta["segments"])


@contextmanager
def writing(index: tantivy.Index) -> Iterator[tantivy.IndexWriter]:
    """A writer with its lock, committed at the end, and merged, so that segments stay few.

    The lock is the operating system's: it ends with the process, however that ends.
    """
    with translated("being locked"):
        writer = index.writer(_HEAP_BYTES, num_threads=1)
    try:
        yield writer
        with translated("being committed"):
            writer.commit()
            writer.wait_merging_threads()
    except BaseException:
        # Lets go of the lock now and not when the last reference goes; what was not committed is dropped.
        with suppress(ValueError, RuntimeError):
            writer.wait_merging_threads()
        raise


def add(writer: tantivy.IndexWriter, *, passage: int, document: int, terms: Iterable[str]) -> None:
    """Add a passage; whoever adds it again drops it first."""
    entry = tantivy.Document()
    # The types are named: an integer of the wrong type does not fail here but kills the writer.
    entry.add_unsigned("passage", passage)
    entry.add_unsigned("document", document)
    entry.add_text("text", " ".join(terms))
    with translated("adding a passage"):
        writer.add_document(entry)


def drop(writer: tantivy.IndexWriter, passages: Ids) -> None:
    """Drop passages that were added before this call."""
    passages = passages[passages >= 0]  # the engine has unsigned numbers
    for first in range(0, len(passages), _TOGETHER):
        some = passages[first : first + _TOGETHER].tolist()
        with translated("dropping passages"):
            # By query: delete_documents_by_term takes an integer for a signed one and finds nothing.
            writer.delete_documents_by_query(tantivy.Query.term_set_query(SCHEMA, "passage", some))


def _reloaded_on_demand(index: tantivy.Index) -> tantivy.Index:
    # Otherwise every index has a thread that looks at the folder twice a second.
    index.config_reader("manual")
    return index
