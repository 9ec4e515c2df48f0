"""Keeps a collection equal to folders for as long as it runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import watchfiles

from index.collection import Collection
from index.errors import InvalidInput, LoccitError
from index.files import is_here, place
from index.folders import FolderIngest, FolderOptions, Report

log = logging.getLogger(__name__)

_LOOK_MILLISECONDS = 1000


def watch(
    collection: Collection,
    folders: Sequence[Path],
    options: FolderOptions,
    *,
    on_report: Callable[[Report], None],
    stop: threading.Event | None = None,
) -> None:
    """Take in the folders, then whatever changes in them, until ``stop`` is set or it is interrupted.

    ``on_report`` is told of the first run, and of each later one that found something. What fails, such
    as a collection that another process writes for long, is logged, and everything is looked at again.
    Raises :class:`index.errors.InvalidInput` for folders that cannot be watched.
    """
    roots = [place(str(folder)) for folder in folders]
    for root in roots:
        if not is_here(root) or not root.is_dir():
            raise InvalidInput(f"{root}: only folders of this machine can be watched.")
    whole, first = True, True
    changes = watchfiles.watch(
        *roots,
        watch_filter=None,
        stop_event=stop,
        rust_timeout=_LOOK_MILLISECONDS,
        # It is watching already when it yields for the first time: nothing is lost between.
        yield_on_timeout=True,
        raise_interrupt=False,
    )
    for changed in changes:
        if not whole and not changed:
            continue
        run = FolderIngest(collection, options)
        try:
            report = run.run(roots) if whole else run.update(roots, [Path(path) for _, path in changed])
        except LoccitError as error:
            log.warning("%s Everything is looked at again.", error.message)
            whole = True
            continue
        if first or report.added or report.replaced or report.deleted or report.renamed or report.skipped:
            on_report(report)
        whole, first = False, False
