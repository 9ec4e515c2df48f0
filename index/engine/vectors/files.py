"""The base on disk: immutable files and a manifest that names the current ones.

A base has one part or several, each with files of its own. The next base goes on with the files of the parts
that it keeps, so that what is written, and what other machines fetch, depends on what was added. The manifest
is replaced atomically once its files are durable, so readers always find a complete base. The files of the
previous base stay until the next one is published: a reader that has just read the old manifest can still
open them. Deleting a file does not affect processes that have it mapped.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

import faiss
import numpy as np
from numpy.typing import NDArray

from index.config import VectorsConfig
from index.durability import UNFINISHED, sync, write_durably, write_text_durably
from index.engine.checksums import Checksum, check_at_once, check_whole, checksum
from index.engine.vectors.approximation import Approximation, Tuning
from index.engine.vectors.exact import HALF, SINGLE, FlatVectors, MappedVectors
from index.engine.vectors.rows import Rows
from index.engine.vectors.segments import Segment
from index.errors import StoreDamaged
from index.records import NOTHING, Mark
from index.sealed import seal, unseal
from index.types import Ids

Kind = Literal["flat", "ivf"]

FORMAT = 4
_READABLE = (1, 2, 3, FORMAT)
"""Format 1 had only flat bases, formats before 4 one part. Formats 1 and 2 have no checksums, and do not
identify their change."""
_SEALED = 3
"""The first format with checksums."""
LIVE = "live"
"""Bits of rows, 0 for a removed passage. A part without removed passages has no such file."""
_OF_A_PART = ("count", "removed", "blank", "made_with", "precision", "tuning")
_IDENTITY = ("store", "epoch", "token")
_MANIFEST = "manifest.json"
_KINDS: tuple[str, ...] = get_args(Kind)
_PRECISIONS: dict[str, np.dtype[np.floating]] = {"float16": HALF, "float32": SINGLE}


File = tuple[Path, Checksum]


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of a base; ``files`` are by what they hold, ``told`` is what the manifest tells of them.

    ``blank`` is how many of the rows are of removed passages and have zeros for their vectors.
    """

    segment: Segment
    files: Mapping[str, File] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)

    @property
    def blank(self) -> int:
        return int(self.told.get("blank", 0))


@dataclass(frozen=True, slots=True)
class Base:
    """A base and the text of its manifest, which identifies it; None if there is no manifest.

    It has at least one part. The files of ``unchecked`` are not compared as a whole with their checksums yet.
    ``is_due``: a new base is due, because the files cannot be used (then this base is empty) or are of an
    earlier format. ``purged``: up to this change, vectors of removed passages were purged from its parts.
    """

    mark: Mark
    parts: tuple[Part, ...]
    manifest: str | None
    kind: Kind = "flat"
    unchecked: tuple[Path, ...] = ()
    is_due: bool = False
    purged: int = 0

    @property
    def segments(self) -> tuple[Segment, ...]:
        return tuple(part.segment for part in self.parts)

    @property
    def files(self) -> dict[Path, Checksum]:
        """The files with their checksums."""
        return dict(file for part in self.parts for file in part.files.values())

    @property
    def rid_of(self) -> int:
        """The change up to which it has no vectors of removed passages."""
        is_clean = all(part.blank == part.segment.dead for part in self.parts)
        return self.mark.change if is_clean else self.purged

    @property
    def size(self) -> int:
        """The size of its files in bytes."""
        return sum(one.bytes for one in self.files.values())

    def check(self, paths: Iterable[Path]) -> None:
        """Compare whole files with their checksums. Raises :class:`index.errors.StoreDamaged`."""
        files = self.files
        for path in paths:
            try:
                check_whole(path, files[path])
            except FileNotFoundError:
                # Unless the base that followed this one is followed by another, which deletes its files.
                if read_manifest(path.parent) == self.manifest:
                    raise _unusable(path.parent, f"{path.name} is missing") from None
            except (ValueError, OSError) as error:
                raise _unusable(path.parent, error) from error

    @staticmethod
    def empty(dimension: int, manifest: str | None, mark: Mark = NOTHING) -> Base:
        """Return a base without passages, whatever the manifest names."""
        none = np.empty(0, np.int64)
        rows = Rows.of(none, none, np.empty((0, dimension), np.float32))
        return Base(mark, (Part(Segment.whole(rows)),), manifest)


