"""Writes of the record in memory: each changes its own copy of the state."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from index.errors import HashCollision
from index.filters import veiled
from index.records import (
    DocumentHistory,
    Event,
    EventKind,
    NewDocument,
    NumberedVersion,
    Put,
    Structure,
    content_key,
)
from index.store.memory.state import Document, Erased, State, StoredRow, Version

_DIGITS = 6
"""Bytes of a hash in a locator."""


def put(state: State, new: NewDocument, now: float, *, is_version: bool = False) -> Put:
    """Add a document, or a new version of one; a version of the same words keeps its number.

    ``is_version``: it is a version of its own, whatever was stored before.
    """
    known = state.document_named(new.id)
    record = known and state.document_record(known)
    unchanged = record and record.has(new.source_sha256, new.reader, new.given)
    if record and unchanged and not is_version and new.groups in (None, record.groups):
        _attach_original(state, new)
        return Put(record, "unchanged")
    key = known.key if known else _next_key(state)
    restores = known is not None and known.retired is not None
    newest = state.versions[known.version] if known and not restores else None
    version = _put_version(state, new, key, newest, now, is_version=is_version)
    state.documents[key] = Document(
        key,
        new.id,
        version.key,
        new.source,
        new.media_type,
        new.metadata,
        new.given,
        known.created if known else now,
        now,
    )
    if new.groups is not None:
        state.groups[key] = tuple(sorted(set(new.groups)))
    retire(state, key)
    _put_passages(state, new, version)
    kind: EventKind = "restored" if restores else "added"
    if newest:
        kind = "updated" if newest.text == version.text else "replaced"
    note(state, new.id, kind, version.number, now)
    _attach_original(state, new)
    drop_unused_originals(state)
    record = state.document_record(state.documents[key])
    return Put(record, "replaced" if newest else "added", kind == "updated")


def _put_version(
    state: State, new: NewDocument, document: int, newest: Version | None, now: float, *, is_version: bool
) -> Version:
    """Store the text of a document (key): in its newest version if that has this text, else in a new one."""
    sha = hashlib.sha256(new.text.encode()).digest()
    state.texts[sha] = new.text
    if newest and newest.text == sha and not is_version:
        version = replace(newest, **_read_fields(new))
    else:
        if newest:
            state.versions[newest.key] = replace(newest, removed=state.change, replaced=now)
        version = _new_version(state, new, document, sha, now)
    state.versions[version.key] = version
    reserve_name(state, new.id, sha, version.number)
    return version


def _new_version(state: State, new: NewDocument, document: int, sha: bytes, now: float) -> Version:
    numbers = [one.number for one in state.versions_of(document)]
    numbers += [number for (id_, _), (_, number) in state.names.items() if id_ == new.id]
    return Version(
        key=_next_key(state),
        document=document,
        number=max(numbers, default=0) + 1,
        text=sha,
        created=now,
        added=state.change,
        **_read_fields(new),
    )


def _attach_original(state: State, new: NewDocument) -> None:
    if new.original_bytes is not None:
        state.originals.setdefault(new.source_sha256, new.original_bytes)


def drop_unused_originals(state: State) -> None:
    """Forget the bytes that no version was read from."""
    used = {one.source_sha256 for one in state.versions.values()}
    for sha in [sha for sha in state.originals if sha not in used]:
        del state.originals[sha]


def _read_fields(new: NewDocument) -> dict[str, Any]:
    """The fields of a version that come from its reader."""
    return {
        "title": new.title,
        "source_sha256": new.source_sha256,
        "reader": new.reader,
        "structure": Structure(tuple(new.blocks), tuple(new.pages)),
        "layout": new.layout or None,
    }


def _put_passages(state: State, new: NewDocument, version: Version) -> None:
    for passage, heading in zip(new.passages, new.headings, strict=True):
        quote = new.text[passage.start : passage.end]
        id_ = state.last_passage + 1
        state.last_passage = id_
        row = StoredRow(
            id=id_,
            document=version.document,
            version=version.key,
            passage=passage,
            heading=heading,
            quote=quote,
            quote_key=content_key(quote),
            key=b"",
            added=state.change,
        )
        key = content_key(row.text)
        embedded = state.change if key in state.vectors else None
        state.passages[id_] = replace(row, key=key, embedded=embedded)


def adopt(state: State, history: DocumentHistory, version: NumberedVersion) -> None:
    """Add a version of a document as another record has it."""
    record = put(state, version.new, version.created, is_version=True).record
    key = state.documents[record.key].version
    state.versions[key] = replace(state.versions[key], number=version.number)
    state.events[-1] = replace(state.events[-1], version=version.number)
    reserve_name(state, history.id, record.text_sha256, version.number)


def complete(state: State, history: DocumentHistory) -> None:
    """Give an adopted document the times and former ids that it has in the other record."""
    document = state.document_named(history.id)
    assert document is not None  # noqa: S101 -- its versions were just added
    if history.retired is not None:
        retire_document(state, document, history.retired)
    for kept, version in zip(reversed(state.versions_of(document.key)), history.versions, strict=True):
        state.versions[kept.key] = replace(kept, replaced=version.replaced)
        for alias in history.aliases:
            reserve_name(state, alias, kept.text, kept.number)
    state.aliases.update((alias, document.key) for alias in history.aliases)
    document = state.documents[document.key]
    state.documents[document.key] = replace(document, created=history.created, updated=history.updated)


def rename(state: State, document: Document, to: str, now: float) -> None:
    """Give a document another id."""
    for version in state.versions_of(document.key):
        reserve_name(state, to, version.text, version.number)
    state.documents[document.key] = replace(document, id=to)
    state.aliases.add((document.id, document.key))
    state.aliases.discard((to, document.key))
    note(state, to, "renamed", state.versions[document.version].number, now, was=document.id)


def retire_document(state: State, document: Document, now: float) -> None:
    """Take a document out of what is searched and listed."""
    newest = state.versions[document.version]
    retire(state, document.key)
    state.versions[newest.key] = replace(newest, removed=state.change, replaced=now)
    state.documents[document.key] = replace(document, retired=now)
    note(state, document.id, "retired", newest.number, now)


def retire(state: State, document: int) -> None:
    """Take a document's live passages out of the indexes."""
    for row in [row for row in state.passages.values() if row.document == document and row.removed is None]:
        state.passages[row.id] = replace(row, removed=state.change)
        state.removals.append((state.change, row.id))


