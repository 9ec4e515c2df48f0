"""Remove originals from the place that machines share, after a restore has changed what is needed."""

from __future__ import annotations

import logging
from contextlib import closing, suppress
from pathlib import Path

from index.errors import LoccitError, ObjectsUnavailable
from index.objects import parse_objects
from index.store import open_catalogue
from index.store.originals import SharedOriginals

_log = logging.getLogger("loccit.upkeep")


def folders(data: Path, objects: str) -> set[str]:
    """The folders of the collections of a data folder there, without those that cannot be opened."""
    catalogue = open_catalogue(data, objects=objects)
    found = set()
    for name in catalogue.names():
        with suppress(LoccitError), closing(catalogue.open(name)) as store:
            found.add(store.objects_name())
    return found


def keep_apart(staged: Path, objects: str, own: set[str]) -> list[str]:
    """Give the collections of a folder that is being restored folders of their own, but for those in ``own``.

    Another data folder may use those that they had. Returns such as have something in them.
    """
    place = SharedOriginals(parse_objects(objects))
    catalogue = open_catalogue(staged)
    found = []
    for name in catalogue.names():
        with closing(catalogue.open(name)) as store:
            if (folder := store.objects_name()) in own:
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
        for folder in before - folders(data, objects):
            SharedOriginals(parse_objects(objects)).drop(folder)
        catalogue = open_catalogue(data, objects=objects)
        for name in catalogue.names():
            with closing(catalogue.open(name)) as store, store.lease("write"):
                with store.snapshot() as moment:
                    keep = moment.all_originals()
                catalogue.originals(name).sweep(keep)
    except (ObjectsUnavailable, OSError) as error:
        _log.warning("Originals that the restored collections do not need stay where they are: %s", error)
