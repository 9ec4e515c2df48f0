"""How long a machine needs to follow a record in PostgreSQL after another has changed much of it.

The server is that of LOCCIT_STORE; a collection is made there for the measurement, and deleted. Passages are
thousand characters of SciFact, with random vectors: they are in the record before the clock starts.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from benchmarks.sets import SCIFACT
from evaluation import questions
from evaluation.measures import Estimate
from index.config import LibraryConfig
from index.description import Description
from index.embedding import WordEmbedder
from index.engine import open_engine
from index.protocols import Engine, RecordStore
from index.records import NewDocument
from index.store import open_catalogue
from index.types import Block, Passage

_PASSAGES = 10_000
_DIMENSION = 384
_CHARACTERS = 1_000
_AT_ONCE = 200
_REPEATS = 3
_CONFIG = LibraryConfig()
_DESCRIPTION = Description.of_today(WordEmbedder(_DIMENSION), _CONFIG)


def study(folder: Path = SCIFACT) -> Mapping[str, Estimate]:
    """Seconds until 10,000 changed passages are in the indexes of another machine, the longest of some.

    The interval is from the shortest to the longest. ``from_nothing``: those of a new machine, once.
    """
    name = f"catching-up-{uuid.uuid4().hex[:12]}"
    texts = [one.data.decode() for one in questions.sources(folder)]
    with tempfile.TemporaryDirectory() as place:
        catalogue = open_catalogue(Path(place), os.environ["LOCCIT_STORE"])
        catalogue.describe(name, {})
        try:
            with closing(catalogue.open(name)) as store:
                _write(store, texts, revision=0)
                with _following(Path(place, "old"), store) as engine:
                    first = _seconds(engine, store)
                    waited = []
                    for revision in range(1, _REPEATS + 1):
                        _write(store, texts, revision)
                        waited.append(_seconds(engine, store))
        finally:
            catalogue.delete(name)
    return {
        "seconds_to_catch_up": Estimate(max(waited), min(waited), max(waited), len(waited)),
        "seconds_from_nothing": Estimate(first, first, first, 1),
    }


@contextmanager
def _following(folder: Path, store: RecordStore) -> Iterator[Engine]:
    with closing(open_engine(folder, store, _DESCRIPTION, _CONFIG)) as engine:
        yield engine


def _seconds(engine: Engine, store: RecordStore) -> float:
    """Seconds until an engine has followed the record to its last change."""
    started = time.monotonic()
    engine.update()
    seconds = time.monotonic() - started
    if engine.change != store.notice(0).change:
        raise RuntimeError(f"the indexes have reached change {engine.change} only")
    return seconds


def _write(store: RecordStore, texts: Sequence[str], revision: int) -> None:
    """Store documents that have 10,000 passages together, or replace all of them, with vectors."""
    written, number, source = 0, 0, cycle(texts)
    while written < _PASSAGES:
        part = [
            document(f"{number + at}", f"Revision {revision}. {text}")
            for at, text in enumerate(islice(source, _AT_ONCE))
        ]
        store.put(part)
        number += len(part)
        written += sum(len(one.passages) for one in part)
        _embed(store, seed=number)


def _embed(store: RecordStore, seed: int) -> None:
    random = np.random.default_rng(seed)
    with store.lease("embed/benchmark") as lease:
        while waiting := store.claim(1000, lease):
            vectors = random.normal(size=(len(waiting), _DIMENSION)).astype(np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            store.put_vectors([one.key for one in waiting], vectors)


def document(id_: str, text: str) -> NewDocument:
    """A document of the text, in passages of a thousand characters."""
    starts = range(0, len(text), _CHARACTERS)
    spans = [(start, min(start + _CHARACTERS, len(text))) for start in starts]
    return NewDocument(
        id=id_,
        title="",
        source=id_,
        media_type="text/plain",
        metadata={},
        text=text,
        source_sha256=hashlib.sha256(text.encode()).digest(),
        reader="text/1",
        given="{}",
        blocks=[Block("paragraph", 0, len(text))],
        pages=[],
        passages=[Passage(start, end, (), None, 200) for start, end in spans],
        headings=[""] * len(spans),
    )
