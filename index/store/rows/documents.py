"""Make records of the rows of documents and versions, and pack the structure of a version."""

import json
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import VersionNotFound
from index.protocols import Unstaged
from index.records import DocumentRecord, NewDocument, Structure, VersionRecord
from index.store.rows.damage import undecodable
from index.store.rows.passages import columns_of, pack_columns
from index.types import Block, BlockKind, Extract

_OFFSETS = np.dtype("<i4")


def document_of(row: Iterable[Any]) -> DocumentRecord:
    """Make a record of a row with its fields in order: metadata (JSON) sixth, groups (JSON) last."""
    values = list(row)
    try:
        values[5] = json.loads(values[5])
        values[-1] = tuple(sorted(json.loads(values[-1])))
    except (ValueError, TypeError) as error:
        raise undecodable("metadata of documents") from error
    return DocumentRecord(*values)


def version_of(row: Iterable[Any]) -> VersionRecord:
    """Make a record of a row with its fields in order: metadata (JSON) eighth."""
    values = list(row)
    try:
        values[7] = json.loads(values[7])
    except (ValueError, TypeError) as error:
        raise undecodable("metadata of documents") from error
    return VersionRecord(*values)


STRUCTURE = ("structure", "pages", "layout", "page_labels", "figures")
"""The columns of :func:`pack_structure`."""


def pack_structure(new: NewDocument) -> tuple[bytes, bytes, bytes | None, str, str]:
    """Pack the columns of a new version that tell where in its text and on its pages everything is."""
    blocks = [
        [b.kind, b.start, b.end, b.level, b.title, *filter(None, [pack_columns(b.columns)])]
        for b in new.blocks
    ]
    structure = zlib.compress(json.dumps(blocks, ensure_ascii=False).encode())
    pages = zlib.compress(np.array(new.pages, _OFFSETS).tobytes())
    return structure, pages, new.layout or None, new.page_labels, new.figures


def structure_of(packed: bytes, pages: bytes) -> Structure:
    """Return the blocks and pages that :func:`pack_structure` has packed."""
    try:
        blocks = tuple(_block(*block) for block in json.loads(zlib.decompress(packed)))
    except (ValueError, TypeError, zlib.error) as error:
        raise undecodable("structures of documents") from error
    return Structure(blocks, tuple(_offsets(pages).tolist()))


def _block(
    kind: BlockKind, start: int, end: int, level: int, title: str, columns: list[Any] | None = None
) -> Block:
    return Block(kind, start, end, level, title, columns_of(columns))


def pages_at(packed: bytes | None, start: int, end: int) -> tuple[int, int] | None:
    """Return the first and last page of a span, by the packed pages of its version; None without pages."""
    pages = _offsets(packed) if packed is not None else np.empty(0, _OFFSETS)
    if not len(pages):
        return None
    first, last = np.searchsorted(pages, (start, end - 1), side="right")
    return max(1, int(first)), max(1, int(last))


def page_count(packed: bytes) -> int:
    """Return how many pages a version has, by its packed pages."""
    return len(_offsets(packed))


def _offsets(pages: bytes) -> NDArray[np.int32]:
    try:
        return np.frombuffer(zlib.decompress(pages), _OFFSETS)
    except (ValueError, TypeError, zlib.error) as error:
        raise undecodable("pages of documents") from error


def unstaged_version(
    version: VersionRecord, structure: Structure, text: str, *, key: int, latest: int
) -> Unstaged:
    """Return a version (key) that an upgrade is to split, as it was after its change ``latest``."""
    extract = Extract(
        text=text,
        blocks=structure.blocks,
        media_type=version.media_type,
        reader=version.reader,
        title=version.title,
        pages=structure.pages,
    )
    return Unstaged(key, latest, extract, version.title)


def version_not_kept(document_id: str, number: int | None, newest: int, *, was_kept: bool) -> VersionNotFound:
    """Return the error for a version that is not there; ``was_kept``: it was once."""
    if was_kept:
        return VersionNotFound(f"Version {number} of {document_id!r} is not kept; its newest is {newest}.")
    return VersionNotFound(f"{document_id!r} has no version {number}; its newest is {newest}.")
