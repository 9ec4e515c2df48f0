"""Import documents that :mod:`index.history.exporting` wrote, with their ids, version numbers and texts."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Any, get_args

from index.errors import InvalidInput, StoreDamaged
from index.ingest.preparation import Preparation
from index.naming import validate_document_id, validate_groups, validate_stored_metadata
from index.page_labels import label_of, pack_labels
from index.records import DocumentHistory, NewDocument, NumberedVersion
from index.text.figures import figures_of, pack_figures
from index.types import Block, BlockKind, Columns, Extract

_KINDS = frozenset(get_args(BlockKind))


def import_document(
    value: Mapping[str, Any], preparation: Preparation, *, keep: bool
) -> tuple[DocumentHistory, dict[bytes, bytes]]:
    """Return the document of an exported value, split into passages anew, and its originals by their SHA-256.

    Without ``keep`` there are no originals. Raises :class:`index.errors.InvalidInput` for a value of another
    form, or whose hashes do not match.
    """
    try:
        return _parse(value, preparation, keep=keep)
    except (
        KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, binascii.Error,
        StoreDamaged,
    ) as error:  # fmt: skip
        name = value.get("document_id", "") if isinstance(value, Mapping) else ""
        raise InvalidInput(f"{name!r} is not a document of an export: {error!r}.") from error


def _parse(
    value: Mapping[str, Any], preparation: Preparation, *, keep: bool
) -> tuple[DocumentHistory, dict[bytes, bytes]]:
    originals: dict[bytes, bytes] = {}
    versions: list[NumberedVersion] = []
    for one in sorted(value["versions"], key=lambda one: int(one["version"])):
        if keep and one.get("original"):
            data = base64.b64decode(one["original"], validate=True)
            originals[hashlib.sha256(data).digest()] = data
        version = _version(value, one, originals, preparation)
        versions.append(version)
    if not versions:
        raise ValueError("it has no version")
    json.loads(value["given"])["origin"]
    history = DocumentHistory(
        validate_document_id(value["document_id"]),
        [validate_document_id(alias) for alias in value["aliases"]],
        float(value["created"]),
        float(value["updated"]),
        versions,
        None if value["retired"] is None else float(value["retired"]),
    )
    return history, originals


def _version(
    value: Mapping[str, Any],
    one: Mapping[str, Any],
    originals: Mapping[bytes, bytes],
    preparation: Preparation,
) -> NumberedVersion:
    text, title, reader = str(one["text"]), str(one["title"]), str(one["reader"])
    if hashlib.sha256(text.encode()).hexdigest() != one["text_sha256"]:
        raise ValueError(f"the text of version {one['version']} is not what its hash says")
    extract = Extract(
        text=text,
        blocks=tuple(_block(block, len(text)) for block in one["blocks"]),
        media_type=str(value["media_type"]),
        reader=reader,
        title=title,
        pages=tuple(int(page) for page in one["pages"]),
        layout=base64.b64decode(one["layout"] or "", validate=True),
        page_labels=_labels(str(one.get("page_labels", "")), len(one["pages"])),
        figures=_figures(str(one.get("figures", "")), len(text), len(one["pages"])),
    )
    passages, headings = preparation.split(extract, title)
    source_sha256 = bytes.fromhex(one["source_sha256"])
    kept = originals.get(source_sha256)
    new = NewDocument(
        id=validate_document_id(value["document_id"]),
        title=title,
        source=str(value["source"]),
        media_type=extract.media_type,
        metadata=validate_stored_metadata(value["metadata"]),
        text=text,
        source_sha256=source_sha256,
        reader=reader,
        given=str(value["given"]),
        blocks=extract.blocks,
        pages=extract.pages,
        passages=passages,
        headings=headings,
        layout=extract.layout,
        page_labels=extract.page_labels,
        figures=extract.figures,
        original_bytes=None if kept is None else len(kept),
        groups=validate_groups(value.get("groups", ())),
    )
    replaced = one["replaced"]
    return NumberedVersion(
        int(one["version"]), float(one["created"]), None if replaced is None else float(replaced), new
    )


def _labels(packed: str, pages: int) -> str:
    labels = [label_of(packed, page) for page in range(1, pages + 1)] if packed else []
    "".join(labels).encode()  # raises ValueError for what no database stores
    return pack_labels(labels)


def _figures(packed: str, length: int, pages: int) -> str:
    figures = figures_of(packed)
    for one in figures:
        if not (0 <= one.start <= one.end <= length and 1 <= one.page <= pages):
            raise ValueError(f"{one!r} is no picture of the text")
    return pack_figures(figures)


def _block(value: list[Any], length: int) -> Block:
    kind, start, end, level, title, *more = value
    if kind not in _KINDS or not 0 <= int(start) <= int(end) <= length:
        raise ValueError(f"{value!r} is no block of the text")
    columns = None
    if more:
        names, body, labelled = more[0]
        if not int(start) <= int(body) <= int(end):
            raise ValueError(f"{value!r} is no table of the text")
        columns = Columns(tuple(map(str, names)), int(body), labelled=bool(labelled))
    return Block(kind, int(start), int(end), int(level), str(title), columns)
