"""How much of a page's content is kept, and of what is around it: ``python -m benchmarks.documents.html``.

Sixty pages of the web with strings that stand in their articles, and strings of their menus, footers and
advertisements (evaluation data of trafilatura).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.documents.manifest import FORMATS
from benchmarks.proportions import proportion
from evaluation.measures import Estimate
from index.readers import read

PAGES = FORMATS / "html"


@dataclass(frozen=True, slots=True)
class Snippet:
    """Words of a page, whether they are ``wanted`` in its text, and whether they are there."""

    page: str
    words: str
    wanted: bool
    there: bool


def flat(text: str) -> str:
    """With single spaces for all white space."""
    return " ".join(text.split())


def study(folder: Path = PAGES) -> list[Snippet]:
    """Look for every snippet in the text of its page."""
    snippets = []
    for page in json.loads((folder / "evaldata.json").read_text(encoding="utf-8")).values():
        name = page["file"]
        text = flat(read((folder / name).read_bytes(), name=name).text)
        for key, wanted in (("with", True), ("without", False)):
            snippets += [Snippet(name, words, wanted, flat(words) in text) for words in page[key]]
    return snippets


def figures(snippets: list[Snippet]) -> dict[str, Estimate]:
    """The shares of the wanted ones that are there, and of the unwanted."""
    wanted = [one.there for one in snippets if one.wanted]
    unwanted = [one.there for one in snippets if not one.wanted]
    return {
        "content_kept": proportion(sum(wanted), len(wanted)),
        "boilerplate_kept": proportion(sum(unwanted), len(unwanted)),
    }


def main() -> None:
    """Print the figures as one JSON object."""
    snippets = study()
    found = {name: asdict(one) for name, one in figures(snippets).items()}
    wrong = [asdict(one) for one in snippets if one.wanted != one.there]
    print(json.dumps({**found, "wrong": wrong}, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
