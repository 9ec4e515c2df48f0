"""Find planted contradictions, and list the alarms that nobody planted.

``python -m benchmarks.conflicts.study [--part test] [--missed] [--alarms SET...]``. A contradiction counts as
found if it is told of the sentence that it contradicts, as of an answer that cites that. ``--alarms`` prints
all alarms about documents as they are; whether they are right is for a person to say.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks import sets
from benchmarks.conflicts.planting import KINDS, Part, Planted, documents, planted
from benchmarks.proportions import proportion
from evaluation.measures import Estimate
from index.answers import DocumentConflict
from index.citations import parse_locator
from index.collection import Collection
from index.errors import InvalidInput
from index.ingest import Source
from index.library import Library
from index.sources import put_all

COUNTS: Mapping[str, int] = {"corpus": 40, "covidqa": 103, "contracts": 60}
_NOTE = "note-"


def _store(collection: Collection, texts: Mapping[str, str], notes: list[Planted]) -> None:
    sources = [Source(id_, text.encode(), media_type="text/plain") for id_, text in texts.items()]
    sources += [
        Source(f"{_NOTE}{at}.txt", one.text.encode(), title=one.title, metadata=one.metadata)
        for at, one in enumerate(notes)
    ]
    for outcomes in put_all(collection, sources):
        for outcome in outcomes:
            if isinstance(outcome, InvalidInput):
                raise outcome


def _is_found(collection: Collection, text: str, one: Planted, note: str) -> bool:
    sha, start = collection.archive.version(one.document_id).text_sha256.hex(), text.index(one.true)
    locator = parse_locator(f"{one.document_id}@{sha[:12]}:{start}-{start + len(one.true.rstrip())}")
    found = collection.conflicts.of_citations([locator]).conflicts
    return any(note in (each.newer.citation.document_id, each.older.citation.document_id) for each in found)


def found(part: Part, folder: Path) -> Iterator[tuple[str, Planted, bool]]:
    """Each planted contradiction with its set, and whether it is found."""
    with Library(folder, embedder=sets.embedder()) as library:
        for name, count in COUNTS.items():
            texts, notes = documents(name), list(planted(name, count, part))
            collection = library.open(name, create=True)
            _store(collection, texts, notes)
            for at, one in enumerate(notes):
                yield name, one, _is_found(collection, texts[one.document_id], one, f"{_NOTE}{at}.txt")


def figures(part: Part = "test") -> dict[str, Estimate]:
    """The shares that are found: of all, of each kind and of each set."""
    with tempfile.TemporaryDirectory() as folder:
        rows = list(found(part, Path(folder)))

    def share(some: list[tuple[str, Planted, bool]]) -> Estimate:
        return proportion(sum(is_found for *_, is_found in some), len(some))

    return {
        "planted_found": share(rows),
        **{f"planted_{kind}_found": share([one for one in rows if one[1].kind == kind]) for kind in KINDS},
        **{f"planted_{name}_found": share([one for one in rows if one[0] == name]) for name in COUNTS},
    }


def alarms(name: str) -> Iterator[DocumentConflict]:
    """The disagreements told among the documents of a set as they are."""
    with tempfile.TemporaryDirectory() as folder, Library(Path(folder), embedder=sets.embedder()) as library:
        collection = library.open(name, create=True)
        _store(collection, documents(name), [])
        began = time.perf_counter()
        page = collection.conflicts.scan(limit=10_000)
        spent = (time.perf_counter() - began) * 1000
        print(f"{name}: {page.sentences} sentences, {spent / page.sentences:.2f} ms each")
        yield from page.conflicts


def study() -> dict[str, Estimate]:
    """All figures, by the templates of ``test``."""
    return figures()


def main() -> None:
    """Print the figures of a part, or alarms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("dev", "test"), default="dev")
    parser.add_argument("--alarms", nargs="*", help="sets whose alarms are listed")
    parser.add_argument("--missed", action="store_true", help="list what is not found")
    asked = parser.parse_args()
    for name in asked.alarms or ():
        for one in alarms(name):
            print(f"{one.kind}: {one.newer.words!r} / {one.older.words!r}")
            print(f"   {one.newer.citation.locator}  {one.newer.citation.quote}")
            print(f"   {one.older.citation.locator}  {one.older.citation.quote}")
    if asked.alarms is not None:
        return
    if asked.missed:
        with tempfile.TemporaryDirectory() as folder:
            for name, one, is_found in found(asked.part, Path(folder)):
                if not is_found:
                    print(f"{name} {one.kind}: {one.true}\n   {one.text}")
        return
    for name, estimate in figures(asked.part).items():
        print(
            f"{name}: {estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}] of {estimate.questions}"
        )


if __name__ == "__main__":
    main()
