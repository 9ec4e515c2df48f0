"""Ways in which files are damaged, drawn the same each time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

Kind = Literal["truncated", "emptied", "zeroed", "flipped", "missing", "older"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_PAGE = 4096


@dataclass(frozen=True, slots=True)
class Damage:
    """A damage to one file of a collection's folder. ``seed`` places it."""

    kind: Kind
    file: str
    seed: int

    def __str__(self) -> str:
        return f"{self.kind} {self.file} ({self.seed})"

    def apply(self, folder: Path, older: Path) -> bool:
        """Damage the file; ``older`` has the folder as it was earlier. Whether its content has changed."""
        path, random_ = folder / self.file, random.Random(self.seed)
        before = path.read_bytes()
        if self.kind == "missing":
            path.unlink()
            return True
        path.write_bytes(self._damaged(bytearray(before), random_, older / self.file))
        return path.read_bytes() != before

    def _damaged(self, data: bytearray, random_: random.Random, older: Path) -> bytes:
        if self.kind == "older":
            return older.read_bytes()
        if self.kind == "emptied":
            return b""
        at = random_.randrange(len(data))
        if self.kind == "truncated":
            return bytes(data[:at])
        if self.kind == "flipped":
            data[at] ^= 1 << random_.randrange(8)
            return bytes(data)
        start = at - at % _PAGE
        data[start : start + _PAGE] = bytes(len(data[start : start + _PAGE]))
        return bytes(data)


def files_of(folder: Path) -> list[str]:
    """The files that have content; lock files have none."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
    return sorted(str(path.relative_to(folder)) for path in paths)


def drawn(folder: Path, older: Path, count: int, *, often: str) -> list[Damage]:
    """So many different damages: of each kind about as many, and of each file, one file more ``often``."""
    turns = _turns(folder, older, often)
    found: dict[Damage, None] = {}
    while len(found) < count:
        found[next(turns)] = None
    return list(found)


def _turns(folder: Path, older: Path, often: str) -> Iterator[Damage]:
    files, seed = [*_sampled(files_of(folder)), *[often] * (len(KINDS) - 1)], 0
    while True:
        for shift in range(len(KINDS)):
            for number, file in enumerate(files):
                kind = KINDS[(number + shift) % len(KINDS)]
                is_placed = kind in {"truncated", "zeroed", "flipped"}
                if kind != "older" or (older / file).exists():
                    yield Damage(kind, file, seed + number if is_placed else 0)
        seed += len(files)


def _sampled(files: list[str]) -> list[str]:
    """Of the originals, which are all alike, two."""
    originals = [one for one in files if one.startswith("originals/")]
    return [one for one in files if one not in originals[2:]]
