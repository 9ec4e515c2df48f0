"""The file ``applied.json``: the change that a lexical index has reached and its segments folder.

It is replaced after the engine's commit. After a crash in between, the last update is repeated, which is
harmless: the segments are then of a later commit than the file says. They are never of an earlier one.
"""

import json
import logging
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from index.durability import sync, write_text_durably
from index.engine.lexical.checking import Commit
from index.errors import StoreDamaged
from index.records import Mark
from index.sealed import seal, unseal

_log = logging.getLogger("loccit.lexical")

FORMAT = 4
_EARLIER = (1, 2, 3)
"""Their segments lack the lengths of passages, or more; the index is made anew."""
_NAME = "applied.json"


@dataclass(frozen=True, slots=True)
class Applied:
    """Content of the file. ``segments`` names a folder beside it, ``analyzer`` the version of its terms.

    ``commit`` is that of tantivy.
    """

    mark: Mark
    analyzer: str
    segments: str
    commit: Commit


Stamp = tuple[int, int, int]


def stamp(folder: Path) -> Stamp | None:
    """Identify a version of the file without reading it; None if there is no file."""
    try:
        stat = (folder / _NAME).stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def read(folder: Path, analyzer: str) -> Applied | None:
    """Read the file; None if there is none, or if it is of an earlier format, which is logged.

    Raises :class:`index.errors.StoreDamaged` if it cannot be read or is of another format or analyzer.
    """
    path = folder / _NAME
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text)
        if content["format"] in _EARLIER:
            _log.info("%s has the earlier format %d; the index is made anew", path, content["format"])
            return None
        if content["format"] != FORMAT:
            raise StoreDamaged(f"{path} has format {content['format']!r}, not {FORMAT}")
        if content["analyzer"] != analyzer:
            raise StoreDamaged(f"{path} is of analyzer {content['analyzer']!r}, not {analyzer!r}")
        content = unseal(text)
        mark = Mark(**{one.name: content[one.name] for one in fields(Mark)})
        return Applied(mark, analyzer, content["segments"], Commit(**content["commit"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise StoreDamaged(f"{path} is not readable: {error!r}") from error


def write(folder: Path, applied: Applied) -> None:
    """Write the file durably; readers see the old or the new content."""
    content = asdict(applied)
    write_text_durably(folder / _NAME, seal({"format": FORMAT, **content.pop("mark"), **content}))
    sync(folder)
