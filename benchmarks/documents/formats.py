"""Whether files of many formats are read, or refused for a true reason.

``python -m benchmarks.documents.formats``.

Each file is read as the service reads it, in a worker process with limits. What is a true reason is told by
other programs: PyMuPDF and pypdf for PDF files (the manifest), and a search for ``w:t`` elements in DOCX
files. Passwords are not given.
"""

from __future__ import annotations

import argparse
import json
import re
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from benchmarks.documents.manifest import FORMATS, Listed, listed
from benchmarks.proportions import proportion
from evaluation.measures import Estimate
from index.config import ReadingConfig
from index.errors import (
    CorruptDocument,
    EmptyDocument,
    EncryptedDocument,
    NoTextLayer,
    ReaderFailed,
    Unreadable,
)
from index.readers import IsolatedReaders

_SPARSE = 8
"""Fewer characters on a page than that are a stamp or a number on a picture."""
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
_WORDS = re.compile(rb"<w:t(?:\s[^>]*)?>[^<]*[^\s<]")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file: the ``code`` of its refusal, empty when it was read."""

    file: Listed
    code: str
    peak_bytes: int
    """The most memory that its worker had resident until then."""
    text: str = ""

    @property
    def right(self) -> bool:
        """Whether it was read, or the reason is true."""
        return not self.code or self.code in true_reasons(self.file)


def true_reasons(file: Listed) -> set[str]:
    """The codes of the reasons for which a file may be refused."""
    if file.suffix == ".pdf":
        return _reasons_of_pdf(file)
    if file.suffix == ".docx":
        return set() if _has_words(file.path) else {EmptyDocument.code, NoTextLayer.code}
    return set() if file.path.read_bytes().strip() else {EmptyDocument.code}


def _reasons_of_pdf(file: Listed) -> set[str]:
    mupdf, pypdf = file.by("pymupdf"), file.by("pypdf")
    reasons = set()
    if mupdf.get("needs_password"):
        reasons.add(EncryptedDocument.code)
    if "PdfReadError" in pypdf.get("error", "") or 0 in (mupdf.get("pages"), pypdf.get("pages")):
        reasons.add(CorruptDocument.code)
    most = max(found.get("chars") or 0 for found in (mupdf, pypdf))
    if not reasons & {EncryptedDocument.code} and most < _SPARSE * max(1, mupdf.get("pages") or 0):
        reasons.add(NoTextLayer.code)
    return reasons


def _has_words(path: Path) -> bool:
    """Whether a DOCX file has a character in a text element of any of its parts."""
    with zipfile.ZipFile(path) as package:
        return any(_WORDS.search(package.read(name)) for name in package.namelist() if name.endswith(".xml"))


def study(folder: Path = FORMATS) -> list[Outcome]:
    """Read every file, one after the other. Linux alone tells how much memory that took."""
    readers = IsolatedReaders(ReadingConfig())
    outcomes = []
    try:
        for file in listed(folder):
            code = text = ""
            try:
                text = readers.read(file.path.read_bytes(), name=file.path.name).text
            except Unreadable as error:
                code = error.code
            outcomes.append(Outcome(file, code, _peak_of_workers(), text))
    finally:
        readers.close()
    return outcomes


def _peak_of_workers() -> int:
    """Bytes. The system's own account of ended children would also count this process, which they copy."""
    peaks = [0]
    for worker in psutil.Process().children(recursive=True):
        status = Path(f"/proc/{worker.pid}/status")
        if status.exists() and (found := _PEAK.search(status.read_text(encoding="utf-8"))):
            peaks.append(int(found[1]) * 1024)
    return max(peaks)


def figures(outcomes: Sequence[Outcome]) -> dict[str, Estimate]:
    """Shares of the files, and the most MiB that a worker had resident."""
    peak, of = max(one.peak_bytes for one in outcomes) / 2**20, len(outcomes)
    return {
        "read_or_refused": proportion(sum(one.right for one in outcomes), of),
        "read": proportion(sum(not one.code for one in outcomes), of),
        "failed": proportion(sum(one.code == ReaderFailed.code for one in outcomes), of),
        "peak_mib": Estimate(peak, peak, peak, of),
    }


def main() -> None:
    """Print the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FORMATS, help="where MANIFEST.json is")
    outcomes = study(parser.parse_args().folder)
    counts = Counter(f"{one.file.suffix} {one.code or 'read'}" for one in outcomes)
    wrong = {str(one.file.path): one.code for one in outcomes if not one.right}
    found = {name: asdict(one) for name, one in figures(outcomes).items()}
    print(json.dumps({**found, "counts": counts, "wrong": wrong}, indent=1))


if __name__ == "__main__":
    main()
