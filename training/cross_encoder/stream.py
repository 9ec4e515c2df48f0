"""The stream of samples: sets mixed by their weights, deterministic by seed, resumed at any pool."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.search.cross_encoder.encoding import padded_length
from training.cross_encoder import invented
from training.cross_encoder.encoding import Batch, Encoded, Encoder, batch
from training.cross_encoder.pairs import CLAIMS_WRITTEN, TOLD, WRITTEN
from training.cross_encoder.samples import Sample, Sampler, from_case

INVENTED = "invented"
WEIGHTS: Mapping[str, float] = {
    "squad2_dev_half": 14, "squad2_train_part": 11, "afriqa": 9, "nq_open_oracle": 5, "qed_dev": 3,
    "nqg_squad_sentences": 12, "selqa": 4, "onestopqa": 3, "quoref_sample": 0, "fairytaleqa": 6, "qamr": 4,
    "boolq": 7, "conditionalqa_evidence": 2.5, "covid_faq_jhu": 2.5, "medquad": 4, "dstc9_faq": 2,
    "stackexchange_small": 2, "faq_microsoft": 0.7, "faq_perl": 0.5, "faq_python": 0.5, "faq_rust": 0.3,
    "faq_software": 0.7, "interview_js_react": 1.2, "claims": 8, INVENTED: 16,
    WRITTEN: 50, TOLD: 80, CLAIMS_WRITTEN: 14,
}  # fmt: skip
"""Parts of the stream by set. Thin sets and sets of templates have a small one (their cap)."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a stream goes on: the pool and the batch in it."""

    pool: int = 0
    batch: int = 0


class Stream:
    """Batches of similar length, made pool by pool. A pool depends on the seed and its number alone."""

    def __init__(
        self,
        sampler: Sampler,
        rows: Mapping[str, Sequence[int]],
        encoder: Encoder,
        *,
        seed: str,
        pool: int = 2048,
        weights: Mapping[str, float] = WEIGHTS,
    ) -> None:
        self._sampler = sampler
        self._rows = {name: rows[name] for name in sorted(rows) if rows[name] and weights[name]}
        self._encoder = encoder
        self._seed = seed
        self._pool = pool
        names = [*self._rows, INVENTED]
        total = sum(weights[name] for name in names)
        self._shares = {name: weights[name] / total for name in names}

    def samples(self, pool: int) -> list[Sample]:
        """The samples of a pool."""
        made: list[Sample] = []
        for name, share in self._shares.items():
            first, last = int(pool * self._pool * share), int((pool + 1) * self._pool * share)
            for number in range(first, last):
                draw = random.Random(f"{self._seed}:{name}:{number}")
                if name == INVENTED:
                    made.append(from_case(invented.case(draw, answered=draw.random() < 0.5)))
                elif one := self._sampler.sample(self.row(name, number), draw):
                    made.append(one)
        random.Random(f"{self._seed}:{pool}").shuffle(made)
        return made

    def rows(self, name: str) -> Sequence[int]:
        """The pairs of a set."""
        return self._rows[name]

    def row(self, name: str, number: int) -> int:
        """A pair by its number in the stream of its set: each once in a pass, in another order each time."""
        rows = self._rows[name]
        turn, at = divmod(number, len(rows))
        return rows[_order(len(rows), f"{self._seed}:{name}:{turn}")[at]]

    def batches(self, position: Position, tokens: int) -> Iterator[tuple[Batch, Position]]:
        """Batches from a position on, each with the position after it."""
        while True:
            encoded = [self._encoder.encode(one) for one in self.samples(position.pool)]
            groups = _groups(encoded, tokens)
            random.Random(f"{self._seed}:{position.pool}:order").shuffle(groups)
            for number in range(position.batch, len(groups)):
                yield batch(groups[number]), Position(position.pool, number + 1)
            position = Position(position.pool + 1)


@lru_cache(maxsize=64)
def _order(count: int, seed: str) -> tuple[int, ...]:
    order = list(range(count))
    random.Random(seed).shuffle(order)
    return tuple(order)


def _groups(encoded: list[Encoded], tokens: int) -> list[list[Encoded]]:
    """Groups of similar length that have at most so many tokens when padded."""
    groups: list[list[Encoded]] = []
    for one in sorted(encoded, key=lambda e: len(e.ids)):
        if groups and (len(groups[-1]) + 1) * padded_length(len(one.ids)) <= tokens:
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups
