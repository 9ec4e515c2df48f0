"""A process that writes, embeds and asks until it is killed, and tells what it has begun and done.

``python -m tests.crash.child`` forks such a process for each order, a line of JSON on its standard input,
and tells how it ended: what takes long to load is loaded once.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import index.engine.embedded  # noqa: F401 -- loaded before processes are forked
from index.collection import Collection
from index.config import ChunkingConfig, LibraryConfig, VectorsConfig
from index.embedding import WordEmbedder
from index.errors import DocumentNotFound, VersionNotFound
from index.history import Ledger, Retention
from index.library import ERASURE_LEDGER, Library
from index.readers import read
from service.flows.upkeep import back_up, check, repair, restore
from tests.crash.fault_points import Point, kill_at
from tests.model import TOPICS, Written, sentence
from tests.opening import store_in

_SERVICES = {"upload": "tests.crash.uploading", "account": "tests.crash.accounts"}
_IDS = [f"{name}.txt" for name in "abcdefghijkl"]


SHORTEST, LONGER = 16, 24
"""Tokens of passages, before and after an upgrade."""


def config(kind: str, *, tokens: int = SHORTEST, **vectors: Any) -> LibraryConfig:
    """Short passages, so that few words are many of them."""
    chunking = ChunkingConfig(max_tokens=tokens, overlap_tokens=8)
    return LibraryConfig(chunking=chunking, vectors=VectorsConfig(kind=kind, **vectors))  # type: ignore[arg-type]


def library_of(folder: Path, settings: LibraryConfig) -> Library:
    """The library that a collection's folder is in."""
    return Library(folder.parents[1], embedder=WordEmbedder(), config=settings)


@dataclass(frozen=True, slots=True)
class Order:
    """What a process is to do. ``events`` is a named pipe."""

    folder: str
    events: str
    seed: int
    point: Point | None = None
    time: int = 1
    checks_later: bool = False
    """Whether damaged files are found while the collection is in use, as large ones are."""
    damages: str = ""
    """The index whose files it damages while they are open."""
    does: str = "live"
    """``live``, ``back_up`` or ``upgrade`` as well, ``restore``, ``repair``, ``migrate``, ``upload``,
    ``account``."""
    backup: str = ""
    fills: bool = False
    """Whether the disk of the folder is full now and then."""
    operations: int = 400
    """What it does at most: enough to come to a fault point however its threads take turns."""


