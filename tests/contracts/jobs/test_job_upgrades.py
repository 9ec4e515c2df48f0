"""What every job store does with upgrades. A new store is added to ``job_stores``, with no new test."""

from __future__ import annotations

import pytest

from index.errors import UpgradeBegun
from service.errors import JobNotFound
from service.state.jobs.records import NewItem
from tests.contracts.jobs.job_stores import Opener


def test_an_upgrade_keeps_its_details(open_store: Opener) -> None:
    store = open_store()
    details = {"model": "é", "progress": None}
    added = store.add("job", "lamps", [], kind="upgrade", details=details)
    assert (added.kind, added.details, added.counts.total) == ("upgrade", details, 0)
    other = store.add("other", "lamps", [NewItem("file", "a")])
    assert (other.kind, other.details) == ("ingest", {})
    store.set_details("job", {**details, "progress": {"embedded": 3}})
    found = open_store().job("job")
    assert found.details == {**details, "progress": {"embedded": 3}}
    assert found.revision > added.revision
    with pytest.raises(JobNotFound):
        store.set_details("none", {})


def test_a_collection_has_one_unfinished_upgrade(open_store: Opener) -> None:
    store = open_store()
    store.add("job", "lamps", [], kind="upgrade")
    store.add("elsewhere", "ropes", [], kind="upgrade")
    store.add("files", "lamps", [NewItem("file", "a")])
    for _ in ("queued", "running"):
        with pytest.raises(UpgradeBegun, match="'lamps' is under way: the job 'job'"):
            open_store().add("again", "lamps", [], kind="upgrade")
        store.move("job", "running")
    assert store.ids() == {"job", "elsewhere", "files"}
    store.move("job", "failed")
    store.add("again", "lamps", [], kind="upgrade")
    with pytest.raises(UpgradeBegun, match="the job 'again'"):
        store.retry("job")
    assert store.job("job").state == "failed"
    store.cancel("again")
    assert store.retry("job").state == "queued"
