"""The pairs of a folder in two parts, as a stream of samples and as development samples."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from training.cross_encoder import invented
from training.cross_encoder.bases import Base
from training.cross_encoder.contexts import Contexts, word_vectors
from training.cross_encoder.encoding import Encoder
from training.cross_encoder.names import Names
from training.cross_encoder.neighbours import neighbours
from training.cross_encoder.pairs import CLAIM_SETS, CLAIMS_WRITTEN, TOLD, WRITTEN, Pair, load
from training.cross_encoder.samples import Sample, Sampler, from_case
from training.cross_encoder.stream import INVENTED, Stream
from training.cross_encoder.written_pairs import document_pairs, passage_pairs

VERSION = "8"
"""Of the stream. Another version begins at its start, in another order."""
_OF_SET = 100
_MORE = {"claims": 3, "squad2_dev_half": 3, WRITTEN: 10, TOLD: 10}
_OF_KIND = 150
_HARD = ("exchanged", "title", "predicate", "word", "asked", "cut")


@dataclass(frozen=True, slots=True)
class Material:
    """The pairs of a folder, in two parts that share no document."""

    training: list[Pair]
    development: list[Pair]
    names: Names
    contexts: Contexts
    base: Base
    work: Path
    """Where neighbours are kept."""

    @classmethod
    def read(cls, folder: Path, work: Path, base: Base) -> Material:
        """Read all sets of a folder that a base is trained on."""
        own = {INVENTED, WRITTEN, CLAIMS_WRITTEN, TOLD}
        pairs = load(
            folder, [name for name in base.weights if name not in own], multilingual=base.multilingual
        )
        pairs += [*document_pairs(), *passage_pairs(pairs)]
        training = [pair for pair in pairs if not pair.development and not _is_told_by_its_question(pair)]
        development = [pair for pair in pairs if pair.development]
        questions = list(
            dict.fromkeys(
                pair.question
                for pair in training
                if pair.set_name not in CLAIM_SETS and pair.language == "en"
            )
        )
        contexts = Contexts(questions, word_vectors(questions, work))
        names = Names([pair for pair in training if pair.language == "en"])
        return cls(training, development, names, contexts, base, work)

    def stream(self, encoder: Encoder, *, seed: int) -> Stream:
        """The stream of training samples."""
        rows: dict[str, list[int]] = {}
        for row, pair in enumerate(self.training):
            rows.setdefault(pair.set_name, []).append(row)
        sampler = self._sampler(self.training, encoder)
        return Stream(sampler, rows, encoder, seed=f"{VERSION}:{seed}", weights=self.base.weights)

    def development_samples(self, encoder: Encoder) -> list[Sample]:
        """Samples of each kind and of each set, the same each time."""
        sampler = self._sampler(self.development, encoder)
        rows = list(range(len(self.development)))
        random.Random(0).shuffle(rows)
        made = [
            one
            for row in _capped(rows, self.development, self.base.weights)
            if (one := sampler.sample(row, _draw(row, "")))
        ]
        for kind in _HARD:
            found = (sampler.sample(row, _draw(row, kind), kind) for row in rows)
            made += itertools.islice((one for one in found if one), _OF_KIND)
        for number in range(_OF_KIND):
            made.append(from_case(invented.case(_draw(number, INVENTED), answered=number % 2 == 0)))
        return made

    def _sampler(self, pairs: list[Pair], encoder: Encoder) -> Sampler:
        return Sampler(pairs, neighbours(pairs, self.work), encoder, self.names, self.contexts)


def _is_told_by_its_question(pair: Pair) -> bool:
    """Whether it is a written near miss that is answered nowhere.

    Such questions differ from those that are answered, and a model learns that instead of reading.
    """
    return pair.set_name == WRITTEN and pair.near is not None


def _draw(number: int, kind: str) -> random.Random:
    return random.Random(f"development:{kind}:{number}")


def _capped(rows: list[int], pairs: list[Pair], weights: Mapping[str, float]) -> list[int]:
    counts: dict[str, int] = {}
    kept = []
    for row in rows:
        name = pairs[row].set_name
        counts[name] = counts.get(name, 0) + 1
        if counts[name] <= _OF_SET * _MORE.get(name, 1) and weights[name]:
            kept.append(row)
    return kept
