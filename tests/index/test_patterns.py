"""Patterns that are compiled when they are first used."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

import pytest
import regex

from index.patterns import lazy_pattern
from tests.cli.commands import ROOT


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


def held(value: object) -> Iterator[regex.Pattern[str]]:
    """The patterns in a value of a module."""
    if type(value) is type(lazy_pattern("")):
        yield value
    elif isinstance(value, dict):
        yield from held([*value.keys(), *value.values()])
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from held(one)


def modules() -> Iterator[ModuleType]:
    for path in (ROOT / "index").rglob("*.py"):
        if "lazy_pattern(" in path.read_text():
            yield import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def test_all_patterns_compile() -> None:
    found = [one for module in modules() for one in held(list(vars(module).values()))]
    assert len(found) > 300
    assert all(one.groups >= 0 for one in found)
