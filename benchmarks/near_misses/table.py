"""Ask the near misses, and the questions that they were made of, with the service's own search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import sets
from benchmarks.answerability.cases import Case, CaseKind, K, has_answer
from benchmarks.answerability.parts import Part, Whole
from benchmarks.answerability.table import Rows, Table, folder_of, keys_of, queries
from benchmarks.near_misses.making import SETS, NearMiss, available, collection_of, near_misses
from evaluation import questions
from evaluation.questions import Question
from index.config import LibraryConfig, SearchConfig
from index.embedding import MULTILINGUAL_MODEL
from index.library import Library
from index.protocols import Embedder
from index.search.cross_encoder.model import CrossEncoder
from index.search.question import Query
from index.search.search import Search
from index.search.stopwatch import Stopwatch
from index.store import open_catalogue
from index.text.analysis import Analyzer

_SIZES: Mapping[str, Sequence[int]] = {"tatqa": (1,)}
"""A line of one report stands in many others: a question is asked of its own report alone."""
_ALL_SIZES = (1, 0)
_MULTILINGUAL = ("clapnq", "corpus", "own")
SUFFIX = "-near"
"""A table of near misses is named after its set, with this behind."""


def table(
    name: str, library: Library, data: Path, embedder: Embedder, cross_encoder: CrossEncoder | None = None
) -> Table:
    """Ask all near misses of a set, of the document alone and of all documents, each with its original."""
    collection = collection_of(library, name)
    made = near_misses(name, dict(questions.texts(collection)))
    catalogue = open_catalogue(data)
    analyzer = Analyzer.of_version(str((catalogue.description(collection.name) or {})["analysis"]))
    with closing(catalogue.open(collection.name)) as store, store.snapshot() as moment:
        whole, keys = Whole(store, analyzer, embedder.dimension), keys_of(moment)
        entire, config = Part(whole), SearchConfig()
        rows = Rows(Search(moment, moment, entire, analyzer, config))
        asked = [one for miss in made for one in (miss.answered, Question("", miss.question))]
        by_pairs = queries(embedder, asked)
        for miss in made:
            answered, missed = next(by_pairs), next(by_pairs)
            for size in _SIZES.get(name, _ALL_SIZES):
                part = Part(whole, [keys[miss.document_id]]) if size else entire
                search = Search(moment, moment, part, analyzer, config, cross_encoder=cross_encoder)
                rows.add(_case(search, miss, answered, size, "present"), turns=False)
                rows.add(_case(search, miss, missed, size, f"near-{miss.kind}"), turns=False)
        return rows.table()


def _case(search: Search, miss: NearMiss, query: Query, size: int, kind: CaseKind) -> Case:
    found = search.find(query, k=K, where=None, watch=Stopwatch())
    relevant = tuple(kind == "present" and has_answer(miss.answered, hit) for hit in found.hits)
    return Case(miss.question, size, kind, miss.is_dev, query, found, relevant)


def tables(
    data: Path = sets.DATA, names: Sequence[str] = (), *, read: bool = False, multilingual: bool = False
) -> Iterator[tuple[str, Table]]:
    """The tables of the sets that are on this machine, by their names with :data:`SUFFIX`.

    They are made where the data folder does not have them. ``read``: the cross-encoder reads passages.
    ``multilingual``: with that model, of fewer sets, and in a data folder within.
    """
    model = MULTILINGUAL_MODEL if multilingual else ""
    data, names = data / model, names or (_MULTILINGUAL if multilingual else tuple(SETS))
    cross_encoder = sets.cross_encoder(model) if read else None
    embedder: Embedder | None = None
    for name in available(names):
        path = folder_of(data, read=read) / f"{name}{SUFFIX}.npz"
        if not path.exists():
            embedder = embedder or sets.embedder(model)
            with Library(data, embedder=embedder, config=LibraryConfig()) as library:
                table(name, library, data, embedder, cross_encoder).save(path)
        yield f"{name}{SUFFIX}", Table.load(path)


def exchanged(table: Table, kinds: Sequence[str]) -> NDArray[np.bool_]:
    """Which cases of a table are near misses of these kinds."""
    return np.isin(table.kind, [f"near-{kind}" for kind in kinds])
