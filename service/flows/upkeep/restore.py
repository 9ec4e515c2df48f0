"""Restore a backup into a data folder."""

from __future__ import annotations

import dataclasses
import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from index.durability import sync
from index.errors import Damaged, LoccitError, ObjectsUnavailable
from index.history import ErasedTags, Ledger
from index.library import existing_tags
from index.objects import parse_objects
from index.store import open_catalogue
from index.store.originals import SharedOriginals
from service.errors import KeysLost
from service.flows.upkeep import bundle
from service.flows.upkeep.bundle import Progress
from service.flows.upkeep.errors import BackupFailed, DataNotEmpty
from service.flows.upkeep.manifest import Manifest
from service.state import data_folder
from service.state.data_folder import Used
from service.state.databases.owner import find_owner, folder_of, name_owner, new_owner
from service.state.files import FILES, erase_again, open_file_store
from service.state.identity import (
    SESSIONS,
    KeyStore,
    Marks,
    find_keys,
    mark_of,
    open_key_store,
)
from service.state.inventory import UNREADABLE, Inventory

T = TypeVar("T")
_log = logging.getLogger("loccit.upkeep")
_LOST = "Signing keys and people's groups since the backup are lost"


@dataclass(frozen=True, slots=True)
class Restored:
    """The result of a restore.

    ``has_ledger``: there was a ledger of erasures. By it, ``documents`` and ``versions`` were erased again,
    and these ``collections``. ``left`` are folders in the place for objects that another data folder may use.
    ``lacks_keys``: the data folder was under keys, and the backup has none.
    """

    manifest: Manifest
    has_ledger: bool = False
    documents: int = 0
    versions: int = 0
    collections: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    lacks_keys: bool = False


def restore(
    data: Path,
    source: Path,
    *,
    ledger: Ledger | None,
    replace: bool = False,
    progress: Progress = lambda _: None,
    objects: str = "",
) -> Restored:
    """Put a backup in the place of what the data folder holds; nothing of that is mixed with it.

    The backup is compared with its manifest first. What its indexes were derived from is disowned, so that
    they are made anew, and what ``ledger`` says is erased again. ``replace`` allows a data folder that holds
    something. Sessions of browsers end. Converted models, the ledger and other files in the folder stay.
    Originals and uploads are restored into the data folder; what its collections no longer need in the place
    ``objects`` (:func:`index.objects.parse_objects`) is removed there. Collections that are new to the folder
    get folders of their own in such a place, whether it is given or not: those that the backup was made of
    may be in use.

    Until the backup is checked and ready, the folder is as it was. Raises :class:`BackupDamaged`,
    :class:`BackupFailed`, :class:`DataNotEmpty`, :class:`DataInUse`, :class:`index.errors.LedgerFailed`.
    """
    _require_replaceable(data, replace=replace)
    if ledger:
        _end_erasures(data, ledger)
    erased = ledger.read() if ledger else None
    with _staging(data) as staged:
        manifest = bundle.read(source, staged, progress)
        restored = _make_ready(staged, manifest, erased)
        _bring_keys_up_to_date(data, staged)
        lacks_keys = _keep_closed(data, staged)
        own = places_in_use(data)
        left = keep_apart(staged, objects, own)
        _replace(data, staged, own)
    if objects:
        sweep(data, objects, own.folders)
    return dataclasses.replace(restored, left=left, lacks_keys=lacks_keys)


def _end_erasures(data: Path, ledger: Ledger) -> None:
    """Enter how the deletions ended that were begun in the collections that are replaced.

    Afterwards a collection that the backup lacks would be taken for one that was deleted. So a deletion that
    cannot be told from a loss, in a folder that is empty or has damaged collections, counts as not done.
    """
    ledger.undone()
    if not (begun := ledger.begun()) or data_folder.is_being_replaced(data):
        return
    existing, is_complete = existing_tags(open_catalogue(data))
    is_known = is_complete and not data_folder.is_empty(data)
    for part, tag in begun.items():
        ledger.end_collection(part, is_erased=is_known and tag not in existing)


