"""Ask about clauses of contracts that an amendment changes: ``python -m benchmarks.conflicts.amendments``.

100 sentences of ContractNLI's agreements, as far as the documents have so many that nothing was chosen on,
have another fact in a document that supersedes theirs. The question has the first words of the old sentence,
without its numbers. ``amended_first`` is the share of the questions whose first passage is of that document;
``amended_before`` that of the questions whose passages have nothing of the old document before it.
``amended_first_without`` is the first share where the metadata do not say that it supersedes the old one.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import sets
from benchmarks.conflicts.planting import Part, Planted, documents, planted
from benchmarks.proportions import proportion
from evaluation.measures import Estimate
from index.ingest import Source
from index.library import Library
from index.sources import put_all

COUNT = 100
_WORDS = 14
_FACT = re.compile(r"\S*\d\S*|\bnot\b")


def question(one: Planted) -> str:
    """A question about a sentence in its own words."""
    words = _FACT.sub("", one.true).split()[:_WORDS]
    return f"What holds here: {' '.join(words)}?"


def _found(notes: Sequence[Planted], *, superseding: bool) -> list[list[str]]:
    """The documents of the passages that answer the question of each, in order."""
    texts = documents("contracts")
    with tempfile.TemporaryDirectory() as folder, Library(Path(folder), embedder=sets.embedder()) as library:
        collection = library.open("contracts", create=True)
        sources = [Source(id_, text.encode(), media_type="text/plain") for id_, text in texts.items()]
        for at, one in enumerate(notes):
            metadata = {"supersedes": one.document_id} if superseding else {}
            text = one.text.encode()
            sources.append(Source(f"note-{at}.txt", text, media_type="text/plain", metadata=metadata))
        for _ in put_all(collection, sources):
            pass
        collection.embed_pending()
        answers = [collection.ask(question(one), k=5) for one in notes]
    return [[hit.citation.document_id for hit in answer.hits] for answer in answers]


def _is_before(found: Sequence[str], new: str, old: str) -> bool:
    return new in found and (old not in found or found.index(new) < found.index(old))


def study(part: Part = "test") -> dict[str, Estimate]:
    """The three shares."""
    notes = list(planted("contracts", COUNT, part, seed=11))
    found = _found(notes, superseding=True)
    without = _found(notes, superseding=False)
    before = [
        _is_before(ids, f"note-{at}.txt", one.document_id)
        for at, (ids, one) in enumerate(zip(found, notes, strict=True))
    ]

    def first(each: Sequence[Sequence[str]]) -> Estimate:
        return proportion(sum(ids[:1] == [f"note-{at}.txt"] for at, ids in enumerate(each)), len(each))

    return {
        "amended_first": first(found),
        "amended_before": proportion(sum(before), len(before)),
        "amended_first_without": first(without),
    }


if __name__ == "__main__":
    for name, estimate in study().items():
        print(f"{name}: {estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})")
