"""How many changes a second as many collections take as there are writers, in PostgreSQL.

``python -m benchmarks.speed.concurrent_writes``.

The server is that of LOCCIT_STORE; collections are made there for the measurement, and deleted. A change
stores one document of one passage. Writers are threads of one process, each with a collection of its own.
"""

from __future__ import annotations

import os
import tempfile
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Barrier

from benchmarks import processor
from benchmarks.figures import show
from benchmarks.speed.catching_up import document
from evaluation.measures import Estimate
from index.protocols import RecordStore
from index.store import open_catalogue

_WRITERS = (1, 8, 32)
_SECONDS = 4.0
_REPEATS = 3


def study() -> Mapping[str, Estimate]:
    """Changes a second of all writers together, the median of some runs; the interval has all of them."""
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        catalogue = open_catalogue(Path(place), os.environ["LOCCIT_STORE"])
        names = [f"concurrent-writes-{uuid.uuid4().hex[:12]}" for _ in range(max(_WRITERS))]
        stores = []
        for name in names:
            catalogue.describe(name, {})
            stack.callback(catalogue.delete, name)
            stores.append(stack.enter_context(closing(catalogue.open(name))))
        return {
            f"changes_per_second_{writers}": _estimate([_rate(stores[:writers]) for _ in range(_REPEATS)])
            for writers in _WRITERS
        }


def _estimate(rates: list[float]) -> Estimate:
    ordered = sorted(rates)
    return Estimate(ordered[len(ordered) // 2], ordered[0], ordered[-1], len(ordered))


def _rate(stores: list[RecordStore]) -> float:
    begin = Barrier(len(stores))
    with ThreadPoolExecutor(len(stores)) as threads:
        return sum(threads.map(lambda store: _write(store, begin), stores))


def _write(store: RecordStore, begin: Barrier) -> float:
    """Write one document after the other, for some seconds; returns how many a second."""
    begin.wait()
    began = time.monotonic()
    changes = 0
    while time.monotonic() - began < _SECONDS:
        store.put([document(f"{changes % 100}", f"Change {uuid.uuid4().hex} of a document.")])
        changes += 1
    return changes / (time.monotonic() - began)


if __name__ == "__main__":
    print(processor.describe())
    show(study())
