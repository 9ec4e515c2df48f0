"""Patterns that are compiled when they are first used."""

from __future__ import annotations

import pytest
import regex

from benchmarks.patterns import used_patterns
from index.patterns import LazyPattern, lazy_pattern


def test_a_pattern_is_used_as_one_that_is_compiled() -> None:
    lazy, compiled = lazy_pattern(r"(?P<day>\d+)\.", regex.IGNORECASE), regex.compile(r"(?P<day>\d+)\.")
    for _ in range(2):
        assert lazy.sub("x", "1. 2.") == compiled.sub("x", "1. 2.") == "x x"
        assert [one["day"] for one in lazy.finditer("1. 31.")] == ["1", "31"]
    assert lazy.groupindex == compiled.groupindex
    assert lazy.pattern == compiled.pattern


def test_a_wrong_pattern_fails_at_its_first_use() -> None:
    wrong = lazy_pattern("(")
    with pytest.raises(regex.error, match="missing"):
        wrong.search("")


def test_all_patterns_compile() -> None:
    found = [one.pattern for one in used_patterns() if isinstance(one.pattern, LazyPattern)]
    assert len(found) > 300
    assert all(one.groups >= 0 for one in found)
