"""How often a browser highlights the cited words.

``python -m benchmarks.citations.text_fragments [--seed N]``.

Citations are drawn from real pages as our reader reads them: sentences, runs of sentences, and passages
of the chunker. Each is opened in Chromium on the original page, ``page#:~:text=...``, with the colours of
``::target-text`` set to one that no page has. The cited words are then looked for in the page's own text
(not by the directive: by all their letters, and where they stand more than once by what surrounds them),
and a word counts as highlighted when most pixels of its box have that colour. A citation is
highlighted when 95 % of its words are, and no more than 2 of the 10 next to them.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from operator import itemgetter
from pathlib import Path
from urllib.parse import quote as percent_encode, unquote

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, FloatRect, Page

from benchmarks.browser import chromium, served
from evaluation.measures import Estimate, mean
from index.citations.text_fragments import text_fragment
from index.config import ChunkingConfig
from index.embedding import WordEmbedder
from index.errors import Unreadable
from index.ingest.chunking import chunk
from index.readers import read
from index.text import block_spans
from index.types import Extract

PAGES = Path(__file__).parents[3] / "shared/data/formats/html"
CITATIONS = 200
SEED = 20_260

_COLOUR = (255, 0, 254)
_STYLE = b"""<style>
::target-text { background-color: rgb(255 0 254) !important; color: rgb(255 0 254) !important }
html, body { visibility: visible !important; opacity: 1 !important }
</style>"""
"""Behind the page. It also shows what some pages hide until their scripts run."""
_CONTEXT = 200
_MOST = 0.95
_SPILT = 2
_WIDTH, _HEIGHT = 1200, 900
_MARGIN = 60
_TALL = 1500
_PAUSE = 150
"""Milliseconds after which the words are highlighted."""

Picture = NDArray[np.uint8]
"""Shape (height, width, 3)."""

_FIND_WORDS = r"""
([lines, before, after]) => {
  const unseen = "script,style,noscript,template,textarea,select,button,iframe,svg,title,head";
  const bare = (text) => text.normalize("NFC").replace(/[\s|\u00ad\u200b]/g, "");
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  const nodes = [];
  let page = "";
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (parent && !parent.closest(unseen) && parent.checkVisibility({visibilityProperty: true})) {
      nodes.push({node, at: page.length});
      page += bare(node.data);
    }
  }
  const common = (a, b) => { let n = 0; while (n < a.length && n < b.length && a[n] === b[n]) n++; return n };
  const back = (text) => [...text].reverse().join("");
  const places = (line) => {
    const found = [];
    for (let at = page.indexOf(line); at >= 0; at = page.indexOf(line, at + 1))
      found.push([at, at + line.length]);
    return found;
  };
  const known = lines.map(places).filter((found) => found.length);
  if (known.length < lines.length) return null;
  let best = null;
  for (const place of known[0]) {
    const chain = [place];
    for (const next of known.slice(1)) {
      const one = next.find(([start]) => start >= chain.at(-1)[1]);
      if (one) chain.push(one);
    }
    if (chain.length < known.length) continue;
    const start = place[0], end = chain.at(-1)[1];
    const score = common(back(page.slice(0, start).slice(-400)), back(before))
      + common(page.slice(end, end + 400), after) - (end - start);
    if (!best || score > best.score) best = {score, start, end, chain};
  }
  if (!best) return null;
  const {start, end, chain} = best, words = [];
  const segmenter = new Intl.Segmenter("und", {granularity: "word"});
  for (const {node, at} of nodes.filter((one) => one.at < end + 60)) {
    let position = at;
    for (const {segment, index, isWordLike} of segmenter.segment(node.data)) {
      const next = position + bare(segment).length, from = position;
      position = next;
      if (!isWordLike || next <= start - 60 || from >= end + 60) continue;
      const range = new Range();
      range.setStart(node, index);
      range.setEnd(node, index + segment.length);
      const box = [...range.getClientRects()].find((one) => one.width > 0.5 && one.height > 0.5);
      const cited = chain.some(([first, last]) => next > first && from < last);
      const place = next <= start ? "before" : from >= end ? "after" : cited ? "inside" : "between";
      if (box) words.push(
        {place, x: box.x + scrollX, y: box.y + scrollY, width: box.width, height: box.height});
    }
  }
  const holder = nodes.filter((one) => one.at <= start).pop().node;
  for (const element of document.querySelectorAll("body *")) {
    const position = getComputedStyle(element).position;
    if ((position === "fixed" || position === "sticky") && !element.contains(holder))
      element.style.visibility = "hidden";
  }
  const at = (place) => words.filter((one) => one.place === place);
  return {inside: at("inside"), beside: [...at("before").slice(-5), ...at("after").slice(0, 5)]};
}
"""
"""Where on the page the words of a quote are, and the ten next to them: their boxes in pixels. What
is fixed to the window, such as a banner, is hidden, since no script is there to close it."""


@dataclass(frozen=True, slots=True)
class Cited:
    """A span of a page's text."""

    name: str
    extract: Extract
    start: int
    end: int

    @property
    def quote(self) -> str:
        """The words of the span."""
        return self.extract.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a citation: ``why`` it was not highlighted, empty when it was."""

    cited: Cited
    fragment: str
    why: str


def citations(pages: Mapping[str, bytes], count: int, seed: int) -> list[Cited]:
    """As many spans of the pages' texts, drawn evenly from the pages and the three kinds of spans."""
    draw = random.Random(seed)
    extracts = []
    for name, data in pages.items():
        try:
            extracts.append((name, read(data, name=name, media_type="text/html")))
        except Unreadable as error:
            print(error, file=sys.stderr)
    chosen: list[Cited] = []
    while len(chosen) < count:
        name, extract = extracts[len(chosen) % len(extracts)]
        spans = _spans(extract, draw)
        chosen.append(Cited(name, extract, *draw.choice(spans)))
    return chosen


