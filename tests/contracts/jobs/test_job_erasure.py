"""What every job store does when documents are erased."""

from __future__ import annotations

import time
from dataclasses import replace

from service.state.jobs.protocols import JobStore
from service.state.jobs.records import Item
from tests.contracts.jobs.job_stores import Opener
from tests.contracts.jobs.test_job_store import items, new, settle


def later() -> float:
    return time.time() + 60


def numbers(found: list[tuple[str, Item]]) -> list[tuple[str, int]]:
    return [(job_id, item.number) for job_id, item in found]


def filled(store: JobStore) -> list[Item]:
    """A refused file, a stored one, a stored member of an archive, and one that waits."""
    request = {"title": "secret", "member": "c.md"}
    store.add(
        "job",
        "lamps",
        [
            new("a.md", request=request),
            new("b.md"),
            new("z/c.md", kind="member", request=request),
            new("d.md"),
        ],
    )
    first, second, third, _ = items(store)
    settle(store, first, "refused", code="corrupt_document", message="secret is damaged")
    settle(store, second, "added", document="b.md", passages=2)
    settle(store, third, "added", document="z/c.md", passages=3)
    return items(store)


def test_an_erasure_concerns_settled_items_of_jobs_queued_before(store: JobStore) -> None:
    filled(store)
    assert numbers(store.concerned("lamps", {"a.md": later(), "z/c.md": later()})) == [("job", 1), ("job", 3)]
    assert store.concerned("lamps", {"d.md": later()}) == []
    assert store.concerned("lamps", {"a.md": store.job("job").created - 1}) == []
    assert store.concerned("other", {"a.md": later()}) == []
    # A document may have another id than the item has a name.
    settle(store, replace(items(store)[1]), "added", document="renamed.md", passages=2)
    assert numbers(store.concerned("lamps", {"renamed.md": later()})) == [("job", 2)]


def test_the_member_of_an_archive_is_remembered(store: JobStore) -> None:
    assert filled(store)[2].request == {"member": "c.md"}


def test_an_erased_item_says_nothing_of_its_document(store: JobStore, open_store: Opener) -> None:
    before = filled(store)
    counts = store.job("job").counts
    store.erase("job", [1, 3])
    store.erase("job", [1, 3])
    store.erase("unknown", [1])
    refused, kept, member, _ = items(open_store())
    assert (refused.name, refused.outcome, refused.code) == ("erased/1", "refused", "corrupt_document")
    assert (refused.message, refused.request) == ("Its document was erased.", {})
    assert (member.name, member.document, member.request) == ("erased/3", "", {"member": ""})
    assert kept == before[1]
    assert store.job("job").counts == counts
    assert store.concerned("lamps", {"a.md": later(), "erased/1": later()}) == []
    assert store.purge()


def test_all_items_of_finished_jobs_of_a_collection_are_found(store: JobStore) -> None:
    filled(store)
    assert store.concerned("lamps", None) == []
    store.move("job", "cancelled")
    assert numbers(store.concerned("lamps", None)) == [("job", number) for number in (1, 2, 3, 4)]
    assert store.collections() == {"lamps"}
