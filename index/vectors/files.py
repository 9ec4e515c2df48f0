"""The base on disk: immutable files, and a manifest that names the present ones.

The manifest is replaced in one step after its files are safe, so whoever reads it finds a whole base.
The files of the base before stay until the next one: a reader that has just read the old manifest can
still open them. Unlinking a file does not disturb those who have it mapped.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from index.errors import StoreDamaged
from index.types import Ids
from index.vectors.segments import Rows

FORMAT = 1
_MANIFEST = "manifest.json"
_UNFINISHED = ".new"


@dataclass(frozen=True, slots=True)
class Base:
    """What a manifest names. ``manifest`` is its text: another text is another base; None is no file."""

    change: int
    rows: Rows
    manifest: str | None

    @staticmethod
    def empty(dimension: int, manifest: str | None) -> Base:
        """No passages, whatever the manifest names."""
        none = np.empty(0, np.int64)
        return Base(0, Rows(none, none, faiss.IndexFlatIP(dimension)), manifest)


def read_manifest(folder: Path) -> str | None:
    """The manifest's text, None where there is no file."""
    try:
        return (folder / _MANIFEST).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None


def read_base(folder: Path, dimension: int) -> Base:
    """The base, memory-mapped; empty where none was ever written.

    Raises :class:`index.errors.StoreDamaged` for files that are missing, cut short, of another
    dimension or of another format.
    """
    while (manifest := read_manifest(folder)) is not None:
        try:
            return _open(folder, manifest, dimension)
        except (ValueError, KeyError, TypeError, AttributeError, OSError, RuntimeError) as error:
            # A writer may have published the next base, and dropped this one, since we read the manifest.
            if read_manifest(folder) == manifest:
                raise StoreDamaged(f"the vector index in {folder} is not usable: {error}") from error
    return Base.empty(dimension, None)


def write_base(folder: Path, change: int, rows: Rows) -> None:
    """Publish a base, durably. Raises OSError, for instance on a full disk, and leaves the old one."""
    folder.mkdir(parents=True, exist_ok=True)
    dimension, before = int(rows.index.d), _files_of(read_manifest(folder))
    stem = f"base-{change:06d}"
    files = {}
    if len(rows):
        files = {
            "vectors": _write(folder / f"{stem}.faiss", lambda path: _save_vectors(path, rows.index)),
            "ids": _write(folder / f"{stem}.ids.npy", lambda path: _save(path, rows.ids)),
            "documents": _write(folder / f"{stem}.documents.npy", lambda path: _save(path, rows.documents)),
        }
    content = {
        "format": FORMAT,
        "kind": "flat",
        "change": change,
        "dimension": dimension,
        "count": len(rows),
        "files": files,
    }
    text = json.dumps(content, indent=2) + "\n"
    _sync(folder)
    _write(folder / _MANIFEST, lambda path: path.write_text(text, encoding="utf-8"))
    _sync(folder)
    keep = {_MANIFEST, *before, *(file["name"] for file in files.values())}
    for path in folder.iterdir():
        if path.name not in keep and (path.name.startswith("base-") or path.suffix == _UNFINISHED):
            path.unlink(missing_ok=True)


def _open(folder: Path, manifest: str, dimension: int) -> Base:
    content: dict[str, Any] = json.loads(manifest)
    for name, wanted in (("format", FORMAT), ("kind", "flat"), ("dimension", dimension)):
        if content.get(name) != wanted:
            raise ValueError(f"its {name} is {content.get(name)!r}, not {wanted!r}")
    change, count = int(content["change"]), int(content["count"])
    if count == 0:
        return replace(Base.empty(dimension, manifest), change=change)
    paths = {}
    for name, file in content["files"].items():
        paths[name] = folder / file["name"]
        if paths[name].stat().st_size != file["bytes"]:
            raise ValueError(f"{file['name']} does not have {file['bytes']} bytes")
    # IO_FLAG_MMAP alone maps inverted lists only and reads flat vectors into memory.
    index = faiss.read_index(str(paths["vectors"]), faiss.IO_FLAG_MMAP_IFC)
    rows = Rows(_load(paths["ids"]), _load(paths["documents"]), index)
    if not count == index.ntotal == len(rows.ids) == len(rows.documents) or index.d != dimension:
        raise ValueError("its files do not belong together")
    return Base(change, rows, manifest)


def _load(path: Path) -> Ids:
    array: Ids = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def _save(path: Path, array: Ids) -> None:
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def _save_vectors(path: Path, index: faiss.Index) -> None:
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise OSError(f"cannot write {path}: {error}") from error


def _files_of(manifest: str | None) -> set[str]:
    if manifest is None:
        return set()
    try:
        return {file["name"] for file in json.loads(manifest)["files"].values()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return set()


def _write(path: Path, write: Callable[[Path], object]) -> dict[str, str | int]:
    """Writes under another name, makes it durable, and moves it in place."""
    unfinished = path.with_name(path.name + _UNFINISHED)
    write(unfinished)
    _sync(unfinished)
    unfinished.replace(path)
    return {"name": path.name, "bytes": path.stat().st_size}


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
