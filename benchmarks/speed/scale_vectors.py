"""The dense index at scale: vectors made of real ones, and what building, searching and changing cost.

    python -m benchmarks.speed.scale_vectors FOLDER STORE... [--sizes 10000 100000 1000000] [--kind auto]

``FOLDER`` is for the indexes, ``STORE`` are the ``store.sqlite`` files of collections whose vectors are
perturbed, or ``.npy`` files of vectors. Prints a JSON object for each size. Recall is against all inner
products. A search is for 10 passages or for 100, as a question needs them. Seconds and milliseconds are
those of the clock; with ``processor``, and for changes, those of a processor, which other work on the
machine does not lengthen.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from index.config import VectorsConfig
from index.engine.vectors import FaissIndex
from index.engine.vectors.exact import normalise
from index.records import Mark
from index.store.sqlite import SqliteStore
from index.types import Ids, Vectors

_HELD_OUT = 300
_OF_A_DOCUMENT = 10
_SHARES = (0.01, 0.1)
_CHANGES = 60
_CHANGED = 100
_BATCH = 8192
_MOST_IN_MEMORY = 2_000_000
"""Passages that are put before they are moved into a base: in memory those that are merged are held twice."""
_NEAR = 8
"""A vector is mixed with one of so many nearest."""
_SAMPLE = 3000
_PART = 50_000


def synthetic_vectors(real: Vectors, n: int, seed: int, file: Path | None = None) -> NDArray[np.float16]:
    """``n`` vectors with neighbourhoods like those of ``real`` (unit rows), as the store keeps them.

    They are in memory, or in a file, which ten million of them leave more room.

    Each is a point between a real vector and one of its 8 nearest, at most half the way, moved along the
    difference of another such pair, and brought back to length one. So it differs from its neighbours in
    the directions in which real neighbours differ, and not evenly in all. How far it is moved is chosen
    such that among 3,000 of them the median cosine of the nearest is that among 3,000 real ones.
    """
    rng = np.random.default_rng(seed)
    mixture = Mixture.of(real, seed)
    shape = n, real.shape[1]
    made = open_memmap(file, "w+", np.float16, shape) if file else np.empty(shape, np.float16)
    for first in range(0, n, _PART):
        made[first : first + _PART] = mixture.drawn(min(_PART, n - first), rng)
    return made


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """Real vectors, the nearest of each, and how far what is made of them is moved."""

    real: Vectors
    near: Ids
    scale: float

    @staticmethod
    def of(real: Vectors, seed: int) -> Mixture:
        """Of unit rows. The scale is chosen by 3,000 of them."""
        near = _neighbours(real)
        sample = real[np.random.default_rng(seed).permutation(len(real))[:_SAMPLE]]
        return Mixture(real, near, _matching(real, near, _nearest_cosine(sample), seed))

    def drawn(self, n: int, rng: np.random.Generator) -> Vectors:
        """So many vectors at random."""
        of, other = rng.integers(len(self.real), size=(2, n))
        near = self.near[of, rng.integers(_NEAR, size=n)], self.near[other, rng.integers(_NEAR, size=n)]
        return self._mixed(of, near[0], other, near[1], rng.random(n, np.float32))

    def chosen_by(self, numbers: NDArray[np.uint32]) -> Vectors:
        """A vector for each row of five numbers, always the same one."""
        of, other = numbers[:, 0] % len(self.real), numbers[:, 1] % len(self.real)
        near = self.near[of, numbers[:, 2] % _NEAR], self.near[other, numbers[:, 3] % _NEAR]
        return self._mixed(of, near[0], other, near[1], numbers[:, 4].astype(np.float32) / 2**32)

    def _mixed(self, of: Ids, near: Ids, other: Ids, away: Ids, share: Vectors) -> Vectors:
        share = share[:, None] / 2
        mixed = (1 - share) * self.real[of] + share * self.real[near]
        mixed += np.float32(self.scale) * (self.real[other] - self.real[away])
        return np.asarray(mixed / np.linalg.norm(mixed, axis=1, keepdims=True), np.float32)


def _neighbours(real: Vectors) -> Ids:
    near = np.empty((len(real), _NEAR), np.int64)
    for first in range(0, len(real), 1024):
        cosines = real[first : first + 1024] @ real.T
        rows = np.arange(len(cosines))
        cosines[rows, first + rows] = -np.inf
        near[first : first + 1024] = np.argpartition(-cosines, _NEAR, axis=1)[:, :_NEAR]
    return near


def _nearest_cosine(sample: Vectors) -> float:
    cosines = sample @ sample.T
    np.fill_diagonal(cosines, -np.inf)
    return float(np.median(cosines.max(axis=1)))


def _matching(real: Vectors, near: Ids, wanted: float, seed: int) -> float:
    """The scale at which nearest neighbours are as near as ``wanted``: halving an interval."""
    low, high = 0.0, 2.0
    for _ in range(7):
        middle = (low + high) / 2
        mixed = Mixture(real, near, middle).drawn(_SAMPLE, np.random.default_rng(seed))
        low, high = (middle, high) if _nearest_cosine(mixed) > wanted else (low, middle)
    return (low + high) / 2


def real_vectors(stores: Sequence[Path], dimension: int = 384) -> Vectors:
    """The vectors of collections, or those in ``.npy`` files: distinct unit rows, in random order."""
    found = []
    for store in stores:
        if store.suffix == ".npy":
            found.append(np.load(store, allow_pickle=False).astype(np.float32))
            continue
        with closing(SqliteStore(store)) as opened, opened.snapshot() as moment:
            found.extend(vectors for *_, vectors in moment.added_vectors(0, moment.change, dimension))
    vectors = np.unique(normalise(np.concatenate(found)), axis=0)
    return np.ascontiguousarray(np.random.default_rng(0).permutation(vectors))


def measure(
    folder: Path, made: NDArray[np.float16], questions: Vectors, config: VectorsConfig
) -> dict[str, object]:
    """Build an index of all that was made, then ask it in a new process, then change it."""
    shutil.rmtree(folder, ignore_errors=True)
    index = FaissIndex.open(folder / "index", made.shape[1], config)
    start = time.perf_counter()
    for first in range(0, len(made), _BATCH):
        _put(index, made, np.arange(first, min(first + _BATCH, len(made))))
        if first // _MOST_IN_MEMORY < (first + _BATCH) // _MOST_IN_MEMORY:
            index.compact()  # as a service does, and sooner
    filled = time.perf_counter()
    index.compact()
    told: dict[str, object] = {
        "passages": len(made),
        "kind": index.description.kind,
        "fill_seconds": round(filled - start, 2),
        "build_seconds": round(time.perf_counter() - filled, 2),
        "bytes": index.description.size,
        "tuning": str(index.description.tuning),
    }
    index.close()
    np.save(folder / "questions.npy", questions)
    for name, documents in _filters(len(made)).items():
        np.save(folder / f"{name}-documents.npy", documents)
        np.save(folder / f"{name}-best.npy", _best(made, questions, documents))
    _forget_pages(folder / "index")
    command = [sys.executable, "-m", "benchmarks.speed.scale_vectors", "--asked", str(folder)]
    command += ["--kind", config.kind, "--megabytes", str(config.megabytes)]
    answered = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 -- itself
    told |= json.loads(answered.stdout)
    return told | _changing(folder, made, config)


def asked(folder: Path, config: VectorsConfig) -> dict[str, object]:
    """What a process that has just started sees of an index; prints nothing itself."""
    questions = np.load(folder / "questions.npy")
    before = _resident()
    start = time.perf_counter()
    index = FaissIndex.open(folder / "index", questions.shape[1], config)
    index.search(questions[0], 100)
    told: dict[str, object] = {"open_and_answer_seconds": round(time.perf_counter() - start, 3)}
    for name in ("all", *(f"{share:.0%}" for share in _SHARES)):
        documents = None if name == "all" else np.load(folder / f"{name}-documents.npy")
        best = np.load(folder / f"{name}-best.npy")
        index.search(questions[0], 10, documents=documents)  # the first filter sorts by document
        for n in (10, 100):
            told[f"{name}, {n}"] = _searched(index, questions, n, documents, best)
    after = _resident()
    told["resident_bytes"] = {name: after[name] - before[name] for name in after}
    return told


def _searched(
    index: FaissIndex, questions: Vectors, n: int, documents: Ids | None, best: Ids
) -> dict[str, float]:
    clock, processor, hits = [], [], 0
    for question, wanted in zip(questions, best, strict=True):
        start, used = time.perf_counter(), time.thread_time()
        (ranking,) = index.search(question, n, documents=documents)
        processor.append(time.thread_time() - used)
        clock.append(time.perf_counter() - start)
        hits += len(np.intersect1d(ranking.ids[:10], wanted))
    told = {"recall": hits / best.size}
    for name, times in (("", clock), ("processor_", processor)):
        told |= {f"{name}p{part}_ms": round(float(np.percentile(times, part)) * 1e3, 3) for part in (50, 99)}
    return told


def _changing(folder: Path, made: NDArray[np.float16], config: VectorsConfig) -> dict[str, object]:
    """Milliseconds for adding 100 passages, and for removing 100."""
    index = FaissIndex.open(folder / "index", made.shape[1], config)
    total, none = len(made), np.empty(0, np.int64)
    vectors = normalise(made[:_CHANGED].astype(np.float32))
    index.search(vectors, 10)
    added, removed = [], []
    for number in range(_CHANGES):
        ids = np.arange(_CHANGED) + total + number * _CHANGED
        gone = np.arange(_CHANGED) + number * _CHANGED
        added.append(_milliseconds(index, ids, vectors, none))
        removed.append(_milliseconds(index, none, vectors[:0], gone))
    index.close()
    return {
        f"{name}_100_ms": {"mean": round(float(np.mean(times)), 3), "p50": round(float(np.median(times)), 3)}
        for name, times in (("add", added), ("remove", removed))
    }


def _milliseconds(index: FaissIndex, ids: Ids, vectors: Vectors, removed: Ids) -> float:
    start = time.thread_time()
    index.update(Mark(2), ids=ids, documents=ids, vectors=vectors, removed=removed)
    return (time.thread_time() - start) * 1e3


def _put(index: FaissIndex, made: NDArray[np.float16], ids: Ids) -> None:
    vectors = normalise(made[ids].astype(np.float32))
    documents, none = ids // _OF_A_DOCUMENT, np.empty(0, np.int64)
    index.update(Mark(1), ids=ids, documents=documents, vectors=vectors, removed=none)


def _filters(total: int) -> dict[str, Ids]:
    rng, documents = np.random.default_rng(1), total // _OF_A_DOCUMENT
    some = {
        f"{share:.0%}": np.sort(rng.choice(documents, int(share * documents), replace=False))
        for share in _SHARES
    }
    return {"all": np.arange(documents + 1), **some}


def _best(made: NDArray[np.float16], questions: Vectors, documents: Ids) -> Ids:
    """The ids of the 10 nearest to each question in some documents."""
    scores, best = np.empty((len(questions), 0), np.float32), np.empty((len(questions), 0), np.int64)
    for first in range(0, len(made), _BATCH):
        ids = np.arange(first, min(first + _BATCH, len(made)))
        ids = ids[np.isin(ids // _OF_A_DOCUMENT, documents)]
        if len(ids):
            scores = np.hstack([scores, questions @ normalise(made[ids].astype(np.float32)).T])
            best = np.hstack([best, np.broadcast_to(ids, (len(questions), len(ids)))])
            order = np.argsort(-scores, axis=1)[:, :10]
            scores, best = np.take_along_axis(scores, order, 1), np.take_along_axis(best, order, 1)
    return best


def _resident() -> dict[str, int]:
    """Bytes of this process in memory: its own, and those of files, which the system may take back."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    found = dict(line.split(":", 1) for line in lines)
    return {
        name: int(found[key].split()[0]) * 1024 for name, key in (("own", "RssAnon"), ("files", "RssFile"))
    }


def _forget_pages(folder: Path) -> None:
    """Have the system read the files from the disk again."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("stores", type=Path, nargs="*")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--kind", default="auto")
    parser.add_argument("--megabytes", type=int, default=0)
    parser.add_argument("--asked", action="store_true", help=argparse.SUPPRESS)
    told = parser.parse_args()
    config = VectorsConfig(kind=told.kind, megabytes=told.megabytes)
    if told.asked:
        print(json.dumps(asked(told.folder, config)))
        return
    real = real_vectors(told.stores)
    questions, rest = real[:_HELD_OUT], real[_HELD_OUT:]
    file = told.folder.with_name(f"{told.folder.name}-vectors.npy")
    made = synthetic_vectors(rest, max(told.sizes), seed=0, file=file)
    for size in told.sizes:
        print(json.dumps(measure(told.folder, made[:size], questions, config)), flush=True)
    file.unlink()


if __name__ == "__main__":
    _main()
