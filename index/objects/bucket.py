"""A prefix of a bucket: read, write, list and delete objects by their names."""

from __future__ import annotations

import base64
import hashlib
import logging
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BufferedReader
from typing import Any, cast

from index.errors import ObjectsUnavailable
from index.objects.address import BucketAddress

_log = logging.getLogger("loccit.objects")

_CONNECT_SECONDS = 5
_READ_SECONDS = 30
_ATTEMPTS = 4
_CONNECTIONS = 32
_DELETING_THREADS = 8
_IN_MEMORY = 8 * 1024 * 1024
"""Bytes of an object that is open up to which no temporary file is made."""
BLOCK = 4 * 1024 * 1024
"""Bytes that are read at once."""
PART = 8 * 1024 * 1024
"""Bytes of a part, which are held in memory. S3 takes at least 5 MiB and 10,000 parts; some stores want all
but the last to have one size."""
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
_UPLOAD_GONE = "NoSuchUpload"


@dataclass(frozen=True, slots=True)
class ObjectEntry:
    """An object of a listing, or an unfinished upload, whose size is 0: its name and when it was written.

    ``written`` is a Unix time.
    """

    name: str
    size: int
    written: float
    upload_id: str = ""


class UploadAborted(Exception):
    """Somebody else has aborted an upload in parts."""


