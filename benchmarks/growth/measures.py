"""What a collection of a size costs: questions, ingest, a new machine, an erasure, VACUUM, a dump."""

from __future__ import annotations

import json
import resource
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.growth.machines import COLLECTION, Replica, Server, processor_seconds, replica, size_of
from benchmarks.growth.passages import questions
from benchmarks.speed.wrk import OK, Load, Plan, send

Figures = Mapping[str, float]
PARTS = ("follow", "empty", "ask", "ingest", "erase", "vacuum", "dump", "restore")
"""What is measured beside the size: in this order, and each without the others.

``follow``: a replica runs while passages are added.
"""
_ASKED, _WARM = 300, 100
_CLIENTS = 4
_CAPACITY_SECONDS = 30.0
_SHARE = 1 / 3
"""Of the capacity, during the ingest."""
_PATIENCE = 7_200.0
_IDLE, _LOOK = 0.15, 10.0
"""Processors in use by services and PostgreSQL together while they rest, seen over so many seconds."""


@dataclass
class Watched:
    """What is seen of replicas, once a second."""

    lags: list[float] = field(default_factory=list)
    memory: list[list[int]] = field(default_factory=list)


class Growth:
    """Measurements of the collection in a server, whose files are in a folder."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.server = server
        self.url = server.url(COLLECTION)
        self.objects = folder / "objects"
        self._bodies = [json.dumps({"question": one, "collection": COLLECTION}) for one in questions(folder)]

    def following(self) -> AbstractContextManager[Replica]:
        """A replica that follows the record until the ``with`` block ends; the first one that is measured."""
        return self._replica("first")

    def figures(self, parts: Set[str], write: Callable[[float], int], seconds: float) -> Iterator[Figures]:
        """The parts that are named; ``write`` adds passages for so many seconds and returns how many."""
        yield {"database_bytes": float(self.server.ask(f"SELECT pg_database_size('{COLLECTION}')")[0][0])}
        with ExitStack() as stack:
            first = stack.enter_context(self._replica("first"))
            yield {
                "ready_after_seconds": first.ready_seconds,
                "ready_processor": first.ready_processor_seconds,
            }
            yield self._published()
            if parts & {"empty", "ask", "ingest"}:
                yield from self._questioned(stack, first, parts, write, seconds)
            if "erase" in parts:
                yield self._erased(first)
        yield from self._upkeep(parts)

    def _questioned(
        self,
        stack: ExitStack,
        first: Replica,
        parts: Set[str],
        write: Callable[[float], int],
        seconds: float,
    ) -> Iterator[Figures]:
        """With a second replica, which may start with nothing, and a third after the ingest."""
        if "empty" in parts:
            shutil.rmtree(self.folder / "second", ignore_errors=True)
        second = stack.enter_context(self._replica("second"))
        yield self._of(second, "empty" if "empty" in parts else "second")
        yield self._settled([first, second])
        if "ask" in parts:
            yield self._asked(first)
        if "ingest" in parts:
            capacity = self._capacity([first, second])
            yield {"capacity_per_second": capacity}
            yield self._ingested([first, second], capacity, write, seconds)
            shutil.rmtree(self.folder / "third", ignore_errors=True)
            with self._replica("third") as third:
                yield self._of(third, "late_empty")

    def _of(self, one: Replica, name: str) -> Figures:
        return {
            f"{name}_ready_seconds": one.ready_seconds,
            f"{name}_ready_processor": one.ready_processor_seconds,
            f"{name}_index_bytes": float(size_of(one.data)),
            f"{name}_own_memory_bytes": float(one.own_bytes),
        }

    def _replica(self, name: str) -> AbstractContextManager[Replica]:
        return replica(self.folder / name, self.folder, self.url, self.objects)

    def _published(self) -> Figures:
        """Wait until a base of vectors is published, and words after it."""
        began = time.monotonic()
        ((schema,),) = self.server.ask("SELECT schemaname FROM pg_tables WHERE tablename = 'bases'")
        while self.server.ask(f"SELECT COUNT(DISTINCT form) FROM {schema}.bases") != [(2,)]:  # noqa: S608
            if time.monotonic() > began + _PATIENCE:
                raise RuntimeError("nothing was published")
            time.sleep(1)
        return {
            "published_after_seconds": time.monotonic() - began,
            "published_bytes": float(size_of(self.objects)),
        }

    def _settled(self, replicas: Sequence[Replica]) -> Figures:
        """Wait until replicas have merged what they fetched, which would slow questions down."""
        began = time.monotonic()
        used = 1.0
        while used > _IDLE:
            if time.monotonic() > began + _PATIENCE:
                raise RuntimeError("the replicas do not come to rest")
            with self._processor(*(one.process for one in replicas)) as taken:
                time.sleep(_LOOK)
            used = sum(taken.values()) / _LOOK
        return {"settled_after_seconds": time.monotonic() - began - _LOOK}

    # Questions

    def _asked(self, first: Replica) -> Figures:
        send(first.address, self._bodies[-_WARM:], Plan(1, _WARM, seconds=600))
        with self._processor(first.process) as used:
            load = send(first.address, self._bodies, Plan(1, _ASKED, seconds=600))
        return {
            **_times(load, "question"),
            **{f"question_{name}_ms": 1000 * of / _ASKED for name, of in used.items()},
        }

    @contextmanager
    def _processor(self, *processes: object) -> Iterator[dict[str, float]]:
        """Processor seconds of services and of the server within the block."""
        of = {"service": processes, "server": (self.server.process,)}
        before = {name: sum(map(processor_seconds, some)) for name, some in of.items()}
        used: dict[str, float] = {}
        yield used
        for name, some in of.items():
            used[name] = sum(map(processor_seconds, some)) - before[name]

    def _send(self, replicas: Sequence[Replica], plan: Plan) -> list[Load]:
        """Send the same to each replica at the same time."""
        with ThreadPoolExecutor(len(replicas)) as pool:
            return list(pool.map(lambda one: send(one.address, self._bodies, plan), replicas))

    def _capacity(self, replicas: Sequence[Replica]) -> float:
        """Answers a second of all replicas together."""
        rate = sum(one.per_second for one in self._send(replicas, Plan(1, 60, seconds=600)))
        each = max(60, round(rate * _CAPACITY_SECONDS / len(replicas)))
        return sum(one.per_second for one in self._send(replicas, Plan(_CLIENTS, each, seconds=600)))

    # Ingest

    def _ingested(
        self, replicas: Sequence[Replica], capacity: float, write: Callable[[float], int], seconds: float
    ) -> Figures:
        rate = _SHARE * capacity / len(replicas)
        plan = Plan(16, max(1, round(rate * seconds)), rate, 3 * seconds + 60)
        seen = Watched()
        with _watching(replicas, seen), ThreadPoolExecutor(1) as pool:
            began = time.monotonic()
            with self._processor(*(one.process for one in replicas)) as used:
                asking = pool.submit(self._send, replicas, plan)
                if wait([asking], 1.0).done:  # it has failed
                    asking.result()
                written = write(seconds)
                taken = time.monotonic() - began
                loads = asking.result()
        together = Load(
            [one for load in loads for one in load.exchanges], sum(one.unanswered for one in loads), 0
        )
        quarter = max(1, len(seen.memory) // 4)
        early, late = (np.median(part, axis=0) for part in (seen.memory[:quarter], seen.memory[-quarter:]))
        return {
            "ingest_passages": written,
            "ingest_seconds": taken,
            **{f"ingest_{name}_processor": of for name, of in used.items()},
            **_times(together, "ingest_question"),
            **{f"lag_p{part}_seconds": float(np.percentile(seen.lags, part)) for part in (50, 90, 99)},
            "lag_most_seconds": max(seen.lags),
            "memory_early_bytes": float(early.sum()),
            "memory_late_bytes": float(late.sum()),
        }

    # Erasure and upkeep

    def _erased(self, first: Replica) -> Figures:
        began = time.monotonic()
        with self._processor(first.process) as used:
            first.client.delete("/v1/documents/7.txt", params={"collection": COLLECTION}).raise_for_status()
            deleted = time.monotonic() - began
            while first.client.get(f"/v1/collections/{COLLECTION}").json()["purged"] != "done":
                if time.monotonic() > began + _PATIENCE:
                    raise RuntimeError("the erasure was not purged")
                time.sleep(0.5)
        return {
            "erased_seconds": deleted,
            "purged_seconds": time.monotonic() - began,
            **{f"purged_{name}_processor": of for name, of in used.items()},
        }

    def _upkeep(self, parts: Set[str]) -> Iterator[Figures]:
        if "vacuum" in parts:
            yield self._timed("vacuum", lambda: self.server.ask("VACUUM (ANALYZE)"))
        if parts & {"dump", "restore"}:
            dump = self.server.folder / "dump"
            # zstd -1: gzip, the default, takes about twelve times as long for the same size.
            arguments = ("--format=custom", "--compress=zstd:1", f"--file={dump}", f"--dbname={self.url}")
            yield self._timed("dump", lambda: self.server.program("pg_dump", *arguments))
            yield {"dump_bytes": float(dump.stat().st_size)}
            if "restore" in parts:
                yield self._restored(dump)
            dump.unlink()

    def _restored(self, dump: Path) -> Figures:
        self.server.ask("CREATE DATABASE restored", "postgres")
        target = f"--dbname={self.server.url('restored')}"
        figures = self._timed("restore", lambda: self.server.program("pg_restore", target, str(dump)))
        self.server.ask("DROP DATABASE restored", "postgres")
        return figures

    def _timed(self, name: str, work: Callable[[], object]) -> Figures:
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        with self._processor() as used:
            work()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return {
            f"{name}_seconds": time.monotonic() - began,
            f"{name}_client_processor": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            f"{name}_server_processor": used["server"],
        }


def _times(load: Load, name: str) -> Figures:
    answered = [one.ms for one in load.exchanges if one.status == OK]
    asked = len(load.exchanges) + load.unanswered
    return {
        f"{name}s": asked,
        f"{name}s_failed": asked - len(answered),
        **{f"{name}_p{part}_ms": float(np.percentile(answered, part)) for part in (50, 99) if answered},
    }


@contextmanager
def _watching(replicas: Sequence[Replica], seen: Watched) -> Iterator[None]:
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(1.0):
            seen.lags.extend(one.metric("collection_lag_seconds") for one in replicas)
            seen.memory.append([one.own_bytes for one in replicas])

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
