"""Adapters of Python's values: whole numbers as bigint, and texts with any character, even U+0000.

PostgreSQL's ``text`` has no U+0000, which titles and metadata may have. U+0000 is stored as U+0001 U+0001 and
U+0001 as U+0001 U+0002, in every text and by every connection. The order of texts by their code points, and
which text begins with which, stay as they are.
"""

from __future__ import annotations

import struct

import numpy as np
import psycopg
from psycopg import postgres
from psycopg.adapt import AdaptersMap, Buffer, Dumper, Loader
from psycopg.pq import Format
from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper

from index.types import Ids

_ESCAPE, _NUL = "\x01", "\x00"
_NUMBER = postgres.types["int8"]
_ARRAY = struct.Struct(">iiIii")
_ELEMENT = np.dtype([("bytes", ">i4"), ("value", ">i8")])


def escape(text: str) -> str:
    """Encode a text for storage."""
    if _NUL in text or _ESCAPE in text:
        return text.replace(_ESCAPE, "\x01\x02").replace(_NUL, "\x01\x01")
    return text


def unescape(stored: str) -> str:
    """Decode a text that :func:`escape` encoded."""
    if _ESCAPE in stored:
        return stored.replace("\x01\x01", _NUL).replace("\x01\x02", _ESCAPE)
    return stored


class _TextDumper(Dumper):
    oid = postgres.types["text"].oid

    def dump(self, obj: str) -> bytes:
        return escape(obj).encode()


class _BinaryTextDumper(_TextDumper):
    format = Format.BINARY


class _TextLoader(Loader):
    def load(self, data: Buffer) -> str:
        return unescape(str(data, "utf-8"))


class _BinaryTextLoader(_TextLoader):
    format = Format.BINARY


class _NumbersDumper(Dumper):
    """Rows of int64 as bigint[], at once; of a list each element would be looked at by itself.

    Raises :class:`TypeError` for other arrays, whose numbers could change.
    """

    format = Format.BINARY
    oid = _NUMBER.array_oid

    def dump(self, obj: Ids) -> bytes:
        if obj.dtype != np.int64 or obj.ndim != 1:
            raise TypeError(f"only rows of int64 can be sent, not {obj.dtype} in {obj.ndim} dimensions")
        elements = np.empty(len(obj), _ELEMENT)
        elements["bytes"] = _ELEMENT["value"].itemsize
        elements["value"] = obj
        return _ARRAY.pack(1, 0, _NUMBER.oid, len(obj), 1) + elements.tobytes()


def _adapters() -> AdaptersMap:
    adapters = AdaptersMap(psycopg.adapters)
    for number in (Int8Dumper, Int8BinaryDumper):
        adapters.register_dumper(int, number)
    for dumper in (_TextDumper, _BinaryTextDumper):
        adapters.register_dumper(str, dumper)
    adapters.register_dumper(np.ndarray, _NumbersDumper)
    for loader in (_TextLoader, _BinaryTextLoader):
        adapters.register_loader("text", loader)
    return adapters


ADAPTERS = _adapters()
"""The adapters of every connection."""
