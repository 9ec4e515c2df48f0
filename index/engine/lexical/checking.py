"""Check the files of a segments folder: tantivy writes a checksum into each, and never looks at it again."""

import hashlib
import json
import os
import struct
import zlib
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

_PARTS = ("fast", "fieldnorm", "idx", "pos", "store", "term")
"""The files of each segment, by their suffixes."""
_FOOTER = struct.Struct("<II")
"""The end of a file: the length of its footer, which is JSON, and a magic number."""
_MAGIC = 1337
_READ = 2**20
META = "meta.json"
"""The list of segments, which each commit replaces."""
MANAGED = ".managed.json"
"""The list of all files, which the engine replaces whenever it begins a file: also before a commit."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of tantivy: its number, and the SHA-256 of the description of its files.

    The description is the list of segments, and the footers of their files with checksums. ``managed`` is the
    hash of the list of all files, which a process that was killed before a commit may have changed.
    """

    opstamp: int
    files: str
    managed: str


def commit_of(folder: Path) -> Commit:
    """Return the last commit of a folder. Raises OSError, and ValueError if it is damaged."""
    files = hashlib.sha256((folder / META).read_bytes())
    for path in files_of(folder):
        with path.open("rb") as file:
            _, footer = _parts(file, path.name)
            files.update(footer)
    managed = hashlib.sha256((folder / MANAGED).read_bytes())
    return Commit(_opstamp(_meta(folder)), files.hexdigest(), managed.hexdigest())


def check_commit(found: Commit, expected: Commit) -> None:
    """Compare a folder's commit with the last one that was noted.

    A later one is what a crash leaves. Raises ValueError for an earlier one, and for the same with other
    files.
    """
    if found.opstamp < expected.opstamp:
        raise ValueError(f"its commit is {found.opstamp}, an earlier one than {expected.opstamp}")
    if found.opstamp == expected.opstamp and found.files != expected.files:
        raise ValueError(f"{META} or the end of another file was changed after it was written")


def check(folder: Path, most: int | None = None, but: Container[str] = ()) -> bool:
    """Compare files with their checksums, those of at most so many bytes, or all, but those of these names.

    Returns whether all were compared. Raises ValueError if a file is damaged, OSError if one is missing.
    """
    complete = True
    _check_managed(folder)
    for path in files_of(folder):
        if path.name in but:
            continue
        if most is None or path.stat().st_size <= most:
            _check_file(path)
        else:
            complete = False
    return complete


def _check_managed(folder: Path) -> None:
    """Raise ValueError unless the list of all files can be read.

    It may lack files in use: a process saves the list as it was when it opened the folder, and what it wrote.
    """
    try:
        names = json.loads((folder / MANAGED).read_bytes())
    except ValueError as error:
        raise ValueError(f"{MANAGED} is damaged: {error!r}") from error
    if not isinstance(names, list):
        raise ValueError(f"{MANAGED} is damaged: it is no list")  # noqa: TRY004 -- a file, not an argument


def files_of(folder: Path) -> Iterator[Path]:
    """The files of all segments in use. Those of others are deleted sooner or later."""
    meta = _meta(folder)
    try:
        for segment in meta["segments"]:
            name = segment["segment_id"].replace("-", "")
            yield from (folder / f"{name}.{suffix}" for suffix in _PARTS)
            if deletes := segment["deletes"]:
                yield folder / f"{name}.{deletes['opstamp']}.del"
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{META} is damaged: {error!r}") from error


def _meta(folder: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads((folder / META).read_text(encoding="utf-8"))
        _opstamp(content)
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{META} is damaged: {error!r}") from error
    return content


def _opstamp(meta: dict[str, Any]) -> int:
    return int(meta["opstamp"])


def _check_file(path: Path) -> None:
    with path.open("rb") as file:
        body, footer = _parts(file, path.name)
        file.seek(0)
        found = 0
        while body and (part := file.read(min(body, _READ))):
            found = zlib.crc32(part, found)
            body -= len(part)
    try:
        expected = int(json.loads(footer)["crc"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path.name} is damaged: its checksum cannot be read") from error
    if found != expected:
        raise ValueError(f"{path.name} is damaged: its checksum differs")


def _parts(file: BinaryIO, name: str) -> tuple[int, bytes]:
    """Return how many bytes a file has before its footer, and the footer."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _FOOTER.size))
    end = file.read(_FOOTER.size)
    length, magic = _FOOTER.unpack(end) if len(end) == _FOOTER.size else (0, 0)
    body = size - _FOOTER.size - length
    if magic != _MAGIC or body < 0:
        raise ValueError(f"{name} is damaged: it has no footer")
    file.seek(body)
    return body, file.read(length)
