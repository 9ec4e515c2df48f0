"""A whole collection at scale: what questions, filters, changes and the first answer cost.

    python -m benchmarks.speed.scale FOLDER STORE... [--sizes 10000 100000 1000000]

``STORE`` are the ``store.sqlite`` files of collections, whose sentences are put together anew and whose
vectors are perturbed (:func:`benchmarks.speed.scale_vectors.synthetic_vectors`). ``FOLDER`` keeps a library
for each size; one that is there is measured again. Questions are some words of a passage's sentence, with its
vector perturbed; they are not encoded, so that the search alone is measured.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.speed.scale_vectors import real_vectors, synthetic_vectors
from index.collection import Collection
from index.embedding import WordEmbedder
from index.filters import parse_filter
from index.ingest import Source
from index.library import Library
from index.records import NewDocument
from index.store.sqlite import SqliteStore
from index.text import Analyzer, sentence_spans, split_sentences
from index.types import Block, Passage, Sentences, Vectors

DIMENSION = 384
_PASSAGES, _SENTENCES = 20, 7
"""Of a document, and of a passage."""
_DOCUMENTS_AT_ONCE = 100
_PARTS = 100
"""A filter for one of them admits a hundredth of the documents."""
_QUESTIONS, _EXACT = 300, 100
_CHANGES = 10


def sentences_of(stores: Sequence[Path]) -> list[str]:
    """The sentences of what the collections hold."""
    found: dict[str, None] = {}
    for path in stores:
        with closing(SqliteStore(path)) as store, store.snapshot() as moment:
            for passage in moment.added_texts(0, moment.change):
                spans = sentence_spans(passage.text, 0, len(passage.text))
                found.update(dict.fromkeys(passage.text[start:end] for start, end in spans))
    return [sentence for sentence in found if len(sentence) > 20]


def documents(
    count: int, sentences: Sequence[str], random: np.random.Generator, first: int = 0
) -> Iterator[NewDocument]:
    """``count`` documents of 20 passages each, of sentences drawn anew, with numbers from ``first`` on."""
    for number in range(first, first + count):
        drawn = random.integers(len(sentences), size=(_PASSAGES, _SENTENCES)).tolist()
        parts = [" ".join(sentences[at] for at in row) for row in drawn]
        text = "\n\n".join(parts)
        starts = np.cumsum([0, *(len(part) + 2 for part in parts)])[:-1].tolist()
        spans = [(start, start + len(part)) for start, part in zip(starts, parts, strict=True)]
        yield NewDocument(
            id=f"{number}.txt",
            title=f"Document {number}",
            source=f"{number}.txt",
            media_type="text/plain",
            metadata={"part": number % _PARTS},
            text=text,
            source_sha256=hashlib.sha256(text.encode()).digest(),
            reader="text/0",
            given="{}",
            blocks=[Block("paragraph", start, end) for start, end in spans],
            pages=[],
            passages=[Passage(start, end, (), None, 200) for start, end in spans],
            headings=[""] * len(spans),
        )


def fill(path: Path, vectors: NDArray[np.float16], sentences: Sequence[str]) -> None:
    """A record store with a passage for each vector."""
    path.parent.mkdir(parents=True, exist_ok=True)
    store, analyzer, random = SqliteStore(path), Analyzer(), np.random.default_rng(0)
    at, batch = 0, []
    for document in documents(len(vectors) // _PASSAGES, sentences, random):
        batch.append(document)
        if len(batch) == _DOCUMENTS_AT_ONCE or at + len(batch) * _PASSAGES >= len(vectors):
            store.put(batch)
            with store.lease("embed/benchmark") as lease:
                waiting = store.claim(len(batch) * _PASSAGES, lease)
                rows = vectors[at : at + len(waiting)].astype(np.float32)
                split = [split_sentences(one.text, one.quote, analyzer.term_hashes) for one in waiting]
                made = [_with_vectors(one, row, random) for one, row in zip(split, rows, strict=True)]
                store.put_vectors([one.key for one in waiting], rows, made)
            at, batch = at + len(waiting), []
    store.close()


def _with_vectors(one: Sentences, passage: Vectors, random: np.random.Generator) -> Sentences:
    """Sentences whose vectors are as near to their passage's as real ones are: a cosine of about 0.7."""
    noise = random.standard_normal((len(one), DIMENSION), np.float32) / np.sqrt(DIMENSION)
    rows = passage + noise
    return replace(one, vectors=rows / np.linalg.norm(rows, axis=1, keepdims=True))


def questions(collection: Collection, vectors: NDArray[np.float16]) -> list[tuple[str, Vectors]]:
    """Questions of four words of a passage, with its vector moved as far as a question is from an answer."""
    random = np.random.default_rng(1)
    texts = collection.sample_texts(_QUESTIONS)
    asked = []
    for text, at in zip(texts, random.integers(len(vectors), size=len(texts)).tolist(), strict=True):
        words = [word for word in text.split() if len(word) > 4] or text.split()
        row = vectors[at].astype(np.float32)
        row = row + random.standard_normal(DIMENSION, np.float32) / np.sqrt(DIMENSION)
        question = " ".join(random.choice(words, size=min(4, len(words)), replace=False).tolist())
        asked.append((f"{question}?", (row / np.linalg.norm(row)).reshape(1, -1)))
    return asked


