"""Find disagreements between short documents of everyday kinds.

``python -m benchmarks.conflicts.everyday [--missed]``. The rules were chosen by these pairs: they tell what
the rules reach, and the figures are no estimate for other documents. All documents are in one collection; an
alarm is false unless it is between the two documents of a pair that disagrees.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.proportions import proportion
from index.answers import DocumentConflict
from index.embedding import WordEmbedder
from index.ingest import Source
from index.library import Library

_WRITTEN = Path(__file__).with_suffix(".yaml")
_PLACES = "Abbott Bourne Clyffe Darley Emmer Forde Garth Hythe Ixworth Jarrow Keld Lorton".split()
_MINUTES = {"30 minutes": "half an hour", "90 minutes": "1.5 hours", "120 minutes": "two hours"}
_METRES = {"3.5 km": "3500 m", "800 m": "0.8 km", "2 km": "2000 metres"}
_TIMES = {"once a month": "every month", "twice a month": "two times a month", "weekly": "once a week"}
_DAYS = {"Monday to Thursday": "Monday to Thursday", "Tuesday to Friday": "Tuesday to Friday",
         "Monday to Friday": "Monday to Friday"}  # fmt: skip
_TEMPLATES = (
    ("units", "The theatre play at the {} barn lasts {}.", "With the break, the play is long. {}", _MINUTES),
    (
        "units",
        "The cycle lane between {} and the harbour is {} long.",
        "The council measured it. {}",
        _METRES,
    ),
    ("frequency", "The windows of the {} school are cleaned {}.", "A firm does the work. {}", _TIMES),
    ("weekdays", "The post office in {} is open from {}.", "Parcels are weighed there. {}", _DAYS),
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two documents, the kind of what they say, and whether they disagree."""

    kind: str
    one: str
    other: str
    disagrees: bool


def pairs() -> list[Pair]:
    """All pairs: those that were written by hand, then those that are made."""
    written = yaml.safe_load(_WRITTEN.read_text("utf-8"))
    by_hand = [
        Pair(kind, one, other, disagrees)
        for name, disagrees in (("disagreeing", True), ("agreeing", False))
        for kind, some in written[name].items()
        for one, other in some
    ]
    return [*by_hand, *_made()]


def _made(seed: int = 11) -> Iterator[Pair]:
    """For each template two pairs that disagree, and one that states the same value in other words."""
    draw = random.Random(seed)
    places = iter(draw.sample(_PLACES, len(_PLACES)))
    for kind, sentence, around, values in _TEMPLATES:
        for disagrees in (True, True, False):
            place = next(places)
            first, second = draw.sample(sorted(values), 2)
            said = values[second if disagrees else first]
            one, other = sentence.format(place, first), around.format(sentence.format(place, said))
            yield Pair(kind if disagrees else "same", one, other, disagrees)


def told(some: list[Pair]) -> list[DocumentConflict]:
    """The conflicts that are told of the documents of pairs."""
    with tempfile.TemporaryDirectory() as folder, Library(Path(folder), embedder=WordEmbedder()) as library:
        collection = library.open("everyday", create=True)
        for at, pair in enumerate(some):
            for side, text in (("a", pair.one), ("b", pair.other)):
                collection.put(Source(f"{at:03}{side}.md", text.encode(), media_type="text/markdown"))
        return list(collection.conflicts.scan(limit=10_000).conflicts)


def _pair_of(one: DocumentConflict) -> int | None:
    """The number of the pair of which an alarm is; None for one across pairs."""
    numbers = {int(side.citation.document_id[:3]) for side in (one.newer, one.older)}
    return numbers.pop() if len(numbers) == 1 else None


def judged(some: list[Pair]) -> tuple[set[int], list[DocumentConflict]]:
    """The numbers of the pairs whose disagreement is told, and the false alarms."""
    right: set[int] = set()
    wrong: list[DocumentConflict] = []
    for one in told(some):
        at = _pair_of(one)
        if at is not None and some[at].disagrees:
            right.add(at)
        else:
            wrong.append(one)
    return right, wrong


def main() -> None:
    """Print the share of each kind that is found, and every false alarm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--missed", action="store_true", help="list the pairs that are not found")
    asked = parser.parse_args()
    some = pairs()
    right, wrong = judged(some)
    for kind in dict.fromkeys(one.kind for one in some if one.disagrees):
        of_kind = [at for at, one in enumerate(some) if one.disagrees and one.kind == kind]
        print(f"{kind}: {len(right & set(of_kind))} of {len(of_kind)}")
    estimate = proportion(len(right), sum(one.disagrees for one in some))
    print(f"all: {estimate.value:.3f} of {estimate.questions}; false alarms: {len(wrong)}")
    for one in wrong:
        print(f"false: {one.newer.citation.quote!r} / {one.older.citation.quote!r}")
    for at, pair in enumerate(some) if asked.missed else ():
        if pair.disagrees and at not in right:
            print(f"missed {pair.kind}: {pair.one!r} / {pair.other!r}")


if __name__ == "__main__":
    main()
