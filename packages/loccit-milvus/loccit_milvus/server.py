"""Calls of a Milvus server, with time limits, and its errors as ours."""

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from index.errors import EngineUnsuitable
from index.types import Ids
from loccit_milvus.config import MilvusConfig

Kind = Literal["vectors", "words", "terms", "states"]
Consistency = Literal["Strong", "Session"]
"""Session: this process sees what it has written itself. Strong: what anyone has, which takes up to the
server's tick (0.2 s) longer."""

LIMIT = 16_384
"""Most rows that the server returns for one search."""

_QUICK, _LONG = 10.0, 600.0
"""Seconds for a search or a write, and for making or loading a collection."""
_ROWS = 1000
"""Rows sent at a time: messages have a limit of some megabytes."""
_KEYS = 4000
"""Keys in one expression."""
_POLL = 0.05
_LEAST_EFFORT = 400
"""With fewer candidates, a filter costs recall."""
_SPARSE_SINCE = (2, 4)
_MISSING = 100
"""The server's code for a collection that it does not have."""


class MilvusFailed(OSError):
    """The server cannot be reached, or has failed."""


class CollectionMissing(MilvusFailed):
    """The server has no such collection (any more)."""


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Rows found, best first: ids, keys of their documents, and scores."""

    ids: Ids
    documents: Ids
    scores: NDArray[np.float32]


def any_of(field: str, keys: Sequence[int]) -> str:
    """The expression that a field has one of these values. It has nothing but integers of ours in it."""
    return f"{field} in [{','.join(map(str, map(int, keys)))}]"


class Server:
    """A Milvus server, or a file of milvus-lite. Connects on first use. Thread-safe.

    Raises :class:`MilvusFailed`, and :class:`index.errors.EngineUnsuitable` where its client is missing.
    """

    def __init__(self, config: MilvusConfig) -> None:
        try:
            import pymilvus
        except ModuleNotFoundError as error:
            raise EngineUnsuitable(
                f"The engine on Milvus needs the package {error.name}. Run: pip install pymilvus"
            ) from error
        self._library: Any = pymilvus
        # It logs each error with its stack and raises it; raised, we report it once.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        self._config = config
        self._connecting = threading.Lock()
        self._connected: Any = None
        self._version = ""

    @property
    def version(self) -> str:
        """The version string of the server, such as ``v2.4.1`` or ``milvus_lite-3.2.2``."""
        self._client()
        return self._version

    @property
    def has_sparse_vectors(self) -> bool:
        """Whether words can be kept: in Milvus since 2.4, and in milvus-lite."""
        if self.version.startswith("milvus_lite"):
            return True
        found = re.match(r"v?(\d+)\.(\d+)", self.version)
        return found is not None and (int(found[1]), int(found[2])) >= _SPARSE_SINCE

    # Collections

    def names(self, beginning: str) -> list[str]:
        """The names of collections that begin with a prefix."""
        return [name for name in self._call("list_collections") if name.startswith(beginning)]

    def has(self, name: str) -> bool:
        """Whether there is a collection with this name."""
        return bool(self._call("has_collection", name))

    def create(self, name: str, kind: Kind, *, dimension: int = 2) -> None:
        """Make a collection and load it, unless it is there."""
        if self.has(name):
            self.load(name)
            return
        fields, vector, index = _layout(self._library.DataType, kind, dimension)
        schema = self._client().create_schema(auto_id=False, enable_dynamic_field=False)
        for field, options in fields.items():
            schema.add_field(field, **options)
        indexes = self._client().prepare_index_params()
        indexes.add_index(vector, metric_type="IP", **index)
        self._call("create_collection", name, schema=schema, timeout=_LONG)
        self._call("create_index", name, indexes, sync=False, timeout=_LONG)
        self.load(name)

    def load(self, name: str) -> None:
        """Let the server load a collection, unless it has."""
        if not self._is_loaded(name):
            # The client would ask for the state each half second only.
            copies = self._config.replicas
            self._call("load_collection", name, replica_number=copies, _async=True, timeout=_LONG)
            _wait(lambda: self._is_loaded(name), _LONG)

    def _is_loaded(self, name: str) -> bool:
        return str(self._call("get_load_state", name)["state"].name) == "Loaded"

    def drop(self, name: str) -> None:
        """Delete a collection, if it is there."""
        self._call("drop_collection", name, timeout=_LONG)

    # Rows

    def upsert(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows, in place of those with the same key."""
        for at in range(0, len(rows), _ROWS):
            self._call("upsert", name, list(rows[at : at + _ROWS]), timeout=_LONG)

    def delete(self, name: str, ids: Ids) -> None:
        """Delete the rows with these ids; others do not matter."""
        for keys in _parts(ids.tolist()):
            self._call("delete", name, filter=any_of("id", keys), timeout=_LONG)

    def delete_where(self, name: str, expression: str) -> None:
        """Delete the rows that an expression of ours admits."""
        self._call("delete", name, filter=expression, timeout=_LONG)

    def forget(self, name: str, key: str) -> None:
        """Delete the row with a key that is a name of ours, if it is there."""
        self._call("delete", name, filter=f'key == "{key}"', timeout=_LONG)

    def rows(
        self, name: str, field: str, keys: Sequence[int], fields: Sequence[str], consistency: Consistency
    ) -> Iterator[dict[str, Any]]:
        """The rows whose field has one of these values, in no order."""
        for part in _parts(keys):
            yield from map(dict, self._query(name, any_of(field, part), fields, consistency))

    def row_named(self, name: str, key: str, fields: Sequence[str]) -> dict[str, Any] | None:
        """The row with a key that is a name of ours: hex digits, letters and underscores."""
        found = self._query(name, f'key == "{key}"', fields, "Strong")
        return dict(found[0]) if found else None

    def count(self, name: str) -> int:
        """Count the rows of a collection."""
        (found,) = self._query(name, "", ["count(*)"], "Strong")
        return int(found["count(*)"])

    def search(
        self,
        name: str,
        field: str,
        vector: object,
        *,
        limit: int,
        expression: str,
        consistency: Consistency,
    ) -> Hits:
        """The at most ``limit`` rows with the largest inner products, among those that are admitted."""
        (found,) = self._call(
            "search",
            name,
            data=[vector],
            anns_field=field,
            limit=limit,
            filter=expression,
            output_fields=["document"],
            search_params={"metric_type": "IP", "params": _effort(vector, limit)},
            consistency_level=consistency,
        )
        return Hits(
            np.array([one["id"] for one in found], np.int64),
            np.array([one["entity"]["document"] for one in found], np.int64),
            np.array([one["distance"] for one in found], np.float32),
        )

    def index_now(self, name: str) -> None:
        """Let the server build the index of what was added now, not minutes later; wait for that."""
        self._call("flush", name, timeout=_LONG)
        _wait(lambda: not self._call("describe_index", name, "vector").get("pending_index_rows"), _LONG)

    def compact(self, name: str, *, seconds: float) -> bool:
        """Write what was deleted out of the files in use; False if that takes longer."""
        self._call("flush", name, timeout=_LONG)
        job = self._call("compact", name, timeout=_LONG)
        try:
            _wait(lambda: str(self._call("get_compaction_state", job)) == "Completed", seconds)
        except MilvusFailed:
            return False
        return True

    def close(self) -> None:
        """Let go of the connection."""
        with self._connecting:
            client, self._connected = self._connected, None
        if client is not None:
            client.close()

    def _query(
        self, name: str, expression: str, fields: Sequence[str], consistency: Consistency
    ) -> Sequence[Mapping[str, Any]]:
        return self._call(  # type: ignore[no-any-return]
            "query", name, filter=expression, output_fields=list(fields), consistency_level=consistency
        )

    def _call(self, method: str, *given: object, timeout: float = _QUICK, **named: object) -> Any:
        client = self._client()
        try:
            return getattr(client, method)(*given, timeout=timeout, **named)
        except Exception as error:
            raise self._failure(error) from error

    def _client(self) -> Any:
        with self._connecting:
            if self._connected is None:
                config = self._config
                try:
                    client = self._library.MilvusClient(
                        config.uri,
                        token=config.token.get_secret_value(),
                        timeout=_QUICK,
                    )
                    self._version = str(client.get_server_version(timeout=_QUICK))
                except Exception as error:
                    raise self._failure(error) from error
                self._connected = client
            return self._connected

    def _failure(self, error: Exception) -> MilvusFailed:
        """Translate an error of the client: its own, gRPC's or ValueError."""
        reason = getattr(error, "message", "") or str(error) or type(error).__name__
        if getattr(error, "code", None) == _MISSING:
            return CollectionMissing(f"Milvus: {reason}")
        return MilvusFailed(f"Milvus at {self._config.uri}: {reason}")


