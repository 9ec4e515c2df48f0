"""Files and folders into a collection, with a report of what became of every file."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from index.background_embedding import BackgroundEmbedding, commit_sizes
from index.collection import Collection
from index.errors import InvalidInput, InvalidMetadata
from index.files import FoundFile, Patterns, Skipped, is_passed_over, place, walk, walk_folder
from index.ingest import Source
from index.sidecars import SUFFIXES, Sidecar, is_sidecar, parse_sidecar

_BYTES_PER_COMMIT = 8 * 1024 * 1024


@dataclass(slots=True)
class Report:
    """What became of the files. ``embedded`` counts passages that were embedded in this run.

    ``renamed`` are documents (ids of before and of now) whose files moved; they are among the others too.
    """

    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    embedded: int = 0
    seconds: float = 0.0

    @property
    def files(self) -> int:
        """How many files were looked at."""
        return len(self.added) + len(self.replaced) + len(self.unchanged) + len(self.skipped)


@dataclass(frozen=True, slots=True)
class FolderOptions:
    """How folders become documents.

    ``prefix`` is put before the documents' ids. ``mirror`` keeps the collection equal to the folders:
    documents whose files are gone are deleted, and those whose files moved are renamed. ``password`` opens
    files that are encrypted.
    """

    prefix: str = ""
    mirror: bool = False
    patterns: Patterns = field(default_factory=Patterns)
    password: str = field(default="", repr=False)


class FolderIngest:
    """One run over files and folders.

    ``on_file`` is called with (files done, files in all), ``on_passage`` with (passages embedded,
    passages that were waiting).
    """

    def __init__(
        self,
        collection: Collection,
        options: FolderOptions | None = None,
        *,
        on_file: Callable[[int, int], None] | None = None,
        on_passage: Callable[[int, int], None] | None = None,
    ) -> None:
        self._collection = collection
        self._options = options or FolderOptions()
        self._on_file = on_file or (lambda done, total: None)
        self._on_passage = on_passage
        self._roots: Sequence[Path] = ()
        self._notify: Callable[[], None] = lambda: None
        self._report = Report()

    def run(self, paths: Sequence[Path]) -> Report:
        """Take in the files, embed their passages, and report."""
        self._roots = [place(str(path)) for path in paths]
        with self._embedding():
            self._take_in(walk(self._roots, prefix=self._options.prefix, patterns=self._options.patterns))
            if self._options.mirror:
                self._delete_missing(self._roots)
        return self._report

    def update(self, folders: Sequence[Path], changed: Iterable[Path]) -> Report:
        """As :meth:`run` over the folders, looking only at files and folders in them that changed."""
        self._roots = [place(str(folder)) for folder in folders]
        paths = sorted({_told_of(path) for path in changed})
        with self._embedding():
            self._take_in(found for path in paths for found in self._at(path))
            self._delete_missing([path for path in paths if not path.exists()])
        return self._report

    def _at(self, path: Path) -> Iterator[FoundFile | Skipped]:
        root = next((root for root in self._roots if path.is_relative_to(root)), None)
        prefix, patterns = self._options.prefix, self._options.patterns
        if root is None:
            return
        if path.is_dir() or path.is_file() or path.is_symlink():
            yield from walk_folder(root, below=path, prefix=prefix, patterns=patterns)

    @contextmanager
    def _embedding(self) -> Iterator[None]:
        """Embed what is taken in meanwhile; all of it by the end."""
        start = time.monotonic()
        with BackgroundEmbedding(self._collection, self._on_passage) as embedding:
            self._notify = embedding.notify
            yield
        self._report.embedded = embedding.done
        self._report.seconds = time.monotonic() - start

    def _take_in(self, found: Iterable[FoundFile | Skipped]) -> None:
        files = self._distinct(found)
        for at, batch in self._batches(files):
            self._put(batch)
            self._notify()
            self._on_file(at, len(files))

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
        sizes = commit_sizes(self._collection)
        size, most = 0, next(sizes)
        for at, file in enumerate(files, 1):
            if (source := self._read(file)) is not None:
                batch.append(source)
                size += len(source.data)
            if size >= _BYTES_PER_COMMIT or len(batch) >= most:
                yield at, batch
                batch, size, most = [], 0, next(sizes)
        yield len(files), batch

    def _read(self, file: FoundFile) -> Source | None:
        known = self._collection.find_document(file.document_id)
        origin = known.origin if known else ""
        if origin and origin != str(file.path) and place(origin).exists():
            self._skip(file.path, f"its id {file.document_id!r} is that of {origin}; use --prefix")
            return None
        most = self._collection.config.ingest.max_document_bytes
        try:
            if (size := file.path.stat().st_size) > most:
                self._skip(file.path, f"{size:,} bytes; at most {most:,} are taken")
                return None
            data = file.path.read_bytes()
            beside = _told_by(file.sidecar)
        except OSError as error:
            self._skip(file.path, f"the file cannot be read: {error.strerror or error}")
            return None
        except InvalidMetadata as error:
            self._skip(file.path, error.message)
            return None
        if known is None and self._options.mirror:
            self._rename(data, file.document_id)
        return Source(
            file.document_id,
            data,
            name=file.path.name,
            title=beside.title,
            source=beside.source,
            origin=str(file.path),
            metadata=beside.metadata,
            password=self._options.password,
        )

    def _rename(self, data: bytes, document_id: str) -> None:
        """A document of the same bytes whose file is gone was moved here."""
        for record in self._collection.documents_of_source(hashlib.sha256(data).digest()):
            if self._is_missing(record.origin, self._roots):
                self._collection.rename(record.id, document_id)
                self._report.renamed.append((record.id, document_id))
                return

    def _put(self, batch: Sequence[Source]) -> None:
        for source, outcome in zip(batch, self._collection.put_many(batch), strict=True):
            if isinstance(outcome, InvalidInput):
                self._report.skipped.append(Skipped(source.origin, outcome.message))
            else:
                getattr(self._report, outcome.status).append(outcome.record.id)

    def _skip(self, path: Path, reason: str) -> None:
        self._report.skipped.append(Skipped(str(path), reason))

    def _delete_missing(self, gone: Sequence[Path]) -> None:
        if not gone:
            return
        passed_over = cache(is_passed_over)  # many documents come from one folder
        last = ""
        while page := self._collection.documents(after=last):
            last = page[-1].id
            for record in page:
                if self._is_missing(record.origin, gone) or self._is_left_out(record.origin, passed_over):
                    self._collection.delete(record.id)
                    self._report.deleted.append(record.id)

    def _is_left_out(self, origin: str, passed_over: Callable[[Path, Path], bool]) -> bool:
        """Whether a document came from one of the folders, from a file that does not count there now."""
        path = place(origin) if origin else None
        root = next((root for root in self._roots if path and path.is_relative_to(root)), None)
        if path is None or root is None or path == root:
            return False
        relative = path.relative_to(root).as_posix()
        return passed_over(path.parent, root) or not self._options.patterns.admit(relative)

    @staticmethod
    def _is_missing(origin: str, places: Sequence[Path]) -> bool:
        """Whether a document came from one of these places, and its file is not there any more."""
        if not origin:
            return False
        path = place(origin)
        return any(path.is_relative_to(one) for one in places) and not path.exists()


def _told_of(path: Path) -> Path:
    """The file that a sidecar tells of; any other path as it is."""
    if not is_sidecar(path.name):
        return path
    suffix = next(suffix for suffix in SUFFIXES if path.name.lower().endswith(suffix))
    return path.with_name(path.name[: -len(suffix)])


def _told_by(sidecar: Path | None) -> Sidecar:
    return Sidecar() if sidecar is None else parse_sidecar(sidecar.read_bytes(), name=sidecar.name)
