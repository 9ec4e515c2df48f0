"""Passages of other documents that share words with a question, found once by BM25 and kept on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tantivy
from numpy.typing import NDArray

from training.cross_encoder.pairs import Pair, words

COUNT = 20
"""Passages kept of a question."""
_MEMORY = 128 << 20

Numbers = NDArray[np.int32]


def passages(pairs: Sequence[Pair]) -> list[str]:
    """The different passages of pairs, in order."""
    return list(dict.fromkeys(pair.passage for pair in pairs))


def neighbours(pairs: Sequence[Pair], folder: Path) -> Numbers:
    """For each pair the numbers of the passages that BM25 ranks first for its question; -1: none."""
    texts = passages(pairs)
    digest = hashlib.sha256("\0".join([*texts, *(pair.question for pair in pairs)]).encode()).hexdigest()[:16]
    path = folder / f"neighbours-{digest}.npy"
    if path.exists():
        kept: Numbers = np.load(path, allow_pickle=False)
        return kept
    found = _search(texts, pairs)
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part.npy")
    np.save(partial, found)
    partial.replace(path)
    return found


def _search(texts: Sequence[str], pairs: Sequence[Pair]) -> Numbers:
    index = _index(texts)
    searcher = index.searcher()
    found = np.full((len(pairs), COUNT), -1, np.int32)
    rows: dict[str, list[int]] = {}
    for row, pair in enumerate(pairs):
        if pair.set_name != "claims":
            rows.setdefault(" ".join(words(pair.question).split()[:24]) or "nothing", []).append(row)
    for question, asked in rows.items():
        hits = searcher.search(index.parse_query(question, ["text"]), COUNT).hits
        numbers = [searcher.doc(address)["number"][0] for _, address in hits]
        found[asked, : len(numbers)] = numbers
    return found


def _index(texts: Sequence[str]) -> tantivy.Index:
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("text", stored=False, tokenizer_name="en_stem")
    schema.add_integer_field("number", stored=True)
    index = tantivy.Index(schema.build())
    writer = index.writer(_MEMORY, 1)
    for number, text in enumerate(texts):
        writer.add_document(tantivy.Document(text=text, number=number))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return index
