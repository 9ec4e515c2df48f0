"""Whether what sentences claim is judged right: ``python -m benchmarks.claims.statements [--part test]``.

``altered``: sentences of COVID-QA's papers as they stand, and with one number, name, date or negation
changed, by the passage of the paper that they are of, some sentences long. ``written``: answers that people
wrote to CLAP NQ's questions, by their own passage and by the one among the others that is most like the
answer. Both are measured on the half of the documents that nothing was fitted to. ``elided``: quotes of all
papers that leave out words; no model has a part in these.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from benchmarks import sets
from benchmarks.claims.altered import KINDS, Altered, altered, sentences
from benchmarks.proportions import proportion
from evaluation.measures import Estimate
from index.citations import Claim, Locator, StatementVerdict, Verification, parse_locator
from index.collection import Collection
from index.library import Library

SHARED = Path(__file__).parents[3] / "shared" / "data"
SEED = 45
COUNT = 500
_RESAMPLES = 1000
_AROUND = 700

Part = Literal["dev", "test"]


def part_of(document_id: str) -> Part:
    """Which part a document belongs to: weights and thresholds are chosen on ``dev`` alone."""
    return "test" if zlib.crc32(document_id.encode()) & 1 else "dev"


def _verdicts(
    verification: Verification, sentence: str, passages: Sequence[Locator]
) -> list[StatementVerdict]:
    return [one for one in verification.answer(sentence, passages).statements if one is not None]


def study_altered(collection: Collection, count: int = COUNT, part: Part = "test") -> dict[str, Estimate]:
    """Of changed sentences the share called contradicted, by kind, and of true ones."""
    return altered_figures(judged_altered(collection, count, part))


def judged_altered(
    collection: Collection, count: int, part: Part
) -> list[tuple[Altered, list[StatementVerdict], list[StatementVerdict]]]:
    """Each sentence with the verdicts on it as it stands and as it was changed."""
    texts = {}
    for line in (SHARED / "covidqa" / "corpus.jsonl").open(encoding="utf-8"):
        name = json.loads(line)["_id"]
        texts[name] = collection.archive.text(name)[1]
    with collection.verification() as verification:
        return [
            (one, _verdicts(verification, one.true, by), _verdicts(verification, one.changed, by))
            for one in altered(texts, [name for name in texts if part_of(name) == part], count, SEED)
            for by in [[_around(collection, one)]]
        ]


def _around(collection: Collection, one: Altered) -> Locator:
    """The locator of the sentence's passage: whole sentences, about as long as a hit."""
    record, text = collection.archive.text(one.document_id)
    spans = sentences(text)
    inside = [span for span in spans if one.start - _AROUND < span[0] and span[1] < one.end + _AROUND]
    start, end = min(one.start, inside[0][0]), max(one.end, inside[-1][1])
    return parse_locator(f"{one.document_id}@{record.text_sha256.hex()[:12]}:{start}-{end}")


def altered_figures(
    judged: Sequence[tuple[Altered, list[StatementVerdict], list[StatementVerdict]]],
) -> dict[str, Estimate]:
    """The figures of :func:`judged_altered`."""

    def share(rows: Sequence[list[StatementVerdict]], status: str) -> Estimate:
        return proportion(sum(any(one.status == status for one in row) for row in rows), len(rows))

    figures = {
        "altered_contradicted": share([changed for _, _, changed in judged], "contradicted"),
        "true_contradicted": share([true for _, true, _ in judged], "contradicted"),
        "true_supported": share([true for _, true, _ in judged], "supported"),
    }
    for kind in KINDS:
        rows = [changed for one, _, changed in judged if one.kind == kind]
        figures[f"altered_{kind}_contradicted"] = share(rows, "contradicted")
    return figures


@dataclass(frozen=True, slots=True)
class Written:
    """An answer that somebody wrote, its own passage, and the other that is most like it."""

    answer: str
    own: str
    other: str


def written(collection: Collection, part: Part) -> Iterator[Written]:
    """The written answers to the questions on a part's documents, with locators of whole passages."""
    for line in (SHARED / "clapnq" / "queries.jsonl").open(encoding="utf-8"):
        record = json.loads(line)["metadata"]
        if record["unanswerable"] or part_of(record["source_doc"]) != part:
            continue
        for answer in record["answers"]:
            if not any(map(str.isalnum, answer)):
                continue  # one annotator left a full stop
            found = collection.ask(answer[:1000], k=10).hits
            others = [
                one.citation.document_id for one in found if one.citation.document_id != record["source_doc"]
            ]
            if others:
                yield Written(answer, _whole(collection, record["source_doc"]), _whole(collection, others[0]))


