"""Memory that was freed goes back to the system."""

import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.engine.vectors.compaction import BackgroundCompaction
from index.memory import give_back

_PIECE, _PIECES = 16_384, 8_000


def own_bytes() -> int:
    """Memory of this process that no file is mapped to."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


def pieces() -> list[NDArray[np.uint8]]:
    return [np.ones(_PIECE, np.uint8) for _ in range(_PIECES)]


def test_memory_freed_between_pieces_in_use_is_given_back() -> None:
    held = pieces()
    held[:] = held[::50]
    before = own_bytes()
    give_back()
    assert before - own_bytes() > 0.8 * _PIECE * _PIECES
    assert all(one.all() for one in held)


def test_memory_is_given_back_after_a_compaction(tmp_path: Path) -> None:
    held, is_seen = pieces(), threading.Event()
    before = own_bytes()

    def compact() -> None:
        is_seen.wait()
        held[:] = held[::50]

    assert BackgroundCompaction(tmp_path).start(compact, damaged=print, is_open=lambda: True)
    (thread,) = (one for one in threading.enumerate() if one.name == "loccit-compaction")
    is_seen.set()
    thread.join()
    assert before - own_bytes() > 0.8 * _PIECE * _PIECES
