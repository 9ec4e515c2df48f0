"""A bit that flips in any file of a data folder is found by a check, unless the byte has no use."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from index.config import LibraryConfig
from service.flows.upkeep import check
from service.flows.upkeep.check import Finding
from tests.corruption import data_folder
from tests.corruption.damages import files_of
from tests.sizes import FULL

FLIPS = 300 if FULL else 24


@dataclass(frozen=True, slots=True)
class Flip:
    """A bit of a byte of a file."""

    file: str
    at: int
    bit: int

    def apply(self, folder: Path) -> None:
        content = bytearray((folder / self.file).read_bytes())
        content[self.at] ^= 1 << self.bit
        (folder / self.file).write_bytes(content)


def drawn(folder: Path, count: int) -> Iterator[Flip]:
    """So many flips, of all files in turn; in a database mostly of bytes that are not zero, as few are."""
    files, random_ = files_of(folder), random.Random(7)
    random_.shuffle(files)
    # The databases more often: they have the most, and other files are compared as a whole.
    files += [one for one in files if one.endswith(data_folder.DATABASES)] * 4
    random_.shuffle(files)
    for number in range(count):
        file = files[number % len(files)]
        content = (folder / file).read_bytes()
        places: range | list[int] = range(len(content))
        if file.endswith(data_folder.DATABASES) and random_.random() < 0.75:
            places = [at for at, byte in enumerate(content) if byte]
        yield Flip(file, random_.choice(places), random_.randrange(8))


def found_in(folder: Path) -> list[Finding]:
    return list(check(folder, LibraryConfig(erasure_ledger=folder / data_folder.LEDGER)))


def names(finding: Finding, file: str) -> bool:
    """Whether a finding says in which file the damage is, or in which of the parts that it belongs to."""
    path = Path(file)
    place = f"{finding.problem.place} {finding.problem.message}"
    if finding.collection:
        parts = {"store.sqlite": "store", "collection.json": "collection.json"}
        part = parts.get(path.name, path.parts[2])
        return path.parts[1] == finding.collection and (
            part in place or part.removesuffix("s") in place or part == "store"
        )
    part = path.parent.name if path.name.startswith("0") else path.name
    return part in place or part.removesuffix(".sqlite") in finding.problem.code


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flips") / "data"
    folder.mkdir()
    data_folder.fill(folder)
    return folder


def test_a_whole_folder_has_no_damage(whole: Path) -> None:
    assert found_in(whole) == []


def test_no_flipped_bit_is_silent(whole: Path, tmp_path: Path) -> None:
    folder, told = tmp_path / "data", Counter[str]()
    for flip in drawn(whole, FLIPS):
        shutil.copytree(whole, folder)
        flip.apply(folder)
        found = found_in(folder)
        if found:
            assert any(names(one, flip.file) for one in found), (flip, found)
        else:
            assert data_folder.says_the_same(folder / flip.file, whole / flip.file), flip
        told["found" if found else "without use"] += 1
        shutil.rmtree(folder)
    assert told["found"] > FLIPS // 3, told
