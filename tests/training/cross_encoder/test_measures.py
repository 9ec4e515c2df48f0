from __future__ import annotations

import math

import numpy as np
import pytest

from training.cross_encoder.measures import auroc, calibration_error, token_f1
from training.cross_encoder.schedule import Schedule


def test_auroc_counts_pairs_in_order_and_ties_half() -> None:
    labels = np.array([True, True, False, False])
    assert auroc(np.array([0.9, 0.8, 0.2, 0.1]), labels) == 1
    assert auroc(np.array([0.9, 0.2, 0.2, 0.1]), labels) == pytest.approx(3.5 / 4)
    assert auroc(np.array([0.5, 0.5, 0.5, 0.5]), labels) == pytest.approx(0.5)
    assert math.isnan(auroc(np.array([0.5]), np.array([True])))


def test_calibration_error_is_the_mean_distance_of_bins() -> None:
    probabilities = np.array([0.95, 0.95, 0.05, 0.05])
    assert calibration_error(probabilities, np.array([True, True, False, False])) == pytest.approx(0.05)
    assert calibration_error(probabilities, np.array([False, True, False, False])) == pytest.approx(0.25)
    assert calibration_error(np.array([1.0]), np.array([True])) == 0


def test_f1_counts_shared_tokens() -> None:
    assert token_f1([1, 2, 3], [2, 3]) == pytest.approx(0.8)
    assert token_f1([1], [2]) == 0


def test_the_rate_rises_stays_and_falls_to_nothing() -> None:
    schedule = Schedule(peak=1.0, warmup=10)
    assert [schedule.rate(step) for step in (0, 4, 9, 10, 100_000)] == pytest.approx([0.1, 0.5, 1, 1, 1])
    falling = [schedule.rate(500, part) for part in (0, 0.25, 0.5, 0.99, 1, 1.5)]
    assert falling == sorted(falling, reverse=True)
    assert falling[-2:] == [0, 0]
