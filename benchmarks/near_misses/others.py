"""Ask the near misses that somebody wrote who had no part in training or fitting.

``python -m benchmarks.near_misses.others``. They are about the pages of this project's documentation. Each
figure is given without reading and, with ``_read`` behind its name, with it: ``missed`` and ``answered`` are
the shares of near misses and of answered questions with a probability of at least 0.5, ``auroc`` tells how
well it parts them.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import yaml

from benchmarks import sets
from benchmarks.near_misses.study import auroc
from benchmarks.proportions import proportion
from evaluation.measures import Estimate
from index.collection import Collection
from index.library import Library
from index.search import Question
from index.sources import FolderIngest

_HERE = Path(__file__)
_PAGES = _HERE.parents[2] / "docs"
_PROBABLE = 0.5


def pairs() -> list[tuple[str, str]]:
    """Each answered question with its near miss."""
    of_pages = yaml.safe_load(_HERE.with_name("others.yaml").read_text(encoding="utf-8"))
    return [(answered, missed) for page in of_pages.values() for _, answered, missed in page]


def study() -> dict[str, Estimate]:
    """All figures."""
    cross_encoder, found = sets.cross_encoder(), {}
    with (
        tempfile.TemporaryDirectory() as data,
        Library(Path(data), embedder=sets.embedder(), cross_encoder=lambda _: cross_encoder) as library,
    ):
        collection = library.open("docs", create=True)
        FolderIngest(collection).run(sorted(_PAGES.glob("*.md")))
        for suffix, read in (("", False), ("_read", True)):
            found |= {f"{name}{suffix}": one for name, one in _figures(collection, read=read).items()}
    return found


def _figures(collection: Collection, *, read: bool) -> dict[str, Estimate]:
    asked = np.array(
        [
            [collection.questions.answer(Question(text, read=read)).answerability for text in pair]
            for pair in pairs()
        ]
    )
    answered, missed = asked.T
    return {
        "missed": proportion(int((missed >= _PROBABLE).sum()), len(missed)),
        "answered": proportion(int((answered >= _PROBABLE).sum()), len(answered)),
        "auroc": auroc(answered, missed),
    }


if __name__ == "__main__":
    print(json.dumps({name: asdict(one) for name, one in study().items()}, indent=1))
