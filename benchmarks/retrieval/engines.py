"""What other engines find beside the embedded one.

``python -m benchmarks.retrieval.engines [meaning|words]``.

One record is searched by both engines, with the same questions. ``meaning``: by meaning alone, on the Milvus
server of LOCCIT_MILVUS_URI. ``words``: by meaning and words, on milvus-lite in this process.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import sets
from benchmarks.figures import show
from benchmarks.sets import DATA, SCIFACT
from evaluation import questions
from evaluation.harness import Evaluation, evaluate
from evaluation.measures import Estimate, mean
from service.settings import load_settings
from service.state.library import open_library

_MEASURE = "ndcg@10"
_SETTLING = 30.0
"""Seconds that a server has for loading what it has indexed."""
_BY_MEANING = {"dense_weight": 1.0, "second_look": 0}


def by_meaning(folder: Path = SCIFACT, data: Path = DATA) -> dict[str, Estimate]:
    """Quality by the dense search alone, of FAISS and of a Milvus server."""
    server = {"engine": "milvus", "engine_options": {"words": "none", "prefix": "benchmark"}}
    return _compared(folder, data, _BY_MEANING, server)


def by_words(folder: Path = SCIFACT, data: Path = DATA) -> dict[str, Estimate]:
    """Quality by meaning and words, of FAISS with tantivy and of milvus-lite."""
    with tempfile.TemporaryDirectory() as apart:
        return _compared(
            folder, data, {}, {"engine": "milvus", "engine_options": {"uri": f"{apart}/lite.db"}}
        )


def _compared(
    folder: Path, data: Path, search: Mapping[str, Any], engine: Mapping[str, Any]
) -> dict[str, Estimate]:
    embedded = _evaluated(folder, data, {"engine": "embedded", **search})
    other = _evaluated(folder, data, {**engine, **search})
    before, after = embedded.by_question(_MEASURE), other.by_question(_MEASURE)
    return {
        f"embedded_{_MEASURE}": embedded.estimates()[_MEASURE],
        f"milvus_{_MEASURE}": other.estimates()[_MEASURE],
        f"lost_{_MEASURE}": mean([before[one] - after[one] for one in before]),
    }


def _evaluated(folder: Path, data: Path, settings: Mapping[str, Any]) -> Evaluation:
    configured = load_settings(data=data, models=sets.MODELS.resolve(), **settings)
    with open_library(configured) as library:
        collection = sets.collection_of(library, folder)
        collection.embed_pending()
        time.sleep(_SETTLING)
        return evaluate(collection, questions.load(folder), name=configured.engine)


def main() -> None:
    """Print the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("by", choices=["meaning", "words"])
    show(by_meaning() if parser.parse_args().by == "meaning" else by_words())


if __name__ == "__main__":
    main()
