"""What only a record in PostgreSQL has to keep: other text types, transactions of others, dead workers."""

import threading

import pytest

from index.errors import CollectionBusy, VersionNotFound
from index.filters import NameContains, parse_filter
from index.postgresql import Server
from index.records import RefusedMirror
from index.store.postgresql import PostgresqlCatalogue, PostgresqlStore
from tests.contracts.documents import document, live_ids, now, pending, put, unit
from tests.patience import PATIENCE, eventually


@pytest.fixture
def store(catalogue: PostgresqlCatalogue) -> PostgresqlStore:
    catalogue.describe("a", {})
    return catalogue.open("a")


def test_texts_may_have_any_character(store: PostgresqlStore) -> None:
    odd = "Nul\x00 and \x01 escape \x01\x02."
    metadata = {"odd\x00": odd, "list": ("\x00", "\x01")}
    new = document("a", odd, title=odd, source=odd, metadata=metadata, headings=[odd, ""])
    (record,) = put(store, [new])
    assert (record.title, record.source, record.metadata) == (
        odd,
        odd,
        {"odd\x00": odd, "list": ["\x00", "\x01"]},
    )
    assert [one.text for one in pending(store)] == list(new.indexed_texts())
    for key, value in (("odd\x00", odd), ("title", odd), ("list", "\x00")):
        where = parse_filter({"type": "eq", "key": key, "value": value})
        assert now(store).select(where).tolist() == [record.key]
    assert now(store).select(NameContains("nul\x00")).tolist() == [record.key]
    mirrors = [RefusedMirror("root", odd, 1.0)]
    store.set_refused_mirrors(mirrors)
    assert now(store).refused_mirrors() == mirrors
    assert list(store.problems(8)) == []


def test_strings_longer_than_an_entry_of_an_index_are_compared_whole(store: PostgresqlStore) -> None:
    long = "ü" * 4000
    put(store, [document("a", metadata={"word": long + "a"}), document("b", metadata={"word": long + "b"})])
    for kind, value, expected in (
        ("eq", long + "a", ["a"]),
        ("gt", long + "a", ["b"]),
        ("gte", long + "a", ["a", "b"]),
        ("lt", long + "b", ["a"]),
        ("lte", long, []),
        ("nin", [long + "a"], ["b"]),
    ):
        where = parse_filter({"type": kind, "key": "word", "value": value})
        assert [one.id for one in now(store).documents(limit=9, where=where)] == expected


def test_numbers_are_compared_exactly(store: PostgresqlStore) -> None:
    put(store, [document("a", metadata={"n": 2**53 + 1}), document("b", metadata={"n": 0.1})])
    for kind, value, expected in (
        ("gt", float(2**53), ["a"]),
        ("eq", float(2**53), []),
        ("eq", 0.1, ["b"]),
        ("lt", 0.1, []),
        ("gt", 0, ["a", "b"]),
    ):
        where = parse_filter({"type": kind, "key": "n", "value": value})
        assert [one.id for one in now(store).documents(limit=9, where=where)] == expected


def test_the_claims_of_a_worker_end_with_its_connection(
    server: Server, catalogue: PostgresqlCatalogue, store: PostgresqlStore
) -> None:
    put(store, [document("a")])
    other = catalogue.open("a")
    with store.lease("embed/one") as one, other.lease("embed/two") as two:
        assert len(store.claim(9, one)) == 2
        assert other.claim(9, two) == []
        with server.write("collection_1") as writing:
            ended = writing.rows(
                "SELECT pg_terminate_backend(pid, 60000) FROM pg_locks, claims"
                " WHERE locktype = 'advisory' AND objid::bigint = (lock & 4294967295) LIMIT 1"
            )
        assert ended == [(True,)]
        assert len(other.claim(9, two)) == 2


def test_the_claims_of_a_worker_that_hangs_end_after_their_time(
    server: Server, catalogue: PostgresqlCatalogue, store: PostgresqlStore
) -> None:
    put(store, [document("a")])
    other = catalogue.open("a")
    with store.lease("embed/hanging") as hanging, other.lease("embed/two") as two:
        keys = [one.key for one in store.claim(9, hanging)]
        with server.write("collection_1") as writing:
            writing.execute("UPDATE claims SET until = now() - interval '1 second'")
        assert store.put_vectors(keys[:1], unit(1), lease=hanging) == 1  # nobody else has claimed it
        assert [one.key for one in other.claim(9, two)] == keys[1:]
        assert store.put_vectors(keys, unit(2), lease=hanging) == 0
        assert other.put_vectors(keys, unit(2), lease=two) == 1


