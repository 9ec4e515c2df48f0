"""How much of office files is read: ``python -m benchmarks.documents.office``.

The files are those that people attached to reports of errors (test files of Apache POI and Tika). LibreOffice
reads them too: it confirms refusals, and its words are compared with those of the readers here. It must be
installed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import olefile

from benchmarks.documents import formats
from benchmarks.documents.libreoffice import CONVERSIONS, texts
from benchmarks.documents.manifest import FORMATS
from benchmarks.documents.parity import words_of
from benchmarks.proportions import proportion
from evaluation.measures import Estimate, mean
from index.errors import CorruptDocument, EmptyDocument, EncryptionNotSupported, NoTextLayer, ReaderFailed

OFFICE = FORMATS.parent / "office"
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Outcome:
    """A file as it is read here, and its text as LibreOffice reads it, None where it reads none.

    Mails and books, which LibreOffice does not read, are not ``compared``.
    """

    read: formats.Outcome
    other: str | None

    @property
    def suffix(self) -> str:
        """Of the file's name."""
        return self.read.file.suffix

    @property
    def right(self) -> bool:
        """Whether the file was read, or the reason for its refusal is true."""
        return not self.read.code or self.read.code in true_reasons(self.read.file.path, self.other)

    @property
    def compared(self) -> bool:
        """Whether both found words."""
        return not self.read.code and bool(words(self.other or ""))

    @property
    def missing(self) -> Counter[str]:
        """The words of LibreOffice that are not in the text, as often as they lack."""
        return Counter(words(self.other or "")) - Counter(words(self.read.text))

    @property
    def found(self) -> float:
        """The share of LibreOffice's words that are in the text, as often as LibreOffice has them."""
        return 1 - self.missing.total() / len(words(self.other or ""))

    @property
    def unconfirmed(self) -> set[str]:
        """The different words of the text that LibreOffice has not; numbers are not looked at.

        Each row of a sheet has the names of its columns here, and lists their numbers: that is not judged.
        """
        return {word for word in {*words(self.read.text)} - {*words(self.other or "")} if word.isalpha()}

    @property
    def confirmed(self) -> float:
        """The share of the different words of the text that LibreOffice has too."""
        return 1 - len(self.unconfirmed) / max(1, sum(word.isalpha() for word in {*words(self.read.text)}))


def words(text: str) -> list[str]:
    """The words of a text; numbers without leading zeros, since both write dates in their own way."""
    return [word.lstrip("0") or "0" for word in words_of(text)]


def true_reasons(path: Path, other: str | None) -> set[str]:
    """The codes of the reasons for which a file may be refused."""
    if olefile.isOleFile(path):
        with olefile.OleFileIO(path) as compound:
            if compound.exists("EncryptedPackage"):
                return {EncryptionNotSupported.code}
    if path.suffix.lower() in CONVERSIONS and other is None:
        return {CorruptDocument.code}
    return set() if words(other or "") else {EmptyDocument.code, NoTextLayer.code}


def study(folder: Path = OFFICE) -> list[Outcome]:
    """Read every file here, and by LibreOffice. Raises RuntimeError if that is not installed."""
    read = formats.study(folder)
    others = texts([one.file.path for one in read if one.file.suffix in CONVERSIONS])
    return [Outcome(one, others.get(one.file.path)) for one in read]


def figures(outcomes: Sequence[Outcome]) -> Mapping[str, Estimate]:
    """Shares of the files, and means over the files of the shares of their words."""
    compared = [one for one in outcomes if one.compared]
    found = {
        f"found_{suffix[1:]}": mean([one.found for one in compared if one.suffix == suffix])
        for suffix in CONVERSIONS
    }
    return {
        "read_or_refused": proportion(sum(one.right for one in outcomes), len(outcomes)),
        "failed": proportion(sum(one.read.code == ReaderFailed.code for one in outcomes), len(outcomes)),
        **found,
        "confirmed": mean([one.confirmed for one in compared]),
    }


def _few(words: Iterable[str]) -> str:
    return " ".join([*words][:_SHOWN])


def main() -> None:
    """Print the figures as one JSON object, with the files that are refused or lack words."""
    outcomes = study()
    refused = {one.read.file.path.name: f"{one.read.code} {one.right}" for one in outcomes if one.read.code}
    some = sorted((one for one in outcomes if one.compared), key=lambda one: one.found)
    missing = {one.read.file.path.name: f"{one.found:.3f} {_few(one.missing)}" for one in some if one.missing}
    some.sort(key=lambda one: one.confirmed)
    more = {
        one.read.file.path.name: f"{one.confirmed:.3f} {_few(one.unconfirmed)}"
        for one in some
        if one.unconfirmed
    }
    told = {name: asdict(one) for name, one in figures(outcomes).items()}
    compared = Counter(one.suffix for one in some)
    told |= {"compared": compared, "refused": refused, "missing": missing, "unconfirmed": more}
    print(json.dumps(told, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
