"""The base on disk: immutable files, and a manifest that names the present ones.

The manifest is replaced in one step after its files are safe, so whoever reads it finds a whole base.
The files of the base before stay until the next one: a reader that has just read the old manifest can
still open them. Unlinking a file does not disturb those who have it mapped.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import faiss
import numpy as np
from numpy.typing import NDArray

from index.errors import StoreDamaged
from index.types import Ids
from index.vectors.approximation import ApproximateKind, Approximation, Tuning
from index.vectors.exact import HALF, SINGLE, FlatVectors, MappedVectors
from index.vectors.rows import Rows
from index.vectors.segments import Segment

Kind = Literal["flat", ApproximateKind]

FORMAT = 2
_READABLE = (1, FORMAT)
"""Format 1 had flat bases only; those are as they were."""
_MANIFEST = "manifest.json"
_UNFINISHED = ".new"
_KINDS: tuple[str, ...] = ("flat", *get_args(ApproximateKind))
_PRECISIONS: dict[str, np.dtype[np.floating]] = {"float16": HALF, "float32": SINGLE}


@dataclass(frozen=True, slots=True)
class Base:
    """What a manifest names. ``manifest`` is its text: another text is another base; None is no file.

    ``size`` is that of its files in bytes, ``candidates`` the path of what finds candidates, if any does.
    """

    change: int
    segment: Segment
    manifest: str | None
    kind: Kind = "flat"
    size: int = 0
    candidates: Path | None = None

    @staticmethod
    def empty(dimension: int, manifest: str | None, change: int = 0) -> Base:
        """No passages, whatever the manifest names."""
        none = np.empty(0, np.int64)
        rows = Rows.of(none, none, np.empty((0, dimension), np.float32))
        return Base(change, Segment.whole(rows), manifest)


class Publication:
    """A base on its way: files are added, each durable when it is, and at last the manifest."""

    def __init__(self, folder: Path, change: int) -> None:
        self._folder, self._change = folder, change
        folder.mkdir(parents=True, exist_ok=True)
        self._before = _files_of(read_manifest(folder))
        self._stem, number = f"base-{change:06d}", 0
        while any(name.startswith(f"{self._stem}.") for name in self._before):
            number += 1
            self._stem = f"base-{change:06d}-{number}"
        self._files: dict[str, dict[str, str | int]] = {}

    def add(self, name: str, suffix: str, write: Callable[[Path], object]) -> Path:
        """Have a file written. Raises OSError, for instance on a full disk, and leaves the old base."""
        path = self._folder / f"{self._stem}.{suffix}"
        self._files[name] = _write(path, write)
        return path

    def add_array(self, name: str, array: NDArray[Any]) -> None:
        """Add an array under its name."""
        self.add(name, f"{name}.npy", lambda path: _save(path, array))

    def add_index(self, name: str, suffix: str, index: faiss.Index) -> None:
        """Add an index of FAISS."""
        self.add(name, suffix, lambda path: _save_index(path, index))

    def publish(self, **content: object) -> None:
        """Replace the manifest, and drop the files of the base before the last."""
        content = {"format": FORMAT, "change": self._change, **content, "files": self._files}
        text = json.dumps(content, indent=2) + "\n"
        _sync(self._folder)
        _write(self._folder / _MANIFEST, lambda path: path.write_text(text, encoding="utf-8"))
        _sync(self._folder)
        keep = {_MANIFEST, *self._before, *(str(file["name"]) for file in self._files.values())}
        for path in self._folder.iterdir():
            if path.name not in keep and (path.name.startswith("base-") or path.suffix == _UNFINISHED):
                path.unlink(missing_ok=True)


def read_manifest(folder: Path) -> str | None:
    """The manifest's text, None where there is no file."""
    try:
        return (folder / _MANIFEST).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None


def read_base(folder: Path, dimension: int, *, is_limited: bool) -> Base:
    """The base, memory-mapped; empty where none was ever written. See :class:`MappedVectors` for the limit.

    Raises :class:`index.errors.StoreDamaged` for files that are missing, cut short, of another
    dimension or of another format.
    """
    while (manifest := read_manifest(folder)) is not None:
        try:
            return _open(folder, manifest, dimension, is_limited=is_limited)
        except (ValueError, KeyError, TypeError, AttributeError, OSError, RuntimeError) as error:
            # A writer may have published the next base, and dropped this one, since we read the manifest.
            if read_manifest(folder) == manifest:
                raise StoreDamaged(f"the vector index in {folder} is not usable: {error}") from error
    return Base.empty(dimension, None)


def _open(folder: Path, manifest: str, dimension: int, *, is_limited: bool) -> Base:
    content: dict[str, Any] = json.loads(manifest)
    known = {"format": _READABLE, "kind": _KINDS, "dimension": (dimension,)}
    for name, usable in known.items():
        if content.get(name) not in usable:
            raise ValueError(f"its {name} is {content.get(name)!r}, not {' or '.join(map(repr, usable))}")
    change, count = int(content["change"]), int(content["count"])
    if count == 0:
        return Base.empty(dimension, manifest, change)
    paths = {}
    for name, file in content["files"].items():
        paths[name] = folder / file["name"]
        if paths[name].stat().st_size != file["bytes"]:
            raise ValueError(f"{file['name']} does not have {file['bytes']} bytes")
    rows = _rows(content, paths, dimension, is_limited=is_limited)
    counts = {len(rows.ids), len(rows.documents), len(rows.stored)}
    if counts | {rows.approximation.index.ntotal if rows.approximation else count} != {count}:
        raise ValueError("its files do not belong together")
    segment = Segment.whole(rows)
    if "live" in paths:
        segment = Segment(rows, np.load(paths["live"], allow_pickle=False), int(content["removed"]))
    size = sum(file["bytes"] for file in content["files"].values())
    return Base(change, segment, manifest, content["kind"], size, paths.get("candidates"))


def _rows(content: dict[str, Any], paths: dict[str, Path], dimension: int, *, is_limited: bool) -> Rows:
    ids, documents, kind = _load(paths["ids"]), _load(paths["documents"]), content["kind"]
    if kind == "flat":
        flat = _read_index(paths["vectors"], dimension)
        if not isinstance(flat, faiss.IndexFlatCodes):
            raise ValueError("its vectors are not one after the other")
        return Rows(ids, documents, FlatVectors(flat))
    stored = MappedVectors(
        paths["vectors"], dimension, _PRECISIONS[content["precision"]], is_limited=is_limited
    )
    index = _read_index(paths["candidates"], dimension)
    tuning = Tuning(**content["tuning"])
    return Rows(ids, documents, stored, Approximation(kind, index, tuning, int(content["made_with"])))


def _read_index(path: Path, dimension: int) -> faiss.Index:
    # IO_FLAG_MMAP alone maps inverted lists only, and reads flat vectors and graphs into memory.
    index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    if index.d != dimension:
        raise ValueError("its files do not belong together")
    return index


def _load(path: Path) -> Ids:
    array: Ids = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def _save(path: Path, array: NDArray[Any]) -> None:
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def _save_index(path: Path, index: faiss.Index) -> None:
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
