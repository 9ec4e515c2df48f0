"""Make files and folders durable: what was synced survives a power cut."""

import os
import uuid
from collections.abc import Callable
from pathlib import Path

UNFINISHED = ".new"
"""Suffix of files that are being written: one that is left over belongs to a process that was killed."""


def sync(path: Path) -> None:
    """Write a file, or the names in a folder, through to the disk. Raises ``OSError``."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` write a file beside this one, and put it in its place: readers see the old or the new.

    Several processes may do so at once. The new one is there for good once the folder is synced. Raises
    ``OSError``.
    """
    unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex}{UNFINISHED}")
    try:
        write(unfinished)
        sync(unfinished)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def write_text_durably(path: Path, text: str) -> None:
    """Replace the text of a file, or make it; see :func:`write_durably`."""
    write_durably(path, lambda unfinished: unfinished.write_text(text, encoding="utf-8"))