def _require_replaceable(data: Path, *, replace: bool) -> None:
    interrupted = data_folder.is_being_replaced(data)
    if not (replace or interrupted or data_folder.is_empty(data)):
        raise DataNotEmpty(
            f"The data folder {data} holds collections, jobs or keys. Restore into an empty folder, or say "
            "that they are to be replaced."
        )
    data_folder.require_unused(data)


@contextmanager
def _staging(data: Path) -> Iterator[Path]:
    """A folder on the disk of the data folder, removed at the end."""
    staged = data / data_folder.STAGED
    try:
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise BackupFailed(f"{staged} cannot be made ({error.strerror}).") from error
    try:
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _make_ready(staged: Path, manifest: Manifest, erased: ErasedTags | None) -> Restored:
    """Begin an epoch in each collection, and erase again what was erased since."""
    catalogue = open_catalogue(staged)
    documents = versions = 0
    gone = []
    for name in catalogue.names():
        with closing(catalogue.open(name)) as store:
            if erased and store.tag() in erased.collections:
                gone.append(name)
                continue
            if erased:
                found = store.erase_tagged(erased.versions)
                documents, versions = documents + found[0], versions + found[1]
            store.begin_epoch()
            with store.snapshot() as moment:
                keep = moment.all_originals()
            catalogue.originals(name).sweep(keep)
            if (erasure := store.unpurged()) is not None:
                store.purge(erasure)
    for name in gone:
        catalogue.delete(name)
    if erased and (staged / FILES).exists():
        with closing(open_file_store(staged)) as files:
            erase_again(files, erased)
            files.purge()
    return Restored(manifest, erased is not None, documents, versions, gone)


def _bring_keys_up_to_date(data: Path, staged: Path) -> None:
    """Do again to the keys of the backup what was done since; all sessions end."""
    if not (staged / data_folder.KEYS).exists():
        return
    with closing(open_key_store(staged)) as store:
        _revoke_again(data, store)
        store.renew_secret(SESSIONS)  # which sessions were ended since the backup is not in it
        _rotate_again(data, store)
        _adjust_again(data, store)


def _revoke_again(data: Path, staged: KeyStore) -> None:
    """Revoke the keys of the backup that are revoked in the data folder, as far as its keys can be read."""
    lost = "Keys that were revoked since the backup are valid again"
    stored = [key for part in data_folder.parts(data) for key in _stored(part, KeyStore.all, lost)]
    revoked = {key.id: key.revoked for key in stored if key.revoked is not None}
    for key in staged.all():
        if key.id in revoked and key.revoked is None:
            staged.revoke(key.id, revoked[key.id])


def _rotate_again(data: Path, staged: KeyStore) -> None:
    """Add the signing keys that the same installation has made since the backup: none returns to use."""
    for part in data_folder.parts(data):
        for key in _stored(part, KeyStore.signing_keys, _LOST, identity=staged.identify()):
            known = [one.id for one in staged.signing_keys()]
            if key.id not in known:
                staged.add_signing_key(key, after=known[-1] if known else "")


def _adjust_again(data: Path, staged: KeyStore) -> None:
    """Keep what administrators of the same installation have changed of people's groups since the backup."""
    for part in data_folder.parts(data):
        people = _stored(part, KeyStore.people, _LOST, identity=staged.identify())
        staged.note_people(people)
        for one in people:
            staged.adjust(one.key, one.adjustment)


def _stored(part: Path, read: Callable[[KeyStore], list[T]], lost: str, *, identity: str = "") -> list[T]:
    """What is read of a store of keys, if it has this identity (empty for any); ``lost`` if that fails."""
    if not (part / data_folder.KEYS).exists():
        return []
    try:
        with closing(open_key_store(part)) as store:
            return read(store) if not identity or store.identify() == identity else []
    except Damaged as error:
        _log.warning("%s: %s", lost, error.message)
        return []


def _keep_closed(data: Path, staged: Path) -> bool:
    """Keep the access mark of a data folder for which a backup has no keys; whether that is so.

    What nobody could read without a key is not opened by an older backup.
    """
    mark, inventory = _mark(data), Inventory(staged)
    if mark in ("", inventory.access()) or find_keys(staged).keys:
        return False
    inventory.set_access(mark)
    return True


