"""How fast files are read, beside markitdown: ``python -m benchmarks.documents.reading_speed``.

Each of them reads the files of a format in one process of its own, one after the other, from memory, after
one that is not timed: what is imported and loaded first does not count. Files that either refuses are left
out of both. Markitdown has an environment of its own, below the user's cache, which is made when it is not
there: that needs the package index. It writes Markdown and knows no places; what is read here has blocks,
pages and, of PDF files, where each word is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.documents.manifest import FORMATS, listed
from benchmarks.figures import exact
from evaluation.measures import Estimate

MARKITDOWN = "0.1.9"
SUFFIXES = ("pdf", "docx", "html", "md", "epub", "odt")
_HERE = """
from index.readers import read as _read
from index.errors import Unreadable as REFUSED

def read(data, name):
    _read(data, name=name)
"""
_MARKITDOWN = """
import io
from markitdown import MarkItDown
REFUSED = Exception
_converter = MarkItDown(enable_plugins=False)

def read(data, name):
    _converter.convert_stream(io.BytesIO(data), file_extension=name[name.rindex("."):])
"""
_TIMING = """
import json, logging, sys, time, warnings
from pathlib import Path

logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")
taken = {}
paths = json.load(sys.stdin)
for path in [*paths[:1], *paths]:
    data = Path(path).read_bytes()
    begin = time.perf_counter()
    try:
        read(data, Path(path).name)
    except REFUSED:
        continue
    taken[path] = time.perf_counter() - begin
print(json.dumps(taken))
"""
Seconds = Mapping[str, float]
"""Path -> the seconds that reading it took, for those that were read."""


def environment() -> Path:
    """The Python that has markitdown, in an environment made when it is not there.

    Raises subprocess.CalledProcessError when it cannot be installed.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "loccit" / f"markitdown-{MARKITDOWN}"
    python, ready = folder / "bin" / "python", folder / "ready"
    if not ready.exists():
        venv.create(folder, clear=True, with_pip=True)
        wanted = f"markitdown[pdf,docx]=={MARKITDOWN}"
        subprocess.run([python, "-m", "pip", "install", "--quiet", wanted], check=True)  # noqa: S603 - fixed words
        ready.touch()
    return python


def timed(python: Path | str, reader: str, paths: Sequence[str]) -> Seconds:
    """Read the files in a process of that Python."""
    ran = subprocess.run(  # noqa: S603 - the programs of this module
        [python, "-c", reader + _TIMING],
        input=json.dumps(paths),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: Seconds = json.loads(ran.stdout.splitlines()[-1])
    return found


def speeds(here: Seconds, other: Seconds, sizes: Mapping[str, int]) -> dict[str, Estimate]:
    """Files and megabytes (10^6 bytes) a second, and how many times as fast as the other.

    The ratio is of the files that both have read; there is none where there are no such files.
    """
    files, seconds = len(here), sum(here.values())
    found = {
        "files_per_second": exact(files / seconds, files),
        "mb_per_second": exact(sum(sizes[path] for path in here) / 1e6 / seconds, files),
    }
    if both := here.keys() & other.keys():
        ratio = sum(other[path] for path in both) / sum(here[path] for path in both)
        found["ratio"] = exact(ratio, len(both))
    return found


def study(folder: Path = FORMATS) -> dict[str, Estimate]:
    """The speeds of each format, by ``<suffix>_<measure>``."""
    python = environment()
    figures = {}
    for suffix in SUFFIXES:
        sizes = {str(one.path): one.path.stat().st_size for one in listed(folder, f".{suffix}")}
        here = timed(sys.executable, _HERE, list(sizes))
        other = timed(python, _MARKITDOWN, list(sizes))
        figures |= {f"{suffix}_{name}": one for name, one in speeds(here, other, sizes).items()}
    return figures


def main() -> None:
    """Print the figures as one JSON object."""
    print(json.dumps({name: asdict(one) for name, one in study().items()}, indent=1))


if __name__ == "__main__":
    main()
