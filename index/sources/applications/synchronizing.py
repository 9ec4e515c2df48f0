"""Make a collection equal to what an application has: put what is new or changed, move, and remove.

What a source knows of its documents is in their ``origin``, which is stored in the same transaction as their
texts: a run that is killed anywhere leaves nothing to be mended, and the next one goes on.
"""

import hashlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from index.collection import Collection
from index.errors import InvalidDocumentId, InvalidGroup, InvalidInput, InvalidMetadata
from index.ingest.preparation import Source as NewDocument
from index.naming import are_closed, closed_groups, is_hidden, reopened_groups, validate_document_id
from index.readers import supported
from index.records import DocumentRecord, RefusedMirror
from index.sources.applications.configured import Source
from index.sources.applications.guard import Limits
from index.sources.applications.listing import Application, Entry, EntryRefused
from index.sources.background import BackgroundEmbedding, commit_sizes
from index.sources.files import Skipped
from index.sources.folder_rights import RIGHTS_FILE, FolderRights
from index.sources.folders import IngestReport
from index.sources.mirroring import FEW, SHARE, Refusal

_BYTES_PER_COMMIT = 8 * 1024 * 1024
_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class _Known:
    """A document of the source, as it is stored."""

    id: str
    checksum: str
    identity: str
    source_sha256: bytes
    link: str
    groups: tuple[str, ...]
    is_retired: bool
    home: str
    title: str

    @property
    def is_renamed(self) -> bool:
        """True if a person gave it another id than its entry does."""
        return self.id != self.home


@dataclass(frozen=True, slots=True)
class Origin:
    """An entry, as its document remembers it. ``home`` is the id that the document has by its path."""

    checksum: str
    identity: str
    home: str

    def written(self, name: str) -> str:
        """The origin of a document of a source. It is no path of this machine, nor a URL."""
        told = {"sum": self.checksum, "id": self.identity, "at": self.home}
        return f"@{name}/{urlencode(told)}"


def read_origin(record: DocumentRecord, name: str) -> Origin | None:
    """The origin of a document of a source; None for any other document."""
    beginning = f"@{name}/"
    if not record.origin.startswith(beginning):
        return None
    found = dict(parse_qsl(record.origin[len(beginning) :]))
    return Origin(found.get("sum", ""), found.get("id", ""), found.get("at", record.id))


