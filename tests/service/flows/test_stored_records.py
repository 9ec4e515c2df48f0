"""Stored sources and webhooks that cannot be read: they hide no others, are named, removed and replaced."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from index.collection import Collection, warn_once
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.errors import InvalidSource, SourceNotFound
from index.sources.applications import (
    Run,
    Source,
    all_sources,
    note_run,
    put_source,
    remove_source,
    source_of,
    sources_of,
    want_run,
)
from service.flows.webhooks.configured import (
    Webhook,
    all_webhooks,
    change_webhook,
    remove_webhook,
    webhook_of,
    webhooks_of,
)
from tests.opening import collection_in

GOOD = Source("good", "github", "acme/handbook", sealed="of good")
ODD: list[dict[str, Any]] = [
    {"options": {"api": 1}},
    {"options": {"api": None}},
    {"options": None},
    {"options": "api = 1"},
    {"group_prefixes": {"a": None}},
    {"groups": "staff"},
    {"groups": [1]},
    {"last": {}},
    {"last": "yesterday"},
    {"every": "often"},
    {"kind": None},
]
ODD_HOOKS: list[dict[str, Any]] = [
    {"topics": None},
    {"topics": "jobs"},
    {"groups": None},
    {"statuses": []},
    {"undelivered": [{}]},
    {"since": "first"},
    {"url": None},
]


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with collection_in(tmp_path, embedder=WordEmbedder(), config=LibraryConfig()) as collection:
        yield collection


def store(collection: Collection, key: str, value: object) -> None:
    collection.editor.set_connections(lambda known: {**known, key: value})


def stored(collection: Collection, key: str) -> Any:
    return collection.archive.connections().get(key)


def with_odd(collection: Collection, *odd: object) -> None:
    put_source(collection, GOOD)
    store(collection, "sources", [*odd, *stored(collection, "sources")])


def odd_source(odd: dict[str, Any]) -> dict[str, Any]:
    return {"name": "odd", "kind": "github", "sealed": "of odd", **odd}


@pytest.mark.parametrize("odd", ODD)
def test_an_unreadable_source_hides_no_other(collection: Collection, odd: dict[str, Any]) -> None:
    with_odd(collection, odd_source(odd))
    assert [one.name for one in sources_of(collection)] == ["good"]
    (problem,) = all_sources(collection)[1].values()
    assert "'odd'" in problem.message
    assert next(iter(odd)) in problem.message
    assert "of odd" not in problem.message
    assert source_of(collection, "good").sealed == "of good"
    with pytest.raises(InvalidSource, match=next(iter(odd))):
        source_of(collection, "odd")
    with pytest.raises(InvalidSource):
        want_run(collection, "odd")


@pytest.mark.parametrize(
    "names",
    [
        ["a", "a:3", "a"],
        ["unnamed:2", None],
        ["unnamed:2", "", None, "unnamed:3"],
        ["good:2", "good", "good"],
        ["", "good:1", "good"],
        [["token"], {"token": "t"}, 7],
    ],
)
def test_no_unreadable_source_takes_the_name_of_another(collection: Collection, names: list[object]) -> None:
    kept = [odd_source({"name": name, "kind": None, "place": str(at)}) for at, name in enumerate(names)]
    with_odd(collection, *kept)
    found = list(all_sources(collection)[1])
    assert len(set(found)) == len(names)
    assert "good" not in found
    assert not any("token" in name for name in found)
    note_run(collection, "good", Run(1.0, 2.0))
    for left in range(len(names), 0, -1):
        assert len(stored(collection, "sources")) == 1 + left
        remove_source(collection, next(iter(all_sources(collection)[1])))


@pytest.mark.parametrize("odd", ODD)
def test_an_unreadable_source_stays_until_it_is_removed_or_replaced(
    collection: Collection, odd: dict[str, Any]
) -> None:
    kept = odd_source(odd)
    with_odd(collection, kept)
    note_run(collection, "good", Run(1.0, 2.0))
    note_run(collection, "odd", Run(1.0, 2.0))
    put_source(collection, Source("more", "jira"))
    assert kept in stored(collection, "sources")
    remove_source(collection, "good")
    put_source(collection, Source("odd", "jira"))
    assert [one.name for one in sources_of(collection)] == ["more", "odd"]
    assert source_of(collection, "odd").sealed == ""
    assert not all_sources(collection)[1]
    store(collection, "sources", [kept])
    remove_source(collection, "odd")
    assert stored(collection, "sources") is None
    with pytest.raises(SourceNotFound):
        remove_source(collection, "odd")


@pytest.mark.parametrize(
    "odd", [None, 7, "odd", [], {}, {"name": None}, {"name": ""}, {"name": 7, "kind": "x"}]
)
def test_one_without_a_name_keeps_its_name_when_another_goes(collection: Collection, odd: object) -> None:
    with_odd(collection, {"kind": "jira"}, odd)
    assert [one.name for one in sources_of(collection)] == ["good"]
    first, second = all_sources(collection)[1]
    assert first.startswith("unnamed:")
    remove_source(collection, first)
    with pytest.raises(SourceNotFound):
        remove_source(collection, first)
    assert list(all_sources(collection)[1]) == [second]
    remove_source(collection, second)
    assert [one["name"] for one in stored(collection, "sources")] == ["good"]


@pytest.mark.parametrize("value", [None, {}, "sources", 7])
def test_what_is_no_list_is_one_that_cannot_be_read(collection: Collection, value: object) -> None:
    store(collection, "sources", value)
    assert sources_of(collection) == []
    put_source(collection, GOOD)
    (name,) = all_sources(collection)[1]
    remove_source(collection, name)
    assert [one["name"] for one in stored(collection, "sources")] == ["good"]


@pytest.mark.parametrize("order", list(permutations([0, 1, 2])))
def test_records_of_one_name_are_removed_by_the_names_that_were_listed(
    collection: Collection, order: tuple[int, ...]
) -> None:
    with_odd(collection, *({"name": name, "options": at} for at, name in enumerate(["good", "odd", "odd"])))
    listed = list(all_sources(collection)[1])
    assert [name.partition(":")[0] for name in listed] == ["good", "odd", "odd"]
    assert not {"good", "odd"} & {*listed}
    assert source_of(collection, "good").sealed == GOOD.sealed
    for at in order:
        with pytest.raises(InvalidSource):
            source_of(collection, listed[at])
        remove_source(collection, listed[at])
        with pytest.raises(SourceNotFound):
            remove_source(collection, listed[at])
    assert [one["name"] for one in stored(collection, "sources")] == ["good"]


@pytest.mark.parametrize("value", [7, {"kind": "jira"}, {"name": "odd"}])
def test_equal_records_are_one(collection: Collection, value: object) -> None:
    with_odd(collection, value, value)
    (name,) = all_sources(collection)[1]
    remove_source(collection, name)
    assert [one["name"] for one in stored(collection, "sources")] == ["good"]


@pytest.mark.parametrize("odd", ODD_HOOKS)
def test_an_unreadable_webhook_hides_no_other(collection: Collection, odd: dict[str, Any]) -> None:
    kept = {"name": "odd", "url": "https://x.test/", **odd}
    store(collection, "webhooks", [kept])
    change_webhook(collection, "good", lambda known: Webhook("good", "https://x.test/"))
    change_webhook(collection, "odd", lambda known: known)
    assert kept in stored(collection, "webhooks")
    assert [one.name for one in webhooks_of(collection)] == ["good"]
    (problem,) = all_webhooks(collection)[1].values()
    assert next(iter(odd)) in problem.message
    with pytest.raises(InvalidSource):
        webhook_of(collection, "odd")
    change_webhook(collection, "odd", lambda known: Webhook("odd", "https://y.test/"))
    assert not all_webhooks(collection)[1]
    store(collection, "webhooks", [kept])
    remove_webhook(collection, "odd")
    with pytest.raises(SourceNotFound):
        remove_webhook(collection, "odd")


def test_a_record_that_cannot_be_read_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            warn_once("of this test", "It cannot be read.")
    assert len(caplog.records) == 1
