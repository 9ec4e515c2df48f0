"""What a collection's store tells by itself, without an index or a model."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from index.anchoring import AnchoringText
from index.answers import Citation
from index.changes import Became, Told, became, told
from index.differences import Hunk, line_diff
from index.filters import Filter
from index.protocols import RecordStore
from index.records import Counts, DocumentRecord, Structure, VersionRecord
from index.resolution import Resolution
from index.text_cache import TextCache

_PREPARED = 4_000_000
"""Code points of texts that are kept ready to find quotes in, about 20 bytes each."""


class Archive:
    """Documents with their versions and texts, the citations into them, and what changed when."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store
        self._known = TextCache[AnchoringText](_PREPARED, lambda one: len(one.text))

    def find_document(self, document_id: str) -> DocumentRecord | None:
        """The document of this id, or None."""
        return self._store.find_document(document_id)

    def document(self, document_id: str) -> DocumentRecord:
        """Raise :class:`index.errors.DocumentNotFound` when there is none of this id."""
        return self._store.document(document_id)

    def documents(
        self, *, limit: int = 100, after: str = "", prefix: str = "", where: Filter | None = None
    ) -> list[DocumentRecord]:
        """Documents in order of their ids, those after ``after`` that begin with ``prefix``."""
        return self._store.documents(limit=limit, after=after, prefix=prefix, where=where)

    def documents_of_source(self, sha256: bytes) -> list[DocumentRecord]:
        """The documents whose newest version was made of the bytes with this hash."""
        return self._store.documents_of_source(sha256)

    def text(self, document_id: str, version: int | None = None) -> tuple[VersionRecord, str]:
        """The whole text of a version, the newest when none is named, checked against its hash."""
        record = self._store.version(document_id, version)
        return record, self._store.text(record.text_sha256)

    def structure(self, version: VersionRecord) -> Structure:
        """How the text of a version is divided."""
        return self._store.structure(version)

    def versions(self, document_id: str) -> list[VersionRecord]:
        """The versions kept of a document, newest first. Raises :class:`index.errors.DocumentNotFound`."""
        return self._store.versions(document_id)

    def diff(
        self, document_id: str, old: int, new: int | None = None
    ) -> tuple[VersionRecord, VersionRecord, tuple[Hunk, ...]]:
        """What makes one version of the other (the newest when none is named), line by line.

        Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.VersionNotFound`.
        """
        before, old_text = self.text(document_id, old)
        after, new_text = self.text(document_id, new)
        return before, after, line_diff(old_text, new_text)

    def cite(self, locator: str) -> Citation:
        """The citation that a locator names, of the newest version or of an older one.

        Raises :class:`index.errors.InvalidLocator`, :class:`index.errors.CitationNotFound`.
        """
        return self.resolution().cite(locator)

    def resolution(self) -> Resolution:
        """Resolves citations."""
        return Resolution(self._store, self._known)

    def changes(self, *, since: int = 0, until: int | None = None, limit: int = 100) -> Told:
        """What the changes after ``since``, up to ``until``, did to documents, in about ``limit`` events.

        Raises :class:`index.errors.ChangeNotFound` for changes that have not been.
        """
        return told(self._store, since, until, limit)

    def became(self, locators: Sequence[str], *, change: int | None = None) -> list[Became]:
        """What had become of citations after a change, the last one when none is named.

        Raises :class:`index.errors.InvalidLocator`.
        """
        return became(self.resolution(), locators, self._store.change() if change is None else change)

    def counts(self) -> Counts:
        """How much there is."""
        return self._store.counts()

    def last_passage(self) -> int:
        """The id of the passage that was stored last; 0 if none ever was."""
        return self._store.last_passage()

    def waiting(self, up_to: int) -> int:
        """How many passages, up to this one, cannot be found by their meaning yet."""
        return self._store.waiting(up_to)

    def close(self) -> None:
        """Release files and memory."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
