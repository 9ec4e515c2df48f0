"""The embedding model alone over a collection's passages: ``python -m benchmarks.speed.raw_encoder DATA``.

The bound of any ingest: the very texts that a collection had embedded, sorted by length and given to the
model in batches, with nothing read, cut, stored or indexed beside it.
"""

from __future__ import annotations

import argparse
import json
import time
from contextlib import closing
from pathlib import Path

from index.store import open_catalogue
from service.settings import load_settings
from service.state.library import open_library


def texts(data: Path, collection: str) -> list[str]:
    """The texts that were embedded of a collection's live passages, in the order in which they came.

    Raises FileNotFoundError where the data folder has no such collection.
    """
    catalogue = open_catalogue(data)
    if catalogue.identity(collection) is None:
        raise FileNotFoundError(f"There is no collection {collection!r} in {data}.")
    with closing(catalogue.open(collection)) as store, store.snapshot() as moment:
        return [passage.text for passage in moment.added_texts(0, moment.change)]


def measured(data: Path, collection: str) -> tuple[int, float]:
    """The number of passages, and the seconds that the model took for them, run as the collection's was."""
    asked = texts(data, collection)
    with open_library(load_settings(data=data)) as library:
        description = library.description(collection)
        embedder = library.models.of(collection, description.model, description.source)
        embedder.embed_queries(["Is anyone there?"])
        begin = time.perf_counter()
        embedder.embed_passages(asked)
        return len(asked), time.perf_counter() - begin


def main() -> None:
    """Print passages and seconds as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the data folder that the collection is in")
    parser.add_argument("--collection", default="default")
    options = parser.parse_args()
    passages, seconds = measured(options.data, options.collection)
    print(json.dumps({"passages": passages, "seconds": seconds}))


if __name__ == "__main__":
    main()
