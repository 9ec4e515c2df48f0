"""Finds words in every byte of a folder, raw and inflated.

Run as a program: to close a file that SQLite has open would end the locks that this process holds on it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_ZIP_MEMBER = re.compile(rb"PK\x03\x04.{22}(..)(..)", re.DOTALL)
_STEP = 64
_LONGEST = 1_000_000


def residue(folder: Path, words: Sequence[str]) -> list[str]:
    """Those of the words that stand in a file of the folder or in its name, with the file's path."""
    found = subprocess.run(
        [sys.executable, __file__, str(folder)],
        input="\n".join(words),
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout.splitlines()


def _inflated(data: bytes) -> Iterable[bytes]:
    """What begins like a zlib stream or a member of a ZIP file, inflated as far as it goes."""
    starts = [(match.start(), zlib.MAX_WBITS) for match in _ZLIB.finditer(data)]
    for match in _ZIP_MEMBER.finditer(data):
        skipped = sum(int.from_bytes(length, "little") for length in match.groups())
        starts.append((match.end() + skipped, -zlib.MAX_WBITS))
    for start, bits in starts:
        inflater, text = zlib.decompressobj(bits), b""
        try:
            for at in range(start, min(len(data), start + _LONGEST), _STEP):
                text += inflater.decompress(data[at : at + _STEP], _LONGEST)
                if inflater.eof:
                    break
        except zlib.error:
            pass
        yield text


def _paths(folder: Path) -> Iterable[Path]:
    for here, folders, files in os.walk(folder):  # passes over folders that are removed meanwhile
        yield from (Path(here, name) for name in (*folders, *files))


def main() -> None:
    words = sys.stdin.read().splitlines()
    found = []
    for path in sorted(_paths(Path(sys.argv[1]))):
        try:
            data = path.read_bytes() if path.is_file() else b""
        except FileNotFoundError:  # a service that runs has removed it
            continue
        inflated = b"\n".join([str(path).encode(), *_inflated(data)])
        for word in words:
            if word.encode() in data or word.encode("utf-16-le") in data or word.encode() in inflated:
                found.append(f"{word} in {path}\n")
    sys.stdout.writelines(found)


if __name__ == "__main__":
    main()
