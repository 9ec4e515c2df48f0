"""Whether false sentences are told from their true twins: ``python -m benchmarks.claims.twins [--show]``.

``twins.yaml`` has short documents, and for each true sentences beside nearly the same that are false:
negated, numbers or roles swapped, plans told as done, another speaker. Each is judged by its whole document.
The pairs ``first`` were written before the rules by which claims are judged, and the rules were made until
they held; those of ``second`` with the rules at hand: both tell whether something got worse, not how often a
verdict is wrong.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from benchmarks import sets
from benchmarks.proportions import proportion
from evaluation.measures import Estimate
from index.citations import Locator, StatementVerdict, Verification, parse_locator
from index.collection import Collection
from index.ingest import Source
from index.library import Library
from index.protocols import Embedder

DATA = Path(__file__).with_suffix(".yaml")
Half = Literal["first", "second"]
HALVES: tuple[Half, ...] = ("first", "second")


@dataclass(frozen=True, slots=True)
class Twins:
    """A true sentence and a false one about a document, and the way in which they differ."""

    topic: str
    half: Half
    kind: str
    true: str
    false: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on each of two twins; None for a sentence that claims nothing."""

    twins: Twins
    true: StatementVerdict | None
    false: StatementVerdict | None


def topics() -> list[dict[str, Any]]:
    """The documents with their pairs."""
    read: list[dict[str, Any]] = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    return read


def pairs() -> Iterator[Twins]:
    """All pairs, in the order of the file."""
    for topic in topics():
        for half in HALVES:
            for kind, true, false in topic["pairs"][half]:
                yield Twins(topic["topic"], half, kind, true, false)


def ingested(library: Library) -> Collection:
    """A collection of the documents."""
    collection = library.open("twins", create=True)
    collection.put_many(
        [
            Source(
                one["topic"],
                one["text"].encode(),
                media_type="text/plain",
                title=one["title"],
                metadata=one["metadata"],
            )
            for one in topics()
        ]
    )
    return collection


def judged(embedder: Embedder) -> list[Judged]:
    """All pairs with the verdicts on them."""
    with tempfile.TemporaryDirectory() as folder, Library(Path(folder), embedder=embedder) as library:
        collection = ingested(library)
        by = {one["topic"]: _whole(collection, one["topic"]) for one in topics()}
        with collection.verification() as verification:
            return [
                Judged(
                    one,
                    _verdict(verification, one.true, by[one.topic]),
                    _verdict(verification, one.false, by[one.topic]),
                )
                for one in pairs()
            ]


def _whole(collection: Collection, name: str) -> Locator:
    record, text = collection.archive.text(name)
    return parse_locator(f"{name}@{record.text_sha256.hex()[:12]}:0-{len(text)}")


def _verdict(verification: Verification, sentence: str, passage: Locator) -> StatementVerdict | None:
    (verdict,) = verification.answer(sentence, [passage]).statements
    return verdict


def figures(found: Sequence[Judged]) -> dict[str, Estimate]:
    """Of each half the true ones that are supported, and the false ones that are."""
    shown: dict[str, Estimate] = {}
    for half in HALVES:
        rows = [one for one in found if one.twins.half == half]
        for side in ("true", "false"):
            verdicts = [one.true if side == "true" else one.false for one in rows]
            count = sum(one is not None and one.status == "supported" for one in verdicts)
            shown[f"{half}_{side}_supported"] = proportion(count, len(rows))
    return shown


def study() -> dict[str, Estimate]:
    """All figures."""
    return figures(judged(sets.embedder()))


def main() -> None:
    """Print the figures, and with ``--show`` what was judged wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true")
    found = judged(sets.embedder())
    if parser.parse_args().show:
        for one in found:
            for said, verdict, is_true in (
                (one.twins.true, one.true, True),
                (one.twins.false, one.false, False),
            ):
                if (verdict is not None and verdict.status == "supported") != is_true:
                    print(
                        is_true, one.twins.kind, said, verdict and (verdict.status, verdict.reason), sep=" | "
                    )
    print(json.dumps({name: asdict(one) for name, one in figures(found).items()}, indent=1))


if __name__ == "__main__":
    main()
