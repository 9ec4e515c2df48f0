"""How long a citation takes to resolve in a long document: ``python -m benchmarks.citations.resolving``.

A document of 700,000 code points, 200 citations of its sentences; then a new version of it, with
insertions, deletions, moved and reworded sentences, in which each citation has to be found again. Times
include everything but HTTP: reading the store, finding, and writing the JSON.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pydantic_core import to_json

from benchmarks.citations.reanchoring import documents
from benchmarks.proportions import percentile
from evaluation.measures import Estimate
from index.citations import locator_of, parse_locator
from index.collection import Collection
from index.embedding import WordEmbedder
from index.ingest import Source
from index.library import Library
from service.faces.api.schemas.citations import resolved_json

LENGTH = 700_000
CITATIONS = 200
SEED = 7


def study() -> dict[str, Estimate]:
    """Milliseconds, 95th percentiles: of the newest version, and found again in a newer one."""
    draw = random.Random(SEED)
    pieces = _pieces()
    with (
        tempfile.TemporaryDirectory() as folder,
        Library(Path(folder), embedder=WordEmbedder()) as library,
    ):
        collection = library.open("resolving", create=True)
        collection.put(Source("long.txt", "".join(pieces).encode()))
        version, text = collection.archive.text("long.txt")
        starts = [text.index(piece.strip()) for piece in draw.sample(pieces, CITATIONS)]
        locators = [locator_of(version, start, min(len(text), start + 120)) for start in starts]
        current = _timed(collection, locators)
        collection.put(Source("long.txt", "".join(_edited(pieces, draw)).encode()))
        first = _timed(collection, locators[:1])
        again = _timed(collection, locators[1:])
    return {
        "resolve_p95_ms": percentile(current, 95),
        "reanchor_p95_ms": percentile(again, 95),
        "reanchor_p50_ms": percentile(again, 50),
        "reanchor_first_ms": Estimate(first[0], first[0], first[0], 1),
    }


def _pieces() -> list[str]:
    pieces, length = [], 0
    for piece in (piece for document in documents() for piece in document if len(piece.split()) > 5):
        pieces.append(piece)
        length += len(piece)
        if length >= LENGTH:
            return pieces
    raise ValueError("the documents are too short together")


def _edited(pieces: Sequence[str], draw: random.Random) -> list[str]:
    """A third of the sentences is left, the others are moved, reworded, deleted, or follow new ones."""
    edited: list[str] = []
    for piece in pieces:
        what = draw.randrange(6)
        if what == 0:
            continue
        words = piece.split(" ")
        if what == 1:
            words[draw.randrange(len(words))] = draw.choice(pieces).split(" ")[0]
        if what == 2:
            edited.append("This sentence was not here before, and now it is. ")
        edited.insert(draw.randrange(len(edited) + 1) if what == 3 else len(edited), " ".join(words))
    return edited


def _timed(collection: Collection, locators: Sequence[str]) -> list[float]:
    taken = []
    for locator in locators:
        begin = time.perf_counter()
        with collection.archive.resolution() as resolution:
            found = resolution.resolve(parse_locator(locator), around=300)
        to_json(resolved_json(found, collection.state, "default"))
        taken.append(1000 * (time.perf_counter() - begin))
    return taken


if __name__ == "__main__":
    print(json.dumps({name: asdict(one) for name, one in study().items()}, indent=1))
