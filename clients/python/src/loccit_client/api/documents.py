"""Store, look up, read, change and delete documents, and compare their versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from loccit_client.calls import Call, Pages, content, one, page, text, without_defaults
from loccit_client.models import (
    DeletedDocument,
    Diff,
    Document,
    PruneResult,
    PutDocument,
    StoredDocument,
    VersionList,
)
from loccit_client.uploading import Progress, Upload

_DOCUMENT = "/v1/documents/{document_id}"


def put(
    document_id: str,
    content: str | bytes | Path,
    *,
    title: str = "",
    source: str = "",
    metadata: Mapping[str, Any] | None = None,
    groups: Sequence[str] | None = None,
    media_type: str = "",
    wait: bool = False,
    collection: str | None = None,
    on_progress: Progress | None = None,
) -> Call[PutDocument]:
    """Add or replace a document: its text (``str``), the bytes of a file, or the path of a file.

    A file is read by its ``media_type``, or else by the suffix of the id. With ``wait`` the reply comes when
    the document can be found by meaning. ``groups`` may read it. Raises :class:`ValueError` for ``metadata``
    of a file: ``ingest`` takes them, and ``update`` sets them afterwards.
    """
    query = {"wait": wait or None}
    named = {"document_id": document_id}
    if isinstance(content, str):
        attributes = without_defaults(title=title, source=source, metadata=metadata, media_type=media_type)
        if groups is not None:
            attributes["groups"] = list(groups)
        return Call(
            method="PUT",
            path=_DOCUMENT,
            named=named,
            query=query,
            json={"text": content, **attributes},
            read=one(PutDocument),
            collection=collection,
        )
    if metadata:
        raise ValueError("Metadata go with a text. Set those of a file with `update`, or use `ingest`.")
    attributes = {"title": title or None, "source": source or None, "groups": _join_groups(groups)}
    data = content.read_bytes() if isinstance(content, Path) else content
    return Call(
        method="PUT",
        path=_DOCUMENT,
        named=named,
        query={**query, **attributes},
        upload=Upload(data, media_type or "application/octet-stream", on_progress=on_progress),
        read=one(PutDocument),
        collection=collection,
    )


def get(document_id: str, *, collection: str | None = None) -> Call[Document]:
    """A document's attributes, and how many of its passages are embedded."""
    return Call(
        method="GET",
        path=_DOCUMENT,
        named={"document_id": document_id},
        read=one(Document),
        collection=collection,
    )


def list_all(
    *, prefix: str = "", retired: bool = False, page_size: int = 100, collection: str | None = None
) -> Pages[Document]:
    """All documents by id, read page by page; with ``retired`` also retired ones."""
    call: Call[Any] = Call(
        method="GET",
        path="/v1/documents",
        query={"prefix": prefix or None, "retired": retired or None, "limit": page_size},
        read=page(Document, "documents"),
        collection=collection,
    )
    return Pages(call=call, cursor="after")


def read_text(document_id: str, *, version: int | None = None, collection: str | None = None) -> Call[str]:
    """The text to which all offsets refer, of the newest version or of another."""
    return Call(
        method="GET",
        path=f"{_DOCUMENT}/text",
        named={"document_id": document_id},
        query={"version": version},
        read=text,
        collection=collection,
    )


def read_original(
    document_id: str, *, version: int | None = None, collection: str | None = None
) -> Call[bytes]:
    """The bytes that the newest version, or another, was read from, where they are kept."""
    return Call(
        method="GET",
        path=f"{_DOCUMENT}/original",
        named={"document_id": document_id},
        query={"version": version},
        read=content,
        collection=collection,
    )


def draw_page(
    document_id: str,
    page: int,
    *,
    width: int | None = None,
    version: int | None = None,
    collection: str | None = None,
) -> Call[bytes]:
    """A page of a PDF file as a PNG file, ``width`` pixels wide; ``page`` counts from 1."""
    return Call(
        method="GET",
        path=f"{_DOCUMENT}/page.png",
        named={"document_id": document_id},
        query={"page": page, "width": width, "version": version},
        read=content,
        collection=collection,
    )


def update(
    document_id: str,
    *,
    metadata: Mapping[str, Any] | None = None,
    source: str | None = None,
    groups: Sequence[str] | None = None,
    title: str | None = None,
    rename: str | None = None,
    collection: str | None = None,
) -> Call[StoredDocument]:
    """Set a document's metadata (None removes an entry), source, groups, title, or id (``rename``)."""
    given = {
        "title": title,
        "document_id": rename,
        "metadata": None if metadata is None else dict(metadata),
        "source": source,
        "groups": None if groups is None else list(groups),
    }
    return Call(
        method="PATCH",
        path=_DOCUMENT,
        named={"document_id": document_id},
        json={name: value for name, value in given.items() if value is not None},
        read=one(StoredDocument),
        collection=collection,
    )


def delete(document_id: str, *, wait: bool = False, collection: str | None = None) -> Call[DeletedDocument]:
    """Erase a document with all its versions; with ``wait``, until no file holds its bytes."""
    return Call(
        method="DELETE",
        path=_DOCUMENT,
        named={"document_id": document_id},
        query={"wait": wait or None},
        read=one(DeletedDocument),
        collection=collection,
    )


def versions(document_id: str, *, collection: str | None = None) -> Call[VersionList]:
    """The versions of a document that are kept, newest first."""
    return Call(
        method="GET",
        path=f"{_DOCUMENT}/versions",
        named={"document_id": document_id},
        read=one(VersionList),
        collection=collection,
    )


def diff(document_id: str, old: int, new: int | None = None, *, collection: str | None = None) -> Call[Diff]:
    """The difference between two versions of a document; ``new`` is the newest by default."""
    return Call(
        method="GET",
        path=f"{_DOCUMENT}/diff",
        named={"document_id": document_id},
        query={"old": old, "new": new},
        read=one(Diff),
        collection=collection,
    )


def prune(
    *,
    keep_versions: int | None = None,
    keep_days: float | None = None,
    keep_retired_days: float | None = None,
    citations: Sequence[str] = (),
    dry_run: bool = True,
    collection: str | None = None,
) -> Call[PruneResult]:
    """Erase old versions and retired documents, or only say which (the default); see the HTTP API."""
    rules = without_defaults(citations=list(citations)) | {
        name: value
        for name, value in (
            ("keep_versions", keep_versions),
            ("keep_days", keep_days),
            ("keep_retired_days", keep_retired_days),
        )
        if value is not None
    }
    return Call(
        method="POST",
        path="/v1/prune",
        json={"dry_run": dry_run, **rules},
        read=one(PruneResult),
        collection=collection,
    )


def _join_groups(groups: Sequence[str] | None) -> str | None:
    return None if groups is None else ",".join(groups)
