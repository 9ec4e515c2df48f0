from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from tests.training.cross_encoder.toys import encoder, pairs, sampler
from training.cross_encoder.encoding import Batch
from training.cross_encoder.stream import WEIGHTS, Position, Stream


def stream(seed: str = "1") -> Stream:
    some = pairs()
    rows: dict[str, list[int]] = {}
    for row, pair in enumerate(some):
        rows.setdefault(pair.set_name, []).append(row)
    texts = [text for pair in some for text in (pair.passage, pair.question)]
    return Stream(sampler(some), rows, encoder(texts), seed=seed, pool=64)


def taken(one: Stream, position: Position, count: int) -> list[tuple[Batch, Position]]:
    return list(islice(one.batches(position, 256), count))


def equal(one: Batch, other: Batch) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in Batch.__slots__)


def test_the_same_seed_makes_the_same_samples() -> None:
    assert stream().samples(3) == stream().samples(3)
    assert stream().samples(3) != stream("2").samples(3)
    assert stream().samples(3) != stream().samples(4)


@pytest.mark.parametrize("at", [1, 5, 17])
def test_a_stream_goes_on_at_its_position(at: int) -> None:
    whole = taken(stream(), Position(), 30)
    rest = taken(stream(), whole[at - 1][1], 30 - at)
    assert all(equal(a, b) for (a, _), (b, _) in zip(whole[at:], rest, strict=True))
    assert whole[-1][1].pool > 0


def test_each_pair_of_a_set_comes_once_in_a_pass() -> None:
    one = stream()
    rows = one.rows("squad2_dev_half")
    passed = [one.row("squad2_dev_half", number) for number in range(2 * len(rows))]
    assert sorted(passed[: len(rows)]) == sorted(passed[len(rows) :]) == sorted(rows)
    assert passed[: len(rows)] != passed[len(rows) :]


def test_batches_hold_as_many_tokens_as_fit() -> None:
    for made, _ in taken(stream(), Position(), 40):
        assert made.ids.size <= 256 or len(made.ids) == 1


def test_shares_of_sets_are_those_of_their_weights() -> None:
    samples = [one for pool in range(12) for one in stream().samples(pool)]
    share = sum(one.set_name == "squad2_dev_half" for one in samples) / len(samples)
    known = {"squad2_dev_half", "nqg_squad_sentences", "claims", "invented"}
    expected = WEIGHTS["squad2_dev_half"] / sum(WEIGHTS[name] for name in known)
    assert share == pytest.approx(expected, abs=0.05)
