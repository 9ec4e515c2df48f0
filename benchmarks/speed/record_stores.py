"""How much longer a question takes with PostgreSQL than with SQLite.

``python -m benchmarks.speed.record_stores``.

The database is that of LOCCIT_STORE, and is to be empty. A part of SciFact's documents is in both, and each
claim is asked of both, in random order: what else happens on the machine happens to both. It is asked twice,
first with nothing of the record in memory. Questions are embedded by words, which takes no model.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
from pydantic import SecretStr

from benchmarks import processor
from benchmarks.figures import show
from benchmarks.proportions import percentile
from benchmarks.sets import SCIFACT
from evaluation import questions
from evaluation.measures import Estimate
from index.collection import Collection
from index.embedding import WordEmbedder
from index.library import Library
from service.settings import load_settings

_DOCUMENTS = 600
_WARM = 50
_RESAMPLES = 2000
_COLLECTION = "record-stores"


def study(folder: Path = SCIFACT) -> dict[str, Estimate]:
    """Milliseconds of a question with each store, and how much longer it takes with PostgreSQL (medians).

    Raises ValueError without LOCCIT_STORE.
    """
    config = load_settings().library_config()
    if not config.store_url:
        raise ValueError("LOCCIT_STORE names the database that is measured; it is not set.")
    asked = [one.text for one in questions.load(folder)]
    with ExitStack() as stack:
        both = []
        for store in (SecretStr(""), config.store):
            data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            given = replace(config, store=store)
            library = stack.enter_context(Library(data, embedder=WordEmbedder(), config=given))
            stack.callback(library.delete, _COLLECTION)
            both.append(_filled(library, folder))
        first, again = _timed(both, asked)
    return {
        **_compared("uncached", first[:, _WARM:]),
        **_compared("cached", again[:, _WARM:]),
    }


def _filled(library: Library, folder: Path) -> Collection:
    collection = library.open(_COLLECTION, create=True)
    collection.put_many(list(islice(questions.sources(folder), _DOCUMENTS)))
    collection.embed_pending()
    return collection


def _timed(both: Sequence[Collection], asked: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Milliseconds of each question, shape (stores, questions): the first time and the second."""
    order = random.Random(1)
    times = np.zeros((2, len(both), len(asked)))
    for number, question in enumerate(asked):
        for at in order.sample((0, 1), 2):
            both[at].archive.forget(both[at].state.change)
            answers = []
            for attempt in (0, 1):
                began = time.perf_counter()
                answers.append(both[at].ask(question))
                times[attempt, at, number] = 1000 * (time.perf_counter() - began)
            if answers[0].hits != answers[1].hits:
                raise RuntimeError(f"{question!r} has two answers")
    return times[0], times[1]


def _compared(name: str, times: np.ndarray) -> dict[str, Estimate]:
    """The medians of both, and of the differences with its 95 % interval (bootstrap over questions)."""
    longer = times[1] - times[0]
    drawn = np.random.default_rng(0).integers(0, len(longer), (_RESAMPLES, len(longer)))
    low, high = np.percentile(np.median(longer[drawn], axis=1), [2.5, 97.5]).tolist()
    difference = float(np.median(longer))
    return {
        f"sqlite_{name}_ms": percentile(times[0].tolist(), 50),
        f"postgresql_{name}_ms": percentile(times[1].tolist(), 50),
        f"{name}_difference_ms": Estimate(difference, low, high, times.shape[1]),
    }


if __name__ == "__main__":
    print(processor.describe())
    show(study())
