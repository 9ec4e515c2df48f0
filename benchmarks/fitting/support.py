"""Fit the weights by which claims are judged: ``python -m benchmarks.fitting.support``.

Of CLAP NQ's written answers only those to the dev part's documents are used
(:func:`benchmarks.claims.statements.part_of`). Each sentence is compared with its own passage, with the other
one that is most like the answer, with one at random, and with its own without the sentences that say it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from benchmarks import sets
from benchmarks.claims.statements import SEED, SHARED, written
from index.citations.claims import claims
from index.citations.statements.judging import Statement, makes_claim, nearest, statements
from index.citations.statements.sources import Source
from index.citations.statements.support import FEATURES, Features, Support
from index.library import Library
from index.text import Analyzer

_PENALTY = 0.1
"""Strong, because people who write these answers copy more than a model does: less weight on word order."""
_SAME = 0.4
"""Share of a claim's words from which a sentence of its passage says it."""


def examples(claim: Statement, own: Source, others: list[Source]) -> Iterator[tuple[Features, bool]]:
    """The features of a claim by its own passage, by others, and by what is left of its own."""
    if (best := nearest(claim, [own])) is None:
        return
    yield best.stated, True
    wanted = {claim.words[at].term for at in claim.content}
    left = [
        own.text[start:end]
        for (start, end), words in zip(own.spans, own.words, strict=True)
        if (start, end) not in best.sentences
        and len(wanted & {one.term for one in words}) <= _SAME * len(wanted)
    ]
    rest = Source(" ".join(left), own.context, own.terms, own.embedder)
    for source in [*others, rest]:
        if (found := nearest(claim, [source])) is not None:
            yield found.stated, False


def main() -> None:
    """Fit and write."""
    from sklearn.linear_model import LogisticRegression

    draw, terms, embedder = random.Random(SEED), Analyzer().terms, sets.embedder()
    with Library(sets.DATA, embedder=embedder) as library:
        collection = sets.collection_of(library, SHARED / "clapnq")
        sources: dict[str, Source] = {}
        rows: list[tuple[Features, bool]] = []
        answers = list(written(collection, "dev"))
        for one in answers:
            ids = [one.own, one.other, draw.choice(answers).other]
            for locator in ids:
                if locator not in sources:
                    citation = collection.archive.cite(locator)
                    sources[locator] = Source(citation.quote, citation.title, terms, embedder)
            own, *others = (sources[locator] for locator in ids)
            texts = [one.answer[sentence.start : sentence.end] for sentence in claims(one.answer)]
            for claim in statements([text for text in texts if makes_claim(text, terms)], terms, embedder):
                rows += examples(claim, own, others)
    values = np.array([[features.as_dict()[name] for name in FEATURES] for features, _ in rows])
    truth = np.array([is_said for _, is_said in rows])
    fitted = LogisticRegression(C=_PENALTY, class_weight="balanced").fit(values, truth)
    weights = dict(zip(FEATURES, fitted.coef_[0].round(4).tolist(), strict=True))
    provenance = {
        "source": "sentences of the written answers of CLAP NQ's dev part, by their own passage; by the "
        "other passage that is most like the answer, by one at random, and by their own without the "
        "sentences that say it",
        "examples": len(rows),
        "supported": int(truth.sum()),
        "method": f"logistic regression, classes of equal weight, L2 with C = {_PENALTY}",
        "command": "python -m benchmarks.fitting.support",
    }
    Support(weights, round(float(fitted.intercept_[0]), 4), provenance).save()


if __name__ == "__main__":
    main()