def open_library(folder: Path) -> Library:
    """With a model that embeds nothing that is measured."""
    return Library(folder, embedder=WordEmbedder(DIMENSION))


def measure(folder: Path, vectors: NDArray[np.float16]) -> dict[str, float]:
    """What questions and changes cost in a folder's library; milliseconds unless the name says else."""
    with open_library(folder) as library:
        collection = library.open("scale")
        asked = questions(collection, vectors)
        for question, row in asked[:50]:
            collection.ask(question, vectors=row)
        figures = {"passages": float(collection.archive.counts().passages)}
        figures |= _asked(collection, asked, "ask")
        figures |= _asked(collection, asked, "filtered", {"type": "eq", "key": "part", "value": 7})
        figures |= _changes(collection)
    return figures | _first_answer(folder)


def _asked(
    collection: Collection, asked: Sequence[tuple[str, Vectors]], name: str, where: object = None
) -> dict[str, float]:
    stages: dict[str, list[float]] = {}
    for question, row in asked:
        answer = collection.ask(question, vectors=row, where=parse_filter(where) if where else None)
        for stage, milliseconds in answer.timings_ms.items():
            stages.setdefault(stage, []).append(milliseconds)
    figures = {f"{name}_{stage}": float(np.median(times)) for stage, times in stages.items()}
    return figures | {f"{name}_p99": float(np.percentile(stages["total"], 99))}


def _changes(collection: Collection) -> dict[str, float]:
    text = "\n\n".join(f"Passage {n} is about lamp {n}. " + "It was lit at dusk. " * 11 for n in range(100))
    times: dict[str, list[float]] = {"add": [], "delete": []}
    for number in range(_CHANGES):
        begun = time.perf_counter()
        collection.put(Source(f"new-{number}", f"{number} {text}".encode(), name="new.txt"))
        collection.embed_pending()
        times["add"].append(time.perf_counter() - begun)
    for number in range(_CHANGES):
        begun = time.perf_counter()
        collection.editor.delete(f"new-{number}")
        times["delete"].append(time.perf_counter() - begun)
    return {name: 1000 * float(np.median(taken)) for name, taken in times.items()}


_FIRST = """
import json, resource, sys, time
begun = time.perf_counter()
from pathlib import Path
import numpy as np
from benchmarks.speed.scale import DIMENSION, open_library
with open_library(Path(sys.argv[1])) as library:
    collection = library.open("scale")
    row = np.full((1, DIMENSION), DIMENSION**-0.5, np.float32)
    collection.ask("Which lamp was lit?", vectors=row)
    seconds = time.perf_counter() - begun
    for at in range(100):
        collection.ask(f"Which lamp was lit at {at}?", vectors=np.roll(row * np.arange(DIMENSION), at))
    resident, shared = (int(pages) for pages in Path("/proc/self/statm").read_text().split()[1:3])
    mib = resource.getpagesize() / 2**20
memory = {"resident_mib": resident * mib, "own_mib": (resident - shared) * mib}
print(json.dumps({"first_answer_seconds": seconds, **memory}))
"""


def _first_answer(folder: Path) -> dict[str, float]:
    """Of a new process."""
    command = [sys.executable, "-c", _FIRST, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - fixed words
    return {name: float(value) for name, value in json.loads(done.stdout.splitlines()[-1]).items()}


def built(folder: Path, size: int, stores: Sequence[Path]) -> tuple[Path, NDArray[np.float16]]:
    """A library with a collection of so many passages, made where there is none, and its vectors."""
    home = folder / str(size)
    kept = home / "vectors.npy"
    if kept.exists():
        return home, np.load(kept, mmap_mode="r")
    home.mkdir(parents=True, exist_ok=True)
    vectors = synthetic_vectors(real_vectors(stores), size, seed=0)
    with open_library(home) as library:
        library.open("scale", create=True)
    fill(home / "collections" / "scale" / "store.sqlite", vectors, sentences_of(stores))
    begun = time.perf_counter()
    with open_library(home) as library:
        library.open("scale").embed_pending()  # nothing waits: the index is made of what came
    print(json.dumps({"size": size, "indexing_seconds": time.perf_counter() - begun}), flush=True)
    np.save(kept, vectors)
    return home, vectors


def main() -> None:
    """Measure each size."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("stores", type=Path, nargs="+")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    given = parser.parse_args()
    for size in given.sizes:
        home, vectors = built(given.folder, size, given.stores)
        print(json.dumps({"size": size, **measure(home, vectors)}), flush=True)


if __name__ == "__main__":
    main()
