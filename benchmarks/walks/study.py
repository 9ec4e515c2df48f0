"""How an answer, a question and a citation walk through the code: ``python -m benchmarks.walks.study``.

A service in process has the documents of ``corpus/`` and embeds by words, which takes no model. After a
request of each kind has filled its caches, it gets three more, whose calls of functions of ``index`` and
``service`` are recorded. ``answer`` is an extractive answer to a new question; ``ask`` asks the same with
k = 3, when its vector is cached; ``locator`` looks up the citation of the first passage.

A *room* is a folder of a package, such as ``service/http``, with everything below it. A walk *returns* when
it enters a room that it has left before: a reader who follows it has to go back there, too. The order is that
of time, over all threads that work for the request.

``--pairs`` lists the rooms between which most returns happen. ``--of FOLDER`` measures the checkout of
another version, with the libraries that are installed here.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from benchmarks.walks.recording import Recorder, Walk

# What is of the project is imported where it is used: it is that of the version that is measured.
if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from evaluation.measures import Estimate

ROOT = Path(__file__).parents[2]
QUESTION = "What is a cross-encoder?"
_WARM_QUESTION = "How are passages chunked?"
_SETTLED_SECONDS = 0.5
"""After a reply the service works on for a moment, such as at its logs."""


def study() -> dict[str, Estimate]:
    """The figures of each walk through this version."""
    from benchmarks.figures import exact

    return {
        f"{name}_{measure}": exact(value, 1)
        for name, walk in walks(ROOT).items()
        for measure, value in walk.figures().items()
    }


def walks(root: Path) -> Mapping[str, Walk]:
    """The walks through the version that is imported, whose checkout is ``root``."""
    recorder = Recorder(root)
    found = dict[str, Walk]()

    def sent(name: str, send: Callable[..., Any], path: str, **more: Any) -> dict[str, Any]:
        with recorder.recorded() as calls:
            response = send(path, **more)
            time.sleep(_SETTLED_SECONDS)
        response.raise_for_status()
        found[name] = Walk(calls)
        reply: dict[str, Any] = response.json()
        return reply

    with recorder.installed(), _service() as client:
        for question in (_WARM_QUESTION, QUESTION):
            sent("answer", client.post, "/v1/answer", json={"question": question})
            reply = sent("ask", client.post, "/v1/ask", json={"question": question, "k": 3})
            locator = reply["passages"][0]["citation"]["locator"]
            sent("locator", client.get, f"/v1/citations/{quote(locator, safe='')}")
    return found


@contextmanager
def _service() -> Iterator[TestClient]:
    """A client of a service in process, which is ready and has the corpus."""
    from starlette.testclient import TestClient

    from index.embedding import WordEmbedder
    from index.library import Library
    from index.sources import FolderIngest
    from service.app import create_app
    from service.settings import Settings

    with tempfile.TemporaryDirectory() as data, Library(Path(data), embedder=WordEmbedder()) as library:
        collection = library.open("default", create=True)
        FolderIngest(collection).run([ROOT / "corpus"])
        collection.embed_pending()
        with TestClient(create_app(Settings(data=Path(data)), library=library)) as client:
            while client.get("/readyz").status_code != 200:
                time.sleep(0.05)
            yield client


def main() -> None:
    """Print the figures, and the most frequent pairs where they are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--of", type=Path, default=ROOT, metavar="FOLDER", help="checkout of another version")
    parser.add_argument("--pairs", type=int, default=0, metavar="N", help="print the N most frequent pairs")
    options = parser.parse_args()
    root = options.of.resolve()
    sys.path.insert(0, str(root))
    found = walks(root)
    print(json.dumps({name: walk.figures() for name, walk in found.items()}, indent=1))
    for name, walk in found.items():
        for (left, entered), times in walk.pairs().most_common(options.pairs):
            print(f"{name:8} {times:4}  {left} -> {entered}")


if __name__ == "__main__":
    main()
