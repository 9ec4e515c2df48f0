"""Compare the files of the indexes with the record, without changing or repairing them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from index.config import LibraryConfig
from index.description import Description
from index.engine.generations import FILES_LEASE, GENERATION, LEXICAL, VECTORS, files_folder
from index.engine.lexical import IndexFiles
from index.engine.vectors import read_base
from index.errors import StoreDamaged
from index.file_leases import FileLeases
from index.protocols import RecordStore, Snapshot
from index.records import Mark, Problem
from index.types import Ids

_TOLERANCE = 4e-3
"""Largest difference of a component between a stored vector and its copy in half precision."""


def problems(
    folder: Path, store: RecordStore, description: Description, config: LibraryConfig
) -> list[Problem]:
    """Find problems in the indexes of a collection: damaged files, and wrong passages or vectors.

    Reads all of their files and the whole record. Raises :class:`index.errors.CollectionBusy`.
    """
    with store.snapshot(lasting=True) as moment:
        found = list(_problems(folder, moment, description, config))
    if found:
        # Unless a process has written meanwhile: then both are of different changes.
        with (
            store.lease("write", seconds=config.lock_seconds),
            FileLeases(folder).hold(FILES_LEASE, config.lock_seconds),
            store.snapshot(lasting=True) as moment,
        ):
            found = list(_problems(folder, moment, description, config))
    return found


def remove(folder: Path, *, but: int | None = None) -> None:
    """Delete the indexes of a collection, of all generations but one: they are made anew from the record.

    Processes that have the files open keep them until they close them.
    """
    kept = None if but is None else files_folder(folder, but)
    for home in (folder, *folder.glob(f"{GENERATION}*")):
        if home != kept:
            for name in (VECTORS, LEXICAL):
                shutil.rmtree(home / name, ignore_errors=True)
        if home not in (folder, kept):
            shutil.rmtree(home, ignore_errors=True)


def _problems(
    folder: Path, moment: Snapshot, description: Description, config: LibraryConfig
) -> Iterator[Problem]:
    folder = files_folder(folder, moment.generation)
    for name, check in ((VECTORS, _of_vectors), (LEXICAL, _of_words)):
        try:
            yield from check(folder / name, moment, description, config)
        except StoreDamaged as error:
            yield _problem("index_damaged", name, f"{error.message.rstrip('.')}.")


def _of_vectors(
    folder: Path, moment: Snapshot, description: Description, config: LibraryConfig
) -> Iterator[Problem]:
    dimension = description.dimension
    base = read_base(folder, dimension, config.vectors)
    if base.manifest is None:
        return
    base.check(base.files)
    if (foreign := _foreign(VECTORS, moment, base.mark)) is not None:
        yield foreign
        return
    expected, wrong = [], 0
    for ids, documents, vectors in moment.added_vectors(0, base.mark.change, dimension):
        expected.append(ids)
        for segment in base.segments:
            at, rows = segment.find(ids), segment.rows
            here = at >= 0
            near = np.abs(rows.vectors(at[here]) - vectors[here]).max(axis=1, initial=0.0) <= _TOLERANCE
            wrong += int(np.count_nonzero(~near | (rows.documents[at[here]] != documents[here])))
    if wrong:
        yield _problem(
            "index_wrong", VECTORS, f"the vectors of {wrong} passages are not those of the record."
        )
    live = np.concatenate([segment.rows.ids[segment.live()] for segment in base.segments])
    yield from _differences(VECTORS, moment, base.mark, live, np.concatenate([*expected, _NONE]))


def _of_words(
    folder: Path, moment: Snapshot, description: Description, config: LibraryConfig
) -> Iterator[Problem]:
    del config
    found = IndexFiles.read(folder, description.analyzer())
    if found is None:
        return
    if (foreign := _foreign(LEXICAL, moment, found.mark)) is not None:
        yield foreign
        return
    expected = [one.id for one in moment.added_texts(0, found.mark.change)]
    yield from _differences(LEXICAL, moment, found.mark, found.ids(), np.array(expected, np.int64))


_NONE = np.empty(0, np.int64)


def _foreign(name: str, moment: Snapshot, mark: Mark) -> Problem | None:
    if moment.includes(mark):
        return None
    return _problem("index_foreign", name, f"it has reached change {mark.change} of another history.")


def _differences(name: str, moment: Snapshot, mark: Mark, ids: Ids, expected: Ids) -> Iterator[Problem]:
    """Compare the passages of an index with those of the record at its change, as far as these are kept."""
    missing = len(np.setdiff1d(expected, ids))
    since_removed = moment.removed(mark.change, moment.change)
    extra = len(np.setdiff1d(ids, np.concatenate([expected, since_removed])))
    if missing:
        yield _problem("index_incomplete", name, f"{missing} passages are missing.")
    if extra:
        yield _problem("index_wrong", name, f"{extra} passages are not in the record.")
    if len(ids) != len(np.unique(ids)):
        yield _problem("index_wrong", name, "it has passages twice.")


def _problem(code: str, name: str, message: str) -> Problem:
    return Problem(code, name, f"{message} Repair it: it is made anew.", is_repairable=True)
