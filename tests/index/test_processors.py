from pathlib import Path

import pytest

from index.processors import processors, threads


@pytest.mark.parametrize(
    ("quota", "share"), [("max 100000", None), ("150000 100000", 2), ("50000 100000", 1), ("junk", None)]
)
def test_a_container_s_share_bounds_them(tmp_path: Path, quota: str, share: int | None) -> None:
    every = processors(tmp_path / "none")
    (tmp_path / "cpu.max").write_text(quota)
    assert processors(tmp_path / "cpu.max") == (every if share is None else min(share, every))


def test_processes_share_them() -> None:
    assert threads(1) == processors()
    assert threads(2) == max(1, processors() // 2)
    assert threads(1000) == 1
