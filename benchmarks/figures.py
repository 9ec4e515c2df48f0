"""Figures by their names: printed and kept by the studies, read by the plots."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from evaluation.measures import Estimate


def show(figures: Mapping[str, Estimate], save: Path | None = None) -> None:
    """Print figures as one JSON object, and write it to a file where one is given."""
    told = json.dumps({name: asdict(one) for name, one in figures.items()}, indent=1)
    print(told)
    if save:
        save.write_text(f"{told}\n")


def read(path: Path) -> dict[str, Estimate]:
    """The figures of a study, as it saved them."""
    return {name: Estimate(**one) for name, one in json.loads(path.read_text()).items()}


def exact(value: float, of: int) -> Estimate:
    """A figure without an interval, made of so many."""
    return Estimate(value, value, value, of)
