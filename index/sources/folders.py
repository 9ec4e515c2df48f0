"""Ingest files and folders into a collection and report the outcome for every file."""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from index.collection import Collection
from index.errors import InvalidGroup, InvalidInput, InvalidMetadata
from index.ingest.preparation import Source
from index.naming import are_closed, reopened_groups
from index.records import DocumentRecord
from index.sources.background import BackgroundEmbedding, commit_sizes
from index.sources.files import FoundFile, Patterns, Skipped, location, presence, resolve_location
from index.sources.folder_rights import RIGHTS_FILE, parse_rights
from index.sources.links import OUTSIDE, LinkLeadsOut, read_within
from index.sources.mirroring import Mirror, Refusal, update_refusals
from index.sources.sidecars import SIDECAR_SUFFIXES, Sidecar, is_sidecar, parse_sidecar
from index.sources.walking import Selection, walk, walk_folder

_BYTES_PER_COMMIT = 8 * 1024 * 1024
_RETIRED_PER_COMMIT = 256


@dataclass(slots=True)
class IngestReport:
    """The outcome of a run: document ids by what was done, and the number of passages embedded.

    ``renamed`` has the old and new ids of documents whose files moved; the new ids are in one of the other
    lists as well. ``refused`` are the folders of which a mirror removed nothing, although files are missing.
    ``unindexed`` documents of the collection cannot be found yet, because an index has failed.
    """

    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    embedded: int = 0
    unindexed: int = 0
    seconds: float = 0.0

    @property
    def files(self) -> int:
        """The number of files that were examined."""
        return len(self.added) + len(self.replaced) + len(self.unchanged) + len(self.skipped)


@dataclass(frozen=True, slots=True)
class FolderOptions:
    """Options of an ingest of folders.

    ``prefix`` is put before the documents' ids. ``mirror`` keeps the collection equal to the folders:
    documents are retired when their files are gone, and renamed when their files moved. ``any_share`` allows
    to retire a large share of them. ``erase`` erases them, with those that were retired before.
    ``password`` opens encrypted files. ``follow`` follows links that lead out of the folders.
    """

    prefix: str = ""
    mirror: bool = False
    patterns: Patterns = field(default_factory=Patterns)
    password: str = field(default="", repr=False)
    follow: bool = False
    any_share: bool = False
    erase: bool = False
    groups: Sequence[str] | None = None
    """Groups that may read the documents, unless a sidecar or ``.loccit.yaml`` names others; None keeps what
    they have."""

    @property
    def selection(self) -> Selection:
        """The selection of files, and their ids."""
        return Selection(self.prefix, self.patterns, self.follow)