def _effort(vector: object, limit: int) -> dict[str, int]:
    """The number of candidates that a search of the graph follows; words are compared with all."""
    return {} if isinstance(vector, dict) else {"ef": min(max(2 * limit, _LEAST_EFFORT), 2 * LIMIT)}


def _wait(is_done: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > until:
            raise MilvusFailed(f"Milvus: it was not done within {seconds:.0f} seconds")
        time.sleep(_POLL)


def _parts(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    for at in range(0, len(keys), _KEYS):
        yield keys[at : at + _KEYS]


def _layout(types: Any, kind: Kind, dimension: int) -> tuple[dict[str, dict[str, Any]], str, dict[str, Any]]:
    """The fields of a kind of collection, which of them is the vector, and the index of that.

    Before Milvus 2.6 every collection must have a vector: states and terms have an idle one.
    """
    number = {"datatype": types.INT64}
    key = {**number, "is_primary": True}
    idle = {"datatype": types.FLOAT_VECTOR, "dim": 2}
    if kind == "vectors":
        vector = {"datatype": types.FLOAT_VECTOR, "dim": dimension}
        graph = {"index_type": "HNSW", "params": {"M": 16, "efConstruction": 200}}
        return {"id": key, "document": number, "vector": vector}, "vector", graph
    if kind == "words":
        sparse = {"datatype": types.SPARSE_FLOAT_VECTOR}
        fields = {"id": key, "document": number, "since": number, "length": number, "words": sparse}
        return fields, "words", {"index_type": "SPARSE_INVERTED_INDEX"}
    flat = {"index_type": "FLAT", "params": {}}
    if kind == "terms":
        fields = {"id": key, **dict.fromkeys(("passages", "before", "change", "attempt"), number)}
        return {**fields, "idle": idle}, "idle", flat
    text = {"datatype": types.VARCHAR}
    fields = {"key": {**text, "is_primary": True, "max_length": 200}, "value": {**text, "max_length": 4000}}
    return {**fields, "idle": idle}, "idle", flat