def erase(state: State, versions: Sequence[Version]) -> None:
    """Erase versions with their passages, and the texts and vectors that nothing else uses."""
    for version in versions:
        for row in [row for row in state.passages.values() if row.version == version.key]:
            del state.passages[row.id]
        del state.versions[version.key]
        removed = state.change if version.removed is None else version.removed
        id_ = state.documents[version.document].id
        state.erased.append(Erased(version.document, id_, version.number, version.added, removed))
    texts = {one.text for one in state.versions.values()}
    for sha in [sha for sha in state.texts if sha not in texts]:
        del state.texts[sha]
    drop_unused_originals(state)
    keys = {row.key for row in state.passages.values()}
    for key in [key for key in state.vectors if key not in keys]:
        del state.vectors[key]


def delete(state: State, document: Document, now: float) -> None:
    """Erase a document with all its versions."""
    number = state.versions[document.version].number
    retire(state, document.key)
    erase(state, state.versions_of(document.key))
    note(state, document.id, "deleted", number, now)
    del state.documents[document.key]
    if groups := state.groups.get(document.key):
        state.groups[document.key] = tuple(sorted(map(veiled, groups)))
    state.aliases.difference_update([one for one in state.aliases if one[1] == document.key])


def prune(state: State, versions: Sequence[Version], now: float) -> None:
    """Erase versions that are not the newest of their documents."""
    for version in versions:
        note(state, state.documents[version.document].id, "pruned", version.number, now)
    erase(state, versions)


def reserve_name(state: State, document_id: str, sha256: bytes, number: int) -> None:
    """Reserve (id, hash prefix) for a text. Raises :class:`HashCollision` where it is another text's."""
    name = document_id, sha256[:_DIGITS]
    held, last = state.names.setdefault(name, (sha256, number))
    if held != sha256:
        raise HashCollision(
            f"{document_id!r}: the SHA-256 of this text begins with the same 12 digits as that of another "
            "text that was put under this id. Change the text, or choose another id."
        )
    state.names[name] = (held, max(last, number))


def note(state: State, document_id: str, kind: EventKind, version: int, now: float, *, was: str = "") -> None:
    """Note what the change does; a document that is deleted must still be there."""
    document = state.document_named(document_id)
    state.event_documents.append(document.key if document else 0)
    state.events.append(Event(state.change, document_id, kind, version, now, was))


def _next_key(state: State) -> int:
    state.last_key += 1
    return state.last_key