def test_workers_that_claim_at_once_do_not_wait_and_share_no_text(
    server: Server, catalogue: PostgresqlCatalogue, store: PostgresqlStore
) -> None:
    same = "The same words."
    put(store, [document(str(number), f"{same} Text {number}.") for number in range(40)])
    with server.write("collection_1") as writing:  # another worker is claiming these right now
        taken = writing.rows("SELECT id FROM passages ORDER BY id LIMIT 10 FOR UPDATE")
        with store.lease("embed/free") as lease:
            free = [one.id for one in store.claim(10, lease)]
            assert free
            assert min(free) > max(id_ for (id_,) in taken)
    claimed: list[bytes] = []

    def work(number: int) -> None:
        opened = catalogue.open("a")
        with opened.lease(f"embed/{number}") as lease:
            while found := opened.claim(7, lease):
                claimed.extend(one.key for one in found)
            barrier.wait(PATIENCE)

    barrier = threading.Barrier(4)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(claimed) == sorted({one.key for one in pending(store)})


def test_what_another_process_erased_is_not_read_from_memory(
    catalogue: PostgresqlCatalogue, store: PostgresqlStore
) -> None:
    (record,) = put(store, [document("a")])
    sha = record.text_sha256
    with store.snapshot() as before:
        assert before.whole_texts([sha]) == {sha: document("a").text}
        catalogue.open("a").delete("a")
        assert before.text(sha, 0, 3) == "One"
    assert now(store).whole_texts([sha]) == {}
    assert now(store).text(sha, 0, 3) == ""
    with pytest.raises(VersionNotFound):
        now(store).text(sha)


def test_changes_are_committed_in_the_order_of_their_numbers(store: PostgresqlStore) -> None:
    seen: list[int] = []

    def write(number: int) -> None:
        for _ in range(5):
            put(store, [document(str(number), f"Words of {number} and {len(seen)}. More.")])
            seen.append(now(store).change())

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert now(store).change() == max(seen) == 20
    assert now(store).counts().documents == 4
    assert len(live_ids(store)) == 8
    assert list(store.problems(8)) == []


def test_a_purge_waits_for_those_who_still_see_what_was_erased(
    server: Server, catalogue: PostgresqlCatalogue, store: PostgresqlStore
) -> None:
    put(store, [document("a"), document("b", "Other words. And some more.")])
    with catalogue.open("a").snapshot() as moment:
        assert moment.counts().documents == 2
        store.delete("a")
        erasure = store.unpurged()
        assert erasure is not None
        assert not store.purge(erasure)
        with store.snapshot() as later:
            assert later.counts().documents == 1
    eventually(lambda: store.purge(erasure))
    assert store.unpurged() is None

    def dead_rows() -> tuple[int, ...] | None:
        with server.read("collection_1") as reading:
            return reading.row("SELECT pg_stat_get_dead_tuples('texts'::regclass)")

    eventually(lambda: dead_rows() == (0,))  # what is counted of rows that were deleted may come late


def read_ended(store: PostgresqlStore) -> None:
    with store.snapshot() as moment:
        store.end_snapshots(older_than=0)
        moment.document("a")


def test_a_snapshot_that_was_ended_is_busy_and_lasting_ones_go_on(store: PostgresqlStore) -> None:
    put(store, [document("a")])
    with store.snapshot(lasting=True) as lasting:
        with pytest.raises(CollectionBusy):
            read_ended(store)
        assert lasting.document("a").passages == 2


def test_what_is_damaged_is_told_and_repaired(server: Server, store: PostgresqlStore) -> None:
    put(store, [document("a", metadata={"n": 1})])
    waiting = pending(store)
    store.put_vectors([one.key for one in waiting], unit(2))
    with server.write("collection_1") as writing:
        writing.execute("UPDATE attributes SET string = 'x' WHERE key = 'title'")
        writing.execute("UPDATE state SET passages = 7")
        writing.execute("UPDATE embeddings SET vector = '\\x00'")
        writing.execute("DELETE FROM names")
    found = {one.code for one in store.problems(8) if one.is_repairable}
    assert found == {"attributes_wrong", "totals_wrong", "vector_damaged", "version_without_name"}
    store.repair(8)
    assert list(store.problems(8)) == []
    assert now(store).counts().embedded == 0
    with server.write("collection_1") as writing:
        writing.execute("UPDATE text_blocks SET body = '\\x00'")
    assert {one.code for one in store.problems(8)} == {"text_damaged"}
