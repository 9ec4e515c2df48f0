"""Starts processes, kills them, and knows what must be left of what they did."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

from index.citations.citing import parse_locator
from index.collection import Collection
from index.filters import Comparison
from service.flows.upkeep import check
from tests.agreement import check_answers, check_citation, check_documents
from tests.crash.child import Order, config, library_of, line_of, perform
from tests.model import DIGITS, TOPICS, Handed, Model, Written, handed, sentence
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
QUESTIONS = [
    (TOPICS[0], None),
    (f"{TOPICS[1]} tides", Comparison("eq", "kind", ("sea",))),
    (TOPICS[2], Comparison("ne", "kind", ("sea",))),
]
_CHECKED_CITATIONS = 40


class Processes:
    """Forks a process for each order; see :mod:`tests.crash.child`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = (folder / "stderr.log").open("w+")
        self._forks = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=ROOT,
        )
        self._number = 0

    def run(self, order: Order, *, kill_after: tuple[int, float] | None = None) -> tuple[list[Any], int]:
        """What a process told until it ended, and its exit status.

        It is killed so many seconds after it has acknowledged so many writes.
        """
        assert self._forks.stdin
        assert self._forks.stdout
        os.mkfifo(order.events)
        self._forks.stdin.write(line_of(order))
        self._forks.stdin.flush()
        pid = int(self._forks.stdout.readline())
        told = []
        with Path(order.events).open(encoding="utf-8") as events:
            for line in events:
                if line.endswith("\n"):
                    told.append(json.loads(line))
                if kill_after and sum("done" in one for one in told) == kill_after[0]:
                    time.sleep(kill_after[1])
                    os.kill(pid, signal.SIGKILL)
                    kill_after = None
        status = int(self._forks.stdout.readline())
        Path(order.events).unlink()
        return told, status

    def pipe(self) -> str:
        """A path for the events of one process."""
        self._number += 1
        return str(self._folder / f"events-{self._number}")

    def close(self) -> None:
        assert self._forks.stdin
        assert self._forks.stdout
        self._forks.stdin.close()
        self._forks.stdout.close()
        self._forks.wait(PATIENCE)
        self._log.close()


@contextmanager
def _discarded() -> Iterator[list[str]]:
    """What is logged of indexes that are not used, though they are there."""
    lines: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "it starts empty" in record.getMessage():
                lines.append(record.getMessage())

    listener, log = Listener(), logging.getLogger("loccit")
    log.addHandler(listener)
    try:
        yield lines
    finally:
        log.removeHandler(listener)


def apply(model: Model, name: str, arguments: list[Any]) -> None:
    """Do a write that was told in a model."""
    if name == "put":
        for one in arguments:
            model.put(Written(*one))
    else:
        getattr(model, name)(*arguments)


class Witness:
    """What processes told of one collection: its documents, and the citations that were handed out."""

    def __init__(self) -> None:
        self.model = Model()
        self._cited: dict[str, Handed] = {}
        self._texts: dict[str, str] = {}
        """By the digits of their hashes in locators."""
        self.past: list[Model] = []
        """The states of the last process, one after each write."""
        self._doubtful: Model | None = None

    def hear(self, told: list[Any]) -> None:
        """Take in what a process told until it was killed. Its last write may be done or not."""
        failures = [one["failed"] for one in told if "failed" in one]
        assert not failures, failures[0]
        begun: list[Any] = []
        self.past = [deepcopy(self.model)]
        for event in told:
            if "begun" in event:
                begun = event["begun"]
                self._hear_texts(*begun)
            elif "done" in event:
                apply(self.model, *begun)
                self.past.append(deepcopy(self.model))
                begun = []
            elif "cited" in event:
                self._hear_citation(*event["cited"])
        self._doubtful = None
        if begun:
            self._doubtful = deepcopy(self.model)
            apply(self._doubtful, *begun)
            self.past.append(self._doubtful)

    def _hear_texts(self, name: str, arguments: list[Any]) -> None:
        if name == "put":
            for _, text, _ in arguments:
                self._texts[hashlib.sha256(text.encode()).hexdigest()[:DIGITS]] = text

    def _hear_citation(self, locator: str, quote: str) -> None:
        named = parse_locator(locator)
        text = self._texts[named.text_sha256]
        self._cited[locator] = handed(named.document_id, text, named.start, named.end)
        assert self._cited[locator].quote == quote

    def check(self, folder: Path, builds: Path, *, is_damaged: bool = False) -> float:
        """Open the collection and check all of it; returns the seconds to its first answer.

        Unless ``is_damaged``, no index is thrown away: a kill damages none.
        """
        begin = time.perf_counter()
        with library_of(folder, config("flat")) as library:
            with _discarded() as discarded:
                collection = library.open(folder.name, create=True)
            assert is_damaged or not discarded, discarded
            collection.ask(TOPICS[0])
            ready = time.perf_counter() - begin
            self._check_record(collection)
            collection.embed_pending()
            while erasure := collection.purging.pending():
                assert collection.purging.run(erasure)
            sources = [one.source for one in self.model.in_order()]
            check_answers(collection, sources, QUESTIONS, builds)
            for citation in list(self._cited.values())[-_CHECKED_CITATIONS:]:
                check_citation(collection, self.model, citation)
            self._check_goes_on(collection)
        assert list(check(folder.parents[1], config("flat"))) == []
        return ready

    def _check_record(self, collection: Collection) -> None:
        if self._doubtful is not None:
            try:
                check_documents(collection, self._doubtful)
            except AssertionError:
                pass
            else:
                self.model = self._doubtful
        check_documents(collection, self.model)

    def _check_goes_on(self, collection: Collection) -> None:
        """What is put in now is found by its words and by its meaning."""
        number = len(self._texts)
        word = f"quixotic{number}"  # a new one each time: processes rename what they find
        new = ["new.txt", f"{sentence(400 + number)} {word}.", ""]
        self._hear_texts("put", [new])
        perform(collection, "put", [new])
        apply(self.model, "put", [new])
        collection.embed_pending()
        best = collection.ask(word, k=1).hits[0]
        assert best.citation.document_id == "new.txt"
        assert best.explain.lexical.rank == 1
        assert best.explain.dense.rank is not None
