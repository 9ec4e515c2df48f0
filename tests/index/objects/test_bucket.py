"""A bucket of a real server: large objects, unfinished uploads, outages."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from index.errors import ObjectsUnavailable
from index.objects import Bucket, BucketAddress, ObjectWriter, RangeReader, open_bucket
from index.objects.bucket import PART
from index.store.originals import StoredOriginals
from service.state.jobs.spool.bucket import BucketSpool
from tests.objects import BUCKET, bucket_at, objects_url

pytestmark = pytest.mark.processes


@pytest.fixture
def bucket() -> Bucket:
    return bucket_at(objects_url())


@pytest.fixture
def broken() -> Iterator[tuple[BucketAddress, list[bytes]]]:
    """The address of a server that sends an object of five bytes, and what it sends in each reply."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(206)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(bodies.pop(0))

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield BucketAddress("bucket", "", f"http://127.0.0.1:{server.server_port}", "x"), bodies
        server.shutdown()
        thread.join()


def write(bucket: Bucket, name: str, data: bytes) -> None:
    with closing(ObjectWriter(bucket, name)) as writer:
        writer.write(data)
        assert writer.keep()


@pytest.mark.parametrize("size", [PART - 1, PART, PART + 1, 2 * PART + 1000])
def test_objects_of_any_size_are_read_as_they_were_written(bucket: Bucket, size: int) -> None:
    data = os.urandom(size)
    write(bucket, "large", data)
    assert not list(bucket.unfinished())
    with RangeReader.open(bucket, "large") as file:
        assert file.read() == data
        file.seek(-10, os.SEEK_END)
        assert file.read(100) == data[-10:]
        file.seek(size // 2)
        assert file.read(7) == data[size // 2 : size // 2 + 7]
        with pytest.raises(ValueError, match="negative"):
            file.seek(-1)


def test_an_unfinished_object_is_not_there_and_its_parts_are_removed(bucket: Bucket) -> None:
    writer = ObjectWriter(bucket, "folder/large")
    writer.write(bytes(2 * PART + 1))
    assert [one.name for one in bucket.unfinished("folder/")] == ["folder/large"]
    assert bucket.size("folder/large") is None
    writer.close()
    assert not list(bucket.unfinished())


def test_an_upload_that_a_process_left_behind_is_aborted_with_its_job(bucket: Bucket) -> None:
    spool = BucketSpool(bucket.below("spool"))
    left = spool.create("job", 1)
    left.write(bytes(PART + 1))
    spool.clear_unknown(["job"], idle_seconds=0.0)
    assert list(bucket.unfinished())
    spool.clear_unknown([], idle_seconds=0.0)
    assert not list(bucket.unfinished())
    with pytest.raises(FileNotFoundError, match="aborted"):
        left.keep()
    left.close()


def test_a_sweep_aborts_an_upload_and_whoever_puts_may_put_again(bucket: Bucket) -> None:
    originals = StoredOriginals(bucket.below("one"))
    writer = ObjectWriter(bucket, f"one/{'0' * 64}")
    writer.write(bytes(PART + 1))
    originals.sweep(set())
    assert not writer.keep()
    assert not list(bucket.list())


def test_large_files_are_overwritten_in_spans(bucket: Bucket) -> None:
    spool = BucketSpool(bucket.below("spool"))
    data = os.urandom(PART + 100)
    with closing(spool.create("job", 1)) as file:
        file.write(data)
        file.keep()
    spool.overwrite("job", file.name, [(PART - 10, 20), (0, 5), (PART + 90, 10)])
    expected = bytearray(data)
    for start, size in ((PART - 10, 20), (0, 5), (PART + 90, 10)):
        expected[start : start + size] = bytes(size)
    with spool.open("job", file.name) as opened:
        assert opened.read() == bytes(expected)


def test_prefixes_are_apart() -> None:
    one, other = bucket_at(objects_url("apart-a")), bucket_at(objects_url("apart-b"))
    write(one, "x", b"1")
    assert other.size("x") is None
    assert other.clear("") == 0
    assert one.size("x") == 1


def test_a_bucket_that_does_not_exist_is_not_an_empty_one() -> None:
    address = objects_url().replace(BUCKET, "nowhere")
    for call in (lambda one: one.size("x"), lambda one: one.put("x", b""), lambda one: list(one.list())):
        with pytest.raises(ObjectsUnavailable, match=r"'nowhere'.*Check that the bucket exists"):
            call(bucket_at(address))


def test_a_store_that_does_not_answer_is_unavailable() -> None:
    bucket = open_bucket(BucketAddress("bucket", "", "http://127.0.0.1:1", "x"))
    objects_url()  # for the credentials
    started = time.monotonic()
    with pytest.raises(ObjectsUnavailable, match=r"'bucket' cannot be reached \(EndpointConnectionError\)"):
        bucket.size("x")
    assert time.monotonic() - started < 60


def test_a_body_that_breaks_off_is_asked_for_again(broken: tuple[BucketAddress, list[bytes]]) -> None:
    address, bodies = broken
    objects_url()
    bodies += [b"hel", b"", b"hello"]
    assert open_bucket(address).read("x", 0, 5) == b"hello"
    bodies += [b"hel"] * 4
    with pytest.raises(ObjectsUnavailable):
        open_bucket(address).read("x", 0, 5)
    assert bodies == []