def _whole(collection: Collection, document_id: str) -> str:
    record, text = collection.archive.text(document_id)
    return f"{document_id}@{record.text_sha256.hex()[:12]}:0-{len(text)}"


def study_written(collection: Collection, part: Part = "test") -> dict[str, Estimate]:
    """AUROC of the mean probability of an answer's sentences, and the shares of statuses."""
    own, other = [], []
    with collection.verification() as verification:
        for one in written(collection, part):
            for locator, rows in ((one.own, own), (one.other, other)):
                report = verification.answer(one.answer, [parse_locator(locator)])
                rows.append([verdict for verdict in report.statements if verdict is not None])
    pairs = [(a, b) for a, b in zip(own, other, strict=True) if a and b]
    scores = np.array([[np.mean([one.probability for one in rows]) for rows in pair] for pair in pairs])
    sentences = {
        name: [v.status for rows in some for v in rows] for name, some in (("own", own), ("other", other))
    }
    figures = {"written_auroc": _auroc(scores)}
    for name, statuses in sentences.items():
        for status in ("supported", "contradicted"):
            figures[f"written_{name}_{status}"] = proportion(statuses.count(status), len(statuses))
    return figures


def _auroc(scores: np.ndarray) -> Estimate:
    """AUROC of column 0 over column 1, with a bootstrap over the rows."""

    def value(rows: np.ndarray) -> float:
        own, other = scores[rows, 0], np.sort(scores[rows, 1])
        below = np.searchsorted(other, own, "left") + np.searchsorted(other, own, "right")
        return float(below.mean() / 2 / len(other))

    count = len(scores)
    drawn = np.random.default_rng(0).integers(0, count, (_RESAMPLES, count))
    low, high = np.percentile([value(rows) for rows in drawn], [2.5, 97.5])
    return Estimate(value(np.arange(count)), float(low), float(high), count)


def study_elided(collection: Collection, count: int = 100) -> dict[str, Estimate]:
    """Of quotes that leave out words, those verified; of the same with the parts swapped, those verified."""
    draw = random.Random(SEED)
    names = [json.loads(line)["_id"] for line in (SHARED / "covidqa" / "corpus.jsonl").open(encoding="utf-8")]
    good, bad = 0, 0
    with collection.verification(claims=False) as verification:
        for number in range(count):
            head, tail, name = _halves(collection, names, draw)
            mark = ("…", " ... ", " [...] ", " […] ", ". . .")[number % 5]
            good += verification.quote(Claim(f"{head}{mark}{tail}", name)).status == "verified"
            bad += verification.quote(Claim(f"{tail}{mark}{head}", name)).status == "verified"
    return {"elided_verified": proportion(good, count), "swapped_verified": proportion(bad, count)}


def _halves(collection: Collection, names: Sequence[str], draw: random.Random) -> tuple[str, str, str]:
    """The beginning and the end of one or two sentences of a paper, with words between them."""
    while True:
        name = draw.choice(names)
        text = collection.archive.text(name)[1]
        spans = sentences(text)
        at = draw.randrange(len(spans) - 1)
        start, end = spans[at][0], spans[at + draw.randrange(2)][1]
        words = [
            (match.start() + start, match.end() + start) for match in re.finditer(r"\S+", text[start:end])
        ]
        if len(words) < 14:
            continue
        head, tail = text[start : words[4][1]], text[words[-6][0] : end]
        # A half that the paper repeats may come in the other order, too. What is in brackets is inserted.
        if all(text.count(half) == 1 and "[" not in half for half in (head, tail)):
            return head, tail, name


def study() -> dict[str, Estimate]:
    """All figures, on the test parts."""
    with Library(sets.DATA, embedder=sets.embedder()) as library:
        papers = sets.collection_of(library, SHARED / "covidqa")
        passages = sets.collection_of(library, SHARED / "clapnq")
        return {**study_altered(papers), **study_elided(papers), **study_written(passages)}


def main() -> None:
    """Print the figures of a part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("dev", "test"), default="dev")
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--only", choices=("altered", "written", "elided"))
    asked = parser.parse_args()
    with Library(sets.DATA, embedder=sets.embedder()) as library:
        figures: dict[str, Estimate] = {}
        if asked.only in (None, "altered"):
            papers = sets.collection_of(library, SHARED / "covidqa")
            figures |= study_altered(papers, asked.count, asked.part)
        if asked.only in (None, "elided"):
            figures |= study_elided(sets.collection_of(library, SHARED / "covidqa"))
        if asked.only in (None, "written"):
            figures |= study_written(sets.collection_of(library, SHARED / "clapnq"), asked.part)
    print(json.dumps({name: asdict(one) for name, one in figures.items()}, indent=1))


if __name__ == "__main__":
    main()