def _spans(extract: Extract, draw: random.Random) -> list[tuple[int, int]]:
    kind = draw.choice(("sentence", "run", "passage"))
    if kind == "passage":
        passages = chunk(
            extract, title=extract.title, tokenizer=WordEmbedder(max_tokens=150), config=ChunkingConfig()
        )
        return [(one.start, one.end) for one in passages]
    sentences = [span for block in extract.blocks for span in block_spans(extract.text, block)]
    if kind == "sentence":
        return sentences
    length = draw.randint(2, 5)
    return [
        (first[0], last[1])
        for first, last in zip(sentences, sentences[length - 1 :] or sentences[-1:], strict=False)
    ]


def outcomes(browser: Browser, pages: Mapping[str, bytes], cited: Iterable[Cited]) -> Iterator[Outcome]:
    """Open each citation in its page, and look."""
    with served({name: data + _STYLE for name, data in pages.items()}) as address:
        page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT})
        for one in cited:
            fragment = text_fragment(one.extract.text, one.start, one.end)
            yield Outcome(one, fragment, _why(page, f"{address}/{percent_encode(one.name)}", fragment, one))
        page.close()


def _why(page: Page, url: str, fragment: str, cited: Cited) -> str:
    if not fragment:
        return "no fragment"
    page.goto("about:blank")
    page.goto(f"{url}#:~:{fragment}")
    text = cited.extract.text
    parts = [text[max(0, cited.start - _CONTEXT) : cited.start], text[cited.end : cited.end + _CONTEXT]]
    lines = [line for line in map(bare, cited.quote.split("\n")) if line]
    found = page.evaluate(_FIND_WORDS, [lines, *map(bare, parts)])
    if found is None:
        return "the page does not show the words"
    if not found["inside"]:
        return "the words have no place on the page"
    page.wait_for_timeout(_PAUSE)
    pictures = list(_pictures(page, found["inside"] + found["beside"]))
    lit = [_share(pictures, word) > 0.5 for word in found["inside"]]
    # Where something lies over highlighted words, its words have their own colour in between.
    spilt = sum(_share(pictures, word) > 0.9 for word in found["beside"])
    if not any(lit):
        return "nothing highlighted"
    if sum(lit) < _MOST * len(lit):
        return f"{sum(lit)} of {len(lit)} words highlighted"
    return f"{spilt} words beside highlighted" if spilt > _SPILT else ""


def bare(text: str) -> str:
    """The letters of a text, without white space and what a reader put between them."""
    return re.sub(r"[\s|\u00ad\u200b]", "", re.sub(r"^[ ]*(?:(?:-|\d+\.) +)+", "", text, flags=re.MULTILINE))


def _pictures(page: Page, words: Sequence[Mapping[str, float]]) -> Iterator[tuple[int, Picture]]:
    """What the page looks like around words, and where that begins from the top."""
    top = bottom = -1
    for word in sorted(words, key=itemgetter("y")):
        if word["y"] + word["height"] <= bottom:
            continue
        top = max(0, int(word["y"]) - _MARGIN)
        bottom = top + _TALL
        clip: FloatRect = {"x": 0, "y": top, "width": _WIDTH, "height": _TALL}
        with Image.open(io.BytesIO(page.screenshot(full_page=True, clip=clip))) as image:
            yield top, np.asarray(image.convert("RGB"))


def _share(pictures: Sequence[tuple[int, Picture]], word: Mapping[str, float]) -> float:
    """How much of a word's box has the colour, from 0 to 1; without the edges, where colours mix."""
    left, right = int(word["x"]) + 1, int(word["x"] + word["width"])
    for top, picture in pictures:
        above, below = int(word["y"]) - top + 2, int(word["y"] + word["height"]) - top - 1
        if above >= 0 and below <= len(picture):
            box = picture[above : max(below, above + 1), max(0, left) : max(right, left + 1)]
            return float((box == _COLOUR).all(2).mean()) if box.size else 0.0
    return 0.0


def study(folder: Path = PAGES, count: int = CITATIONS, seed: int = SEED) -> list[Outcome]:
    """Draw citations, and open each in a browser. Raises playwright's ``Error`` where there is none."""
    pages = {path.name: path.read_bytes() for path in sorted(folder.glob("*.html"))}
    chosen = citations(pages, count, seed)
    with chromium() as browser:
        return list(outcomes(browser, pages, chosen))


def highlighted(found: Sequence[Outcome]) -> Estimate:
    """The share of citations whose words were highlighted."""
    return mean([float(not one.why) for one in found])


def main() -> int:
    """Print the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, default=PAGES, help="folder of HTML files")
    parser.add_argument("--citations", type=int, default=CITATIONS)
    parser.add_argument("--seed", type=int, default=SEED, help="another draws other citations")
    parser.add_argument("--failures", action="store_true", help="tell of those not highlighted, on stderr")
    options = parser.parse_args()
    found = study(options.pages, options.citations, options.seed)
    for one in found if options.failures else ():
        if one.why:
            print(f"{one.cited.name} [{one.cited.start}, {one.cited.end}): {one.why}", file=sys.stderr)
            print(f"  {one.cited.quote[:150]!r}\n  {unquote(one.fragment)}", file=sys.stderr)
    print(
        json.dumps(
            {
                "highlighted": asdict(highlighted(found)),
                "pages": len({one.cited.name for one in found}),
                "without_fragment": sum(not one.fragment for one in found),
                "failures": Counter(re.sub(r"\d+", "n", one.why) for one in found if one.why),
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
