"""When an answer is painted after the service has sent it: ``python -m benchmarks.speed.painted``.

A headless Chromium opens the page of an answer, cold (a new context, with nothing in its cache) and warm
(stylesheets and scripts are in it). Measured is the time from the last byte of the reply to the frame after
the one that has the answer, by the browser's own clock: a frame more than the paint itself.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import httpx
import numpy as np

from benchmarks import sets
from benchmarks.browser import chromium
from benchmarks.speed.freshness import serving
from evaluation.measures import Estimate
from index.ingest import Source
from index.library import Library

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

TIMES = 30
"""Pages opened each way."""
_QUESTION = "Who lit the lamp in the north tower?"
_WORDS = "The lamp in the north tower was lit at dusk by the keeper, who slept until noon."
_DOCUMENTS = 20
_PATIENCE = 300.0
_VIEWPORT = {"width": 1280, "height": 900}
_WATCH = """
new MutationObserver((_, watching) => {
  if (!document.querySelector(".sentence, .declined")) return;
  watching.disconnect();
  requestAnimationFrame(() => requestAnimationFrame(() => { window.painted = performance.now(); }));
}).observe(document, { childList: true, subtree: true });
"""
"""Notes the frame after the one that the answer is in: frames wait for stylesheets."""
_SPENT = """() => window.painted - performance.getEntriesByType("navigation")[0].responseEnd"""


def study(times: int = TIMES) -> Mapping[str, Estimate]:
    """Milliseconds from the end of the reply to the paint: median and 95th percentile, cold and warm."""
    with tempfile.TemporaryDirectory() as folder:
        _fill(Path(folder))
        with serving(Path(folder)) as client, chromium() as browser:
            address = f"{str(client.base_url).rstrip('/')}/?{urlencode({'q': _QUESTION})}"
            _wait(client, address)  # until the model is loaded
            cold = []
            for _ in range(times):
                context = browser.new_context(viewport=_VIEWPORT)
                cold += _painted(context, address, 1)
                context.close()
            context = browser.new_context(viewport=_VIEWPORT)
            list(_painted(context, address, 1))
            warm = list(_painted(context, address, times))
            context.close()
    return {**_figures("cold", cold), **_figures("warm", warm)}


def _wait(client: httpx.Client, address: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while client.get(address).status_code == 503 and time.monotonic() < deadline:
        time.sleep(0.5)
    client.get(address).raise_for_status()


def _fill(folder: Path) -> None:
    with Library(folder, embedder=sets.embedder) as library:
        collection = library.open("default", create=True)
        for number in range(_DOCUMENTS):
            words = "It is dark there." if number else _WORDS
            text = f"# Lamps {number}\n\nThe tower is old.\n\n{words}\n"
            collection.put(Source(f"{number}.md", text.encode()))
        collection.embed_pending()


def _painted(context: BrowserContext, address: str, times: int) -> Iterator[float]:
    page = context.new_page()
    page.add_init_script(_WATCH)
    for _ in range(times):
        page.goto(address)
        page.wait_for_function("window.painted")
        yield float(page.evaluate(_SPENT))
    page.close()


def _figures(name: str, spent: Sequence[float]) -> dict[str, Estimate]:
    """Both figures with the shortest and the longest time."""
    ends = (min(spent), max(spent), len(spent))
    return {
        f"{name}_median_ms": Estimate(float(np.median(spent)), *ends),
        f"{name}_p95_ms": Estimate(float(np.percentile(spent, 95)), *ends),
    }


def main() -> None:
    """Print the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=TIMES, help="pages opened each way")
    found = study(parser.parse_args().times)
    print(json.dumps({name: asdict(one) for name, one in found.items()}, indent=1))


if __name__ == "__main__":
    main()
