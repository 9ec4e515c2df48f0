"""Passages of other documents that are near to a question, found once by words and by vectors, kept on disk.

They are what a search returns first where it is wrong.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tantivy
from numpy.typing import NDArray

from index.config import EmbeddingConfig
from index.embedding import DEFAULT_MODEL, load_embedder
from training.cross_encoder.pairs import CLAIM_SETS, Pair, terms

COUNT = 20
"""Passages kept of a question, half by words and half by vectors."""
_HALF = COUNT // 2
_AT_ONCE = 512
_MEMORY = 128 << 20

Numbers = NDArray[np.int32]
Vectors = NDArray[np.float32]


def passages(pairs: Sequence[Pair]) -> list[str]:
    """The different passages of pairs, in order."""
    return list(dict.fromkeys(pair.passage for pair in pairs))


def neighbours(pairs: Sequence[Pair], folder: Path, *, model: str = DEFAULT_MODEL) -> Numbers:
    """For each pair the numbers of the passages that are ranked first for its question; -1: none.

    Those that BM25 ranks first and those whose vectors are nearest take turns; the model knows English, so
    that a question in another language has the former alone.
    """
    texts = passages(pairs)
    digest = hashlib.sha256("\0".join([*texts, *(pair.question for pair in pairs)]).encode()).hexdigest()[:16]
    path = folder / f"nearest-{digest}.npy"
    if path.exists():
        kept: Numbers = np.load(path, allow_pickle=False)
        return kept
    found = np.full((len(pairs), COUNT), -1, np.int32)
    found[:, ::2] = _by_words(texts, pairs)
    found[:, 1::2] = _by_vectors(texts, pairs, folder, model)
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part.npy")
    np.save(partial, found)
    partial.replace(path)
    return found


def _by_words(texts: Sequence[str], pairs: Sequence[Pair]) -> Numbers:
    index = _index(texts)
    searcher = index.searcher()
    found = np.full((len(pairs), _HALF), -1, np.int32)
    rows: dict[str, list[int]] = {}
    for row, pair in enumerate(pairs):
        if pair.set_name not in CLAIM_SETS:
            rows.setdefault(" ".join(terms(pair.question).split()[:24]) or "nothing", []).append(row)
    for question, asked in rows.items():
        hits = searcher.search(index.parse_query(question, ["text"]), _HALF).hits
        numbers = [searcher.doc(address)["number"][0] for _, address in hits]
        found[asked, : len(numbers)] = numbers
    return found


def _by_vectors(texts: Sequence[str], pairs: Sequence[Pair], folder: Path, model: str) -> Numbers:
    found = np.full((len(pairs), _HALF), -1, np.int32)
    english = {pair.passage for pair in pairs if pair.language == "en"}
    known = [number for number, text in enumerate(texts) if text in english]
    rows = [
        row for row, pair in enumerate(pairs) if pair.set_name not in CLAIM_SETS and pair.language == "en"
    ]
    if not rows:
        return found
    embedder = load_embedder(model, config=EmbeddingConfig(cache=folder / "models"))
    vectors = np.ascontiguousarray(
        _embedded([texts[number] for number in known], embedder.embed_passages, folder / "passages").T
    )
    asked = [pairs[row].question for row in rows]
    questions = _embedded(asked, embedder.embed_queries, folder / "questions")
    for at in range(0, len(rows), _AT_ONCE):
        cosines = questions[at : at + _AT_ONCE] @ vectors
        most = min(_HALF, cosines.shape[1])
        best = np.argpartition(-cosines, most - 1, axis=1)[:, :most]
        order = np.argsort(-np.take_along_axis(cosines, best, axis=1), axis=1)
        found[rows[at : at + _AT_ONCE], :most] = np.array(known)[np.take_along_axis(best, order, axis=1)]
    return found


def _embedded(texts: Sequence[str], embed: Callable[[list[str]], Vectors], kept: Path) -> Vectors:
    """Vectors of texts, in their order. They are kept, so that a further set costs only its own."""
    numbers_path, vectors_path = kept.with_suffix(".json"), kept.with_suffix(".npy")
    numbers: dict[str, int] = json.loads(numbers_path.read_text()) if numbers_path.exists() else {}
    digests = [hashlib.sha256(text.encode()).hexdigest()[:20] for text in texts]
    fresh = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in numbers}
    parts = [np.load(vectors_path, allow_pickle=False)[: len(numbers)]] if numbers else []
    if fresh:
        parts.append(embed(list(fresh.values())).astype(np.float16))
        numbers |= {digest: len(numbers) + n for n, digest in enumerate(fresh)}
        kept.parent.mkdir(parents=True, exist_ok=True)
        # The vectors first: rows that no number names are cut off above.
        np.save(vectors_path, np.concatenate(parts))
        numbers_path.write_text(json.dumps(numbers))
    found: Vectors = np.concatenate(parts)[[numbers[digest] for digest in digests]].astype(np.float32)
    return found


def _index(texts: Sequence[str]) -> tantivy.Index:
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("text", stored=False, tokenizer_name="en_stem")
    schema.add_integer_field("number", stored=True)
    index = tantivy.Index(schema.build())
    writer = index.writer(_MEMORY, 1)
    for number, text in enumerate(texts):
        writer.add_document(tantivy.Document(text=terms(text), number=number))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return index