class Bucket:
    """The objects below a prefix of a bucket. Safe to use from several threads and processes.

    Names are relative to the prefix. All methods raise :class:`index.errors.ObjectsUnavailable` when the
    store does not answer after some attempts, or refuses.
    """

    def __init__(self, address: BucketAddress) -> None:
        self._address = address
        self._client = _client(address)
        self._noted: set[str] = set()

    def below(self, folder: str) -> Bucket:
        """The objects in a folder of this place, over the same connections."""
        found = copy(self)
        found._address = replace(self._address, prefix=self.locate(f"{folder}/"))
        return found

    def locate(self, name: str) -> str:
        """The key of an object in the bucket, for messages, too."""
        return self._address.prefix + name

    def require_usable(self) -> None:
        """Read the first page of the listing, so that wrong credentials or a missing bucket are an error."""
        next(self.list(), None)
        with self._translate_errors():
            self._client.head_bucket(Bucket=self._address.bucket)  # a store may list a missing one as empty

    def size(self, name: str) -> int | None:
        """Bytes of an object; None if there is none."""
        with self._translate_errors():
            try:
                return int(self._client.head_object(**self._address_of(name))["ContentLength"])
            except self._client.exceptions.ClientError as error:
                if _code(error) not in _MISSING:
                    raise
            if "exists" not in self._noted:  # the reply is the same where there is no bucket
                self._client.head_bucket(Bucket=self._address.bucket)
                self._noted.add("exists")
            return None

    def read(self, name: str, start: int, size: int) -> bytes:
        """Read so many bytes of an object, which has them. Raises FileNotFoundError."""
        from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError

        if not size:
            return b""
        with self._translate_errors():
            # The client repeats a request that fails, but not one whose body breaks off.
            for _ in range(_ATTEMPTS - 1):
                with suppress(IncompleteReadError, ReadTimeoutError, ResponseStreamingError):
                    return self._range(name, start, size)
            return self._range(name, start, size)

    def _range(self, name: str, start: int, size: int) -> bytes:
        span = f"bytes={start}-{start + size - 1}"
        try:
            # Not `with body`, which would be the stream below, without its checks.
            with closing(self._client.get_object(**self._address_of(name), Range=span)["Body"]) as body:
                return bytes(body.read())
        except self._client.exceptions.ClientError as error:
            if _code(error) in _MISSING:
                raise FileNotFoundError(name) from error
            raise

    def open(self, name: str) -> BufferedReader:
        """Copy an object to a temporary file, which is then sought and read at no cost.

        Raises FileNotFoundError.
        """
        with ExitStack() as stack:
            file = stack.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY))
            for block in self.blocks(name):
                file.write(block)
            file.seek(0)
            stack.pop_all()
        return cast(BufferedReader, file)

    def blocks(self, name: str) -> Iterator[bytes]:
        """The bytes of an object, block by block. Raises FileNotFoundError."""
        size = self.size(name)
        if size is None:
            raise FileNotFoundError(name)
        for start in range(0, size, BLOCK):
            yield self.read(name, start, min(BLOCK, size - start))

    def write(self, name: str, parts: Iterable[bytes]) -> bool:
        """Write an object of any size, or replace it; False if somebody has aborted the upload."""
        with closing(ObjectWriter(self, name)) as writer:
            for part in parts:
                writer.write(part)
            return writer.keep()

    def put(self, name: str, data: bytes | bytearray) -> None:
        """Write an object, which is durable when this returns; replaces one of the same name."""
        with self._translate_errors():
            self._client.put_object(**self._address_of(name), Body=bytes(data), ContentMD5=_md5(data))

    def list(self, prefix: str = "") -> Iterator[ObjectEntry]:
        """All objects whose names begin with a prefix."""
        for page in self._pages("list_objects_v2", prefix):
            for one in page.get("Contents", ()):
                yield ObjectEntry(self._relative(one["Key"]), one["Size"], one["LastModified"].timestamp())

    def unfinished(self, prefix: str = "") -> Iterator[ObjectEntry]:
        """The uploads in parts to names with a prefix that were not completed."""
        for page in self._pages("list_multipart_uploads", prefix):
            for one in page.get("Uploads", ()):
                name, begun = self._relative(one["Key"]), one["Initiated"].timestamp()
                yield ObjectEntry(name, 0, begun, one["UploadId"])

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; those that are not there are skipped.

        One request each: stores disagree about the form of a request that deletes several.
        """
        with ThreadPoolExecutor(_DELETING_THREADS, thread_name_prefix="loccit-objects") as threads:
            for _ in threads.map(self._delete, names):
                pass

    def clear(self, prefix: str = "") -> int:
        """Delete all objects with a prefix, and abort uploads to them; returns the number of objects."""
        for upload in list(self.unfinished(prefix)):
            self.abort(upload.name, upload.upload_id)
        names = [one.name for one in self.list(prefix)]
        self.delete(names)
        return len(names)

    # Uploads in parts

    def begin(self, name: str) -> str:
        """Begin an upload in parts; returns its id."""
        with self._translate_errors():
            return str(self._client.create_multipart_upload(**self._address_of(name))["UploadId"])

    def add_part(self, name: str, upload_id: str, number: int, data: bytes | bytearray) -> str:
        """Send a part; returns its tag. Raises :class:`UploadAborted`."""
        with self._translate_errors():
            reply = self._client.upload_part(
                **self._address_of(name),
                UploadId=upload_id,
                PartNumber=number,
                Body=bytes(data),
                ContentMD5=_md5(data),
            )
        return str(reply["ETag"])

    def complete(self, name: str, upload_id: str, tags: Iterable[str]) -> None:
        """Make an object of the parts, in order; it is durable then. Raises :class:`UploadAborted`."""
        parts = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1)]
        with self._translate_errors():
            self._client.complete_multipart_upload(
                **self._address_of(name), UploadId=upload_id, MultipartUpload={"Parts": parts}
            )

    def abort(self, name: str, upload_id: str) -> None:
        """Delete the parts of an upload; does nothing if it is gone."""
        try:
            with self._translate_errors():
                self._client.abort_multipart_upload(**self._address_of(name), UploadId=upload_id)
        except UploadAborted:
            return

    def _address_of(self, name: str) -> dict[str, str]:
        return {"Bucket": self._address.bucket, "Key": self.locate(name)}

    def _relative(self, key: str) -> str:
        return key[len(self._address.prefix) :]

    def _pages(self, operation: str, prefix: str) -> Iterator[Any]:
        pages = self._client.get_paginator(operation).paginate(
            Bucket=self._address.bucket, Prefix=self.locate(prefix)
        )
        with self._translate_errors():
            yield from pages

    def _delete(self, name: str) -> None:
        with self._translate_errors():
            reply = self._client.delete_object(**self._address_of(name))
        if (reply.get("DeleteMarker") or reply.get("VersionId")) and "versions" not in self._noted:
            self._noted.add("versions")
            _log.warning(
                "The bucket %r keeps versions: what is deleted stays there until a rule of the bucket "
                "removes it. Expire noncurrent versions, or suspend versioning.",
                self._address.bucket,
            )

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            if _code(error) == _UPLOAD_GONE:
                raise UploadAborted from error
            raise ObjectsUnavailable(
                f"The object store refused a request for the bucket {self._address.bucket!r} "
                f"({_code(error)}). Check that the bucket exists, and what the credentials allow."
            ) from error
        except BotoCoreError as error:
            raise ObjectsUnavailable(
                f"The object store with the bucket {self._address.bucket!r} cannot be reached "
                f"({type(error).__name__}). Check that it runs and that credentials are set; then try again."
            ) from error


class ObjectWriter:
    """Writes one object, which is invisible before :meth:`keep`. For one thread.

    All methods raise :class:`index.errors.ObjectsUnavailable`.
    """

    def __init__(self, bucket: Bucket, name: str) -> None:
        self._bucket = bucket
        self._name = name
        self._buffer = bytearray()
        self._upload_id = ""
        self._tags: list[str] = []

    def write(self, data: bytes | memoryview) -> None:
        """Append data."""
        rest = memoryview(data)
        while rest:
            room = PART - len(self._buffer)
            self._buffer += rest[:room]
            rest = rest[room:]
            if len(self._buffer) == PART and rest:
                self._send()

    def keep(self) -> bool:
        """Complete the object; it is durable then. False if somebody has aborted the upload meanwhile."""
        try:
            if not self._upload_id:
                self._bucket.put(self._name, self._buffer)
                return True
            self._send()
            self._bucket.complete(self._name, self._upload_id, self._tags)
            self._upload_id = ""
        except UploadAborted:
            return False
        return True

    def close(self) -> None:
        """Abort the upload unless it is complete."""
        self._buffer.clear()
        if self._upload_id:
            self._bucket.abort(self._name, self._upload_id)
            self._upload_id = ""

    def _send(self) -> None:
        if not self._upload_id:
            self._upload_id = self._bucket.begin(self._name)
        part = self._bucket.add_part(self._name, self._upload_id, len(self._tags) + 1, self._buffer)
        self._tags.append(part)
        self._buffer.clear()


@lru_cache
def open_bucket(address: BucketAddress) -> Bucket:
    """The bucket at an address, with connections that all of this process share. Nothing is sent yet.

    Raises :class:`index.errors.ObjectsUnavailable` when botocore is not installed.
    """
    return Bucket(address)


def _client(address: BucketAddress) -> Any:
    try:
        from botocore.config import Config
        from botocore.session import get_session
    except ImportError as error:
        raise ObjectsUnavailable(
            "Objects in a bucket need botocore. Run: pip install 'loccit[s3]'"
        ) from error
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        max_pool_connections=_CONNECTIONS,
        s3={"addressing_style": address.addressing_style},
        # Many S3-compatible stores do not know the checksums that botocore sends since 1.36.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return get_session().create_client(
        "s3", endpoint_url=address.endpoint_url or None, region_name=address.region or None, config=config
    )


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _md5(data: bytes | bytearray) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
