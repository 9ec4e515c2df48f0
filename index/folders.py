"""Files and folders into a collection, with a report of what became of every file."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from index import readers
from index.collection import Collection
from index.errors import InvalidInput
from index.ingest import Source

_BYTES_PER_COMMIT = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that was not taken in, and why."""

    path: str
    reason: str


@dataclass(slots=True)
class Report:
    """What became of the files. ``embedded`` counts passages that were embedded in this run."""

    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    embedded: int = 0
    seconds: float = 0.0

    @property
    def files(self) -> int:
        """How many files were looked at."""
        return len(self.added) + len(self.replaced) + len(self.unchanged) + len(self.skipped)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to take in, and the id that its document will have."""

    path: Path
    document_id: str


def walk(paths: Iterable[Path], *, prefix: str = "") -> Iterator[FoundFile | Skipped]:
    """The files under these paths, in order of their names.

    A file in a folder is named by its path below that folder. Hidden files and folders (their names
    begin with a dot) are passed over; everything else is found or skipped with a reason.
    """
    for path in paths:
        if path.is_dir():
            yield from _walk_folder(path, prefix)
        elif path.is_file():
            yield FoundFile(path, _joined(prefix, path.name))
        else:
            yield Skipped(str(path), "there is no such file or folder")


def _joined(prefix: str, name: str) -> str:
    return f"{prefix.strip('/')}/{name}" if prefix.strip("/") else name


def _walk_folder(folder: Path, prefix: str) -> Iterator[FoundFile | Skipped]:
    unreadable: list[Skipped] = []

    def on_error(error: OSError) -> None:
        unreadable.append(Skipped(str(error.filename), f"the folder cannot be read: {error.strerror}"))

    for here, folders, names in os.walk(folder, onerror=on_error):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from unreadable
        unreadable.clear()
        for name in folders:
            if os.path.islink(link := os.path.join(here, name)):  # noqa: PTH114, PTH118 -- Path's raises
                yield Skipped(link, "a link to a folder; name the folder itself")
        for name in sorted(names):
            path = Path(here, name)
            if name.startswith("."):
                continue
            if not readers.supported(name):
                yield Skipped(str(path), "no reader for this kind of file")
            elif not os.path.isfile(path):  # noqa: PTH113 -- Path's raises for some that cannot be looked at
                yield Skipped(str(path), "a broken link, or not a file that can be read to its end")
            else:
                yield FoundFile(path, _joined(prefix, path.relative_to(folder).as_posix()))
    yield from unreadable


class FolderIngest:
    """One run over files and folders.

    ``mirror`` also deletes documents that came from these folders and whose files are gone.
    ``on_file`` is called with (files done, files in all), ``on_passage`` with (passages embedded,
    passages that were waiting).
    """

    def __init__(
        self,
        collection: Collection,
        *,
        prefix: str = "",
        mirror: bool = False,
        on_file: Callable[[int, int], None] | None = None,
        on_passage: Callable[[int, int], None] | None = None,
    ) -> None:
        self._collection = collection
        self._prefix = prefix
        self._mirror = mirror
        self._on_file = on_file or (lambda done, total: None)
        self._on_passage = on_passage
        self._report = Report()

    def run(self, paths: Sequence[Path]) -> Report:
        """Take in the files, embed their passages, and report."""
        start = time.monotonic()
        paths = [path.resolve() for path in paths]
        files = self._distinct(walk(paths, prefix=self._prefix))
        for at, batch in self._batches(files):
            self._put(batch)
            self._on_file(at, len(files))
        if self._mirror:
            self._delete_missing(paths)
        self._report.embedded = self._embed_all()
        self._report.seconds = time.monotonic() - start
        return self._report

    def _distinct(self, found: Iterable[FoundFile | Skipped]) -> list[FoundFile]:
        files: dict[str, FoundFile] = {}
        for one in found:
            if isinstance(one, Skipped):
                self._report.skipped.append(one)
            elif one.document_id in files:
                other = files[one.document_id].path
                self._skip(one.path, f"its id {one.document_id!r} is that of {other}; use --prefix")
            else:
                files[one.document_id] = one
        return list(files.values())

    def _batches(self, files: Sequence[FoundFile]) -> Iterator[tuple[int, list[Source]]]:
        batch: list[Source] = []
        size = 0
        for at, file in enumerate(files, 1):
            if (source := self._read(file)) is not None:
                batch.append(source)
                size += len(source.data)
            if size >= _BYTES_PER_COMMIT or len(batch) >= self._collection.config.ingest.documents_per_commit:
                yield at, batch
                batch, size = [], 0
        yield len(files), batch

    def _read(self, file: FoundFile) -> Source | None:
        known = self._collection.find_document(file.document_id)
        origin = known.origin if known else ""
        if origin and origin != str(file.path) and Path(origin).exists():
            self._skip(file.path, f"its id {file.document_id!r} is that of {origin}; use --prefix")
            return None
        most = self._collection.config.ingest.max_document_bytes
        try:
            if (size := file.path.stat().st_size) > most:
                self._skip(file.path, f"{size:,} bytes; at most {most:,} are taken")
                return None
            data = file.path.read_bytes()
        except OSError as error:
            self._skip(file.path, f"the file cannot be read: {error.strerror}")
            return None
        return Source(file.document_id, data, name=file.path.name, origin=str(file.path))

    def _put(self, batch: Sequence[Source]) -> None:
        for source, outcome in zip(batch, self._collection.put_many(batch), strict=True):
            if isinstance(outcome, InvalidInput):
                self._skip(Path(source.origin), outcome.message)
            else:
                getattr(self._report, outcome.status).append(outcome.record.id)

    def _skip(self, path: Path, reason: str) -> None:
        self._report.skipped.append(Skipped(str(path), reason))

    def _delete_missing(self, folders: Sequence[Path]) -> None:
        last = ""
        while page := self._collection.documents(after=last):
            last = page[-1].id
            for record in page:
                origin = Path(record.origin) if record.origin else None
                if origin and not origin.exists() and any(origin.is_relative_to(f) for f in folders):
                    self._collection.delete(record.id)
                    self._report.deleted.append(record.id)

    def _embed_all(self) -> int:
        """Embed until nothing waits; where another process is embedding, wait for it and go on."""
        done = 0
        while True:
            done += self._collection.embed_pending(progress=self._on_passage)
            counts = self._collection.counts()
            if counts.embedded >= counts.passages:
                return done
            time.sleep(0.2)