class Publication:
    """Writes a base: adds durable files part by part, then publishes the manifest."""

    def __init__(self, folder: Path, mark: Mark) -> None:
        """Files have names that nobody else gives: a base goes on with them, here and on other machines."""
        self._folder, self._mark = folder, mark
        folder.mkdir(parents=True, exist_ok=True)
        self._before = names_in(read_manifest(folder))
        self._stem = f"base-{mark.change:06d}-{uuid.uuid4().hex[:8]}"
        self._files: dict[str, dict[str, str | int]] = {}
        self._parts: list[dict[str, Any]] = []

    def add(self, name: str, suffix: str, write: Callable[[Path], object]) -> Path:
        """Write a file of the next part. Raises OSError, for instance on a full disk."""
        number = len(self._parts)
        path = self._folder / ".".join([self._stem, *([str(number)] if number else []), suffix])
        write_durably(path, write)
        self._name(name, path, checksum(path))
        return path

    def keep(self, files: Mapping[str, File]) -> None:
        """Go on with files of the base before for the next part."""
        for name, (path, known) in files.items():
            self._name(name, path, known)

    def _name(self, name: str, path: Path, known: Checksum) -> None:
        self._files[f"{name}.{len(self._parts)}"] = {"name": path.name, **asdict(known)}

    def end_part(self, **told: object) -> None:
        """Let what was added and kept since the part before be a part."""
        self._parts.append(told)

    def add_array(self, name: str, array: NDArray[Any]) -> None:
        """Write an array."""
        self.add(name, f"{name}.npy", lambda path: _save(path, array))

    def add_index(self, name: str, suffix: str, index: faiss.Index) -> None:
        """Write a FAISS index."""
        self.add(name, suffix, lambda path: _save_index(path, index))

    def publish(self, **content: object) -> None:
        """Replace the manifest, and delete files older than the previous base."""
        parts = {"parts": self._parts, "files": self._files}
        text = seal({"format": FORMAT, **asdict(self._mark), **content, **parts})
        write_manifest(self._folder, text)
        delete_but(self._folder, keep={*self._before, *(str(file["name"]) for file in self._files.values())})


def delete_others(folder: Path) -> None:
    """Delete the files of all bases but the one that the manifest names. Hold the lock of compactions."""
    delete_but(folder, keep=names_in(read_manifest(folder)))


def delete_but(folder: Path, *, keep: Container[str]) -> None:
    """Delete the files of bases and unfinished ones, but those of these names."""
    for path in folder.iterdir():
        if path.name not in keep and (path.name.startswith("base-") or path.suffix == UNFINISHED):
            path.unlink(missing_ok=True)
    sync(folder)


def read_manifest(folder: Path) -> str | None:
    """Read the text of the manifest; None if there is none."""
    try:
        return (folder / _MANIFEST).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None


def write_manifest(folder: Path, text: str) -> None:
    """Replace the manifest, durably, once the files of its base are."""
    sync(folder)
    write_text_durably(folder / _MANIFEST, text)
    sync(folder)


def later_files(folder: Path, base: Base) -> list[str]:
    """Return the files of bases after this one, which its manifest does not name."""
    return sorted(
        path.name
        for path in folder.glob("base-*")
        if path.suffix != UNFINISHED
        and path not in base.files
        and path.name > f"base-{base.mark.change:06d}."
    )


def read_base(folder: Path, dimension: int, config: VectorsConfig, before: Base | None = None) -> Base:
    """Open the base, memory-mapped; empty if none was written. Parts of ``before`` are not opened again.

    Raises :class:`index.errors.StoreDamaged` if files are missing, truncated, or of another dimension, format
    or kind.
    """
    while (manifest := read_manifest(folder)) is not None:
        try:
            return _open(folder, manifest, dimension, config, before or Base.empty(dimension, None))
        except (ValueError, KeyError, TypeError, AttributeError, OSError, RuntimeError) as error:
            # Unless a writer has replaced the base since the manifest was read: then try again.
            if read_manifest(folder) == manifest:
                raise _unusable(folder, error) from error
    return Base.empty(dimension, None)


def _open(folder: Path, manifest: str, dimension: int, config: VectorsConfig, before: Base) -> Base:
    content: dict[str, Any] = json.loads(manifest)
    expected = {"format": _READABLE, "kind": _KINDS, "dimension": (dimension,)}
    for name, usable in expected.items():
        if content.get(name) not in usable:
            raise ValueError(f"its {name} is {content.get(name)!r}, not {' or '.join(map(repr, usable))}")
    is_old = content["format"] < _SEALED
    if not is_old:
        content = unseal(manifest)
    mark, kind = mark_in(content), content["kind"]
    told = [(one, files) for one, files in _parts(content, folder) if int(one["count"])]
    if not told:
        return replace(Base.empty(dimension, manifest, mark), is_due=is_old)
    # Before they are read: damaged structures could make FAISS read anywhere.
    known, small = before.files, config.checked_bytes
    unchecked = tuple(
        path
        for _, files in told
        for path, expected in files.values()
        if (
            path in before.unchecked
            if known.get(path) == expected
            else not check_at_once(path, expected, small)
        )
    )
    opened = {_of_rows(part.files): part.segment.rows for part in before.parts}
    parts = []
    for one, files in told:
        rows = opened.get(_of_rows(files))
        if rows is None:
            rows = _rows(one, kind, files, dimension, is_limited=config.megabytes > 0)
        parts.append(Part(_segment(rows, one, files), files, one))
    purged = int(content.get("purged", 0))
    return Base(mark, tuple(parts), manifest, kind, unchecked, is_due=is_old, purged=purged)


