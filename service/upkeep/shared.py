"""Remove originals from the place that machines share, after a restore has changed what is needed."""

from __future__ import annotations

import logging
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from index.errors import LoccitError, ObjectsUnavailable
from index.objects import parse_objects
from index.store import open_catalogue
from index.store.originals import SharedOriginals
from service.upkeep import data_folder

_log = logging.getLogger("loccit.upkeep")


@dataclass(frozen=True, slots=True)
class Used:
    """What a data folder has in a place for objects.

    ``folders`` are those of its collections; ``unknown`` are collections that cannot be opened to ask them.
    """

    folders: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)


def used(data: Path) -> Used:
    """What a data folder has there, and had when a restore began that did not end."""
    found = Used(data_folder.folders_before(data))
    parts = [data, data / data_folder.REPLACED] if data_folder.is_being_replaced(data) else [data]
    for part in parts:
        catalogue = open_catalogue(part)
        for name in catalogue.names():
            try:
                with closing(catalogue.open(name)) as store:
                    found.folders.add(store.objects_name())
            except LoccitError:
                found.unknown.add(name)
    return found


def keep_apart(staged: Path, objects: str, own: Used) -> list[str]:
    """Give the collections of a folder that is being restored folders of their own, but for those in ``own``.

    Another data folder may use those that they had. A collection that could not be opened keeps that of its
    backup. Returns such folders of others as have something in them.
    """
    place = SharedOriginals(parse_objects(objects))
    catalogue = open_catalogue(staged)
    found = []
    for name in catalogue.names():
        with closing(catalogue.open(name)) as store:
            folder = store.objects_name()
            if folder in own.folders or name in own.unknown:
                continue
            with store.copying().writing() as rows:
                rows.keep_apart(again=True)
        with suppress(ObjectsUnavailable, OSError):  # the message is all that is lost
            if place.has(folder):
                found.append(place.name_of(folder))
    return found


def sweep(data: Path, objects: str, before: set[str]) -> None:
    """Remove what no collection of a data folder names, of these and of those whose folders were ``before``.

    A failure is logged: the next erasure in a collection removes what is left of it.
    """
    try:
        for folder in before - used(data).folders:
            SharedOriginals(parse_objects(objects)).drop(folder)
        catalogue = open_catalogue(data, objects=objects)
        for name in catalogue.names():
            with closing(catalogue.open(name)) as store, store.lease("write"):
                with store.snapshot() as moment:
                    keep = moment.all_originals()
                catalogue.originals(name).sweep(keep)
    except (ObjectsUnavailable, OSError) as error:
        _log.warning("Originals that the restored collections do not need stay where they are: %s", error)