class Life:
    """The work of one process. Three threads: one writes, one embeds and compacts, one asks."""

    def __init__(self, order: Order) -> None:
        self._events = os.open(order.events, os.O_WRONLY)
        self._telling = threading.Lock()
        self._folder = Path(order.folder)
        self._random = random.Random(order.seed)
        self._asking = random.Random(order.seed + 1)
        self._operations = order.operations
        self._damages = order.damages
        # The base is flat, so that a new one is due at once.
        self._kind = "ivf" if order.damages else "flat"
        self._upgrades = order.does == "upgrade"
        self._vectors = {"checked_bytes": 0} if order.checks_later else {}
        self._backup = Path(order.backup) if order.does == "back_up" else None
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def tell(self, **event: object) -> None:
        with self._telling:
            os.write(self._events, json.dumps(event).encode() + b"\n")

    def live(self) -> None:
        self.open()
        self.tell(opened=True)
        for number in range(self._operations):
            if number % 10 == 3 and not self._upgrades:  # which takes longer
                self.reopen()
            self.write()
        self.shut()
        self.tell(finished=True)

    def open(self) -> None:
        self.library = library_of(self._folder, config(self._kind, **self._vectors))
        self.collection = self.library.open(self._folder.name, create=True)
        if self._damages:
            damage(self._folder / self._damages)
            self._damages = ""
        self._stop.clear()
        works = [self._embed, self._ask, *([self._back_up] if self._backup else [])]
        works += [self._upgrade] if self._upgrades else []
        self._threads = [threading.Thread(target=self._repeat, args=[work], daemon=True) for work in works]
        for thread in self._threads:
            thread.start()

    def shut(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self.library.close()

    def reopen(self) -> None:
        """Open with the other kind of base, which makes a new one due."""
        self.shut()
        self._kind = "ivf" if self._kind == "flat" else "flat"
        self.open()

    def _repeat(self, work: Callable[[], None]) -> None:
        try:
            while not self._stop.is_set():
                work()
                time.sleep(0.002)
        except BaseException:
            self.tell(failed=traceback.format_exc())

    def _embed(self) -> None:
        self.collection.embed_pending(limit=8)
        if erasure := self.collection.purging.pending():
            self.collection.purging.run(erasure)

    def _back_up(self) -> None:
        if self._backup and not self._backup.exists():
            back_up(self._folder.parents[1], self._backup)
            self.tell(backed_up=True)

    def _upgrade(self) -> None:
        """To passages of another size, and back; goes on with one that a killed process has begun."""
        with self.library.upgrade(self._folder.name) as upgrade:
            shortest = upgrade.current.chunking.max_tokens == SHORTEST
            if upgrade.begun is None:
                self.library.config = config(self._kind, tokens=LONGER if shortest else SHORTEST)
            upgrade.run(upgrade.plan(), stop=self._stop.is_set, passages_at_once=8)
        self.tell(upgraded=True)

    def _ask(self) -> None:
        answer = self.collection.ask(self._asking.choice(TOPICS), k=3)
        for hit in answer.hits[:1]:
            citation = hit.citation
            try:
                _, text = self.collection.archive.text(citation.document_id, citation.version)
            except (DocumentNotFound, VersionNotFound):
                continue
            assert text[citation.start : citation.end] == citation.quote == hit.text, citation.locator
            self.tell(cited=[citation.locator, citation.quote])

    def write(self) -> None:
        """One write, told before and after."""
        ids = [one.id for one in self.collection.archive.documents()]
        kept = [one.id for one in self.collection.archive.documents(retired=True)]
        free = sorted({*_IDS} - {*kept})
        name = self._random.choices(
            ["put", "delete", "retire", "prune", "rename", "describe"], [10, 3, 2, 1, 2, 2]
        )[0]
        if (name != "put" and len(ids) < 3) or (name == "rename" and not free):
            name = "put"
        arguments = self._arguments(name, ids, free)
        self.tell(begun=[name, arguments])
        perform(self.collection, name, arguments)
        self.tell(done=True)

    def _arguments(self, name: str, ids: list[str], free: list[str]) -> list[Any]:
        draw = self._random
        match name:
            case "put":
                return [written(draw) for _ in range(draw.randint(1, 3))]
            case "prune":
                return [draw.randint(1, 2)]
            case "rename":
                return [draw.choice(ids), draw.choice(free)]
            case "describe":
                return [draw.choice(ids), {"kind": draw.choice(["sea", "land"])}]
            case "retire":
                return [draw.sample(ids, 2)]
        return [draw.choice(ids)]


def written(draw: random.Random) -> list[str]:
    """A document to put: id, text, title."""
    text = "\n\n".join(sentence(number) for number in draw.sample(range(400), draw.randint(1, 6)))
    return [draw.choice(_IDS), text, draw.choice(["", "Tides"])]


def damage(index: Path) -> None:
    """Flip a bit in the largest file of an index but the lists of files: it can be opened all the same."""
    files = (path for path in index.rglob("*") if path.is_file() and path.suffix != ".json")
    largest = max(files, key=lambda path: path.stat().st_size)
    with largest.open("r+b") as file:
        file.seek(largest.stat().st_size // 2)
        (byte,) = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte ^ 4]))


def perform(collection: Collection, name: str, arguments: list[Any]) -> None:
    """Do a write that was told."""
    if name == "put":
        outcomes = collection.put_many([Written(*one).source for one in arguments])
        assert not any(isinstance(one, Exception) for one in outcomes), outcomes
    elif name == "prune":
        collection.editor.prune(Retention(keep_versions=arguments[0]))
    else:
        getattr(collection.editor, name)(*arguments)


def _run(order: Order) -> None:
    folder, data = Path(order.folder), Path(order.folder).parents[1]
    life = Life(order)  # first, since whoever ordered waits for its events
    try:
        if order.point:
            kill_at(order.point, time=order.time)
        match order.does:
            case "restore":
                restore(data, Path(order.backup), ledger=Ledger(data / ERASURE_LEDGER), replace=True)
            case "repair":
                repair(data, config("flat"), list(check(data, config("flat"))))
            case "migrate":
                store_in(folder).close()
            case "upload" | "account":
                import_module(_SERVICES[order.does]).live(order, life.tell)
            case _:
                life.live()
    except BaseException:
        life.tell(failed=traceback.format_exc())


def main() -> None:
    read(sentence(0).encode() * 4, name="a.txt")  # loads what reading needs
    for line in sys.stdin:
        order = json.loads(line)
        order["point"] = order["point"] and Point(**order["point"])
        if order["does"] in _SERVICES:
            import_module(_SERVICES[order["does"]])  # before the fork: loading a service takes long
        child = os.fork()
        if child == 0:
            _run(Order(**order))
            os._exit(0)
        print(child, flush=True)  # noqa: T201 -- tells the process that ordered
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 -- tells the process that ordered


def line_of(order: Order) -> str:
    """An order as :func:`main` reads it."""
    return json.dumps(asdict(order)) + "\n"


if __name__ == "__main__":
    main()
