from __future__ import annotations

import pytest

from service.state.jobs.records import Item, ItemCounts, NewItem, is_concerned, new_job_id


def test_requests_are_left_out_of_the_repr() -> None:
    request = {"password": "secret"}
    item = Item(1, "file", "a", "000001", 1, request, "waiting", "", "", 0, "")
    assert "secret" not in repr(item) + repr(NewItem("file", "a", request=request))


def test_job_ids_are_long_random_hex_numbers() -> None:
    ids = {new_job_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(one) == 32 and set(one) <= set("0123456789abcdef") for one in ids)


def test_expanded_items_do_not_count() -> None:
    counts = ItemCounts({"expanded": 2, "waiting": 3, "added": 4, "refused": 1}, 0, 0)
    assert (counts.total, counts.done) == (8, 5)


@pytest.mark.parametrize(
    ("queued", "concerned"),
    [(4.0, True), (5.0, True), (6.0, False), (7.0, False), (8.0, True)],
    ids=["before", "at once", "after", "now", "in the future"],
)
def test_an_erasure_concerns_jobs_before_it_and_those_of_a_clock_that_was_set_back(
    queued: float, concerned: bool
) -> None:
    item = Item(1, "file", "a.txt", "000001", 1, {}, "added", "", "", 1, "a.txt")
    assert is_concerned(item, queued, {"a.txt": 5.0}, now=7.0) == concerned
    assert not is_concerned(item, queued, {"b.txt": 5.0}, now=7.0)