def _mark(data: Path) -> str:
    """The access mark of what is replaced, from whatever of it still has one."""
    found = []
    for part in data_folder.parts(data):
        with suppress(KeysLost):
            found.append(mark_of(find_keys(part), asks_for_keys=False))
        found += Marks(part).all().values()
    # One that can be read says more than that there is one.
    return next(
        (mark for mark in found if mark not in ("", UNREADABLE)), UNREADABLE if UNREADABLE in found else ""
    )


def _replace(data: Path, staged: Path, own: data_folder.Used) -> None:
    """Move what is there away, and what is staged to its place. While that lasts, nothing opens the data.

    ``own`` is what the data folder has in the place for objects, for a restore that goes on.
    """
    was_interrupted, replaced = data_folder.is_being_replaced(data), data / data_folder.REPLACED
    if not was_interrupted:
        shutil.rmtree(replaced, ignore_errors=True)
    data_folder.begin_replacing(data, own)
    try:
        data_folder.require_unused(data)  # since the first look
    except BaseException:
        if not was_interrupted:
            data_folder.end_replacing(data)
        raise
    with bundle.translating_os_errors(data):
        sync(data)
        replaced.mkdir(exist_ok=True)
        for path in data_folder.state(data):
            _move_away(path, replaced / path.name)
        for path in staged.iterdir():
            path.rename(data / path.name)
        sync(data)
        data_folder.end_replacing(data)
        sync(data)
        shutil.rmtree(replaced, ignore_errors=True)


def _move_away(path: Path, target: Path) -> None:
    """Move what a restore replaces. What an interrupted one moved stays: ``path`` is a part of its backup."""
    if not target.exists():
        path.rename(target)
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


# Remove originals from the place that machines share, after a restore has changed what is needed.


def places_in_use(data: Path) -> Used:
    """The places of a data folder on shared storage, and those it had before an unfinished restore."""
    before = data_folder.used_before(data)
    folders, unknown, owner = set(before.folders), set(), before.owner
    for part in data_folder.parts(data):
        catalogue = open_catalogue(part)
        for name in catalogue.names():
            try:
                with closing(catalogue.open(name)) as store:
                    folders.add(store.objects_name())
            except LoccitError:
                unknown.add(name)
        if owner is None:
            with suppress(LoccitError):
                owner = find_owner(part)
    return Used(folders, unknown, owner)


def keep_apart(staged: Path, objects: str, own: Used) -> list[str]:
    """Give what is being restored folders of its own, but for those in ``own``.

    Another data folder may use those that the backup names. A collection that could not be opened keeps that
    of the backup, if this is one of the same service. Returns such folders of others as have something in
    them.
    """
    of_backup = find_owner(staged)
    is_other = bool(own.owner) and of_backup is not None and of_backup != own.owner
    if own.owner is not None or of_backup is not None:
        name_owner(staged, new_owner() if own.owner is None else own.owner)
    others = [folder_of(of_backup)] if of_backup and of_backup != own.owner else []
    place = SharedOriginals(parse_objects(objects))
    catalogue = open_catalogue(staged)
    for name in catalogue.names():
        with closing(catalogue.open(name)) as store:
            folder = store.objects_name()
            if folder in own.folders or (name in own.unknown and not is_other):
                continue
            with store.copying().writing() as rows:
                rows.separate_originals(again=True)
        others.append(place.name_of(folder))
    with suppress(ObjectsUnavailable, OSError):  # the message is all that is lost
        return [name for name in others if place.has(name)]
    return []


def sweep(data: Path, objects: str, before: set[str]) -> None:
    """Remove what no collection of a data folder names, of these and of those whose folders were ``before``.

    A failure is logged: the next erasure in a collection removes what is left of it.
    """
    try:
        for folder in before - places_in_use(data).folders:
            SharedOriginals(parse_objects(objects)).drop(folder)
        catalogue = open_catalogue(data, objects=objects)
        for name in catalogue.names():
            with closing(catalogue.open(name)) as store, store.lease("write"):
                with store.snapshot() as moment:
                    keep = moment.all_originals()
                catalogue.originals(name).sweep(keep)
    except (ObjectsUnavailable, OSError) as error:
        _log.warning("Originals that the restored collections do not need stay where they are: %s", error)
