"""How long verdicts take: ``python -m benchmarks.speed.verdicts``.

Sentences of COVID-QA's papers are checked against all of them, each by the passages that a search finds: one
by one with the cross-encoder and without; then 50,000 characters of some papers at once: until the first
verdict with it, and until the last without it. Last,
other documents are compared with three sentences at a time, as with those of an answer. Times are without
HTTP. On a machine that is busy, run it before all others: ``chrt -r 1 python -m benchmarks.speed.verdicts``.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence

from benchmarks import sets
from benchmarks.citations.verification import DATA
from benchmarks.proportions import percentile
from evaluation.measures import Estimate
from index.citations import JudgedSentence, Judging, locator_of, parse_locator
from index.collection import Collection
from index.library import Library
from index.text import sentence_spans

SENTENCES, ANSWERS = 100, 50
LENGTH = 50_000
SEED = 31
_FEWEST, _MOST = 60, 400
"""Characters of a sentence."""


def study() -> dict[str, Estimate]:
    """Milliseconds of a sentence and of an answer's conflicts, seconds of a text and of its first verdict."""
    papers = {row["_id"]: row["text"] for row in map(json.loads, DATA.read_text("utf-8").splitlines())}
    draw = random.Random(SEED)
    model = sets.cross_encoder()
    with Library(sets.DATA, embedder=sets.embedder(), cross_encoder=lambda _: model) as library:
        collection = sets.collection_of(library, DATA.parent)
        one_by_one = [_sentences(papers, draw, 1) for _ in range(SENTENCES)]
        compared = _timed(lambda text: _verify(collection, text, read=False), one_by_one)
        read = _timed(lambda text: _verify(collection, text, read=True), one_by_one) if model else []
        text = "\n\n".join(draw.sample(sorted(papers.values()), LENGTH // 1000))[:LENGTH]
        (whole,) = _timed(lambda one: _verify(collection, one, read=False), [text], before=one_by_one[:1])
        (first,) = _timed(lambda one: _verify_first(collection, one), [text], before=one_by_one[:1])
        conflicts = _timed(lambda _: _conflicts(collection, papers, draw), [""] * ANSWERS)
    return {
        "sentence_compared_p95_ms": percentile(compared, 95),
        **({"sentence_read_p95_ms": percentile(read, 95)} if read else {}),
        "text_compared_seconds": Estimate(whole / 1000, whole / 1000, whole / 1000, 1),
        "text_first_seconds": Estimate(first / 1000, first / 1000, first / 1000, 1),
        "conflicts_p95_ms": percentile(conflicts, 95),
    }


def _sentences(papers: dict[str, str], draw: random.Random, count: int) -> str:
    found: list[str] = []
    while len(found) < count:
        text = draw.choice(list(papers.values()))
        start, end = draw.choice(sentence_spans(text, 0, len(text)))
        if _FEWEST <= end - start <= _MOST:
            found.append(" ".join(text[start:end].split()))
    return " ".join(found)


def _verify(collection: Collection, text: str, *, read: bool) -> None:
    with collection.verification(judging=Judging(read=read)) as verification:
        verification.answer(text, [])


def _verify_first(collection: Collection, text: str) -> None:
    told: list[JudgedSentence] = []
    with collection.verification(stop=lambda: bool(told)) as verification:
        verification.answer(text, [], told=told.append)


def _conflicts(collection: Collection, papers: dict[str, str], draw: random.Random) -> None:
    names = draw.sample(sorted(papers), 3)
    locators = []
    for name in names:
        version = collection.archive.version(name)
        start, end = draw.choice(sentence_spans(papers[name], 0, len(papers[name])))
        locators.append(parse_locator(locator_of(version, start, end)))
    collection.conflicts.of_citations(locators)


def _timed(
    run: Callable[[str], None], texts: Sequence[str], *, before: Sequence[str] | None = None
) -> list[float]:
    """Milliseconds of each, after some that are not counted: by default the first."""
    for text in texts[:1] if before is None else before:
        run(text)
    found = []
    for text in texts:
        began = time.perf_counter()
        run(text)
        found.append((time.perf_counter() - began) * 1000)
    return found


if __name__ == "__main__":
    for name, estimate in study().items():
        print(
            f"{name}: {estimate.value:.1f} ({estimate.low:.1f} to {estimate.high:.1f}), {estimate.questions}"
        )
