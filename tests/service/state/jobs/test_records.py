from __future__ import annotations

from service.state.jobs.records import Item, ItemCounts, NewItem, new_job_id


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
