"""The small file that says what a lexical index has applied, and where its segments are.

It is replaced after the engine's commit. A crash in between repeats the last update, which is harmless.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from index.errors import StoreDamaged

FORMAT = 1
_NAME = "applied.json"


@dataclass(frozen=True, slots=True)
class Applied:
    """``segments`` is the name of a folder beside the file; ``analyzer`` decides the terms in it."""

    change: int
    analyzer: str
    segments: str
    format: int = FORMAT


Stamp = tuple[int, int, int]


def stamp(folder: Path) -> Stamp | None:
    """Tells one version of the file from the next without reading it; None is no file."""
    try:
        stat = (folder / _NAME).stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def read(folder: Path, analyzer: str) -> Applied | None:
    """What the folder has, None if nothing.

    Raises :class:`index.errors.StoreDamaged` for what cannot be read, is of another format, or has the
    terms of another analyzer.
    """
    path = folder / _NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise StoreDamaged(f"{path} has format {content['format']!r}, not {FORMAT}")
        if content["analyzer"] != analyzer:
            raise StoreDamaged(f"{path} is of analyzer {content['analyzer']!r}, not {analyzer!r}")
        return Applied(int(content["change"]), analyzer, str(content["segments"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise StoreDamaged(f"{path} is not readable: {error!r}") from error


def write(folder: Path, applied: Applied) -> None:
    """Durably, and in one step for whoever reads."""
    unfinished = folder / (_NAME + ".new")
    with unfinished.open("w", encoding="utf-8") as file:
        json.dump(asdict(applied), file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(folder / _NAME)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