class SourceSync:
    """One run of a source.

    ``any_share`` allows to remove any share of its documents. ``on_file`` is called with (entries done,
    entries in all); what it raises ends the run, and what was read is stored.
    """

    def __init__(
        self,
        collection: Collection,
        source: Source,
        application: Application,
        *,
        limits: Limits | None = None,
        any_share: bool = False,
        on_file: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        self._collection = collection
        self._source = source
        self._application = application
        self._limits = limits or Limits()
        self._any_share = any_share
        self._on_file = on_file
        self._report = IngestReport()
        self._rights = FolderRights()
        self._known: dict[str, _Known] = {}
        self._homes: dict[str, Entry] = {}
        self._renamed: dict[str, str] = {}
        self._listed: set[str] = set()
        self._may_lack_rights = False
        self.missing = ""
        """Why the listing was not complete; empty if it was."""

    def run(self) -> IngestReport:
        """Synchronize, and embed what is new.

        Raises :class:`index.errors.SourceError` where the application does not list, or stops answering:
        what was read until then is stored, and nothing is removed.
        """
        began = time.monotonic()
        listing = self._application.listing()
        self.missing = listing.missing
        self._may_lack_rights = listing.may_lack_rights
        self._known = {one.id: one for one in _stored(self._collection, self._source.name)}
        wanted = self._wanted(listing.entries)
        with BackgroundEmbedding(self._collection) as embedding:
            self._move_by_identity(wanted)
            self._withdraw(wanted)
            moved = self._put_all(wanted, embedding.notify)
            self._move_by_content(moved, wanted)
            if not self.missing:
                self._remove(bool(listing.entries))
        self._report.embedded = embedding.done
        self._report.unindexed = self._collection.unindexed()
        self._report.seconds = time.monotonic() - began
        return self._report

    # What there is

    def _wanted(self, entries: Sequence[Entry]) -> dict[str, Entry]:
        """The entries to have, by the ids of their documents; others are skipped with a reason."""
        wanted: dict[str, Entry] = {}
        for entry in entries:  # those too that come late or have no id: who may read depends on all
            if _name(entry) == RIGHTS_FILE:
                self._read_rights(entry)
        self._homes = self._placed(entries[: self._limits.entries])
        self._renamed = self._names_given()
        for home, entry in self._homes.items():
            document_id = self._renamed.get(home, home)
            other = self._known.get(document_id)
            if document_id == home and other and other.is_renamed and other.home in self._homes:
                reason = f"its id {home!r} is that of another document, which was renamed"
                self._skip(entry.path, reason, "duplicate_id")
                continue
            self._listed.add(document_id)
            if is_hidden(entry.path.split("/")):
                continue
            if not supported(_name(entry)):
                self._skip(entry.path, "no reader for this kind of file")
            else:
                wanted[document_id] = entry
        if len(entries) > self._limits.entries:
            self.missing = f"it lists more than {self._limits.entries:,} entries; divide the source"
        return wanted

    def _placed(self, entries: Sequence[Entry]) -> dict[str, Entry]:
        """The entries by the ids that their paths give them."""
        placed: dict[str, Entry] = {}
        for entry in entries:
            if _name(entry) == RIGHTS_FILE:
                continue
            try:
                home = self._home(entry)
            except InvalidDocumentId as error:
                self._skip(entry.path, error.message, error.code)
                continue
            if home in placed:
                self._skip(entry.path, "the application has another entry of this path", "duplicate_id")
            else:
                placed[home] = entry
        return placed

    def _home(self, entry: Entry) -> str:
        return validate_document_id(f"{self._source.prefix}/{entry.path}")

    def _names_given(self) -> dict[str, str]:
        """The ids that people gave to documents, by the ids that the paths of their entries give them now."""
        homes: dict[str, list[str]] = defaultdict(list)
        for home, entry in self._homes.items():
            homes[entry.identity].append(home)
        given: dict[str, str] = {}
        for one in self._known.values():
            if not one.is_renamed:
                continue
            moved = homes.get(one.identity, []) if one.identity else []
            home = moved[0] if len(moved) == 1 else one.home
            other = self._known.get(home)
            if home in self._homes and (other is None or other.is_renamed):
                given.setdefault(home, one.id)
        return given

    def _read_rights(self, entry: Entry) -> None:
        folder = entry.path.rpartition("/")[0]
        try:
            self._rights.add(folder, self._application.read(entry), name=entry.path)
        except EntryRefused as error:
            self._close_folder(folder, entry, error.reason)
        except (InvalidMetadata, InvalidGroup) as error:
            self._close_folder(folder, entry, error.message)

    def _close_folder(self, folder: str, entry: Entry, reason: str) -> None:
        """Show nobody what was meant for some."""
        self._rights.close(folder)
        self._skip(entry.path, reason)

    # Moves

    def _move_by_identity(self, wanted: Mapping[str, Entry]) -> None:
        """Rename documents whose entries have another path now, as long as their new ids are free."""
        homes: dict[str, list[str]] = defaultdict(list)
        for document_id, entry in wanted.items():
            if entry.identity:
                homes[entry.identity].append(document_id)
        waiting = {
            one.id: homes[one.identity][0]
            for one in self._known.values()
            if not one.is_retired and len(homes.get(one.identity, ())) == 1
        }
        waiting = {old: new for old, new in waiting.items() if old != new}
        went_on = True
        while went_on:
            went_on = False
            for old, new in list(waiting.items()):
                if new not in self._known and self._rename(old, new):
                    del waiting[old]
                    went_on = True

    def _rename(self, old: str, new: str) -> bool:
        if self._collection.archive.find_document(new, retired=True) is not None:
            return False
        known = self._known.pop(old)
        origin = Origin(known.checksum, known.identity, new).written(self._source.name)
        # In one transaction: else it would look like a document that a person renamed.
        self._collection.editor.rename(old, new, origin=origin)
        self._known[new] = replace(known, id=new, home=new)
        self._report.renamed.append((old, new))
        return True

    def _move_by_content(self, moved: Mapping[bytes, Sequence[str]], wanted: Mapping[str, Entry]) -> None:
        """Rename documents that are gone where one new entry alone has their content; put the other ones."""
        gone = self._gone_by_content()
        kept: dict[str, str] = {}
        for content, ids in moved.items():
            if len(ids) == 1 and len(gone[content]) == 1:
                old, new = gone[content][0], ids[0]
                if self._known[old].is_renamed:
                    kept[new] = old
                    self._listed.add(old)
                else:
                    self._rename(old, new)
        again = {kept.get(one, one): wanted[one] for ids in moved.values() for one in ids}
        self._put_all(again, lambda: None, may_move=False)

    def _gone_by_content(self) -> dict[bytes, list[str]]:
        found: dict[bytes, list[str]] = defaultdict(list)
        if not self.missing:
            for one in self._known.values():
                if one.id not in self._listed and not one.is_retired:
                    found[one.source_sha256].append(one.id)
        return found

    # Content

    def _put_all(
        self, wanted: Mapping[str, Entry], notify: Callable[[], None], *, may_move: bool = True
    ) -> dict[bytes, list[str]]:
        """Put new and changed documents.

        Returns the ids of new ones that have the content of a document that is gone, which are not put.
        """
        gone = self._gone_by_content() if may_move else {}
        moved: dict[bytes, list[str]] = defaultdict(list)
        batch: list[NewDocument] = []
        sizes = commit_sizes(self._collection)
        most = next(sizes)
        try:
            for done, (document_id, entry) in enumerate(wanted.items(), 1):
                new = self._document(document_id, entry)
                if new is not None:
                    content = hashlib.sha256(new.data).digest()
                    if content in gone and document_id not in self._known:
                        moved[content].append(document_id)
                    else:
                        batch.append(new)
                if len(batch) >= most or sum(len(one.data) for one in batch) >= _BYTES_PER_COMMIT:
                    self._put(batch)
                    notify()
                    batch, most = [], next(sizes)
                self._on_file(done, len(wanted))
        finally:
            self._put(batch)  # what was read is kept, although the application stopped to answer
            notify()
        return moved

    def _document(self, document_id: str, entry: Entry) -> NewDocument | None:
        """The document of an entry to put; None if it is unchanged or not taken."""
        known = self._known.get(document_id)
        try:
            groups = self._groups(entry, known)
        except EntryRefused as error:
            self._skip(entry.path, error.reason, error.code)
            return None
        if known is None and self._collection.archive.find_document(document_id, retired=True):
            self._skip(entry.path, f"its id {document_id!r} is that of another document", "duplicate_id")
            return None
        try:
            if known and self._is_unchanged(known, entry):
                self._describe(known, entry, groups)
                return None
            data = self._application.read(entry)
        except EntryRefused as error:
            self._skip(entry.path, error.reason, error.code)
            return None
        return NewDocument(
            document_id,
            data,
            name=_name(entry),
            source=entry.link,
            title=known.title if known else "",
            origin=Origin(entry.checksum, entry.identity, self._home(entry)).written(self._source.name),
            groups=groups,
        )

    def _is_unchanged(self, known: _Known, entry: Entry) -> bool:
        """Tell whether a document is as its entry is. One that moved is put again: its origin changes."""
        if known.is_retired or not entry.checksum or known.checksum != entry.checksum:
            return False
        return known.home == self._home(entry)

    def _describe(self, known: _Known, entry: Entry, groups: tuple[str, ...] | None) -> None:
        """Correct the link and the groups of a document whose content is unchanged."""
        link = entry.link or known.link
        if link != known.link or (groups is not None and groups != known.groups):
            self._collection.editor.describe(known.id, {}, source=link, groups=groups)
        self._report.unchanged.append(known.id)

    def _put(self, batch: Sequence[NewDocument]) -> None:
        for new, outcome in zip(batch, self._collection.put_many(batch), strict=True):
            if isinstance(outcome, InvalidInput):
                self._report.skipped.append(Skipped(new.id, outcome.message, outcome.code))
            else:
                getattr(self._report, outcome.status).append(outcome.record.id)

    def _groups(self, entry: Entry, known: _Known | None) -> tuple[str, ...] | None:
        """The groups that may read an entry; None for those that it has."""
        if self._is_unsure(entry):
            if known is None or known.is_retired:
                raise EntryRefused(
                    f"the listing is not complete: a file {RIGHTS_FILE} above it may be missing"
                )
            return None
        groups = self._named_groups(entry)
        if groups is None and known and are_closed(known.groups):
            return reopened_groups(known.groups)
        return groups

    def _is_unsure(self, entry: Entry) -> bool:
        """Tell whether the nearest file with rights of folders may be one that is not listed."""
        if not self._may_lack_rights or self._source.takes_readers or entry.is_restricted:
            return False
        return not self._rights.has(entry.path.rpartition("/")[0]) and self._rights.groups(entry.path) != ()

    def _named_groups(self, entry: Entry) -> tuple[str, ...] | None:
        """The groups that are named for an entry. What is unknown is for the owner alone."""
        source = self._source
        if source.takes_readers or entry.is_restricted:
            found = self._readers(entry) if source.takes_readers else None
            if not found and not source.owner:
                raise EntryRefused("it is not for everybody in the application, and the source has no owner")
            return found or (source.owner,)
        if (named := self._rights.groups(entry.path)) is not None:
            if not named:
                raise EntryRefused(f"the file {RIGHTS_FILE} above it cannot be read")
            return named
        fitting = [path for path in source.group_prefixes if f"{entry.path}/".startswith(f"{path}/")]
        return source.group_prefixes[max(fitting, key=len)] if fitting else source.groups

    def _readers(self, entry: Entry) -> tuple[str, ...] | None:
        try:
            return self._application.readers(entry)
        except EntryRefused:
            return None

    # Removal

    def _withdraw(self, wanted: Mapping[str, Entry]) -> None:
        """Let nobody read documents of which it is not known who may, also those that could not be moved.

        It is done before anything is read, so that an application that stops to answer cannot prevent it.
        """
        withheld = {document_id: one for document_id, one in wanted.items() if self._is_withheld(one)}
        identities = {one.identity for one in withheld.values()} - {""}
        checksums = {one.checksum for one in withheld.values()} - {""}
        closing = [
            one
            for one in self._known.values()
            if one.id in withheld
            or one.identity in identities
            or (not self.missing and one.id not in self._listed and one.checksum in checksums)
        ]
        closing = [one for one in closing if not (one.is_retired and are_closed(one.groups))]
        for start in range(0, len(closing), _AT_ONCE):
            self._collection.editor.withdraw([one.id for one in closing[start : start + _AT_ONCE]])
        self._report.retired += [one.id for one in closing if not one.is_retired]
        for one in closing:
            self._known[one.id] = replace(one, is_retired=True, groups=closed_groups(one.groups))

    def _is_withheld(self, entry: Entry) -> bool:
        source = self._source
        if source.takes_readers or entry.is_restricted:
            return not source.owner and not (source.takes_readers and self._readers(entry))
        return self._rights.groups(entry.path) == ()

    def _remove(self, has_entries: bool) -> None:
        live = [one.id for one in self._known.values() if not one.is_retired]
        going = [document_id for document_id in live if document_id not in self._listed]
        refusal = self._refusal(len(going), len(live), has_entries=has_entries)
        self._note(refusal)
        if refusal is not None:
            self._report.refused.append(refusal)
            return
        editor = self._collection.editor
        if self._source.erases:
            retired = [one.id for one in self._known.values() if one.is_retired]
            for document_id in [*going, *(one for one in retired if one not in self._listed)]:
                editor.delete(document_id)
                self._report.erased.append(document_id)
            return
        self._retire(going)

    def _retire(self, document_ids: Sequence[str]) -> None:
        for start in range(0, len(document_ids), _AT_ONCE):
            part = document_ids[start : start + _AT_ONCE]
            self._collection.editor.retire(part)
            self._report.retired += part

    def _refusal(self, going: int, live: int, *, has_entries: bool) -> Refusal | None:
        root = f"@{self._source.name}"
        if not has_entries and live:
            reason = (
                f"The source {self._source.name} lists nothing: none of its {live} documents was removed."
            )
            return Refusal(root, "empty_folder", reason)
        if self._any_share or going < FEW or going <= SHARE * live:
            return None
        reason = (
            f"{going} of the {live} documents of the source {self._source.name} are not listed any more, "
            f"which is more than {100 * SHARE:.0f} %: none of them was removed."
        )
        return Refusal(root, "large_removal", reason)

    def _note(self, refusal: Refusal | None) -> None:
        """Keep a refusal in the record until a run is not refused."""
        root = f"@{self._source.name}"

        def change(known: list[RefusedMirror]) -> list[RefusedMirror]:
            since = {one.root: one.since for one in known}
            others = [one for one in known if one.root != root]
            if refusal is None:
                return others
            return [*others, RefusedMirror(root, refusal.reason, since.get(root, time.time()))]

        self._collection.editor.set_refused_mirrors(change)

    def _skip(self, path: str, reason: str, code: str = "") -> None:
        self._report.skipped.append(Skipped(path, reason, code))


def retire_documents(collection: Collection, name: str) -> int:
    """Retire all documents of a source; returns how many these were."""
    found = [one.id for one in _stored(collection, name) if not one.is_retired]
    for start in range(0, len(found), _AT_ONCE):
        collection.editor.retire(found[start : start + _AT_ONCE])
    return len(found)


def _stored(collection: Collection, name: str) -> Iterator[_Known]:
    for record in collection.archive.all_documents(retired=True):
        if (origin := read_origin(record, name)) is not None:
            yield _known(record, origin)


def _known(record: DocumentRecord, origin: Origin) -> _Known:
    return _Known(
        record.id,
        origin.checksum,
        origin.identity,
        record.source_sha256,
        record.source,
        record.groups,
        record.retired is not None,
        origin.home,
        record.given_title,
    )


def _name(entry: Entry) -> str:
    return entry.path.rpartition("/")[2]
