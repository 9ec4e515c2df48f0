"""Measure how the processor time of a reader grows with the size of its file."""

from __future__ import annotations

import time
from collections.abc import Callable

from index.config import ChunkingConfig
from index.embedding import WordEmbedder
from index.errors import Unreadable
from index.ingest.chunking import chunk_with_context
from index.readers import read
from index.readers.languages import detect_language
from tests.index.readers.hostile.shapes import Shape

_TOKENIZER = WordEmbedder()
_REPEATS = 5
_TOO_SHORT = 0.02
"""Seconds of the larger file below which a ratio would say nothing."""


def processed(shape: Shape, size: int) -> None:
    """Read a file of this shape and split its text into passages, or refuse it."""
    try:
        extract = read(shape.make(size), name=f"a{shape.suffix}")
    except Unreadable:
        return
    detect_language(extract.text)
    chunk_with_context(extract, title=extract.title, tokenizer=_TOKENIZER, config=ChunkingConfig())


def growth(shape: Shape, small: int, large: int) -> float:
    """By how much more than its size the time of the larger file grows: 1 if it is linear.

    The least of several ratios, since whatever else runs on the machine makes them larger.
    """
    processed(shape, 512)  # what is loaded first takes no part
    ratios = []
    for _ in range(_REPEATS):
        short, long = (_seconds(lambda size=size: processed(shape, size)) for size in (small, large))  # type: ignore[misc]
        if long < _TOO_SHORT:
            return 0.0
        ratios.append(long / max(short, 1e-6) * small / large)
        if ratios[-1] < 1.5:
            break
    return min(ratios)


def _seconds(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began