class FolderIngest:
    """One run over files and folders.

    ``on_file`` is called with (files done, files in all), ``on_passage`` with (passages embedded, passages
    to embed).
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
        self._report = IngestReport()
        self._rights: dict[Path, tuple[str, ...] | None] = {}
        """Groups of folders that were looked at; None for those without."""

    def run(self, paths: Sequence[Path]) -> IngestReport:
        """Ingest the files and embed their passages."""
        self._roots = [resolve_location(str(path)) for path in paths]
        with self._embedding():
            self._ingest(walk(self._roots, self._options.selection))
            if self._options.mirror:
                self._remove_missing(self._roots)
                self._note_refusals()
        return self._report

    def update(self, folders: Sequence[Path], changed: Iterable[Path]) -> IngestReport:
        """Ingest as :meth:`run` does, but examine only the files and folders that changed."""
        self._roots = [resolve_location(str(folder)) for folder in folders]
        paths = sorted({_described_file(path) for path in changed})
        with self._embedding():
            self._ingest(found for path in paths for found in self._walk_changed(path))
            self._remove_missing([path for path in paths if presence(path) == "gone"])
            if self._report.refused:
                self._note_refusals()
        return self._report

    def _walk_changed(self, path: Path) -> Iterator[FoundFile | Skipped]:
        root = next((root for root in self._roots if path.is_relative_to(root)), None)
        if root is not None and os.path.lexists(path):
            yield from walk_folder(root, self._options.selection, below=path)

    @contextmanager
    def _embedding(self) -> Iterator[None]:
        """Embed passages in the background; all of them by the end of the block."""
        start = time.monotonic()
        with BackgroundEmbedding(self._collection, self._on_passage) as embedding:
            self._notify = embedding.notify
            yield
        self._report.embedded = embedding.done
        self._report.unindexed = self._collection.unindexed()
        self._report.seconds = time.monotonic() - start

    def _ingest(self, found: Iterable[FoundFile | Skipped]) -> None:
        files = self._without_duplicates(found)
        for done, batch in self._batches(files):
            self._put(batch)
            self._notify()
            self._on_file(done, len(files))

    def _without_duplicates(self, found: Iterable[FoundFile | Skipped]) -> list[FoundFile]:
        """The files to ingest; of two files with the same document id, the second is skipped."""
        files: dict[str, FoundFile] = {}
        for one in found:
            if isinstance(one, Skipped):
                self._report.skipped.append(one)
            elif one.document_id in files:
                other = files[one.document_id].path
                self._skip(one.path, f"its id {one.document_id!r} is that of {other}", "duplicate_id")
            else:
                files[one.document_id] = one
        return list(files.values())

    def _batches(self, files: Sequence[FoundFile]) -> Iterator[tuple[int, list[Source]]]:
        """The documents of each commit, with the number of files read so far."""
        batch: list[Source] = []
        sizes = commit_sizes(self._collection)
        size, max_documents = 0, next(sizes)
        for done, file in enumerate(files, 1):
            if (source := self._read(file)) is not None:
                batch.append(source)
                size += len(source.data)
            if size >= _BYTES_PER_COMMIT or len(batch) >= max_documents:
                yield done, batch
                batch, size, max_documents = [], 0, next(sizes)
        yield len(files), batch

    def _read(self, file: FoundFile) -> Source | None:
        stored = self._find(file)
        origin = stored.origin if stored and stored.retired is None else ""
        if origin and location(origin) != file.path and presence(location(origin)) != "gone":
            self._skip(file.path, f"its id {file.document_id!r} is that of {origin}", "duplicate_id")
            return None
        limit = self._collection.config.ingest.max_document_bytes
        try:
            if (size := file.path.stat().st_size) > limit:
                self._skip(file.path, f"{size:,} bytes; at most {limit:,} are taken", "file_too_large")
                return None
            data = read_within(file.path, file.within)
            sidecar = _read_sidecar(file)
            groups = self._groups(file) if sidecar.groups is None else sidecar.groups
        except LinkLeadsOut:
            self._skip(file.path, f"it or its sidecar is {OUTSIDE}", "outside_link")
            return None
        except OSError as error:
            self._skip(file.path, f"the file cannot be read: {error.strerror or error}")
            return None
        except (InvalidMetadata, InvalidGroup) as error:
            self._skip(file.path, error.message)
            self._withdraw(stored, file)
            return None
        if groups is None and stored and are_closed(stored.groups):
            groups = reopened_groups(stored.groups)
        if self._options.mirror and not stored:
            self._rename_moved(data, file.document_id)
        return Source(
            stored.id if stored else file.document_id,
            data,
            name=file.path.name,
            title=stored.given_title if stored and file.sidecar is None else sidecar.title,
            source=sidecar.source,
            origin=str(file.path),
            metadata=sidecar.metadata,
            groups=groups,
            password=self._options.password,
        )

    def _find(self, file: FoundFile) -> DocumentRecord | None:
        """The document of a file, or that which has its id; a person may have renamed the former."""
        archive = self._collection.archive
        if found := archive.find_document(file.document_id, retired=True):
            return found
        renamed = archive.renamed_to(file.document_id)
        found = archive.find_document(renamed, retired=True) if renamed else None
        return found if found and found.origin and location(found.origin) == file.path else None

    def _groups(self, file: FoundFile) -> Sequence[str] | None:
        """The groups that the nearest folder above a file names; those of the options without.

        Raises what :func:`parse_rights` and :func:`read_within` do.
        """
        around = [root for root in self._roots if root in file.path.parents]
        if not around:
            return self._options.groups
        top = max(around, key=lambda root: len(root.parts))
        for folder in file.path.parents:
            if folder not in self._rights:
                path = folder / RIGHTS_FILE
                named = presence(path) == "present"
                self._rights[folder] = (
                    parse_rights(read_within(path, file.within), name=str(path)) if named else None
                )
            if (found := self._rights[folder]) is not None:
                return found
            if folder == top:
                break
        return self._options.groups

    def _withdraw(self, stored: DocumentRecord | None, file: FoundFile) -> None:
        """Let nobody read a document of which it is not known who may."""
        if stored is None or not stored.origin or location(stored.origin) != file.path:
            return
        if stored.retired is None or not are_closed(stored.groups):
            self._collection.editor.withdraw([stored.id])
        if stored.retired is None:
            self._report.retired.append(stored.id)

    def _rename_moved(self, data: bytes, document_id: str) -> None:
        """Rename the document with the same bytes whose file is gone: the file was moved."""
        for record in self._collection.archive.documents_of_source(hashlib.sha256(data).digest()):
            if self._mirror().is_missing(record.origin):
                self._collection.editor.rename(record.id, document_id)
                self._report.renamed.append((record.id, document_id))
                return

    def _put(self, batch: Sequence[Source]) -> None:
        for source, outcome in zip(batch, self._collection.put_many(batch), strict=True):
            if isinstance(outcome, InvalidInput):
                self._report.skipped.append(Skipped(source.origin, outcome.message, outcome.code))
            else:
                getattr(self._report, outcome.status).append(outcome.record.id)

    def _skip(self, path: Path, reason: str, code: str = "") -> None:
        self._report.skipped.append(Skipped(str(path), reason, code))

    def _remove_missing(self, gone: Sequence[Path]) -> None:
        """Retire or erase the documents at and below these paths whose files are gone."""
        if not gone:
            return
        plan = self._mirror().plan(
            self._collection.archive.all_documents(retired=self._options.erase),
            gone,
            added=set(self._report.added),
        )
        self._report.refused += plan.refused
        editor = self._collection.editor
        if self._options.erase:
            for document_id in plan.going + plan.retired:
                editor.delete(document_id)
                self._report.erased.append(document_id)
            return
        for start in range(0, len(plan.going), _RETIRED_PER_COMMIT):
            part = plan.going[start : start + _RETIRED_PER_COMMIT]
            editor.retire(part)
            self._report.retired += part

    def _note_refusals(self) -> None:
        """Store in the record the folders that could not be mirrored, until they are."""
        self._collection.editor.set_refused_mirrors(
            lambda known: update_refusals(
                known,
                self._report.refused,
                self._roots,
                self._collection.archive.all_documents(retired=self._options.erase),
            )
        )

    def _mirror(self) -> Mirror:
        """Create the mirror, with the folders that could not be read so far."""
        unreadable = [location(one.path) for one in self._report.skipped if one.code == "unreadable_folder"]
        return Mirror(
            self._roots, self._options.selection, unreadable=unreadable, any_share=self._options.any_share
        )


def _described_file(path: Path) -> Path:
    """The file that a sidecar describes, the folder that rights are of; any other path unchanged."""
    if path.name == RIGHTS_FILE:
        return path.parent
    if not is_sidecar(path.name):
        return path
    suffix = next(suffix for suffix in SIDECAR_SUFFIXES if path.name.lower().endswith(suffix))
    return path.with_name(path.name[: -len(suffix)])


def _read_sidecar(file: FoundFile) -> Sidecar:
    if file.sidecar is None:
        return Sidecar()
    return parse_sidecar(read_within(file.sidecar, file.within), name=file.sidecar.name)
