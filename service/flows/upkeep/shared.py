"""Remove originals from the place that machines share, after a restore has changed what is needed."""

import logging
from contextlib import closing, suppress
from pathlib import Path

from index.errors import LoccitError, ObjectsUnavailable
from index.objects import parse_objects
from index.store import open_catalogue
from index.store.originals import SharedOriginals
from service.state import data_folder
from service.state.data_folder import Used
from service.state.databases.owner import find_owner, folder_of, name_owner, new_owner

_log = logging.getLogger("loccit.upkeep")


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
