"""Let a collection grow to so many passages and measure it there.

    python -m benchmarks.growth FOLDER STORE... --passages 1000000 2000000 [--minutes 5] [--save FILE]
        [--parts follow ask ingest] [--rate 100]

``STORE`` are the ``store.sqlite`` files of collections, whose sentences are put together anew and whose
vectors are mixed (:mod:`benchmarks.growth.passages`). ``FOLDER`` keeps the PostgreSQL server and the data
folders of two replicas: a later run goes on from there. Each figure is printed when it is known. Needs
PostgreSQL and wrk.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator, Set
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

from pydantic import SecretStr

from benchmarks.growth.machines import COLLECTION, Server, processor_seconds
from benchmarks.growth.measures import PARTS, Figures, Growth
from benchmarks.growth.passages import SyntheticEmbedder, Writer, prepare
from index.config import LibraryConfig
from index.library import Library
from index.protocols import RecordStore
from index.store import open_catalogue
from service.settings import load_settings

_PASSAGES_A_SECOND = 200.0
"""Of the ingest that is measured: three machines of two cores embed as many with the model in the package."""

_KEEP_ALIVE_SECONDS = 75
"""Longer than wrk waits between two questions on a connection: one that ends meanwhile loses its question."""


def serve(folder: Path) -> None:
    """Serve what the environment names, with vectors of no model, until the process ends."""
    import uvicorn

    from service.app.application import create_app

    settings = load_settings()
    config = settings.library_config()
    with Library(settings.data, embedder=lambda: SyntheticEmbedder(folder), config=config) as library:
        app = create_app(settings, library=library)
        served = uvicorn.Config(app, port=0, access_log=False, timeout_keep_alive=_KEEP_ALIVE_SECONDS)
        uvicorn.Server(served).run()


@contextmanager
def _record(folder: Path, server: Server) -> Iterator[RecordStore]:
    """The record, and a collection and database for it where there is none."""
    objects = (folder / "objects").as_uri()
    if not server.has_database(COLLECTION):
        server.ask(f"CREATE DATABASE {COLLECTION}", "postgres")
        server.ask("CREATE EXTENSION pg_stat_statements")
        config = LibraryConfig(store=SecretStr(server.url(COLLECTION)), objects=objects)
        with Library(folder / "writer", embedder=SyntheticEmbedder(folder), config=config) as library:
            library.open(COLLECTION, create=True)
    catalogue = open_catalogue(folder / "writer", server.url(COLLECTION), objects=objects)
    with closing(catalogue.open(COLLECTION)) as store:
        yield store


def _grow(server: Server, writer: Writer, until: int) -> dict[str, float]:
    """Add passages; the processor time of the server has in it what a replica reads that follows."""
    began, used, own = time.monotonic(), processor_seconds(server.process), time.process_time()
    added = writer.fill(until)
    return {
        "filled_passages": added,
        "filled_seconds": time.monotonic() - began,
        "filled_processor": time.process_time() - own,
        "filled_server_processor": processor_seconds(server.process) - used,
    }


def measure(folder: Path, passages: int, minutes: float, parts: Set[str], rate: float) -> Iterator[Figures]:
    """Yield the figures of a size as they become known; ``rate``: passages a second of the ingest."""
    server = Server(folder / "postgresql")
    with server.running(), _record(folder, server) as store:
        writer, growth = Writer(store, folder), Growth(folder, server)
        with growth.following() if "follow" in parts else nullcontext():
            yield {"passages": passages, "load": os.getloadavg()[0], **_grow(server, writer, passages)}
        yield from growth.figures(parts, lambda time_: writer.write(time_, rate), 60 * minutes)


def main() -> None:
    """Measure each size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("stores", type=Path, nargs="*")
    parser.add_argument("--passages", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--rate", type=float, default=_PASSAGES_A_SECOND)
    parser.add_argument("--save", type=Path)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    folder = given.folder.resolve()
    if given.serve:
        serve(folder)
        return
    prepare(folder, given.stores)
    for size in given.passages:
        for figures in measure(folder, size, given.minutes, set(given.parts), given.rate):
            print(json.dumps(figures), flush=True)
            if given.save:
                _keep(given.save, str(size), figures)


def _keep(file: Path, size: str, figures: Figures) -> None:
    """Add figures to those of a size in a file, at once: a run takes hours, and may be cut off."""
    kept = json.loads(file.read_text()) if file.exists() else {}
    kept[size] = kept.get(size, {}) | dict(figures)
    file.write_text(f"{json.dumps(kept, indent=1)}\n")


if __name__ == "__main__":
    main()
