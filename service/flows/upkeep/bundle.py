"""Write and read a backup: a folder, or one tar file.

It is written under another name and renamed when it is complete and has been read again, so that an
interrupted backup is never taken for one. The manifest is the last file.
"""

import hashlib
import os
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self

from index.durability import sync
from index.errors import DiskFull, DiskReadOnly
from service.flows.upkeep import manifest as manifests
from service.flows.upkeep.errors import BackupDamaged, BackupFailed, TargetInUse
from service.flows.upkeep.manifest import FileEntry, Manifest

_UNFINISHED = ".unfinished"
_MODES: dict[str, Literal["w", "w:gz"]] = {".tar": "w", ".tar.gz": "w:gz", ".tgz": "w:gz"}
_READ_ERRORS = (tarfile.TarError, EOFError, zlib.error, OSError, ValueError)
_CHUNK = 2**20

Progress = Callable[[int], None]
"""Called with the number of bytes that were read or written since the last call."""


class BundleWriter:
    """Writes a backup to a path that does not exist yet. Use it in a ``with`` block.

    Raises :class:`TargetInUse`, :class:`BackupFailed`. An error leaves nothing.
    """

    def __init__(self, target: Path, progress: Progress = lambda _: None) -> None:
        self._target = target
        self._progress = progress
        self._mode = _mode_of(target)
        self._unfinished = target.with_name(target.name + _UNFINISHED)
        self._files = self._unfinished
        if self._mode:
            self._files = target.with_name(f"{self._unfinished.name}.files")
        self._entries: dict[str, FileEntry] = {}
        self._stack = ExitStack()
        self._tar: tarfile.TarFile | None = None

    def __enter__(self) -> Self:
        if self._target.exists():
            raise TargetInUse(f"{self._target} exists already. Give a new name to each backup.")
        with translating_os_errors(self._target):
            self._remove()
            self._files.mkdir(parents=True, mode=0o700)
            if self._mode:
                descriptor = os.open(self._unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                file = self._stack.enter_context(os.fdopen(descriptor, "wb"))
                self._tar = self._stack.enter_context(tarfile.open(fileobj=file, mode=self._mode))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # of a disk that is full, which the error before it has said
            self._stack.close()
        self._remove()

    @contextmanager
    def part(self) -> Iterator[Path]:
        """Give a folder; the files that the ``with`` block writes into it are added to the backup."""
        with translating_os_errors(self._target):
            yield self._files
            for path in sorted(self._files.rglob("*")):
                name = path.relative_to(self._files).as_posix()
                if path.is_file() and name not in self._entries:
                    self._add(path, name)

    def _add(self, path: Path, name: str) -> None:
        path.chmod(0o600)
        with path.open("rb") as file:
            self._entries[name] = _read_file(file, None, self._progress)
        if self._tar is not None:
            self._tar.add(path, name, recursive=False)
            path.unlink()
        else:
            sync(path)

    def finish(self, manifest: Manifest) -> Manifest:
        """Complete the backup, read it again, and give it its name. Returns the manifest with the files."""
        complete = replace(manifest, files=self._entries)
        with translating_os_errors(self._target):
            path = self._files / manifests.NAME
            path.write_text(complete.text(), encoding="utf-8")
            path.chmod(0o600)
            if self._tar is not None:
                self._tar.add(path, manifests.NAME, recursive=False)
            self._stack.close()
            if self._mode:
                sync(self._unfinished)
            else:
                for folder in (self._files, *filter(Path.is_dir, self._files.rglob("*")), path):
                    sync(folder)
            read(self._unfinished, None, self._progress)
            self._unfinished.rename(self._target)
            sync(self._target.parent)
        return complete

    def _remove(self) -> None:
        for path in (self._unfinished, self._files):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def read(source: Path, into: Path | None, progress: Progress = lambda _: None) -> Manifest:
    """Compare a backup with its manifest, and write its files into a folder that exists, if one is given.

    Raises :class:`BackupDamaged`, :class:`BackupFailed`.
    """
    if not source.exists():
        raise BackupDamaged(f"There is no backup at {source}.")
    try:
        manifest, found = (_read_folder if source.is_dir() else _read_tar)(source, into, progress)
    except _READ_ERRORS as error:
        raise BackupDamaged(f"{source} is damaged, or no backup ({error}). Use another one.") from error
    for name in sorted(manifest.files.keys() | found.keys()):
        if found.get(name) != manifest.files.get(name):
            raise BackupDamaged(
                f"{source} is damaged: {name} is not what the manifest says. Use another backup."
            )
    return manifest


def _read_folder(
    source: Path, into: Path | None, progress: Progress
) -> tuple[Manifest, dict[str, FileEntry]]:
    manifest = Manifest.parse((source / manifests.NAME).read_bytes(), source)
    found = {}
    for name in manifest.files:
        with (source / name).open("rb") as file:
            found[name] = _read_file(file, into and into / name, progress)
    return manifest, found


def _read_tar(source: Path, into: Path | None, progress: Progress) -> tuple[Manifest, dict[str, FileEntry]]:
    found: dict[str, FileEntry] = {}
    manifest: Manifest | None = None
    with tarfile.open(source, "r|*") as tar:
        for member in tar:
            name = manifests.require_inner_name(member.name)
            file = tar.extractfile(member) if member.isreg() else None
            if file is None:
                raise ValueError(f"{name} is not a plain file")
            if name == manifests.NAME:
                manifest = Manifest.parse(file.read(), source)
            else:
                found[name] = _read_file(file, into and into / name, progress)
    if manifest is None:
        raise ValueError(f"it has no {manifests.NAME}: it is incomplete")
    return manifest, found


def _read_file(file: IO[bytes], target: Path | None, progress: Progress) -> FileEntry:
    """Read a file, and write it durably to a new one, if a target is given."""
    digest, size = hashlib.sha256(), 0
    with ExitStack() as stack:
        copy = None
        if target is not None:
            with translating_os_errors(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                copy = stack.enter_context(target.open("xb", buffering=0))
        while part := file.read(_CHUNK):
            digest.update(part)
            size += len(part)
            progress(len(part))
            if copy is not None:
                with translating_os_errors(copy.name):
                    write_whole(copy, part)
        if copy is not None:
            with translating_os_errors(copy.name):
                os.fsync(copy.fileno())
    return FileEntry(size, digest.hexdigest())


def write_whole(file: IO[bytes], content: bytes) -> None:
    """Write all of the content to a file without a buffer."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


@contextmanager
def translating_os_errors(path: object) -> Iterator[None]:
    """Raise :class:`BackupFailed` for what the system refuses, such as a write to a full disk."""
    try:
        yield
    except (DiskFull, DiskReadOnly) as error:
        state = "full" if isinstance(error, DiskFull) else "read-only"
        raise BackupFailed(
            f"{path} could not be written: its disk is {state}. Choose another place, or make room there."
        ) from error
    except OSError as error:
        raise BackupFailed(
            f"{path} could not be written ({error.strerror or error}). Check that the disk is not full and "
            "that the place may be written."
        ) from error


def _mode_of(target: Path) -> Literal["w", "w:gz", ""]:
    for ending, mode in _MODES.items():
        if target.name.endswith(ending):
            return mode
    if ".tar" in target.suffixes or target.suffix in {".zip", ".zst"}:
        raise TargetInUse(f"{target}: a backup is a folder, or a file that ends in {', '.join(_MODES)}.")
    return ""
