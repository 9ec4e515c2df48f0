"""Export documents as JSON values: versions, texts, structure and originals.

``docs/index-format.md`` describes the values; :mod:`index.ingest.writing` reads them.
"""

import base64
import math
from collections.abc import Iterator
from typing import Any

from index.protocols import Originals, RecordStore, Snapshot
from index.records import DocumentRecord, VersionRecord
from index.types import Block

FORMAT = 1
_PAGE = 200


def export_documents(
    store: RecordStore, originals: Originals | None, collection: str
) -> Iterator[dict[str, Any]]:
    """Yield a header, then a value for each document, in order of their ids; of one moment.

    ``originals`` is None to leave them out. Raises :class:`index.errors.StoreDamaged`.
    """
    with store.snapshot(lasting=True) as moment:
        count = moment.counts().documents + len(moment.retired_before(math.inf))
        yield {"format": FORMAT, "collection": collection, "documents": count}
        last = ""
        while page := moment.documents(limit=_PAGE, after=last, retired=True):
            for record in page:
                yield _document(moment, originals, record)
            last = page[-1].id


def _document(moment: Snapshot, originals: Originals | None, record: DocumentRecord) -> dict[str, Any]:
    return {
        "document_id": record.id,
        "aliases": moment.aliases(record),
        "source": record.source,
        "media_type": record.media_type,
        "metadata": record.metadata,
        "groups": record.groups,
        "given": record.given,
        "created": record.created,
        "updated": record.updated,
        "retired": record.retired,
        "versions": [
            _version(moment, originals, version) for version in reversed(moment.versions(record.id))
        ],
    }


def _version(moment: Snapshot, originals: Originals | None, version: VersionRecord) -> dict[str, Any]:
    structure, layout = moment.structure(version), moment.layout(version)
    return {
        "version": version.number,
        "title": version.title,
        "text": moment.text(version.text_sha256),
        "text_sha256": version.text_sha256.hex(),
        "source_sha256": version.source_sha256.hex(),
        "reader": version.reader,
        "created": version.created,
        "replaced": version.replaced,
        "blocks": [_block(one) for one in structure.blocks],
        "pages": list(structure.pages),
        "layout": base64.b64encode(layout).decode() if layout else None,
        "page_labels": version.page_labels,
        "figures": version.figures,
        "original": _original(moment, originals, version.source_sha256),
    }


def _block(block: Block) -> list[Any]:
    """A block as a list; that of a table with columns has their names, body and labels as a sixth value."""
    columns = block.columns
    found = [block.kind, block.start, block.end, block.level, block.title]
    return [*found, [list(columns.names), columns.body, columns.labelled]] if columns else found


def _original(moment: Snapshot, originals: Originals | None, sha256: bytes) -> str | None:
    if originals is None or not moment.originals([sha256]):
        return None
    try:
        with originals.open(sha256) as file:
            return base64.b64encode(file.read()).decode()
    except FileNotFoundError:  # erased a moment ago
        return None