def _parts(content: Mapping[str, Any], folder: Path) -> list[tuple[Mapping[str, Any], dict[str, File]]]:
    """What a manifest tells of each part, and its files."""
    files = {name: (folder / file["name"], checksum_of(file)) for name, file in content["files"].items()}
    if content["format"] < FORMAT:
        return [({name: content[name] for name in _OF_A_PART if name in content}, files)]
    return [
        (told, {name.rpartition(".")[0]: file for name, file in files.items() if name.endswith(f".{number}")})
        for number, told in enumerate(content["parts"])
    ]


def _of_rows(files: Mapping[str, File]) -> frozenset[File]:
    """The files that stay the same when passages are removed."""
    return frozenset(file for name, file in files.items() if name != LIVE)


def _segment(rows: Rows, told: Mapping[str, Any], files: Mapping[str, File]) -> Segment:
    counts = {len(rows.ids), len(rows.documents), len(rows.stored)}
    counts.add(rows.approximation.index.ntotal if rows.approximation else len(rows))
    if counts != {int(told["count"])}:
        raise ValueError("its files do not belong together")
    if LIVE not in files:
        return Segment.whole(rows)
    return Segment(rows, np.load(files[LIVE][0], allow_pickle=False), int(told["removed"]))


def mark_in(content: Mapping[str, Any]) -> Mark:
    """Return the mark in the content of a manifest."""
    return Mark(int(content["change"]), *(str(content.get(name, "")) for name in _IDENTITY))


def checksum_of(file: Mapping[str, Any]) -> Checksum:
    """The checksum of a file in the manifest; of a base of an earlier format only the size is known."""
    return Checksum(file["bytes"], file.get("ends", ""), file.get("sha256", ""))


def _rows(
    told: Mapping[str, Any], kind: Kind, files: Mapping[str, File], dimension: int, *, is_limited: bool
) -> Rows:
    paths = {name: path for name, (path, _) in files.items()}
    ids, documents = _load(paths["ids"]), _load(paths["documents"])
    if kind == "flat":
        flat = _read_index(paths["vectors"], dimension)
        if not isinstance(flat, faiss.IndexFlatCodes):
            raise ValueError("its vectors are not one after the other")
        return Rows(ids, documents, FlatVectors(flat))
    stored = MappedVectors(paths["vectors"], dimension, _PRECISIONS[told["precision"]], is_limited=is_limited)
    index = _read_index(paths["candidates"], dimension)
    tuning = Tuning(**told["tuning"])
    return Rows(ids, documents, stored, Approximation(index, tuning, int(told["made_with"])))


def _read_index(path: Path, dimension: int) -> faiss.Index:
    # IO_FLAG_MMAP alone maps inverted lists only, and reads flat vectors into memory.
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


def names_in(manifest: str | None) -> set[str]:
    """Return the names of the files that a manifest names; none if it cannot be read."""
    if manifest is None:
        return set()
    try:
        return {file["name"] for file in json.loads(manifest)["files"].values()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return set()


def _unusable(folder: Path, reason: object) -> StoreDamaged:
    return StoreDamaged(f"the vector index in {folder} is not usable: {reason}")


# Put a base that another machine has made into a folder.


def mark_of(manifest: str) -> Mark:
    """Return the mark of a base. Raises ValueError, KeyError, TypeError for a damaged manifest."""
    return mark_in(unseal(manifest))


def hashes_of(manifest: str, folder: Path) -> dict[str, Path]:
    """Return the files of a base in a folder by their SHA-256. Raises as :func:`mark_of`."""
    return {expected.sha256: path for path, expected in _files(manifest, folder).items()}


def install(
    folder: Path,
    manifest: str,
    fetch: Callable[[str, Path], None],
    known: Mapping[Path, Checksum] = MappingProxyType({}),
) -> None:
    """Let the manifest of a folder be this one, once all of its files are there and have their checksums.

    ``fetch`` copies a file, by its SHA-256, to a path. Files that are there already are kept, those of the
    base before too; ``known`` are in use, and not compared again. Hold the lock of compactions. Raises
    ValueError if a file is damaged, what ``fetch`` raises, and as :func:`mark_of`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = names_in(read_manifest(folder))
    files = _files(manifest, folder)
    for path, expected in files.items():
        if not (known.get(path) == expected and path.exists()) and not _is_intact(path, expected):
            write_durably(path, partial(_fetch_checked, expected=expected, fetch=fetch))
    write_manifest(folder, manifest)
    delete_but(folder, keep={*before, *(path.name for path in files)})


def _fetch_checked(path: Path, *, expected: Checksum, fetch: Callable[[str, Path], None]) -> None:
    fetch(expected.sha256, path)
    check_whole(path, expected)


def _is_intact(path: Path, expected: Checksum) -> bool:
    try:
        check_whole(path, expected)
    except (OSError, ValueError):
        return False
    return True


def _files(manifest: str, folder: Path) -> Mapping[Path, Checksum]:
    content: dict[str, Any] = unseal(manifest)
    found = {}
    for file in content["files"].values():
        name = Path(file["name"]).name
        if name != file["name"] or not name.startswith("base-"):
            raise ValueError(f"it names the file {file['name']!r}")
        found[folder / name] = checksum_of(file)
    return found
