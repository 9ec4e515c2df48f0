"""A service that takes, attaches, detaches and deletes uploads until it is killed, and what must be left."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from index.embedding import WordEmbedder
from index.library import Library
from service.app import create_app
from service.flows.upkeep import check
from service.settings import Settings
from tests.crash.child import Order, config
from tests.model import sentence
from tests.patience import eventually

STORES = ("vs_default", "vs_other")
_ACTIONS = {"upload": 6, "attach": 5, "batch": 2, "detach": 3, "delete": 2}
_DONE = 200
_GONE = 404

Tell = Callable[..., None]


@contextmanager
def service(data: Path) -> Iterator[TestClient]:
    """The service on a data folder, in this process."""
    with (
        Library(data, embedder=WordEmbedder(), config=config("flat")) as library,
        TestClient(create_app(Settings(data=data), library=library)) as client,
    ):
        eventually(lambda: client.get("/readyz").status_code == _DONE)
        for store in STORES:
            client.put(f"/v1/collections/{store.removeprefix('vs_')}")
        yield client


@dataclass
class Uploads:
    """What is known of uploads: texts by the ids of files, and where these are attached."""

    texts: dict[str, str] = field(default_factory=dict)
    attached: set[tuple[str, str]] = field(default_factory=set)

    def apply(self, action: str, arguments: list[Any], result: Any) -> None:
        """Do what was acknowledged. ``result`` is the id of a new file."""
        match action:
            case "upload":
                self.texts[result] = arguments[1]
            case "attach" | "batch":
                store, *files = arguments
                self.attached |= {(store, file) for file in files}
            case "detach":
                self.attached.discard((arguments[0], arguments[1]))
            case "delete":
                del self.texts[arguments[0]]
                self.attached = {one for one in self.attached if one[1] != arguments[0]}


def live(order: Order, tell: Tell) -> None:
    """Act at random, told before and after. What earlier processes left is used, too."""
    draw, known = random.Random(order.seed), Uploads()
    with service(Path(order.folder).parents[1]) as client:
        for file in client.get("/v1/files").json()["data"]:
            known.texts[file["id"]] = ""
        for store in STORES:
            known.attached |= {(store, file) for file in _listed(client, store) if file in known.texts}
        for number in range(order.operations):
            action, arguments = _drawn(draw, known, number)
            if action in ("detach", "delete"):
                eventually(lambda: _is_quiet(client))
            tell(begun=[action, arguments])
            reply = perform(client, action, arguments)
            assert reply.status_code == _DONE, (action, reply.text)
            tell(done=reply.json()["id"])
            known.apply(action, arguments, reply.json()["id"])
    tell(finished=True)


def _drawn(draw: random.Random, known: Uploads, number: int) -> tuple[str, list[Any]]:
    action = draw.choices([*_ACTIONS], [*_ACTIONS.values()])[0]
    files = [*known.texts]
    if action == "upload" or not files or (action == "detach" and not known.attached):
        return "upload", [f"{number}.txt", sentence(draw.randrange(400))]
    match action:
        case "detach":
            return action, [*draw.choice(sorted(known.attached))]
        case "delete":
            return action, [draw.choice(files)]
        case "attach":
            return action, [draw.choice(STORES), draw.choice(files)]
    return action, [draw.choice(STORES), *draw.sample(files, min(3, len(files)))]


def perform(client: TestClient, action: str, arguments: list[Any]) -> Any:
    """The reply to an action."""
    match action:
        case "upload":
            name, text = arguments
            return client.post("/v1/files", files={"file": (name, text)}, data={"purpose": "assistants"})
        case "attach":
            store, file = arguments
            return client.post(f"/v1/vector_stores/{store}/files", json={"file_id": file})
        case "batch":
            store, *files = arguments
            return client.post(f"/v1/vector_stores/{store}/file_batches", json={"file_ids": files})
        case "detach":
            store, file = arguments
            return client.delete(f"/v1/vector_stores/{store}/files/{file}")
    return client.delete(f"/v1/files/{arguments[0]}")


def _listed(client: TestClient, store: str) -> dict[str, str]:
    """The files of a store, with their status."""
    found = client.get(f"/v1/vector_stores/{store}/files?limit=100").json()["data"]
    return {file["id"]: file["status"] for file in found}


def _is_quiet(client: TestClient) -> bool:
    """Whether no job is unfinished."""
    return not client.app.state.runtime.jobs.store.in_state("queued", "running", "embedding")  # type: ignore[attr-defined]


class UploadWitness:
    """Knows what processes acknowledged, and what the killed one may have done beside."""

    def __init__(self) -> None:
        self.known = Uploads()
        self._doubtful: tuple[str, list[Any]] | None = None

    def hear(self, told: list[Any]) -> None:
        """Take in what a process told until it was killed."""
        failures = [one["failed"] for one in told if "failed" in one]
        assert not failures, failures[0]
        self._doubtful = None
        for event in told:
            if "begun" in event:
                self._doubtful = (event["begun"][0], event["begun"][1])
            elif "done" in event:
                assert self._doubtful
                self.known.apply(*self._doubtful, event["done"])
                self._doubtful = None

    def check(self, data: Path) -> None:
        """Start the service and compare; what is in doubt is done or not, and can be done again."""
        with service(data) as client:
            eventually(lambda: _is_quiet(client))
            self._settle(client)
            self._check_files(client)
            for store in STORES:
                self._check_store(client, store)
            eventually(lambda: not client.app.state.runtime.library.open("default").purging.pending())  # type: ignore[attr-defined]
        assert list(check(data, config("flat"))) == []

    def _settle(self, client: TestClient) -> None:
        """Find out about the last action, whole or not begun; one that erases is repeated."""
        if self._doubtful is None:
            return
        action, arguments = self._doubtful
        listed = {one["id"] for one in client.get("/v1/files").json()["data"]}
        match action:
            case "upload":
                for new in listed - self.known.texts.keys():
                    self.known.apply(action, arguments, new)
            case "attach" | "batch":
                store, *files = arguments
                done = [file for file in files if file in _listed(client, store)]
                known = {file for at, file in self.known.attached if at == store}
                assert {*done} - known in ({*files} - known, set())
                self.known.apply("batch", [store, *done], None)
            case "detach" | "delete":
                assert perform(client, action, arguments).status_code in (_DONE, _GONE)
                assert perform(client, action, arguments).status_code == _GONE
                self.known.apply(action, arguments, None)

    def _check_files(self, client: TestClient) -> None:
        listed = {one["id"]: one["bytes"] for one in client.get("/v1/files").json()["data"]}
        assert listed == {file: len(text.encode()) for file, text in self.known.texts.items()}
        for file, text in self.known.texts.items():
            assert client.get(f"/v1/files/{file}/content").text == text

    def _check_store(self, client: TestClient, store: str) -> None:
        files = {file for at, file in self.known.attached if at == store}
        assert _listed(client, store) == dict.fromkeys(files, "completed")
        counts = client.get(f"/v1/vector_stores/{store}").json()["file_counts"]
        assert (counts["completed"], counts["total"]) == (len(files), len(files))
        for file in files:
            address = f"/v1/vector_stores/{store}/files/{file}/content"
            assert client.get(address).json()["data"][0]["text"] == self.known.texts[file]
        query = {"query": next(iter(self.known.texts.values()), sentence(0)), "max_num_results": 50}
        for hit in client.post(f"/v1/vector_stores/{store}/search", json=query).json()["data"]:
            citation = hit["citation"]
            assert hit["file_id"] in files
            text = self.known.texts[hit["file_id"]]
            assert text[citation["start"] : citation["end"]] == citation["quote"] == hit["content"][0]["text"]
