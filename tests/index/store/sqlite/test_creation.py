"""Threads and processes that create the same collection at the same time."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from index.store import open_catalogue


def test_of_several_that_create_a_collection_one_describes_it(tmp_path: Path) -> None:
    """A command and a service may have other models by default: each would replace the other's vectors."""

    def describe(number: int) -> Mapping[str, Any]:
        return open_catalogue(tmp_path).describe("a", {"model": number})

    with ThreadPoolExecutor(8) as many:
        found = list(many.map(describe, range(8)))
    assert len({one["model"] for one in found}) == 1
