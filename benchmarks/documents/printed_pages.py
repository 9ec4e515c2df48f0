"""Recognition of the numbers that pages bear: ``python -m benchmarks.documents.printed_pages``.

``printed_pages.yaml`` has what pages of reports and books bear. Those that are not beside the project are
files of Debian packages, which ``apt-get`` downloads; they are kept under ``build/``, and not installed.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from benchmarks.documents.manifest import FORMATS
from benchmarks.proportions import proportion
from evaluation.measures import Estimate
from index.page_labels import label_of
from index.readers.pdf import read_pdf

TRUTH = Path(__file__).with_suffix(".yaml")
PACKAGES = Path(__file__).parents[2] / "build" / "printed-pages"


@dataclass(frozen=True)
class Document:
    """A document, and what some of its pages bear: empty for nothing."""

    told: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.told.get('package', '')}:{self.told['file']}".lstrip(":")

    @property
    def kind(self) -> str:
        """``report`` or ``book``."""
        return str(self.told["kind"])

    @cached_property
    def found(self) -> Mapping[int, tuple[str, str]]:
        """The number that each page bears, and the one that was recognised."""
        labels = read_pdf(self._data(), name=self.name).page_labels
        return {page: (bears, label_of(labels, page)) for page, bears in self.told["pages"].items()}

    @property
    def wrong(self) -> Mapping[int, tuple[str, str]]:
        """The pages on which another number was recognised, or none."""
        return {page: both for page, both in self.found.items() if both[0] != both[1]}

    @property
    def invented(self) -> int:
        """The pages with a number that they do not bear."""
        return sum(bool(found) for _, found in self.wrong.values())

    def _data(self) -> bytes:
        package = self.told.get("package")
        path = (_unpacked(package) if package else FORMATS) / self.told["file"]
        packed = path.with_name(path.name + ".gz")
        data = gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()
        if (digest := hashlib.sha256(data).hexdigest()) != self.told["sha256"]:
            raise ValueError(
                f"{self.name} is another file (SHA-256 {digest}) than the one that was looked at."
            )
        return data


def _unpacked(package: str) -> Path:
    """The folder with the files of a package, such as ``gmsh-doc=4.13.1``."""
    folder = PACKAGES / package.replace(":", "_")
    if not folder.exists():
        PACKAGES.mkdir(parents=True, exist_ok=True)
        _run("apt-get", "download", "-qq", package)
        (archive,) = PACKAGES.glob(f"{package.partition('=')[0]}_*.deb")
        _run("dpkg-deb", "-x", archive.name, folder.name)
        archive.unlink()
    return folder


def _run(*command: str) -> None:
    subprocess.run(command, cwd=PACKAGES, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 -- words of the table


def documents() -> Iterator[Document]:
    """The documents, in the order of the table."""
    yield from map(Document, yaml.safe_load(TRUTH.read_text(encoding="utf-8")))


def study() -> Mapping[str, Estimate]:
    """The shares of reports and books with all pages right, and of pages with a number that is not theirs."""
    every = list(documents())
    kinds = {f"{kind}s": [one for one in every if one.kind == kind] for kind in ("report", "book")}
    return {
        **{name: proportion(sum(not one.wrong for one in some), len(some)) for name, some in kinds.items()},
        "invented": proportion(sum(one.invented for one in every), sum(len(one.found) for one in every)),
    }


def main() -> None:
    """Print each document with wrong pages, then the figures, as JSON."""
    for one in documents():
        if one.wrong:
            print(json.dumps({"document": one.name, "bears, recognised": one.wrong}, ensure_ascii=False))
    for name, figure in study().items():
        print(json.dumps({name: [round(figure.value, 4), figure.questions]}))


if __name__ == "__main__":
    main()
