"""Making the next base: which kind it is, and how it comes to be without all vectors in memory."""

from __future__ import annotations

import logging
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from index.config import VectorsConfig
from index.types import Vectors
from index.vectors.approximation import ApproximateKind, Approximation, Tuning
from index.vectors.content import Content
from index.vectors.exact import HALF, SINGLE, FlatVectors, MappedVectors, StoredVectors, parts
from index.vectors.files import Base, Kind, Publication
from index.vectors.segments import Snapshot, merged
from index.vectors.tuning import tuned

_log = logging.getLogger("loccit.vectors")

FLAT = 20_000
"""Up to so many passages are looked at one by one, in about 1 ms."""

_LINKS = 32
"""Of a passage in the upper layers of the graph, and half of those in the lowest."""
_CONSTRUCTION = 64
"""efConstruction: links are chosen among so many."""
_TRAINED = 65_536
"""Passages whose numbers' ranges are taken for those of all."""
_OF_A_LIST = 64
"""Passages that k-means sees for each list."""
_ITERATIONS = 10
_ADDED = 65_536
"""Passages that an index takes at once: each time it prepares something for all that it has."""

_UNTRIED = Tuning(effort=1, candidates=1.0, recall=0.0, milliseconds=0.0, row_microseconds=0.0)
_TRIED_AGAIN = 1.25
"""What was found for so many rows is taken to hold for this many times as many."""


def chosen_kind(count: int, config: VectorsConfig) -> Kind:
    """The kind of base for so many passages."""
    if config.kind != "auto":
        return config.kind
    return "flat" if count <= FLAT else "ivf"


def write_base(folder: Path, snapshot: Snapshot, base: Base, config: VectorsConfig) -> None:
    """Publish a base of what a snapshot holds, durably; ``base`` is that of the snapshot.

    Raises OSError, for instance on a full disk, and leaves the old one.
    """
    count, dimension = len(snapshot), snapshot.base.rows.dimension
    kind = chosen_kind(count, config)
    new = Publication(folder, snapshot.change)
    if count and kind != "flat":
        told = _write_approximate(new, kind, snapshot, base, config)
    else:
        told = _write_flat(new, snapshot)
    new.publish(kind=kind, dimension=dimension, **told)


def _write_flat(new: Publication, snapshot: Snapshot) -> dict[str, object]:
    rows = merged(snapshot.segments)
    if len(rows):
        new.add_index("vectors", "faiss", FlatVectors.of(rows.vectors(np.arange(len(rows)))).index)
        new.add_array("ids", rows.ids)
        new.add_array("documents", rows.documents)
    return {"count": len(rows)}


def _write_approximate(
    new: Publication, kind: ApproximateKind, snapshot: Snapshot, base: Base, config: VectorsConfig
) -> dict[str, object]:
    growing = _growing(kind, snapshot, base)
    content = Content.of(snapshot) if growing is None else Content.grown(snapshot)
    precision = HALF if content.loses_nothing_as_half() else SINGLE
    path = new.add("vectors", "rows", lambda path: content.write(path, precision))
    stored = MappedVectors(path, snapshot.base.rows.dimension, precision, is_limited=config.memory_bytes > 0)
    faiss.omp_set_num_threads(config.threads or max(1, (os.cpu_count() or 1) // 2))
    made = growing or Approximation(kind, _trained(kind, stored, config), _UNTRIED, len(stored))
    for part in parts(len(stored), _ADDED):
        if made.index.ntotal < part.stop:
            made.index.add(stored.at(np.arange(max(part.start, made.index.ntotal), part.stop)))
    new.add_index("candidates", "candidates.faiss", made.index)
    new.add_array("ids", content.ids)
    new.add_array("documents", content.documents)
    if content.bits is not None:
        new.add_array("live", content.bits)
    tuning = made.tuning
    if len(stored) > _TRIED_AGAIN * tuning.rows:
        tuning = tuned(kind, made.index, stored, config.recall)
    return {
        "count": len(content),
        "removed": content.removed,
        "made_with": made.made_with,
        "precision": precision.name,
        "tuning": asdict(tuning),
    }


def _growing(kind: ApproximateKind, snapshot: Snapshot, base: Base) -> Approximation | None:
    """The base's approximate index, read into memory to take further rows.

    None where a new one is due. Neither a graph nor an inverted file lets a row go: a quarter of them may
    be dead. And either is made for a size: it may double.
    """
    rows, approximation = snapshot.base.rows, snapshot.base.rows.approximation
    if approximation is None or base.candidates is None or base.kind != kind:
        return None
    ids = np.concatenate([np.empty(0, np.int64), *(delta.rows.ids for delta in snapshot.deltas)])
    has_doubled = len(rows) + len(ids) > 2 * approximation.made_with
    if has_doubled or 4 * snapshot.base.dead > len(rows) or (rows.find(ids) >= 0).any():
        return None
    try:
        index = faiss.read_index(str(base.candidates))
    except RuntimeError as error:
        _log.warning("%s cannot be read (%s); a new index is made", base.candidates, error)
        return None
    if kind == "hnsw":
        _fill_links(index)
    return Approximation(kind, index, approximation.tuning, approximation.made_with)


def _trained(kind: ApproximateKind, stored: StoredVectors, config: VectorsConfig) -> Any:
    """An index without rows."""
    index: Any
    count, dimension = len(stored), stored.dimension
    if kind == "hnsw":
        index = faiss.index_factory(dimension, f"HNSW{_LINKS},SQ8", faiss.METRIC_INNER_PRODUCT)
        _fill_links(index)
        index.train(_sample(stored, _TRAINED))
        return index
    lists = max(1, min(int(2 * count**0.5), count // 39))
    is_tight = 0 < config.memory_bytes < count * (dimension + 24)
    code = "SQ4" if is_tight else "SQ8"
    index = faiss.index_factory(dimension, f"IVF{lists},{code}", faiss.METRIC_INNER_PRODUCT)
    index.cp.niter = _ITERATIONS
    index.train(_sample(stored, _OF_A_LIST * lists))
    return index


def _fill_links(index: Any) -> None:
    """Settings of a graph that a file does not keep."""
    index.hnsw.efConstruction = _CONSTRUCTION
    # Otherwise passages that are nearly the same link to each other alone, and no search comes to them.
    index.keep_max_size_level0 = True


def _sample(stored: StoredVectors, most: int) -> Vectors:
    count = len(stored)
    if count <= most:
        return stored.at(np.arange(count))
    return stored.at(np.sort(np.random.default_rng(0).choice(count, most, replace=False)))
